"""The data update as scenarios use it: at each moment what it says, and what goes wrong is told as such."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from duis.roles import RemotePartyRole
from target.data_update import Action, DataUpdate, Moment, Outcome
from target.errors import NotArrangeable, TargetNonconformity
from target.estate import DeviceUnderTest, TestEstate
from target.session import TargetSession
from target.slot_databases import database_beside

NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TargetSession]:
    with TargetSession.open(None, tmp_path_factory.mktemp("state")) as opened:
        yield opened


@pytest.fixture
def estate(session: TargetSession, request: pytest.FixtureRequest) -> Iterator[TestEstate]:
    with session.open_estate(request.node.name, s1sps=["S1SP2"]) as opened:
        yield opened


@pytest.fixture
def incorrect(estate: TestEstate) -> list[DeviceUnderTest]:
    """Two devices whose slots are to be replaced."""
    devices = [estate.device("S1SP2", "ESME"), estate.device("S1SP2", "GPF")]
    for device in devices:
        estate.arrange_slot(device, NETWORK_OPERATOR, estate.other_network_operator(device))
    return devices


@pytest.fixture
def data_update(estate: TestEstate, incorrect: list[DeviceUnderTest], tmp_path: Path) -> DataUpdate:
    return estate.data_update("S1SP2", tmp_path)


def holders(estate: TestEstate, devices: list[DeviceUnderTest]) -> set[bool]:
    """Whether the registered Network Operator holds the slots."""
    return {
        estate.supplier_of(device).read_slots(device.device_id, (NETWORK_OPERATOR,))[0].party
        == estate.network_operator_of(device).user_id
        for device in devices
    }


def test_a_scenario_does_something_of_its_own_at_each_moment(
    session: TargetSession, estate: TestEstate, incorrect: list[DeviceUnderTest], data_update: DataUpdate
) -> None:
    file = database_beside(session.target.path.parent, "S1SP2").removeprefix("sqlite:///")
    seen: list[tuple[Moment, set[bool]]] = []

    def meanwhile(moment: Moment) -> None:
        if moment is not Moment.WITHIN:  # nobody can answer
            seen.append((moment, holders(estate, incorrect)))
            return
        seen.append((moment, set()))
        with (
            sqlite3.connect(file, timeout=0) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")

    data_update.apply(batch_size=1, meanwhile=meanwhile)

    assert seen == [
        (Moment.BEFORE, {False}),
        (Moment.WITHIN, set()),
        (Moment.BETWEEN, {False, True}),
        (Moment.WITHIN, set()),
        (Moment.AFTER, {True}),
    ]


def test_it_goes_back_to_what_was_there(
    estate: TestEstate, incorrect: list[DeviceUnderTest], data_update: DataUpdate
) -> None:
    data_update.apply()
    assert holders(estate, incorrect) == {True}
    assert {data_update.outcome(device.device_id) for device in incorrect} == {Outcome.REPLACED}

    data_update.roll_back()
    assert holders(estate, incorrect) == {False}
    restored = {data_update.outcome(device.device_id, Action.ROLLBACK) for device in incorrect}
    assert restored == {Outcome.RESTORED}


def test_it_leaves_other_populations_of_the_database_alone(
    session: TargetSession, incorrect: list[DeviceUnderTest], data_update: DataUpdate
) -> None:
    with session.open_estate("another population", s1sps=["S1SP2"]) as another:
        device = another.device("S1SP2", "ESME")
        another.arrange_slot(device, NETWORK_OPERATOR, another.other_network_operator(device))
        data_update.apply()
        assert holders(another, [device]) == {False}


def test_what_it_cannot_do_counts_against_the_target(data_update: DataUpdate) -> None:
    data_update.plan()
    with pytest.raises(TargetNonconformity, match="can be rolled back while the S1SP serves"):
        data_update.roll_back()


def test_a_target_file_without_the_configurations_of_emulators_beside_it(tmp_path: Path) -> None:
    with pytest.raises(NotArrangeable, match=r"the database of S1SP1 cannot be reached: .*/s1sp1\.toml"):
        database_beside(tmp_path, "S1SP1")
