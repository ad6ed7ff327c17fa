"""A population in which Network Operator slots hold another Network Operator's certificates [FIA 4.2.2].

It is the population of `emulators.population`, set for set, with slots and registrations changed: as many as
the figures say, scattered over all sets. An emulator with the same seed knows the same devices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from duis.identifiers import EUI64
from duis.roles import DeviceType, UserRole
from emulators.population import COHORTS, MeterSet, iterate_sets
from emulators.unusual_slots import Change, Exceptional, UnusualSlots


@dataclass(frozen=True, slots=True)
class CohortFigures:
    """What is wrong in the database of one S1SP.

    Attributes:
        cohort: the enrolment cohort, such as `IOC`.
        s1sp: the S1SP that serves it.
        sets: sets of devices; each has one ESME and one GPF.
        incorrect: how many ESME and GPF hold another Network Operator's certificates. Of a type that is left
            out, all are as they should be, and none is exceptional.
    """

    cohort: str
    s1sp: str
    sets: int
    incorrect: Mapping[DeviceType, int]


FIA_FIGURES: Final = (
    CohortFigures("IOC", "S1SP1", 26_000, {DeviceType.ESME: 9_024, DeviceType.GPF: 18_905}),
    CohortFigures("MOC", "S1SP2", 2_600, {DeviceType.ESME: 125, DeviceType.GPF: 1_226}),
    CohortFigures("FOC", "S1SP3", 400, {}),
)
"""The incorrect devices that are known [FIA 4.2.2]; how many sets are about them is ours."""


NOTHING_EXCEPTIONAL: Final[Mapping[Exceptional, int]] = {}


@dataclass(frozen=True, slots=True)
class Share:
    """How many devices of one type and one cohort are incorrect and exceptional.

    Attributes:
        cohort: the enrolment cohort.
        s1sp: the S1SP that serves it.
        device_type: ESME or GPF.
        devices: all devices of the type.
        incorrect: what the update has to replace; those with two parties in the slot are among them.
        exceptional: by kind, in addition to the incorrect ones of the figures. Where it is the registration
            of a GPF that is exceptional, it is that of the GSME with the same MPRN too.
    """

    cohort: str
    s1sp: str
    device_type: DeviceType
    devices: int
    incorrect: int
    exceptional: Mapping[Exceptional, int]


def scaled(incorrect_devices: int) -> tuple[CohortFigures, ...]:
    """Return figures in the proportions of the FIA's with exactly so many incorrect devices.

    Raises:
        ValueError: when there is not at least one.
    """
    if incorrect_devices < 1:
        raise ValueError(f"at least 1 incorrect device is needed, not {incorrect_devices}")
    whole = sum(sum(each.incorrect.values()) for each in FIA_FIGURES)
    places = [(each.s1sp, kind, count) for each in FIA_FIGURES for kind, count in each.incorrect.items()]
    parts = {(s1sp, kind): count * incorrect_devices // whole for s1sp, kind, count in places}
    # What rounding down has left over goes to those that lost most by it.
    places.sort(key=lambda place: place[2] * incorrect_devices % whole, reverse=True)
    for s1sp, kind, _ in places[: incorrect_devices - sum(parts.values())]:
        parts[s1sp, kind] += 1
    return tuple(
        CohortFigures(
            each.cohort,
            each.s1sp,
            -(-each.sets * incorrect_devices // whole),
            {kind: parts[each.s1sp, kind] for kind in each.incorrect},
        )
        for each in FIA_FIGURES
    )


def shares(
    figures: Sequence[CohortFigures], exceptional: Mapping[Exceptional, int] = NOTHING_EXCEPTIONAL
) -> tuple[Share, ...]:
    """Say how many devices of each cohort and type are incorrect and exceptional.

    Exceptional devices are dealt out to the cohorts and types in turn, as long as there is room.

    Raises:
        ValueError: the figures contradict themselves, or there are more devices to be changed than devices.
    """
    _check(figures, exceptional)
    places = [(each, kind) for each in figures for kind in each.incorrect]
    dealt: list[Counter[Exceptional]] = [Counter() for _ in places]
    room = [each.sets - each.incorrect[kind] for each, kind in places]
    turn = 0
    for kind, count in exceptional.items():
        if count > sum(room):
            raise ValueError(
                f"{kind}: there is room for {sum(room)} more exceptional devices, not for {count}"
            )
        for _ in range(count):
            while not room[turn % len(places)]:
                turn += 1
            dealt[turn % len(places)][kind] += 1
            room[turn % len(places)] -= 1
            turn += 1
    return tuple(
        Share(
            each.cohort,
            each.s1sp,
            kind,
            each.sets,
            each.incorrect[kind] + kinds[Exceptional.TWO_PARTIES_IN_SLOT],
            dict(kinds),
        )
        for (each, kind), kinds in zip(places, dealt, strict=True)
    )


def incorrect_sets(
    seed: int,
    figures: Sequence[CohortFigures],
    *,
    parties: Mapping[UserRole, Sequence[EUI64]],
    exceptional: Mapping[Exceptional, int] = NOTHING_EXCEPTIONAL,
) -> Iterator[MeterSet]:
    """Generate the population set by set; the same arguments give the same sets.

    Slots are as in `emulators.population`, with two additions: `NOBODY` in the place of a party, and
    `SlotOfTwoParties` (`emulators.unusual_slots`).

    Args:
        seed: any integer.
        figures: what is incorrect, for each S1SP.
        parties: the User IDs in each role; ED and GT need at least two each.
        exceptional: how many devices of each kind there are in addition.

    Raises:
        ValueError: the figures contradict themselves, or a role has too few parties.
    """
    wanted = shares(figures, exceptional)
    sets = [iterate_sets(seed, each.sets, parties=parties, only=each.s1sp) for each in figures]
    changes = [
        [_Changes(seed, share, parties) for share in wanted if share.s1sp == each.s1sp] for each in figures
    ]
    return _changed(sets, changes)


def _check(figures: Sequence[CohortFigures], exceptional: Mapping[Exceptional, int]) -> None:
    names = [each.s1sp for each in figures]
    if len(set(names)) != len(names):
        raise ValueError(f"each S1SP has one cohort of figures, found {', '.join(names)}")
    for each in figures:
        if COHORTS.get(each.s1sp) != each.cohort:
            raise ValueError(f"{each.s1sp} does not serve the cohort {each.cohort}, see {dict(COHORTS)}")
        for device_type, count in each.incorrect.items():
            if device_type not in (DeviceType.ESME, DeviceType.GPF):
                raise ValueError(f"{each.cohort}: only ESME and GPF can be incorrect, not {device_type}")
            if not 0 <= count <= each.sets:
                raise ValueError(f"{each.cohort}: {count} of {each.sets} {device_type} cannot be incorrect")
    for kind, count in exceptional.items():
        if count < 0:
            raise ValueError(f"{kind}: 0 or more exceptional devices, not {count}")


def _changed(sets: Sequence[Iterator[MeterSet]], changes: Sequence[Sequence[_Changes]]) -> Iterator[MeterSet]:
    for sets_of_s1sp, changes_of_s1sp in zip(sets, changes, strict=True):
        for each in sets_of_s1sp:
            changed = each
            for change in changes_of_s1sp:
                changed = change.next(changed)
            yield changed


class _Changes:
    """Which devices of one share are changed: chosen while the sets go by, so that none has to be remembered.

    With n to be chosen of the m that are still to come, one is chosen with the chance n/m: exactly as many
    as wanted, each choice as likely as any other.
    """

    def __init__(self, seed: int, share: Share, parties: Mapping[UserRole, Sequence[EUI64]]) -> None:
        self._chance = Random(f"{seed}:{share.s1sp}:{share.device_type}")  # noqa: S311 (no secret)
        unusual = UnusualSlots(share.device_type, parties, self._chance)
        others = share.incorrect - share.exceptional.get(Exceptional.TWO_PARTIES_IN_SLOT, 0)
        self._wanted: dict[Change, int] = {unusual.another_operator: others}
        self._wanted |= {unusual.exceptional[kind]: count for kind, count in share.exceptional.items()}
        self._wanted_in_all = sum(self._wanted.values())
        self._to_come = share.devices

    def next(self, meter_set: MeterSet) -> MeterSet:
        """Return the next set, changed or as it is."""
        chosen = self._chance.random() * self._to_come < self._wanted_in_all
        self._to_come -= 1
        if not chosen:
            return meter_set
        position = self._chance.randrange(self._wanted_in_all)
        self._wanted_in_all -= 1
        for change, count in self._wanted.items():
            if position < count:
                self._wanted[change] -= 1
                return change(meter_set)
            position -= count
        raise AssertionError("the counts of the kinds add up to the whole")
