"""A light population: every device has one slot, and that is incorrect; millions are made in minutes.

It shows whether the cost of a device grows with their number. The populations in the proportions of the FIA
[FIA 4.2.2] hold ten slots for each incorrect device, and take too long to make at that size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, create_engine, select

from benchmarks.data_update_databases import Databases
from duis.metering_points import mpan
from duis.roles import DeviceType, UserRole
from emulators.incorrect_population import scaled
from emulators.population_database import fill_database
from emulators.tables import ANCHOR_SLOTS, DEVICES, REGISTRATIONS

_FIRST_POINT = 100_000_000_000
_PREFIX = "02-4C-47"


def fill_lightly(databases: Databases, devices: int, seed: int, pki: Path) -> int:
    """Fill the source with so many incorrect devices, copies of one, and return the number of slots.

    Args:
        databases: whose source is empty.
        devices: how many.
        seed: of the population the one is taken from.
        pki: a test PKI, whose parties' certificates are in the slots.
    """
    fill_database(databases.source, seed, scaled(4), pki)
    engine = create_engine(databases.source)
    try:
        device, slot, registration = _an_incorrect_esme(engine)
        with engine.begin() as connection:
            for table in (DEVICES, REGISTRATIONS, ANCHOR_SLOTS):
                connection.execute(table.delete())
    finally:
        engine.dispose()

    def rows(table: Table, copied: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        for number in range(devices):
            point = mpan(str(_FIRST_POINT + number))
            octets = f"{number:010X}"
            own = {
                "device_id": "-".join((_PREFIX, *(octets[each : each + 2] for each in range(0, 10, 2)))),
                "mpxn": point,
                "position": number,
            }
            yield tuple(own.get(column.name, copied[column.name]) for column in table.columns)

    for table, copied in ((DEVICES, device), (REGISTRATIONS, registration), (ANCHOR_SLOTS, slot)):
        databases.add(table, rows(table, copied))
    return devices


def _an_incorrect_esme(engine: Engine) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The rows of a device, its Network Operator slot and its registration, which name two parties."""
    joined = (
        select(DEVICES, ANCHOR_SLOTS, REGISTRATIONS)
        .select_from(
            DEVICES.join(ANCHOR_SLOTS, ANCHOR_SLOTS.c.device_id == DEVICES.c.device_id).join(
                REGISTRATIONS, REGISTRATIONS.c.mpxn == DEVICES.c.mpxn
            )
        )
        .where(
            DEVICES.c.device_type == DeviceType.ESME.value,
            ANCHOR_SLOTS.c.remote_party_role == "NetworkOperator",
            ANCHOR_SLOTS.c.remote_party_id.is_not(None),
            REGISTRATIONS.c.role == UserRole.ELECTRICITY_DISTRIBUTOR.value,
            REGISTRATIONS.c.effective_to.is_(None),
            REGISTRATIONS.c.user_id != ANCHOR_SLOTS.c.remote_party_id,
        )
        .limit(1)
    )
    with engine.connect() as connection:
        found = connection.execute(joined).one()
    device, slot, registration = (
        {column.name: found._mapping[column] for column in table.columns}
        for table in (DEVICES, ANCHOR_SLOTS, REGISTRATIONS)
    )
    return device, slot, registration
