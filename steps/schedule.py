"""Who carries out which scenario after which, so that waiting for answers overlaps.

A chain is what one worker does one after another. Scenarios share devices, and need
MP107 in one position or the other at the systems that take part. The schedule is worked out as if each took
as long as it has Service Requests to wait for: whenever a worker is free it takes, among the scenarios whose
devices are free, one of the kind of device with most left to do for each device, and of these the longest.
So scarce devices are never idle, and what is left for the end is short.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from duis.identifiers import EUI64
from target.pool import DeviceNeed

Switches = Mapping[str, bool | None]


@dataclass(frozen=True)
class Job:
    """A scenario to be carried out.

    Attributes:
        name: Which one: the node id of its test.
        cost: How long it takes, in waits for an answer.
        needs: The devices it takes at once; none where it has a population of its own.
        switches: The position of MP107 it needs by component; `None` where it changes it.
    """

    name: str
    cost: float
    needs: tuple[DeviceNeed, ...] = ()
    switches: Switches = field(default_factory=dict)


class Supply(Protocol):
    """The devices and switches that scenarios share."""

    def candidates(self, need: DeviceNeed) -> Sequence[EUI64]:
        """The usable devices that can serve a need, the most suitable first."""

    def used_up(self, need: DeviceNeed, device: EUI64) -> bool:
        """Whether a device that serves this need cannot be used again."""

    def collide(self, wanted: Switches, held: Iterable[Switches]) -> bool:
        """Whether a position of MP107 cannot be had while others are held."""


class Plenty:
    """Every scenario has a population of its own: nothing is shared."""

    def candidates(self, need: DeviceNeed) -> Sequence[EUI64]:  # noqa: ARG002
        """None is shared."""
        return ()

    def used_up(self, need: DeviceNeed, device: EUI64) -> bool:  # noqa: ARG002
        """Nothing is."""
        return False

    def collide(self, wanted: Switches, held: Iterable[Switches]) -> bool:  # noqa: ARG002
        """Nothing does."""
        return False


@dataclass(frozen=True)
class Appointment:
    """A scenario in a chain.

    Attributes:
        job: Which one.
        devices: The devices it is to use, one for each need.
        begins: When, in waits since the start.
    """

    job: Job
    devices: tuple[EUI64, ...]
    begins: float

    @property
    def ends(self) -> float:
        """When it is over, in waits since the start."""
        return self.begins + self.job.cost


Chain = tuple[Appointment, ...]


@dataclass(frozen=True)
class Schedule:
    """What the workers do.

    Attributes:
        chains: What each worker does one after another.
        left_out: What no device is left for.
    """

    chains: tuple[Chain, ...]
    left_out: tuple[Job, ...] = ()

    @property
    def longest(self) -> Chain:
        """The chain with most to wait for."""
        return max(self.chains, key=cost_of, default=())

    @property
    def length(self) -> float:
        """When the last one is done, in waits; later than the longest chain where one waits for a device."""
        return max((chain[-1].ends for chain in self.chains if chain), default=0.0)

    @property
    def total(self) -> float:
        """All waits one after another."""
        return sum(cost_of(chain) for chain in self.chains)

    def appointments(self) -> dict[str, Appointment]:
        """The appointments by name of the scenario."""
        return {each.job.name: each for chain in self.chains for each in chain}


def cost_of(chain: Chain) -> float:
    """What a chain waits for in all."""
    return sum(appointment.job.cost for appointment in chain)


def schedule(jobs: Sequence[Job], workers: int, supply: Supply | None = None) -> Schedule:
    """Arrange scenarios in chains.

    Args:
        jobs: The scenarios; of equal ones the first comes first.
        workers: How many work side by side.
        supply: What they share; by default nothing.
    """
    return _Planner(jobs, supply or Plenty(), shared=supply is not None).chains(max(1, workers))


class _Planner:
    """Plays the run through, from one end of a scenario to the next."""

    def __init__(self, jobs: Sequence[Job], supply: Supply, *, shared: bool) -> None:
        self._supply = supply
        self._shared = shared
        rank = _ranks(jobs) if shared else {}
        # Those that need MP107 as few others do come together, after the rest: it is switched seldom.
        self._left = sorted(jobs, key=lambda job: (rank.get(_key(job.switches), 0), -job.cost))
        self._rank = rank
        self._work: dict[DeviceNeed, float] = defaultdict(float)
        for job in jobs:
            for need in job.needs:
                self._work[need] += job.cost
        self._candidates = {need: tuple(supply.candidates(need)) for need in self._work}
        self._gone: set[EUI64] = set()
        self._running: list[Appointment] = []

    def chains(self, workers: int) -> Schedule:
        chains: list[list[Appointment]] = [[] for _ in range(workers)]
        free = [(0.0, number) for number in range(workers)]
        while free and self._left:
            now, worker = heapq.heappop(free)
            self._running = [each for each in self._running if each.ends > now]
            found = self._next(now)
            if found is not None:
                chains[worker].append(found)
                heapq.heappush(free, (found.ends, worker))
            elif self._running:
                heapq.heappush(free, (min(each.ends for each in self._running), worker))
            else:
                break  # nobody will give a device back that anybody waits for
        filled = sorted((tuple(chain) for chain in chains if chain), key=cost_of, reverse=True)
        return Schedule(tuple(filled), tuple(self._left))

    def _next(self, now: float) -> Appointment | None:
        """What a free worker takes; nothing when all that is left waits for a device or a switch."""
        busy = self._gone.union(*(each.devices for each in self._running))
        held = [each.job.switches for each in self._running]
        best: tuple[tuple[float, float, float], Job, tuple[EUI64, ...]] | None = None
        for job in self._left:
            order = (self._rank.get(_key(job.switches), 0), -self._pressure(job), -job.cost)
            if best is not None and order >= best[0]:
                continue
            devices = self._devices(job, busy) if self._shared else ()
            if devices is not None and not self._supply.collide(job.switches, held):
                best = order, job, devices
                if not self._shared:
                    break
        if best is None:
            return None
        _, job, devices = best
        self._left.remove(job)
        for need, device in zip(job.needs, devices, strict=False):
            if self._supply.used_up(need, device):
                self._gone.add(device)
        for need in job.needs:
            self._work[need] -= job.cost
        appointment = Appointment(job, devices, now)
        self._running.append(appointment)
        return appointment

    def _devices(self, job: Job, busy: set[EUI64]) -> tuple[EUI64, ...] | None:
        chosen: list[EUI64] = []
        for need in job.needs:
            device = next(
                (each for each in self._candidates[need] if each not in busy and each not in chosen), None
            )
            if device is None:
                return None
            chosen.append(device)
        return tuple(chosen)

    def _pressure(self, job: Job) -> float:
        """What is left to do for each device of the scarcest kind it needs."""
        return max(
            (self._work[need] / max(1, len(self._candidates[need])) for need in job.needs), default=0.0
        )


def _key(switches: Switches) -> tuple[tuple[str, bool | None], ...]:
    return tuple(sorted(switches.items()))


def _ranks(jobs: Sequence[Job]) -> dict[tuple[tuple[str, bool | None], ...], int]:
    """The order of the positions of switches: the usual ones first, then alike ones together."""
    work: dict[str, dict[bool | None, float]] = defaultdict(lambda: defaultdict(float))
    for job in jobs:
        for component, position in job.switches.items():
            work[component][position] += job.cost
    usual = {component: max(by, key=lambda each: by[each]) for component, by in work.items()}
    ranks: dict[tuple[tuple[str, bool | None], ...], int] = {}
    unusual = set()
    for key in {_key(job.switches) for job in jobs}:
        if all(usual[component] == position for component, position in key):
            ranks[key] = 0
        else:
            unusual.add(key)
    for key in sorted(unusual, key=lambda key: [(name, str(on)) for name, on in key]):
        ranks[key] = len(ranks)
    return ranks
