"""Rolling back while others write slots: what they wrote stays, and finds its certificates [FIA 5.1.2]."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from data_update.added_certificates import Removed
from data_update.applying import Options, Progress, apply
from data_update.audit import Outcome
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.plan_file import Plan
from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole
from duis.smki.testpki import TestPKI
from emulators.database import Database as EmulatorDatabase
from emulators.s1sp.slot_store import SlotStore
from emulators.slots import AnchorSlot
from tests.data_update.apply_process import plan_of
from tests.data_update.databases import connected, execute, query
from tests.data_update.planned import applied, devices_of, everything, new_certificates, rolled_back

REQUEST = "02-53-31-00-00-00-00-11:90-B3-D5-1F-30-00-00-01:1700000000000"
DANGLING = (
    "SELECT count(*) FROM anchor_slots WHERE digital_signing NOT IN (SELECT sha256 FROM certificates)"
    " OR key_agreement NOT IN (SELECT sha256 FROM certificates)"
)


@pytest.fixture(scope="module")
def certificates(pki: TestPKI, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_certificates(pki, tmp_path_factory.mktemp("new") / "shared")


@pytest.fixture
def plan(any_database: str, certificates: Path, tmp_path: Path) -> Plan:
    return plan_of(any_database, certificates, tmp_path / "plan")


def test_what_was_changed_since_is_left_and_told(any_database: str, plan: Plan, pki: TestPKI) -> None:
    before = everything(any_database)
    applied(any_database, plan)
    another, same, gone = devices_of(plan)[:3]
    party = pki.party("gt-south")
    url = any_database if "://" in any_database else f"sqlite:///{any_database}"
    emulator = EmulatorDatabase(url)
    store = SlotStore(emulator)
    with emulator.transaction() as transaction:
        role = RemotePartyRole.NETWORK_OPERATOR
        updated = store.slot(transaction, "main", EUI64(same), role)
        assert updated is not None
        replaced = AnchorSlot(
            EUI64(another),
            role,
            {
                CertificateType.DIGITAL_SIGNING: party.digital_signing,
                CertificateType.KEY_AGREEMENT: party.key_agreement,
            },
        )
        for slot in (replaced, updated):
            store.put(transaction, "main", slot, datetime.now(UTC), REQUEST)
    emulator.close()
    execute(
        any_database,
        "DELETE FROM anchor_slots WHERE device_id = :device AND remote_party_role = 'NetworkOperator'",
        device=gone,
    )
    during = everything(any_database)

    done = rolled_back(any_database, plan)

    assert done.outcomes == {
        Outcome.RESTORED: plan.summary.devices - 3,
        Outcome.CHANGED: 2,
        Outcome.GONE: 1,
    }
    assert done.certificates is not None
    assert done.certificates.kept == 2  # those of the slot that was written again
    after = everything(any_database)
    skipped = {another, same, gone}
    for table, expected in (("before", before), ("during", during)):
        rows = [
            row
            for row in expected["anchor_slots"]
            if (dict(row)["device_id"] in skipped and dict(row)["remote_party_role"] == "NetworkOperator")
            == (table == "during")
        ]
        assert set(rows) <= set(after["anchor_slots"])
    assert len(after["anchor_slots"]) == len(during["anchor_slots"])
    assert query(any_database, DANGLING) == [(0,)]
    audit = query(
        any_database,
        "SELECT device_id, before_remote_party_id, before_updated_by, after_remote_party_id"
        " FROM data_update_audit WHERE action = 'rollback' AND outcome = 'skipped: changed since'",
    )
    assert (another, party.entity_identifier, REQUEST, party.entity_identifier) in audit
    assert {row[0] for row in audit} == {another, same}


def test_an_apply_at_work_goes_no_further(any_database: str, plan: Plan) -> None:
    before = everything(any_database)
    undone = []

    def undo(progress: Progress) -> None:
        if progress.done == 10:
            undone.append(rolled_back(any_database, plan).outcomes)

    options = Options("tester", batch_size=10)
    with (
        Database(any_database) as opened,
        pytest.raises(DataUpdateError, match="its rollback was begun meanwhile"),
    ):
        apply(opened, plan, options, progress=undo)

    assert undone == [{Outcome.RESTORED: 10}]
    assert everything(any_database) == before


def test_a_slot_that_somebody_holds_is_tried_again(
    postgresql_database: str, certificates: Path, tmp_path: Path
) -> None:
    plan = plan_of(postgresql_database, certificates, tmp_path / "plan")
    before = everything(postgresql_database)
    applied(postgresql_database, plan)
    held = devices_of(plan)[10]
    waited = []
    with ExitStack() as held_by_somebody:
        other = held_by_somebody.enter_context(connected(postgresql_database))
        slot = text("SELECT 1 FROM anchor_slots WHERE device_id = :device FOR UPDATE")
        other.execute(slot, {"device": held})

        def let_go(progress: Progress) -> None:
            if progress.waiting and progress.done == progress.total - 1:
                waited.append(progress.waiting)
                held_by_somebody.close()

        rolled_back(postgresql_database, plan, progress=let_go)

    assert waited == [1]
    assert everything(postgresql_database) == before


def test_a_service_user_who_writes_slots_keeps_the_certificates_where_they_are(
    postgresql_database: str, certificates: Path, tmp_path: Path
) -> None:
    plan = plan_of(postgresql_database, certificates, tmp_path / "plan")
    applied(postgresql_database, plan)
    with connected(postgresql_database) as other:  # a slot of another role, in a transaction that goes on
        other.execute(text("UPDATE anchor_slots SET updated_by = 'x' WHERE remote_party_role = 'Supplier'"))
        done = rolled_back(postgresql_database, plan)
    assert (done.left, done.outcomes) == (0, {Outcome.RESTORED: plan.summary.devices})
    assert done.certificates is not None
    assert done.certificates.removed == 0
    assert "lock timeout" in str(done.certificates.why_kept)

    again = rolled_back(postgresql_database, plan).certificates
    assert again == Removed(done.certificates.kept, 0)


def test_certificates_that_another_plan_is_to_place_stay(
    any_database: str, plan: Plan, certificates: Path, tmp_path: Path
) -> None:
    second = plan_of(any_database, certificates, tmp_path / "second")
    applied(any_database, plan)
    applied(any_database, second, batches=0)

    removed = rolled_back(any_database, plan).certificates
    assert removed is not None
    assert (removed.removed, removed.why_kept) == (0, None)

    assert applied(any_database, second).outcomes == {Outcome.REPLACED: second.summary.devices}
    assert query(any_database, DANGLING) == [(0,)]


def test_an_s1sp_places_a_certificate_again_that_a_rollback_removed(any_database: str, plan: Plan) -> None:
    applied(any_database, plan)
    device = devices_of(plan)[0]
    url = any_database if "://" in any_database else f"sqlite:///{any_database}"
    emulator = EmulatorDatabase(url)
    store = SlotStore(emulator)
    with emulator.transaction() as transaction:
        slot = store.slot(transaction, "main", EUI64(device), RemotePartyRole.NETWORK_OPERATOR)
    assert slot is not None
    rolled_back(any_database, plan)
    with emulator.transaction() as transaction:
        store.put(transaction, "main", slot, datetime.now(UTC), REQUEST)
    emulator.close()
    assert query(any_database, DANGLING) == [(0,)]
