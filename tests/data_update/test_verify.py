"""Verifying an update: what passes, and that each manipulation is found and named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_update.applying import Options, apply
from data_update.baseline import baseline_path
from data_update.certificate_list import CertificateList
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Layout
from data_update.pace import Stop
from data_update.plan_file import Plan
from data_update.planning import PlanRequest, make_plan
from data_update.records import Replacement
from data_update.rolling_back import Options as RollbackOptions
from data_update.rolling_back import rollback
from data_update.verification import Check, CheckOutcome, Verification
from data_update.verifying import VerifyRequest, verify
from emulators.urls import MAIN_ESTATE
from tests.data_update.databases import execute, query
from tests.data_update.manipulations import (
    ACCOUNTED,
    AGREES,
    AUDIT_BEFORE,
    DEVICES,
    HOLDS,
    MANIPULATIONS,
    NO_INCORRECT,
    OF_SLOT,
    OF_SUPPLIER,
    SLOTS,
)

REQUEST_ID = "02-53-31-00-00-00-00-01:02-53-31-00-00-00-00-02:1700000000000"


@dataclass(frozen=True)
class Update:
    """A database with its plan, which may have been applied."""

    url: str
    plan: Plan
    shared: CertificateList

    @property
    def device(self) -> Replacement:
        """The third device of the plan."""
        return next(self.plan.rows(2))

    def execute(self, statement: str, **more: str) -> None:
        """Change one row behind the back of the update; `:device` is the third device of the plan."""
        values = {"device": self.device.device_id, **more}
        assert execute(self.url, statement, **{k: v for k, v in values.items() if f":{k}" in statement}) == 1

    def apply(self, stop: Stop | None = None) -> None:
        with Database(self.url) as database:
            apply(database, self.plan, Options("a test", batch_size=10), stop=stop)

    def verify(self, *, live: bool = False, baseline: Path | None = None) -> Verification:
        with Database(self.url, read_only=True) as database:
            compared = baseline or baseline_path(self.plan.path)
            return verify(database, self.plan, VerifyRequest(self.shared, baseline=compared, live=live))


def planned(url: str, shared: CertificateList, folder: Path) -> Update:
    path = folder / "plan.jsonl"
    at = datetime.now(UTC)
    with Database(url, read_only=True) as database:
        request = PlanRequest(path, Layout(), MAIN_ESTATE, shared, at, baseline=baseline_path(path))
        make_plan(database, request)
    return Update(url, Plan(path), shared)


@pytest.fixture
def prepared(any_database: str, certificate_list: CertificateList, tmp_path: Path) -> Update:
    """An update that is planned."""
    return planned(any_database, certificate_list, tmp_path)


@pytest.fixture
def update(prepared: Update) -> Update:
    """An update that is carried out."""
    prepared.apply()
    return prepared


def failed(found: Verification) -> set[str]:
    return {check.name for check in found.checks if check.outcome is CheckOutcome.FAILED}


def named(found: Verification, name: str) -> Check:
    return next(check for check in found.checks if check.name == name)


def test_an_update_that_did_what_its_plan_says_passes(update: Update) -> None:
    found = update.verify()
    assert failed(found) == set()
    assert {check.outcome for check in found.checks} == {CheckOutcome.OK}
    devices = update.plan.summary.devices
    assert named(found, ACCOUNTED).counts == {"replaced": devices}
    assert named(found, HOLDS).counts == {"hold them": devices}
    assert named(found, SLOTS).counts["changed by the plan"] == devices
    assert named(found, AUDIT_BEFORE).counts == {"agree": devices}
    examined = named(found, NO_INCORRECT).counts
    left_alone = sum(number for what, number in examined.items() if what.startswith("left alone"))
    assert examined["examined"] == examined["correct"] + left_alone
    assert left_alone == update.plan.summary.left_alone_count > 0


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_manipulation_is_found_and_named(update: Update, name: str) -> None:
    manipulation = MANIPULATIONS[name]
    device = update.device
    update.execute(manipulation.statement, other=update.plan.header.pairs[0].digital_signing_sha256)
    found = update.verify()
    assert failed(found) == manipulation.found_by
    assert not found.passed
    expected = manipulation.example.format(
        device=device.device_id,
        plan=update.plan.plan_id,
        mpxn=device.mpxn,
        supplier="IS" if device.device_type == "ESME" else "GS",
    )
    examples = [example for name in manipulation.found_by for example in named(found, name).examples]
    assert any(expected in example for example in examples)


def test_an_incorrect_slot_planted_after_the_plan_is_found(update: Update) -> None:
    """It is one that was correct, and holds now what another slot held before the update."""
    before = update.device
    correct = query(
        update.url,
        "SELECT min(d.device_id) FROM devices d JOIN anchor_slots s ON s.device_id = d.device_id AND"
        " s.remote_party_role = 'NetworkOperator' JOIN registrations r ON r.mpxn = d.mpxn AND r.role IN"
        " ('ED', 'GT') AND r.user_id = s.remote_party_id AND r.effective_to IS NULL WHERE s.updated_by ="
        " 'population' AND s.remote_party_id != :party AND d.device_status = 'Commissioned' AND"
        " d.device_type = :type AND d.mpxn NOT IN (SELECT mpxn FROM registrations WHERE role IN ('ED', 'GT')"
        " GROUP BY mpxn HAVING count(*) > 1)",
        party=str(before.before_party),
        type=before.device_type,
    )[0][0]
    update.execute(
        "UPDATE anchor_slots SET digital_signing = :ds, key_agreement = :ka, remote_party_id = :party,"
        f" updated_at = :now WHERE device_id = '{correct}' AND remote_party_role = 'NetworkOperator'",
        ds=str(before.before_digital_signing),
        ka=str(before.before_key_agreement),
        party=str(before.before_party),
        now=datetime.now(UTC).isoformat(),
    )
    found = update.verify()
    assert failed(found) == {NO_INCORRECT}
    (example,) = named(found, NO_INCORRECT).examples
    assert example.startswith(f"{correct} holds certificates of {before.before_party}, ")
    assert example.endswith("incorrect, and the plan has not dealt with it")


def change_by_a_service_user(update: Update, when: datetime) -> None:
    """The third device gets the supplier's certificates in the Network Operator's slot: still incorrect."""
    update.execute(
        "UPDATE anchor_slots SET (digital_signing, key_agreement, remote_party_id, updated_at, updated_by,"
        " floor_sequence_number) = (SELECT digital_signing, key_agreement, remote_party_id, :now, :by, '7'"
        f" FROM anchor_slots WHERE {OF_SUPPLIER}) WHERE {OF_SLOT}",
        now=when.isoformat(),
        by=REQUEST_ID,
    )


def test_a_change_of_a_service_user_before_its_turn_is_told_and_no_failure(prepared: Update) -> None:
    change_by_a_service_user(prepared, datetime.now(UTC))
    prepared.apply()
    found = prepared.verify()
    assert failed(found) == set()
    device = prepared.device.device_id
    assert named(found, ACCOUNTED).counts["skipped: changed since"] == 1
    assert named(found, AGREES).examples == (f"{device}: skipped: changed since",)
    assert named(found, NO_INCORRECT).counts["incorrect, and changed before its turn came"] == 1
    assert device in named(found, NO_INCORRECT).examples[0]
    assert named(found, SLOTS).counts["changed by somebody else after the plan was made"] == 1


def test_a_change_of_a_service_user_afterwards_is_told_and_no_failure(update: Update) -> None:
    now = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    update.execute(
        "UPDATE anchor_slots SET updated_at = :now, updated_by = :by, floor_sequence_number = '7' WHERE "
        + OF_SLOT,
        now=now,
        by=REQUEST_ID,
    )
    found = update.verify()
    assert failed(found) == set()
    (example,) = named(found, SLOTS).examples
    assert example.startswith(f"{update.device.device_id} NetworkOperator (last written by {REQUEST_ID} at ")
    assert example.endswith("changed by somebody else after the plan was made")


def test_other_certificates_placed_afterwards_are_told_by_whom(update: Update) -> None:
    change_by_a_service_user(update, datetime.now(UTC))
    found = update.verify()
    assert failed(found) == {NO_INCORRECT}  # incorrect it is, whoever made it so
    assert named(found, HOLDS).examples == (f"{update.device.device_id}: changed afterwards by {REQUEST_ID}",)
    assert "incorrect again, although it was replaced" in named(found, NO_INCORRECT).examples[0]


def test_a_change_that_claims_to_be_from_before_the_plan_is_a_failure(update: Update) -> None:
    change_by_a_service_user(update, datetime.now(UTC) - timedelta(days=1))
    assert SLOTS in failed(update.verify())


def test_what_others_do_to_a_database_that_is_live_is_told_and_no_failure(update: Update) -> None:
    update.execute("UPDATE devices SET device_status = 'Recovered' WHERE device_id = :device")
    assert failed(update.verify()) == {DEVICES}
    found = update.verify(live=True)
    assert failed(found) == set()
    assert named(found, DEVICES).examples == (f"{update.device.device_id}: changed",)


def test_a_column_that_the_layout_does_not_know_is_compared_too(
    any_database: str, certificate_list: CertificateList, tmp_path: Path
) -> None:
    execute(any_database, "ALTER TABLE anchor_slots ADD COLUMN note VARCHAR")
    update = planned(any_database, certificate_list, tmp_path)
    update.apply()
    assert failed(update.verify()) == set()
    update.execute(f"UPDATE anchor_slots SET note = 'x' WHERE {OF_SLOT}")
    assert failed(update.verify()) == {SLOTS}


def test_a_table_with_another_column_than_before_is_told(update: Update) -> None:
    execute(update.url, "ALTER TABLE devices ADD COLUMN note VARCHAR")
    (check,) = (check for check in update.verify().checks if check.outcome is CheckOutcome.FAILED)
    assert check.examples == ("devices.note: a column that was not there",)


def test_a_plan_that_was_not_applied_does_not_pass(prepared: Update) -> None:
    found = prepared.verify()
    assert failed(found) == {ACCOUNTED, NO_INCORRECT}
    assert "no plan was ever applied" in named(found, ACCOUNTED).text


def test_a_plan_that_was_applied_in_part_does_not_pass(prepared: Update) -> None:
    stop = Stop()
    stop.request("enough")
    prepared.apply(stop)
    found = prepared.verify()
    assert failed(found) == {ACCOUNTED, NO_INCORRECT}
    assert named(found, ACCOUNTED).counts["no row of the audit"] == prepared.plan.summary.devices


def test_after_a_rollback_everything_is_as_it_was_and_the_slots_incorrect(update: Update) -> None:
    with Database(update.url) as database:
        rollback(database, update.plan.plan_id, RollbackOptions("a test"))
    found = update.verify()
    assert failed(found) == {NO_INCORRECT}
    devices = update.plan.summary.devices
    assert named(found, HOLDS).counts == {"hold what was there before: rolled back": devices}
    assert named(found, NO_INCORRECT).counts["incorrect, rolled back"] == devices
    assert "changed by the plan" not in named(found, SLOTS).counts
    assert "was rolled back at" in named(found, ACCOUNTED).examples[0]


def test_without_a_baseline_what_else_changed_is_not_checked(update: Update) -> None:
    with Database(update.url, read_only=True) as database:
        found = verify(database, update.plan, VerifyRequest(update.shared))
    assert found.checks[-1].outcome is CheckOutcome.NOT_CHECKED
    assert found.checks[-1].text == "no baseline was given"
    assert found.passed


def test_a_baseline_that_was_changed_is_refused(update: Update) -> None:
    path = baseline_path(update.plan.path)
    octets = bytearray(path.read_bytes())
    octets[100] ^= 1
    path.write_bytes(octets)
    with pytest.raises(DataUpdateError, match="not the baseline of this plan, or it was changed"):
        update.verify()


def test_a_baseline_that_is_not_there_is_told(update: Update, tmp_path: Path) -> None:
    with pytest.raises(DataUpdateError, match=r"elsewhere: cannot be read: .*--no-baseline"):
        update.verify(baseline=tmp_path / "elsewhere")


def test_a_baseline_is_not_written_over_and_no_plan_is_left(
    sqlite_database: str, certificate_list: CertificateList, tmp_path: Path
) -> None:
    there = baseline_path(tmp_path / "plan.jsonl")
    there.write_text("of another plan")
    with pytest.raises(DataUpdateError, match="exists already"):
        planned(sqlite_database, certificate_list, tmp_path)
    assert there.read_text() == "of another plan"
    assert sorted(each.name for each in tmp_path.iterdir() if "plan" in each.name) == [there.name]


def test_a_verification_is_the_same_when_read_from_json(update: Update) -> None:
    update.execute(f"UPDATE anchor_slots SET floor_sequence_number = '5' WHERE {OF_SLOT}")
    found = update.verify()
    assert Verification.from_json(found.as_json()) == found
