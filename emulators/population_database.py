"""Makes a database, laid out as an S1SP's, of a population with incorrect Network Operator slots.

The sets stream through, so memory does not grow with the population.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import bindparam, select

from duis.smki.certificate import OrganisationCertificate
from duis.smki.testpki import SLOT_HOLDERS, Party, TestPKI
from emulators.bulk_writing import BulkWriter, bulk_writer
from emulators.config import EstateOptions
from emulators.database import DatabaseError
from emulators.emulator import user_ids_by_role
from emulators.incorrect_population import (
    NOTHING_EXCEPTIONAL,
    CohortFigures,
    Share,
    incorrect_sets,
    shares,
)
from emulators.inventory import Device
from emulators.population import MeterSet
from emulators.registration import Registration
from emulators.slots import DCC_CONTROL, SlotAssignment
from emulators.tables import ANCHOR_SLOTS, CERTIFICATES, DEVICES, ESTATES, REGISTRATIONS
from emulators.unusual_slots import NOBODY, Exceptional, SlotOfTwoParties
from emulators.urls import MAIN_ESTATE

WRITTEN_BY: Final = "population"
"""Who wrote the slots, as far as the database says."""

_WRITTEN_AT: Final = datetime(2023, 1, 1, tzinfo=UTC).isoformat()
"""When the slots were written, as far as the database says: the same seed gives the same rows."""

_SETS_AT_ONCE: Final = 500

_Row = tuple[Any, ...]
_Contents = tuple[str | None, str | None, str | None]
"""Owner of a slot, and the fingerprints of its ds and ka certificates."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written.

    Attributes:
        shares: incorrect and exceptional devices by cohort and device type.
        devices: rows of devices, of all types.
        registrations: rows of Registration Data.
        slots: rows of anchor slots, of all roles.
    """

    shares: tuple[Share, ...]
    devices: int
    registrations: int
    slots: int

    @property
    def incorrect(self) -> int:
        """How many slots the update has to replace."""
        return sum(share.incorrect for share in self.shares)


def fill_database(
    database: str | Path,
    seed: int,
    figures: Sequence[CohortFigures],
    pki: Path,
    *,
    estate: str = MAIN_ESTATE,
    exceptional: Mapping[Exceptional, int] = NOTHING_EXCEPTIONAL,
    progress: Callable[[int, int], None] | None = None,
) -> Filled:
    """Write a population into a database; the same arguments give the same rows.

    An S1SP emulator whose configuration has the same PKI, the same seed and, as `sets_per_s1sp`, the sets of
    the largest cohort serves the estate as it is.

    Args:
        database: the path of a SQLite file that does not exist yet or is empty, or the URL of a database.
        seed: any integer.
        figures: what is incorrect, for each S1SP.
        pki: a test PKI, whose parties' certificates are in the slots.
        estate: the population's name in the database, which must be new.
        exceptional: how many devices of each kind there are in addition.
        progress: called with the sets that are written, and all sets.

    Raises:
        DatabaseError: the file or the estate is there already, or the database cannot be opened or written.
            Nothing is kept.
        ValueError: the figures contradict themselves; there is no usable test PKI in the folder.
    """
    test_pki = TestPKI.load(pki)
    sets = incorrect_sets(seed, figures, parties=user_ids_by_role(test_pki), exceptional=exceptional)
    certificates, contents = _certificates(test_pki)
    total = sum(each.sets for each in figures)
    options = EstateOptions(seed=seed, sets_per_s1sp=max([1, *[each.sets for each in figures]]))
    filling = _Filling(estate, contents)
    with bulk_writer(database, (DEVICES, REGISTRATIONS, ANCHOR_SLOTS)) as writer:
        _begin(writer, estate, options.model_dump_json(), certificates)
        for written in range(0, total, _SETS_AT_ONCE):
            filling.write(writer, islice(sets, _SETS_AT_ONCE))
            if progress is not None:
                progress(min(written + _SETS_AT_ONCE, total), total)
    return Filled(shares(figures, exceptional), filling.devices, filling.registrations, filling.slots)


class _Filling:
    """Writes sets into the tables, and counts the rows."""

    def __init__(self, estate: str, contents: Mapping[str, _Contents]) -> None:
        self._estate = estate
        self._contents = contents
        self.devices = 0
        self.registrations = 0
        self.slots = 0

    def write(self, writer: BulkWriter, sets: Iterable[MeterSet]) -> None:
        """Write some sets.

        The sets are made while their slots are written, which are half of all rows: a server works meanwhile.
        """
        devices: list[Device] = []
        registrations: list[Registration] = []

        def slot_rows() -> Iterator[_Row]:
            for each in sets:
                devices.extend(each.devices)
                registrations.extend(each.registrations)
                self.slots += len(each.slots)
                for slot in each.slots:
                    yield _slot_row(self._estate, slot, self._contents)

        writer.write(ANCHOR_SLOTS, slot_rows())
        writer.write(DEVICES, (_device_row(self._estate, each) for each in devices))
        rows = enumerate(registrations, start=self.registrations)
        writer.write(
            REGISTRATIONS, (_registration_row(self._estate, position, each) for position, each in rows)
        )
        self.devices += len(devices)
        self.registrations += len(registrations)


def _begin(
    writer: BulkWriter, estate: str, options: str, certificates: Sequence[OrganisationCertificate]
) -> None:
    there = select(ESTATES.c.name).where(ESTATES.c.name == bindparam("in_estate"))
    if writer.transaction.first(there, {"in_estate": estate}) is not None:
        raise DatabaseError(f"the database has an estate {estate} already; choose another name")
    writer.write(ESTATES, [(estate, options, options)])
    # Another estate may have them already: certificates belong to no estate.
    keep = writer.database.upsert(CERTIFICATES)
    rows = [{"sha256": each.sha256.hex(), "der": each.der} for each in certificates]
    writer.transaction.execute_many(keep, rows)


def _device_row(estate: str, device: Device) -> _Row:
    return (
        estate,
        str(device.device_id),
        str(device.device_type),
        str(device.device_status),
        device.s1sp,
        device.mpxn,
        device.set_id,
        None if device.chf_id is None else str(device.chf_id),
        device.manufacturer,
        device.model,
        device.smets_version,
        device.cohort,
    )


def _registration_row(estate: str, position: int, row: Registration) -> _Row:
    return (
        estate,
        position,
        row.mpxn,
        str(row.role),
        str(row.user_id),
        _text(row.effective_from),
        None if row.effective_to is None else _text(row.effective_to),
    )


@lru_cache(maxsize=10_000)
def _text(at: datetime) -> str:
    return at.isoformat()  # there are no more days than that in a population, and it is in UTC already


def _slot_row(estate: str, slot: SlotAssignment, contents: Mapping[str, _Contents]) -> _Row:
    owner, digital_signing, key_agreement = contents[slot.party]
    if isinstance(slot, SlotOfTwoParties):
        key_agreement = contents[slot.key_agreement_party][2]
    return (
        estate,
        str(slot.device_id),
        str(slot.remote_party_role),
        owner,
        digital_signing,
        key_agreement,
        None,
        None,
        _WRITTEN_AT,
        WRITTEN_BY,
    )


def _certificates(pki: TestPKI) -> tuple[list[OrganisationCertificate], dict[str, _Contents]]:
    """Return the certificates of all who can be in a slot, and what is in a slot of each.

    Raises:
        ValueError: a party has none.
    """
    parties: dict[str, Party] = {
        each.entity_identifier: each for each in pki.parties if SLOT_HOLDERS.intersection(each.user_roles)
    }
    parties[DCC_CONTROL] = pki.party("dsp")
    for each in parties.values():
        if not each.holds_slots:
            raise ValueError(f"{each.directory}: ds.pem and ka.pem are not both there; mint the PKI anew")
    certificates = [
        certificate for each in parties.values() for certificate in (each.digital_signing, each.key_agreement)
    ]
    contents: dict[str, _Contents] = {
        name: (
            str(each.digital_signing.entity_identifier),
            each.digital_signing.sha256.hex(),
            each.key_agreement.sha256.hex(),
        )
        for name, each in parties.items()
    }
    contents[NOBODY] = (None, None, None)
    return certificates, contents
