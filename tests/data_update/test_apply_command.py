"""``data-update plan``, ``apply`` and ``populate`` as a user calls them."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data_update.audit import METADATA
from data_update.plan_file import Plan
from duis.smki.testpki import TestPKI
from smets1_conformance.commands.data_update import data_update
from smets1_conformance.commands.data_update.progress_line import ProgressLine
from tests.data_update.apply_process import ApplyProcess
from tests.data_update.databases import connected, execute, query
from tests.emulators.running import until
from tests.postgresql import connection_to, waiting_for_a_lock

PATIENCE_SECONDS = 30.0
SLOT = "device_id = :device AND remote_party_role = 'NetworkOperator'"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(data_update, [str(each) for each in arguments])


def succeed(*arguments: str | Path) -> str:
    """Call it, see that it succeeds, and return what it prints."""
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def plan(sqlite_database: str, certificate_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "update.plan"
    succeed("plan", path, "-d", sqlite_database, "--certificates", certificate_folder)
    return path


def devices(database: str) -> list[str]:
    """The devices with an audit row."""
    return [row[0] for row in query(database, "SELECT device_id FROM data_update_audit ORDER BY device_id")]


def planned(plan: Path) -> list[str]:
    """The devices to be replaced."""
    lines = plan.read_text(encoding="utf-8").splitlines()
    return [line.split('"')[1] for line in lines if line.startswith("[")]


def test_the_summary_says_what_is_wrong_and_what_comes_next(
    sqlite_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "update.plan"
    output = succeed("plan", path, "-d", sqlite_database, "--certificates", certificate_folder)
    count = len(planned(path))
    assert f"{count:,} to replace" in output
    assert sqlite_database in output
    assert "registrations  the database" in output
    assert "no registration today" in output
    digest = path.read_text(encoding="utf-8").splitlines()[-1].split('"')[3]
    assert digest in output
    assert f"data-update apply {path}" in output
    tables = [line for line in output.splitlines() if line.startswith("  ")]
    assert tables
    assert max(map(len, tables)) <= 100


def test_nothing_to_replace_is_said_and_applied(
    sqlite_database: str, certificate_folder: Path, plan: Path, tmp_path: Path
) -> None:
    succeed("apply", plan, "-d", sqlite_database)
    again = tmp_path / "again.plan"
    output = succeed("plan", again, "-d", sqlite_database, "--certificates", certificate_folder)
    assert "Nothing is to be replaced." in output
    assert "Nothing is to be replaced." in succeed("apply", again, "-d", sqlite_database)


def test_a_plan_is_never_written_over(sqlite_database: str, certificate_folder: Path, plan: Path) -> None:
    before = plan.read_bytes()
    result = call("plan", plan, "-d", sqlite_database, "--certificates", certificate_folder)
    assert result.exit_code == 2
    assert f"{plan}: exists already" in result.output
    assert plan.read_bytes() == before


def test_the_end_tells_who_had_changed_what(sqlite_database: str, plan: Path) -> None:
    changed, gone = planned(plan)[1], planned(plan)[2]
    execute(
        sqlite_database,
        "UPDATE anchor_slots SET remote_party_id = 'SOMEBODY', updated_at = '2026-11-01T00:00:00+00:00',"
        f" updated_by = 'THEIR:REQUEST:1' WHERE {SLOT}",
        device=changed,
    )
    execute(sqlite_database, f"DELETE FROM anchor_slots WHERE {SLOT}", device=gone)
    output = succeed("apply", plan, "-d", sqlite_database)
    count = len(planned(plan))
    assert f"{count} devices: {count - 2} replaced, 1 skipped as changed since, 1 skipped as no" in output
    line = next(line for line in output.splitlines() if changed in line)
    assert "SOMEBODY" in line
    assert "THEIR:REQUEST:1" in line
    assert "2026-11-01T00:00:00+00:00" in line
    assert gone in output


def test_a_plan_that_is_done_says_so(sqlite_database: str, plan: Path) -> None:
    assert "was applied before" not in succeed("apply", plan, "-d", sqlite_database)
    before = query(sqlite_database, "SELECT * FROM data_update_audit ORDER BY device_id")
    assert "was applied before; nothing was left to do" in succeed("apply", plan, "-d", sqlite_database)
    assert query(sqlite_database, "SELECT * FROM data_update_audit ORDER BY device_id") == before


def test_who_does_it_is_in_the_audit(sqlite_database: str, plan: Path) -> None:
    succeed("apply", plan, "-d", sqlite_database, "--by", "change 4711")
    assert query(sqlite_database, 'SELECT DISTINCT "by" FROM data_update_audit') == [("change 4711",)]


@pytest.fixture
def registrations(sqlite_database: str, tmp_path: Path) -> Path:
    """The Registration Data of the database as a file, and none in the database."""
    rows = query(
        sqlite_database,
        "SELECT mpxn, role, user_id, effective_from, coalesce(effective_to, '') FROM registrations"
        " WHERE role IN ('ED', 'GT')",
    )
    lines = ["mpxn,role,party,effective_from,effective_to", *(",".join(row) for row in rows)]
    path = tmp_path / "registrations.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    execute(sqlite_database, "DROP TABLE registrations")
    return path


def test_registrations_of_a_file_are_compared_with_the_plans(
    sqlite_database: str, certificate_folder: Path, registrations: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "update.plan"
    given = ("--registrations", registrations)
    output = succeed("plan", plan, "-d", sqlite_database, "--certificates", certificate_folder, *given)
    assert str(registrations) in output
    text = registrations.read_text(encoding="utf-8")
    registrations.write_text(text + "\n", encoding="utf-8")
    result = call("apply", plan, "-d", sqlite_database, *given)
    assert result.exit_code == 2
    assert f"{registrations}: not the Registration Data {plan} was made with" in result.output
    registrations.write_text(text, encoding="utf-8")
    output = succeed("apply", plan, "-d", sqlite_database, *given)
    assert "Not compared" not in output
    assert devices(sqlite_database) == planned(plan)


def test_registrations_of_a_file_that_is_not_given_are_said_not_to_be_compared(
    sqlite_database: str, certificate_folder: Path, registrations: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "update.plan"
    given = ("--registrations", registrations)
    succeed("plan", plan, "-d", sqlite_database, "--certificates", certificate_folder, *given)
    output = succeed("apply", plan, "-d", sqlite_database)
    assert "Not compared with Registration Data of today" in output


def test_a_file_of_registrations_for_a_plan_made_without_one_is_refused(
    sqlite_database: str, plan: Path, tmp_path: Path
) -> None:
    file = tmp_path / "registrations.csv"
    file.write_text("mpxn,role,party,effective_from\n", encoding="utf-8")
    result = call("apply", plan, "-d", sqlite_database, "--registrations", file)
    assert result.exit_code == 2
    assert "leave --registrations out" in result.output


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (("--window", "22-05"), 'expected "22:00-05:00"'),
        (("--rate", "0"), "--rate"),
        (("--rate", "nan"), "--rate"),
        (("--batch", "0"), "--batch"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(
    option: Sequence[str], expected: str, sqlite_database: str, plan: Path
) -> None:
    result = call("apply", plan, "-d", sqlite_database, *option)
    assert result.exit_code == 2
    assert expected in result.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_batch_at_work(
    number: signal.Signals, sqlite_database: str, plan: Path
) -> None:
    """The rate is so low that the second batch is not due before the signal."""
    process = ApplyProcess(Plan(plan), sqlite_database, "--batch", "10", "--rate", "0.1")
    until(lambda: _recorded(sqlite_database) == 10, PATIENCE_SECONDS)
    process.process.send_signal(number)
    code, output, messages = process.end()
    assert code == 3
    assert "Stopping after the batch at work" in messages
    assert f"stopped by {number.name}; the same command goes on." in output
    assert f"{len(planned(plan)) - 10} left" in output
    assert "Traceback" not in messages
    succeed("apply", plan, "-d", sqlite_database)
    assert devices(sqlite_database) == planned(plan)


def test_a_second_signal_ends_it_at_once_and_keeps_nothing_of_the_batch(
    postgresql_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    """Somebody holds the audit, so that the batch at work cannot end by itself."""
    plan = tmp_path / "update.plan"
    succeed("plan", plan, "-d", postgresql_database, "--certificates", certificate_folder)
    opened = Plan(plan)
    with connected(postgresql_database) as connection:
        METADATA.create_all(connection)
    with connection_to(postgresql_database) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE data_update_audit IN SHARE ROW EXCLUSIVE MODE")
        process = ApplyProcess(opened, postgresql_database)
        until(lambda: waiting_for_a_lock(postgresql_database) == 1, PATIENCE_SECONDS)
        process.process.send_signal(signal.SIGINT)
        assert "Stopping" in _next_message(process)
        process.process.send_signal(signal.SIGINT)
        code, _, messages = process.end()
        other.execute("ROLLBACK")
    assert code == 3
    assert "Ended at once; the batch at work was rolled back." in messages
    assert "Traceback" not in messages
    assert devices(postgresql_database) == []
    succeed("apply", plan, "-d", postgresql_database)
    assert devices(postgresql_database) == planned(plan)


def test_two_processes_at_once_share_the_batches(
    postgresql_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "update.plan"
    succeed("plan", plan, "-d", postgresql_database, "--certificates", certificate_folder)
    processes = [ApplyProcess(Plan(plan), postgresql_database, "--batch", "2") for _ in range(2)]
    for process in processes:
        code, output, messages = process.end()
        assert code == 0, messages
        assert "0 left" in output
    assert devices(postgresql_database) == planned(plan)


def test_populate_makes_what_the_other_commands_need(pki: TestPKI, tmp_path: Path) -> None:
    database, shared = tmp_path / "new.sqlite", tmp_path / "shared"
    figures = ("--figures", "40", "--seed", "7", "--certificates-to", shared)
    output = succeed("populate", database, "--pki", pki.directory, *figures)
    assert "40 of them with incorrect Network Operator certificates" in output
    certificates = shared / "network-operators.csv"
    plan = tmp_path / "update.plan"
    output = succeed("plan", plan, "-d", database, "--certificates", certificates)
    assert "40 to replace" in output
    assert "ed-north (02-53-31-00-00-00-00-11)" in output
    assert "40 replaced" in succeed("apply", plan, "-d", database)
    before = database.read_bytes()
    result = call("populate", database, "--pki", pki.directory)
    assert result.exit_code == 2
    assert "exists already" in result.output
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--figures", "0"), "expected fia or a number"),
        (("--figures", "many"), "expected fia or a number"),
        (("--pki", "nowhere"), "smets1-conformance pki mint"),
    ],
)
def test_populate_refuses_what_it_cannot_use(
    arguments: Sequence[str], expected: str, pki: TestPKI, tmp_path: Path
) -> None:
    database = tmp_path / "new.sqlite"
    result = call("populate", database, "--pki", pki.directory, *arguments)
    assert result.exit_code == 2
    assert expected in result.output
    assert not database.exists()


def test_lines_tell_rate_and_time_left_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 2.0, 10.0, 12.0, 20.0])
    with ProgressLine("applying", monotonic=lambda: next(times)) as line:
        for done in (1000, 1200, 2000, 2200, 3000):
            line.show(done, 4000, "3 changed since")
    assert capsys.readouterr().err.splitlines() == [
        "applying: 2,000 of 4,000 devices, 100 a second, about 20 s left, 3 changed since",
        "applying: 3,000 of 4,000 devices, 100 a second, about 10 s left, 3 changed since",
    ]


def _recorded(database: str) -> int:
    """How many audit rows there are, also while there is no table yet."""
    tables = query(database, "SELECT 1 FROM sqlite_master WHERE name = 'data_update_audit'")
    return len(devices(database)) if tables else 0


def _next_message(process: ApplyProcess) -> str:
    assert process.process.stderr is not None
    return process.process.stderr.readline()
