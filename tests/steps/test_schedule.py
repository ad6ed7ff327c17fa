"""Chains of scenarios: balanced, longest first, never more on a kind of device than there are devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

import pytest

from duis.identifiers import EUI64
from duis.roles import DeviceType
from steps.schedule import Appointment, Job, Schedule, Switches, cost_of, schedule
from target.pool import DeviceNeed

KINDS = [DeviceNeed(s1sp, kind) for s1sp in ("S1SP1", "S1SP2") for kind in (DeviceType.ESME, DeviceType.GPF)]
CONSUMABLE = DeviceNeed("S1SP1", DeviceType.ESME, under_dcc_control=True)


class Devices:
    """So many devices of each kind; the switches of the DSP are shared."""

    def __init__(self, number: int) -> None:
        self.number = number

    def candidates(self, need: DeviceNeed) -> Sequence[EUI64]:
        kind = [*KINDS, CONSUMABLE].index(need)
        return [EUI64(f"02-00-00-00-00-00-{kind:02X}-{each:02X}") for each in range(self.number)]

    def used_up(self, need: DeviceNeed, device: EUI64) -> bool:
        return need.under_dcc_control

    def collide(self, wanted: Switches, held: Iterable[Switches]) -> bool:
        return any(
            each in other and (position is None or other[each] != position)
            for other in held
            for each, position in wanted.items()
        )


def jobs(number: int, *, kinds: Sequence[DeviceNeed] = ()) -> list[Job]:
    return [
        Job(f"{each}", 2.0 + each % 5, (kinds[each % len(kinds)],) if kinds else ()) for each in range(number)
    ]


def everything(arranged: Schedule) -> list[Appointment]:
    return [each for chain in arranged.chains for each in chain]


def overlapping(arranged: Schedule) -> Iterable[tuple[Appointment, Appointment]]:
    for one, other in combinations(everything(arranged), 2):
        if one.begins < other.ends and other.begins < one.ends:
            yield one, other


def test_populations_of_their_own_are_shared_out_evenly_the_longest_first() -> None:
    arranged = schedule(jobs(201), 8)
    assert sorted(each.job.name for each in everything(arranged)) == sorted(f"{each}" for each in range(201))
    assert len(arranged.chains) == 8
    assert cost_of(arranged.longest) <= arranged.total / 8 + 2
    for chain in arranged.chains:
        costs = [each.job.cost for each in chain]
        assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize(("number", "workers"), [(1, 8), (3, 8), (4, 8), (3, 2)])
def test_no_device_is_used_twice_at_a_time(number: int, workers: int) -> None:
    arranged = schedule(jobs(60, kinds=KINDS), workers, Devices(number))
    assert len(everything(arranged)) == 60
    assert len(arranged.chains) <= min(workers, number * len(KINDS))
    for one, other in overlapping(arranged):
        assert not set(one.devices) & set(other.devices)


def test_scarce_devices_are_never_idle() -> None:
    """Work enough for the two devices of one kind to be what the run takes."""
    scarce = [Job(f"scarce {each}", 5.0, (KINDS[0],)) for each in range(20)]
    others = [Job(f"other {each}", 5.0, (KINDS[1],)) for each in range(4)]
    arranged = schedule([*others, *scarce], 4, Devices(2))
    assert arranged.length == 50.0


def test_a_consumable_serves_once_and_the_rest_is_left_out() -> None:
    wanting = [Job(f"{each}", 4.0, (CONSUMABLE,)) for each in range(3)]
    arranged = schedule(wanting, 4, Devices(2))
    used = [each.devices for each in everything(arranged)]
    assert len(used) == len(set(used)) == 2
    assert [each.name for each in arranged.left_out] == ["2"]


def test_what_needs_other_switches_comes_after_the_rest_and_together() -> None:
    usual = [Job(f"on {each}", 3.0, (KINDS[each % 4],), {"DSP": True}) for each in range(12)]
    off = [Job(f"off {each}", 9.0, (KINDS[each % 4],), {"DSP": False}) for each in range(3)]
    moving = Job("moving", 9.0, (KINDS[0],), {"DSP": None})
    arranged = schedule([*off, moving, *usual], 4, Devices(3))
    for one, other in overlapping(arranged):
        assert one.job.switches == other.job.switches
    order = [each.job.switches["DSP"] for each in sorted(everything(arranged), key=lambda each: each.begins)]
    changes = sum(one != other for one, other in pairwise(order))
    assert order[0] is True
    assert changes == 2


def test_a_scenario_with_several_devices_gets_them_all() -> None:
    both = Job("both", 3.0, (KINDS[0], KINDS[2]))
    arranged = schedule([both, *jobs(8, kinds=KINDS)], 3, Devices(1))
    (found,) = (each for each in everything(arranged) if each.job is both)
    assert len(found.devices) == 2
    assert len(everything(arranged)) == 9


def test_nothing_to_do() -> None:
    arranged = schedule([], 4)
    assert (arranged.chains, arranged.length, arranged.longest) == ((), 0.0, ())
