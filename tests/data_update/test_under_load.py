"""Service Users notice nothing of `apply` but its effect: every request has a right answer [FIA 3.3.2].

SMETS1_LOAD sets the number of Service Requests while it runs.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_update.audit import Outcome
from duis.smki.testpki import TestPKI
from tests.data_update.apply_process import ApplyProcess, plan_of
from tests.data_update.databases import query
from tests.data_update.pki import list_of_test_pki
from tests.data_update.service_load import SLOT, Kind, Load, Slot
from tests.emulators.test_postgresql import PostgreSQLRig
from tests.postgresql import NewDatabase
from tests.resilience.rig import Rig

REQUESTS = 600
WARM_UP = 60
S1SP = "S1SP1"
INCORRECT_SHARE = 0.7


@pytest.fixture(params=["sqlite", "postgresql"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Rig, str]]:
    """The emulators, and the database of the S1SP."""
    state = tmp_path / "rig"
    state.mkdir()
    running: Rig
    if request.param == "sqlite":
        running = Rig(state)
        database = str(state / "emulators" / "s1sp1.sqlite")
    else:
        new_database: NewDatabase = request.getfixturevalue("new_postgresql_database")
        running = PostgreSQLRig(state, new_database)
        database = running.databases["s1sp1"]
    yield running, database
    running.close()


def test_every_service_request_has_a_right_answer(rig: tuple[Rig, str], tmp_path: Path) -> None:
    running, database = rig
    requests = int(os.environ.get("SMETS1_LOAD", REQUESTS))
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # shown when the test fails
    certificates = list_of_test_pki(TestPKI.load(running.state / "emulators" / "pki"), tmp_path / "list")
    settings = {"credentials_alert": False}
    with running.session.open_estate(
        "load", sets_per_s1sp=max(30, requests // 17), s1sps={S1SP}, settings=settings
    ) as estate:
        devices = [each for each in estate.devices if each.device_type in ("ESME", "GPF")]
        incorrect = devices[: int(len(devices) * INCORRECT_SHARE)]

        def slots() -> list[Slot]:
            made = [Slot(estate, each, is_incorrect=each in incorrect) for each in devices]
            for slot in made[: len(incorrect)]:
                estate.arrange_slot(slot.device, SLOT, slot.incorrect)
            return made

        Load(slots(), seed).run(WARM_UP)
        without = Load(slots(), seed)
        seconds = without.run(requests // 3)
        print(f"without apply: {requests // 3 / seconds:.0f} requests/s, {without.milliseconds()}")

        arranged = slots()
        planned = arranged[: len(incorrect)]
        plan = plan_of(database, certificates, tmp_path / "plan", estate=estate.name)
        assert {row.device_id for row in plan.rows()} == {str(each.device.device_id) for each in planned}
        for slot in planned:
            slot.update_begins()
        rate = len(planned) / (3 * seconds)
        process = ApplyProcess(plan, database, "--batch", "5", "--rate", f"{rate:.2f}")
        during = Load(arranged, seed + 1)
        seconds = during.run(requests, also_while=lambda: process.running)
        code, _, messages = process.end()
        assert code == 0, messages
        count = during.sent.total()
        print(
            f"during apply:  {count / seconds:.0f} requests/s, {during.milliseconds()}, {dict(during.sent)}"
        )

        for slot in arranged:
            slot.update_has_ended()
            slot.send(Kind.READ_BY_SUPPLIER)
            slot.check_answered_once()
        _check_outcomes(database, planned)
        assert any(slot.found_updated for slot in planned), "no answer shows the update"


def _check_outcomes(database: str, planned: list[Slot]) -> None:
    """Who was repaired by a Service Request was skipped by the update, and neither wrote over the other."""
    print(f"{sum(slot.repaired for slot in planned)} of {len(planned)} repaired by Service Request")
    outcomes = dict(query(database, "SELECT device_id, outcome FROM data_update_audit"))
    assert outcomes == {
        str(slot.device.device_id): Outcome.CHANGED if slot.repaired else Outcome.REPLACED for slot in planned
    }
    written = query(database, "SELECT device_id FROM anchor_slots WHERE updated_by LIKE 'data-update %'")
    assert {device for (device,) in written} == {
        str(slot.device.device_id) for slot in planned if not slot.written_by_request
    }
