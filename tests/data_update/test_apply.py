"""Applying a plan: what it writes, what it leaves, and when it refuses [FIA 4.2.2]."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from data_update.applying import Applied, Options, Progress, apply
from data_update.audit import Outcome
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.pace import Stop, Window
from data_update.plan_file import Plan
from duis.smki.certificate import OrganisationCertificate
from duis.smki.testpki import TestPKI
from emulators.incorrect_population import scaled
from emulators.population_database import fill_database
from tests.data_update.apply_process import plan_of
from tests.data_update.databases import execute, query
from tests.postgresql import connection_to

TOMORROW = datetime.now(UTC) + timedelta(days=1)
SLOT = "device_id = :device AND remote_party_role = 'NetworkOperator'"


@pytest.fixture
def plan(any_database: str, certificate_folder: Path, tmp_path: Path) -> Plan:
    """The plan of the small population."""
    return plan_of(any_database, certificate_folder, tmp_path / "update.plan")


def applied(
    database: str,
    plan: Plan,
    *,
    by: str = "tester",
    batch_size: int = 10,
    window: Window | None = None,
    stop: Stop | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Applied:
    options = Options(by, batch_size, window=window)
    with Database(database) as opened:
        return apply(opened, plan, options, stop=stop, progress=progress, now=now)


def slots(database: str) -> list[tuple[Any, ...]]:
    return query(database, "SELECT * FROM anchor_slots ORDER BY device_id, remote_party_role")


def audit(database: str, columns: str) -> list[tuple[Any, ...]]:
    return query(database, f"SELECT {columns} FROM data_update_audit ORDER BY device_id")


def test_each_planned_slot_is_replaced_once_and_recorded(any_database: str, plan: Plan) -> None:
    before = {(row[1], row[2]): row for row in slots(any_database)}
    done = applied(any_database, plan)
    assert done.outcomes == {Outcome.REPLACED: plan.summary.devices}
    assert (done.left, done.recorded, done.stopped) == (0, plan.summary.devices, None)
    after = {(row[1], row[2]): row for row in slots(any_database)}
    planned = {(row.device_id, "NetworkOperator"): row for row in plan.rows()}
    assert {key for key in after if after[key] != before[key]} == planned.keys()
    for key, row in planned.items():
        pair = plan.header.pairs[row.pair]
        held = after[key]
        assert held[3:6] == (pair.party, pair.digital_signing_sha256, pair.key_agreement_sha256)
        assert held[6:8] == before[key][6:8], "top-up certificate and floor sequence number"
        assert held[9] == f"data-update {plan.plan_id}"
    recorded = audit(
        any_database,
        "device_id, action, outcome, before_remote_party_id, before_digital_signing, before_key_agreement,"
        " before_updated_by, after_remote_party_id, after_digital_signing, after_key_agreement, plan",
    )
    expected = [
        (
            row.device_id,
            "apply",
            "replaced",
            *before[key][3:6],
            before[key][9],
            *after[key][3:6],
            plan.plan_id,
        )
        for key, row in sorted(planned.items())
    ]
    assert sorted(recorded) == sorted(expected)


def test_applied_again_nothing_is_written(any_database: str, plan: Plan) -> None:
    applied(any_database, plan)
    before = slots(any_database), audit(any_database, "*")
    again = applied(any_database, plan)
    assert (again.left, again.recorded) == (0, 0)
    assert again.outcomes == {Outcome.REPLACED: plan.summary.devices}
    assert (slots(any_database), audit(any_database, "*")) == before


CHANGES = {
    "another party": "remote_party_id = '02-53-31-00-00-00-00-7F'",
    "another ds certificate": "digital_signing = 'another'",
    "another ka certificate": "key_agreement = 'another'",
    "no certificate": "digital_signing = NULL",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_slot_changed_since_the_plan_stays_as_it_is(any_database: str, plan: Plan, change: str) -> None:
    device = next(plan.rows(7, 8)).device_id
    statement = f"UPDATE anchor_slots SET {CHANGES[change]}, updated_by = 'a request' WHERE {SLOT}"
    assert execute(any_database, statement, device=device) == 1
    before = query(any_database, f"SELECT * FROM anchor_slots WHERE {SLOT}", device=device)
    done = applied(any_database, plan)
    assert done.outcomes == {Outcome.REPLACED: plan.summary.devices - 1, Outcome.CHANGED: 1}
    assert query(any_database, f"SELECT * FROM anchor_slots WHERE {SLOT}", device=device) == before
    columns = "remote_party_id", "digital_signing", "key_agreement"
    recorded = query(
        any_database,
        f"SELECT outcome, before_updated_by, {', '.join(f'before_{each}, after_{each}' for each in columns)}"
        " FROM data_update_audit WHERE device_id = :device",
        device=device,
    )
    party, signing, agreement = before[0][3:6]
    assert recorded == [
        ("skipped: changed since", "a request", party, party, signing, signing, agreement, agreement)
    ]


def test_a_slot_that_is_gone_is_recorded_as_such(any_database: str, plan: Plan) -> None:
    device = next(plan.rows(3, 4)).device_id
    execute(any_database, f"DELETE FROM anchor_slots WHERE {SLOT}", device=device)
    done = applied(any_database, plan)
    assert done.outcomes == {Outcome.REPLACED: plan.summary.devices - 1, Outcome.GONE: 1}
    assert not query(any_database, f"SELECT 1 FROM anchor_slots WHERE {SLOT}", device=device)


def refused(database: str, plan: Plan, match: str, **options: Any) -> None:
    """See that the plan is refused, in these words, and that nothing was written."""
    before = slots(database)
    with pytest.raises(DataUpdateError, match=match):
        applied(database, plan, **options)
    assert slots(database) == before
    with pytest.raises(Exception, match="data_update_audit"):
        audit(database, "*")


def test_a_plan_of_another_database_is_refused(
    any_database: str, plan: Plan, pki: TestPKI, tmp_path: Path
) -> None:
    another = str(tmp_path / "another.sqlite")
    fill_database(another, 99, scaled(5), pki.directory)
    refused(another, plan, f"does not match database {re.escape(another)}: .*make the plan anew")


def test_a_device_with_another_metering_point_is_refused(any_database: str, plan: Plan) -> None:
    device = next(plan.rows()).device_id
    execute(any_database, "UPDATE devices SET mpxn = '1' WHERE device_id = :device", device=device)
    refused(any_database, plan, f"another type or metering point: {device};")


REGISTRATION_CHANGES = {
    "another party": "UPDATE registrations SET user_id = '02-53-31-00-00-00-00-7F' WHERE mpxn = :mpxn",
    "an end": "UPDATE registrations SET effective_to = '2024-01-01T00:00:00+00:00' WHERE mpxn = :mpxn",
    "a second party": "INSERT INTO registrations SELECT estate, position + 1000000, mpxn, role,"
    " '02-53-31-00-00-00-00-7F', effective_from, NULL FROM registrations WHERE mpxn = :mpxn",
}


@pytest.mark.parametrize("change", REGISTRATION_CHANGES)
def test_registrations_that_changed_since_are_refused(any_database: str, plan: Plan, change: str) -> None:
    row = next(plan.rows(11, 12))
    assert execute(any_database, REGISTRATION_CHANGES[change], mpxn=row.mpxn)
    refused(any_database, plan, f"registered Network Operator has changed for {row.device_id};")


def test_registrations_in_lower_case_are_the_same(any_database: str, plan: Plan) -> None:
    execute(any_database, "UPDATE registrations SET user_id = lower(user_id)")
    assert applied(any_database, plan).left == 0


def test_certificates_that_have_expired_since_are_refused(any_database: str, plan: Plan) -> None:
    later = datetime.fromisoformat(plan.header.pairs[0].not_after) + timedelta(seconds=1)
    refused(any_database, plan, "the certificates of .* have expired on", now=lambda: later)


def test_certificates_that_are_not_valid_yet_are_refused(any_database: str, plan: Plan) -> None:
    signing = OrganisationCertificate.from_der(plan.header.pairs[0].digital_signing)
    earlier = signing.not_before - timedelta(seconds=1)
    refused(any_database, plan, "the certificates of .* are valid from", now=lambda: earlier)


def test_a_plan_that_is_done_is_not_held_against_later_registrations(any_database: str, plan: Plan) -> None:
    applied(any_database, plan)
    execute(any_database, REGISTRATION_CHANGES["another party"], mpxn=next(plan.rows()).mpxn)
    assert applied(any_database, plan).recorded == 0


def test_a_plan_that_is_half_done_is_held_against_them(any_database: str, plan: Plan) -> None:
    stop = Stop()
    applied(
        any_database, plan, stop=stop, progress=lambda each: stop.request("enough") if each.done else None
    )
    execute(any_database, REGISTRATION_CHANGES["another party"], mpxn=next(plan.rows()).mpxn)
    with pytest.raises(DataUpdateError, match="registered Network Operator has changed"):
        applied(any_database, plan)
    assert len(audit(any_database, "*")) == 10


def test_a_closed_window_is_refused(any_database: str, plan: Plan) -> None:
    noon = TOMORROW.replace(hour=12)
    window = Window.parse("22:00-05:00 Europe/London")
    refused(any_database, plan, "the maintenance window is 22:00 to 05:00", window=window, now=lambda: noon)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda lines: [*lines[:2], f"{lines[2]} ", *lines[3:]], "it was edited"),
        (lambda lines: [*lines[:2], *lines[3:]], "it was edited"),
        (lambda lines: lines[:-1], "its last line is missing"),
        (lambda lines: lines[:5], "its last line is missing"),
        (lambda lines: [*lines, lines[-1]], "lines follow its last one"),
        (lambda lines: [*lines[:-1], lines[-1][:20]], "not a whole one"),
        (lambda _lines: ["[]"], "not a plan of the data update"),
        (lambda _lines: [], "not a plan of the data update"),
    ],
)
def test_a_plan_that_was_edited_or_cut_off_is_refused(
    edit: Callable[[list[str]], list[str]],
    problem: str,
    sqlite_database: str,
    certificate_folder: Path,
    tmp_path: Path,
) -> None:
    path = plan_of(sqlite_database, certificate_folder, tmp_path / "update.plan").path
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")
    with pytest.raises(DataUpdateError, match=problem) as caught:
        Plan(path)
    assert str(path) in str(caught.value)


def test_stopped_between_batches_the_same_call_goes_on(any_database: str, plan: Plan) -> None:
    stop = Stop()
    seen: list[Progress] = []

    def after_two_batches(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            stop.request("enough")

    done = applied(any_database, plan, batch_size=10, stop=stop, progress=after_two_batches)
    assert (done.recorded, done.left, done.stopped) == (20, plan.summary.devices - 20, "enough")
    assert [each.done for each in seen] == [0, 10, 20]
    again = applied(any_database, plan, batch_size=7)
    assert (again.recorded, again.left) == (plan.summary.devices - 20, 0)
    batches = query(any_database, "SELECT count(*) FROM data_update_audit GROUP BY batch ORDER BY 1 DESC")
    assert batches[0] == (10,), "the first call decided the size of the batches"
    assert len(batches) == -(-plan.summary.devices // 10)


def test_a_window_that_closes_ends_it_after_the_batch_at_work(any_database: str, plan: Plan) -> None:
    times = [TOMORROW.replace(hour=4, minute=59)]

    def close(progress: Progress) -> None:
        if progress.done:
            times.append(TOMORROW.replace(hour=5, minute=0))

    window = Window.parse("22:00-05:00")
    done = applied(any_database, plan, window=window, progress=close, now=lambda: times[-1])
    assert (done.recorded, done.left) == (10, plan.summary.devices - 10)
    assert done.stopped == "the maintenance window (22:00 to 05:00 UTC) has closed"


class Broken(Exception):
    """What ends a process in the middle of a batch, as far as the database can see."""


@pytest.mark.parametrize("moment", ["data_update_batch ", "data_update_audit", "anchor_slots SET"])
def test_broken_off_in_a_batch_nothing_of_it_is_kept(any_database: str, plan: Plan, moment: str) -> None:
    """Whether the batch was just filled, recorded or written when the process ended."""
    before = slots(any_database)
    written = re.compile(rf"(INSERT INTO|COPY|UPDATE) {moment}")

    with Database(any_database) as opened:

        @event.listens_for(opened.connection, "after_cursor_execute")
        def break_off(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if written.match(statement):
                raise Broken

        if moment == "data_update_batch " and not opened.is_sqlite:
            written = re.compile("DELETE FROM data_update_batch WHERE")  # COPY passes SQLAlchemy by
        with pytest.raises(Broken):
            apply(opened, plan, Options("tester", 10))
    assert slots(any_database) == before
    assert audit(any_database, "*") == []
    assert applied(any_database, plan).left == 0
    assert len(audit(any_database, "*")) == plan.summary.devices


def test_a_second_process_takes_the_batches_that_are_left(
    postgresql_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    plan = plan_of(postgresql_database, certificate_folder, tmp_path / "update.plan")
    others: list[Applied] = []

    def let_another_in(progress: Progress) -> None:
        if progress.done == 10:
            others.append(applied(postgresql_database, plan, by="another"))

    done = applied(postgresql_database, plan, progress=let_another_in)
    assert [done.recorded, others[0].recorded] == [10, plan.summary.devices - 10]
    assert done.left == others[0].left == 0
    by = query(postgresql_database, 'SELECT "by", count(*) FROM data_update_audit GROUP BY "by" ORDER BY 1')
    assert by == [("another", plan.summary.devices - 10), ("tester", 10)]


def test_a_batch_that_another_process_holds_is_left_to_it(
    postgresql_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    """The other one dies with its batch; whoever is there takes it over."""
    plan = plan_of(postgresql_database, certificate_folder, tmp_path / "update.plan")
    applied(postgresql_database, plan, stop=_wanted())
    with connection_to(postgresql_database) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM data_update_batches WHERE number = 2 FOR UPDATE")

        def release(progress: Progress) -> None:
            if progress.done == plan.summary.devices - 10:
                assert query(postgresql_database, "SELECT 1 FROM data_update_audit WHERE batch = 2") == []
                other.execute("ROLLBACK")

        assert applied(postgresql_database, plan, progress=release).left == 0
    assert len(audit(postgresql_database, "*")) == plan.summary.devices


def test_a_slot_that_somebody_holds_is_left_for_later(
    postgresql_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    plan = plan_of(postgresql_database, certificate_folder, tmp_path / "update.plan")
    device = next(plan.rows(4, 5)).device_id
    seen: list[Progress] = []
    with connection_to(postgresql_database) as user:
        user.execute("BEGIN")
        user.execute("SELECT * FROM anchor_slots WHERE device_id = %s FOR UPDATE", (device,))

        def release(progress: Progress) -> None:
            seen.append(progress)
            if progress.done == plan.summary.devices - 1 and progress.waiting:
                user.execute("ROLLBACK")

        done = applied(postgresql_database, plan, progress=release)
    assert done.outcomes == {Outcome.REPLACED: plan.summary.devices}
    assert [each.waiting for each in seen[:2]] == [0, 1], "the others of its batch are done without it"
    assert seen[-1] == Progress(plan.summary.devices, plan.summary.devices, 0, 0)
    assert len(audit(postgresql_database, "*")) == plan.summary.devices


def _wanted() -> Stop:
    """Somebody wants to stop before the first batch."""
    stop = Stop()
    stop.request("not yet")
    return stop
