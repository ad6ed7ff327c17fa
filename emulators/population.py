"""A population: SMETS1 sets with their devices, registrations and anchor slots, as a pure function of a seed.

Each set is computed from the seed and its own number alone, so the DSP and the S1SPs agree without talking,
an S1SP can generate its own part only, and a large population needs no more memory than one set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from duis.identifiers import EUI64
from duis.metering_points import mpan, mprn
from duis.roles import DeviceStatus, DeviceType, RemotePartyRole, UserRole
from emulators.inventory import Device
from emulators.registration import ELECTRICITY_ROLES, GAS_ROLES, Registration
from emulators.slots import DCC_CONTROL, SlotAssignment

S1SPS: Final = ("S1SP1", "S1SP2", "S1SP3")

COHORTS: Final[Mapping[str, str]] = {"S1SP1": "IOC", "S1SP2": "MOC", "S1SP3": "FOC"}
"""Which enrolment cohort an S1SP serves: data, no rule [ASSUMED]."""

MODELS: Final[Mapping[str, tuple[str, str]]] = {
    "IOC": ("Emulated Meters One", "SMETS1-IOC"),
    "MOC": ("Emulated Meters Two", "SMETS1-MOC"),
    "FOC": ("Emulated Meters Three", "SMETS1-FOC"),
}
"""Manufacturer and model of the emulated devices of a cohort."""

DEVICES_OF_SET: Final = (
    DeviceType.CHF,
    DeviceType.ESME,
    DeviceType.GPF,
    DeviceType.GSME,
    DeviceType.PPMID,
)

_EARLIEST_REGISTRATION = datetime(2019, 1, 1, tzinfo=UTC)
_REGISTRATION_SPREAD_DAYS = 1461

_FIRST_DISTRIBUTOR = 10
_DISTRIBUTORS = 14
"""An MPAN starts with the number of its distribution area, 10 to 23 in Great Britain [WEB]."""

# Multipliers without a common factor with 10: they scatter consecutive numbers and repeat none.
_MPAN_NUMBERS, _MPAN_MULTIPLIER = 10**10, 2_654_435_769
_MPRN_NUMBERS, _MPRN_MULTIPLIER = 10**8, 26_544_357
_LARGEST_POPULATION = _MPRN_NUMBERS
_MOST_S1SPS = 0x50
_MOST_SETS_PER_S1SP = 2**29


@dataclass(frozen=True, slots=True)
class MeterSet:
    """The devices of one premises, who is registered for them, and whose certificates are in their slots."""

    set_id: str
    devices: tuple[Device, ...]
    registrations: tuple[Registration, ...]
    slots: tuple[SlotAssignment, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """All sets of a population at once."""

    devices: tuple[Device, ...]
    registrations: tuple[Registration, ...]
    slots: tuple[SlotAssignment, ...]

    @classmethod
    def of(cls, sets: Iterable[MeterSet]) -> Population:
        """Collect sets."""
        devices: list[Device] = []
        registrations: list[Registration] = []
        slots: list[SlotAssignment] = []
        for each in sets:
            devices += each.devices
            registrations += each.registrations
            slots += each.slots
        return cls(tuple(devices), tuple(registrations), tuple(slots))


def generate(
    seed: int,
    sets_per_s1sp: int,
    s1sps: Sequence[str] = S1SPS,
    *,
    parties: Mapping[UserRole, Sequence[EUI64]],
    only: str | None = None,
    under_dcc_control: int = 0,
) -> Population:
    """Generate a population at once; see `iterate_sets` for the arguments and errors."""
    sets = iterate_sets(
        seed, sets_per_s1sp, s1sps, parties=parties, only=only, under_dcc_control=under_dcc_control
    )
    return Population.of(sets)


def iterate_sets(
    seed: int,
    sets_per_s1sp: int,
    s1sps: Sequence[str] = S1SPS,
    *,
    parties: Mapping[UserRole, Sequence[EUI64]],
    only: str | None = None,
    under_dcc_control: int = 0,
) -> Iterator[MeterSet]:
    """Generate a population set by set.

    Args:
        seed: any integer; the same seed gives the same population.
        sets_per_s1sp: sets each S1SP serves.
        s1sps: names of the S1SPs; their order decides the ranges of their device identifiers.
        parties: the User IDs in each role; IS, ED, GS and GT need at least one, the other roles may have
            none.
        only: generate the sets of this S1SP only, exactly as they are in the whole population.
        under_dcc_control: the Network Operator slots of the last so many sets of each S1SP hold the DCC's
            own certificate, as after a migration that placed no Network Operator's.

    Raises:
        ValueError: a role without a party, an unknown S1SP, or a population too large for the identifiers.
    """
    _check_size(sets_per_s1sp, s1sps)
    if only is not None and only not in s1sps:
        raise ValueError(f"no S1SP named {only!r}; there are: {', '.join(s1sps)}")
    for role in _NEEDED_ROLES:
        if not parties.get(role):
            raise ValueError(f"a population needs at least one party in the role {role}")
    if not 0 <= under_dcc_control <= sets_per_s1sp:
        raise ValueError(f"{under_dcc_control} of {sets_per_s1sp} sets cannot be under DCC control")
    owned = sets_per_s1sp - under_dcc_control
    return _iterate(seed, sets_per_s1sp, s1sps, parties, only, owned)


def chunks(sets: Iterable[MeterSet], size: int) -> Iterator[Population]:
    """Collect sets into populations of `size` sets, so that a large one can be stored piece by piece.

    Raises:
        ValueError: when the size is less than 1.
    """
    if size < 1:
        raise ValueError(f"a chunk has at least one set, not {size}")
    chunk: list[MeterSet] = []
    for each in sets:
        chunk.append(each)
        if len(chunk) == size:
            yield Population.of(chunk)
            chunk = []
    if chunk:
        yield Population.of(chunk)


_NEEDED_ROLES: Final = (
    UserRole.IMPORT_SUPPLIER,
    UserRole.ELECTRICITY_DISTRIBUTOR,
    UserRole.GAS_SUPPLIER,
    UserRole.GAS_TRANSPORTER,
)
_ELECTRICITY_ROLES_IN_ORDER: Final = tuple(role for role in UserRole if role in ELECTRICITY_ROLES)
_GAS_ROLES_IN_ORDER: Final = tuple(role for role in UserRole if role in GAS_ROLES)


def _check_size(sets_per_s1sp: int, s1sps: Sequence[str]) -> None:
    if sets_per_s1sp < 0 or sets_per_s1sp > _MOST_SETS_PER_S1SP:
        raise ValueError(f"sets_per_s1sp runs from 0 to {_MOST_SETS_PER_S1SP}, not {sets_per_s1sp}")
    if len(set(s1sps)) != len(s1sps) or len(s1sps) > _MOST_S1SPS:
        raise ValueError(f"up to {_MOST_S1SPS} S1SPs with different names are possible")
    if sets_per_s1sp * len(s1sps) > _LARGEST_POPULATION:
        raise ValueError(f"there are MPRNs for {_LARGEST_POPULATION} sets only")


def _iterate(
    seed: int,
    sets_per_s1sp: int,
    s1sps: Sequence[str],
    parties: Mapping[UserRole, Sequence[EUI64]],
    only: str | None,
    owned: int,
) -> Iterator[MeterSet]:
    tag = int.from_bytes(_digest(f"{seed}")[:8])
    for position, s1sp in enumerate(s1sps):
        if only is None or s1sp == only:
            plan = _Plan(seed, tag, s1sp, position + 1, parties)
            for number in range(sets_per_s1sp):
                # Interleaved, so that a set keeps its points when only sets_per_s1sp changes.
                ordinal = number * len(s1sps) + position
                yield plan.meter_set(number, ordinal, under_dcc_control=number >= owned)


class _Plan:
    """What the sets of one S1SP have in common, worked out once: a population may have a million sets."""

    def __init__(
        self, seed: int, tag: int, s1sp: str, s1sp_number: int, parties: Mapping[UserRole, Sequence[EUI64]]
    ) -> None:
        self._seed = seed
        self._tag = tag
        self._s1sp = s1sp
        # 02 (locally administered, so nobody's), S1SP, two octets of the seed; then set and kind of device.
        self._identifiers = 0x02 << 56 | s1sp_number << 48 | (tag & 0xFFFF) << 32
        self._cohort = COHORTS.get(s1sp)
        self._manufacturer, self._model = MODELS.get(self._cohort or "", ("Emulated Meters", "SMETS1"))
        self._candidates = [
            (position, role, parties[role]) for position, role in enumerate(UserRole) if parties.get(role)
        ]
        present = {role for _, role, _ in self._candidates}
        self._electricity_roles = [role for role in _ELECTRICITY_ROLES_IN_ORDER if role in present]
        self._gas_roles = [role for role in _GAS_ROLES_IN_ORDER if role in present]
        distributors = parties[UserRole.ELECTRICITY_DISTRIBUTOR]
        self._areas = {each: distributors.index(each) % _DISTRIBUTORS for each in distributors}

    def meter_set(self, number: int, ordinal: int, *, under_dcc_control: bool) -> MeterSet:
        """Return a set by its number at the S1SP, and by its number in the population."""
        choice = _digest(f"{self._seed}:{self._s1sp}:{number}")
        registered = {
            role: candidates[choice[position] % len(candidates)]
            for position, role, candidates in self._candidates
        }
        electricity, gas = self._points(ordinal, registered[UserRole.ELECTRICITY_DISTRIBUTOR])
        days = int.from_bytes(choice[-2:]) % _REGISTRATION_SPREAD_DAYS
        since = _EARLIEST_REGISTRATION + timedelta(days=days)
        devices = self._devices(number, electricity, gas)
        return MeterSet(
            devices[0].set_id,
            devices,
            (
                *[
                    Registration(electricity, role, registered[role], since)
                    for role in self._electricity_roles
                ],
                *[Registration(gas, role, registered[role], since) for role in self._gas_roles],
            ),
            tuple(_slots(devices, registered, under_dcc_control=under_dcc_control)),
        )

    def _points(self, ordinal: int, distributor: EUI64) -> tuple[str, str]:
        """MPAN and MPRN: the distributor's area and a number that no other set of the population has."""
        electricity = (ordinal * _MPAN_MULTIPLIER + self._tag) % _MPAN_NUMBERS
        gas = (ordinal * _MPRN_MULTIPLIER + self._tag) % _MPRN_NUMBERS
        return mpan(f"{_FIRST_DISTRIBUTOR + self._areas[distributor]}{electricity:010}"), mprn(f"{gas:08}")

    def _devices(self, number: int, electricity: str, gas: str) -> tuple[Device, ...]:
        point = {DeviceType.ESME: electricity, DeviceType.GPF: gas, DeviceType.GSME: gas}
        hub = self._device_id(number, DEVICES_OF_SET.index(DeviceType.CHF))
        set_id = f"{self._s1sp}-{number:06}"
        return tuple(
            [
                Device(  # by position, which is quicker; the order is that of the attributes
                    self._device_id(number, kind),
                    device_type,
                    DeviceStatus.COMMISSIONED,
                    self._s1sp,
                    point.get(device_type),
                    set_id,
                    hub,
                    self._manufacturer,
                    self._model,
                    cohort=self._cohort,
                )
                for kind, device_type in enumerate(DEVICES_OF_SET)
            ]
        )

    def _device_id(self, number: int, kind: int) -> EUI64:
        value = self._identifiers | (number << 3 | kind) & 0xFFFFFFFF
        return EUI64(value.to_bytes(8).hex("-"))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _slots(
    devices: Iterable[Device], registered: Mapping[UserRole, EUI64], *, under_dcc_control: bool
) -> list[SlotAssignment]:
    """A meter and a GPF trust Supplier, Network Operator and DCC; a CHF the DCC only.

    Root, Recovery and TransCoS have slots on a device too, but play no part in MP107: there are none here.
    """
    electricity = (registered[UserRole.IMPORT_SUPPLIER], registered[UserRole.ELECTRICITY_DISTRIBUTOR])
    gas = (registered[UserRole.GAS_SUPPLIER], registered[UserRole.GAS_TRANSPORTER])
    slots: list[SlotAssignment] = []
    for device in devices:
        device_id = device.device_id
        if device.mpxn is not None:
            supplier, operator = electricity if device.device_type is DeviceType.ESME else gas
            holder = DCC_CONTROL if under_dcc_control else operator
            slots += (
                SlotAssignment(device_id, RemotePartyRole.SUPPLIER, supplier),
                SlotAssignment(device_id, RemotePartyRole.NETWORK_OPERATOR, holder),
                SlotAssignment(device_id, RemotePartyRole.ACB, DCC_CONTROL),
            )
        elif device.device_type is DeviceType.CHF:
            slots.append(SlotAssignment(device_id, RemotePartyRole.ACB, DCC_CONTROL))
    return slots
