"""Devices and registrations of an estate in the tables that other programs read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from duis.roles import DeviceStatus, DeviceType, UserRole
from emulators.config import EstateOptions
from emulators.database import Database
from emulators.estates import Estates
from emulators.inventory import Device
from emulators.population import generate
from emulators.registration import Registration
from tests.emulators.test_population import TEST_PARTIES

POPULATION = generate(1, 1, parties=TEST_PARTIES)
PARTY = TEST_PARTIES[UserRole.ELECTRICITY_DISTRIBUTOR][0]
SUMMER_TIME = timezone(timedelta(hours=1))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "emulator.sqlite"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{file}")
    yield opened
    opened.close()


def estates_of(database: Database) -> Estates[None, None]:
    return Estates(database, lambda _: (None, None))


def rows(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchall()


def create(database: Database, name: str) -> Estates[None, None]:
    estates = estates_of(database)
    with database.transaction() as transaction:
        estates.create(transaction, name, EstateOptions(), POPULATION.devices, POPULATION.registrations)
    return estates


def test_an_estate_is_the_same_after_a_restart(database: Database, file: Path) -> None:
    create(database, "one")
    other = Database(f"sqlite:///{file}")
    with other.transaction() as transaction:
        estate = estates_of(other).get(transaction, "one")
    other.close()
    assert list(estate.devices.values()) == list(POPULATION.devices)
    assert {type(each.device_type) for each in estate.devices.values()} == {DeviceType}
    assert list(estate.registration_data) == list(POPULATION.registrations)


def test_registrations_are_replaced_as_a_whole_and_in_utc(database: Database, file: Path) -> None:
    estates = create(database, "one")
    create(database, "two")
    start = datetime(2024, 7, 1, tzinfo=SUMMER_TIME)
    later = Registration("1200023305967", UserRole.ELECTRICITY_DISTRIBUTOR, PARTY, start)
    earlier = replace(later, effective_from=start - timedelta(days=1), effective_to=start)
    with database.transaction() as transaction:
        estate = estates.get(transaction, "one")
        estates.change_registrations(transaction, estate, [later, earlier])
    assert rows(file, "SELECT * FROM registrations WHERE estate = 'one' ORDER BY position") == [
        ("one", 0, "1200023305967", "ED", PARTY, "2024-06-30T23:00:00+00:00", None),
        ("one", 1, "1200023305967", "ED", PARTY, "2024-06-29T23:00:00+00:00", "2024-06-30T23:00:00+00:00"),
    ]
    assert rows(file, "SELECT count(*) FROM registrations WHERE estate = 'two'") == [
        (len(POPULATION.registrations),)
    ]
    with database.transaction() as transaction:
        restarted = estates_of(database).get(transaction, "one").registration_data
    assert list(restarted) == list(estate.registration_data) == [later, earlier]


def test_a_time_that_utc_does_not_have_changes_nothing(database: Database, file: Path) -> None:
    estates = create(database, "one")
    before = rows(file, "SELECT * FROM registrations")
    first = datetime(1, 1, 1, tzinfo=SUMMER_TIME)
    row = Registration("1200023305967", UserRole.ELECTRICITY_DISTRIBUTOR, PARTY, first)
    with pytest.raises(ValueError, match="0001-01-01"), database.transaction() as transaction:
        estates.change_registrations(transaction, estates.get(transaction, "one"), [row])
    assert rows(file, "SELECT * FROM registrations") == before


def test_a_changed_device_is_one_changed_row(database: Database, file: Path) -> None:
    estates = create(database, "one")
    before = rows(file, "SELECT * FROM devices")
    device: Device = next(each for each in POPULATION.devices if each.device_type is DeviceType.CHF)
    suspended = replace(device, device_status=DeviceStatus.SUSPENDED, cohort=None)
    with database.transaction() as transaction:
        estates.change_device(transaction, estates.get(transaction, "one"), suspended)
    (changed,) = set(rows(file, "SELECT * FROM devices")) - set(before)
    assert changed == (
        "one",
        device.device_id,
        "CHF",
        "Suspended",
        device.s1sp,
        None,
        device.set_id,
        device.device_id,
        device.manufacturer,
        device.model,
        "SMETS1",
        None,
    )


def test_a_forgotten_estate_leaves_no_row(database: Database, file: Path) -> None:
    estates = create(database, "one")
    create(database, "two")
    with database.transaction() as transaction:
        estates.forget(transaction, "one")
    for table in ("devices", "registrations"):
        assert rows(file, f"SELECT DISTINCT estate FROM {table}") == [("two",)]
