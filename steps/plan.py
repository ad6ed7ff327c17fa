"""What a run would do, told beforehand: nothing is sent and nothing is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum

from duis.identifiers import EUI64
from reports.written import WrittenRow
from steps.needs import Needs
from steps.rehearsal import Rehearser
from steps.schedule import Job, Schedule, Switches, schedule
from steps.sentences import UnknownSentence
from target.file import TargetFile
from target.history import median_answer_seconds
from target.pool import DeviceNeed
from target.pool.allocation import conflicts
from target.pool.ledger import Ledger
from target.pool.population import Population
from target.pool.records import Consumed, Quarantined
from target.site import Site

MOST_WORKERS = 16
"""How many workers `-n auto` starts at most at a target with endpoints."""


class Outlook(StrEnum):
    """What is to be expected of a scenario."""

    RUNS = "runs"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    """A device it needs is used up or in quarantine, and no other is left."""


@dataclass(frozen=True)
class PlannedScenario:
    """A scenario that was selected.

    Attributes:
        nodeid: Its test.
        written: The written scenario.
        needs: What it needs.
        outlook: What is to be expected.
        reason: Why it does not run.
        devices: The devices its chain gives it; others that fit may take their place.
        chain: Number of its chain, from 1; `None` when it does not run.
    """

    nodeid: str
    written: WrittenRow
    needs: Needs
    outlook: Outlook
    reason: str = ""
    devices: tuple[EUI64, ...] = ()
    chain: int | None = None


@dataclass(frozen=True)
class Consumables:
    """Consumable devices of one kind.

    Attributes:
        need: Which kind.
        declared: How many the target file lists.
        there: How many of them can be used now.
        needed: How many the selected scenarios use up.
        lacking: The scenarios none is left for.
    """

    need: DeviceNeed
    declared: int
    there: int
    needed: int
    lacking: tuple[str, ...]

    @property
    def further_runs(self) -> int:
        """How many runs of the same scenarios they last for after this one."""
        return max(0, self.there // self.needed - 1) if self.needed else 0


@dataclass(frozen=True)
class PoolState:
    """The devices of a pooled target that can be leased, and what is wrong with the others.

    Attributes:
        population: What the target file declares.
        out_of_use: What is wrong, a sentence each, by device.
    """

    population: Population
    out_of_use: Mapping[EUI64, str] = field(default_factory=dict)

    @classmethod
    def of(cls, target: TargetFile) -> PoolState:
        """As the ledger of the target has it; nothing is wrong where there is no ledger yet.

        Raises:
            HarnessError: The ledger cannot be read.
        """
        population = Population.of(target)
        path = Site(target).pool
        if not path.exists():
            return cls(population)
        with closing(Ledger(path, "plan", population)) as ledger:
            rows: list[Consumed | Quarantined] = [*ledger.consumed(), *ledger.quarantined()]
        return cls(population, {row.device_id: row.describe() for row in rows})

    def candidates(self, need: DeviceNeed) -> Sequence[EUI64]:
        """The usable devices that can serve a need, the most suitable first."""
        fitting = (device.device_id for device in self.population.candidates(need))
        return [device_id for device_id in fitting if device_id not in self.out_of_use]

    def used_up(self, need: DeviceNeed, device: EUI64) -> bool:
        """Whether a device that serves this need cannot be used again."""
        return need.under_dcc_control and not self.population.device(device).managed

    def collide(self, wanted: Switches, held: Iterable[Switches]) -> bool:
        """Whether a position of MP107 cannot be had while others are held."""
        return bool(conflicts(wanted, held, self.population))


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        target: The target file.
        scenarios: The selected scenarios, in the order they were collected.
        schedule: Their chains.
        consumables: By kind; none at a target whose scenarios have populations of their own.
        out_of_use: The devices that cannot be leased, and why.
        usable_devices: How many devices the scenarios that run can share.
    """

    target: TargetFile
    scenarios: tuple[PlannedScenario, ...]
    schedule: Schedule
    consumables: tuple[Consumables, ...] = ()
    out_of_use: Mapping[EUI64, str] = field(default_factory=dict)
    usable_devices: int = 0

    def expected(self, outlook: Outlook) -> tuple[PlannedScenario, ...]:
        """The scenarios with an outlook."""
        return tuple(each for each in self.scenarios if each.outlook is outlook)

    @property
    def requests(self) -> Counter[str]:
        """Service Requests that scenarios send, preparation of devices included, by SRV."""
        return _sum(each.needs.requests for each in self.expected(Outlook.RUNS))

    @property
    def restoration(self) -> Counter[str]:
        """Service Requests that restore devices, by SRV: an estimate."""
        return _sum(restoration(each.needs, self.target) for each in self.expected(Outlook.RUNS))

    @property
    def suitable_workers(self) -> int:
        """How many workers the devices keep busy."""
        return max(1, min(self.usable_devices, MOST_WORKERS, len(self.expected(Outlook.RUNS))))


def answer_seconds_of(target: TargetFile) -> float | None:
    """How long an answer took in earlier runs against a target, the median; `None` where none tells."""
    return None if target.isolated else median_answer_seconds(Site(target))


def plan(target: TargetFile, selected: Mapping[str, WrittenRow], workers: int) -> Plan:
    """Work out what a run would do.

    Args:
        target: The target file.
        selected: The scenarios, by node id of their tests.
        workers: How many processes carry scenarios out.

    Raises:
        HarnessError: The ledger of the device pool cannot be read.
    """
    rehearser = Rehearser(target)
    needs = {nodeid: _rehearsed(rehearser, written) for nodeid, written in selected.items()}
    against = {nodeid: each.against(target) for nodeid, each in needs.items()}
    pool = None if target.isolated else PoolState.of(target)
    jobs = [_job(nodeid, each, target) for nodeid, each in needs.items() if not against[nodeid]]
    arranged = schedule(jobs, workers, pool)
    appointments = arranged.appointments()
    numbers = {
        each.job.name: number for number, chain in enumerate(arranged.chains, start=1) for each in chain
    }
    scenarios = []
    for nodeid, written in selected.items():
        found = appointments.get(nodeid)
        outlook, reason = Outlook.RUNS, ""
        if against[nodeid]:
            outlook, reason = Outlook.NOT_APPLICABLE, against[nodeid]
        elif found is None:
            outlook, reason = Outlook.NOT_RUN, _missing(needs[nodeid], pool)
        devices = found.devices if found else ()
        scenarios.append(
            PlannedScenario(nodeid, written, needs[nodeid], outlook, reason, devices, numbers.get(nodeid))
        )
    if pool is None:
        return Plan(target, tuple(scenarios), arranged)
    running = [each.needs for each in scenarios if each.outlook is Outlook.RUNS]
    kinds = {need for each in running for need in each.devices}
    usable = {device for need in kinds for device in pool.candidates(need)}
    return Plan(
        target, tuple(scenarios), arranged, _consumables(scenarios, pool), pool.out_of_use, len(usable)
    )


def warnings_of(planned: Plan) -> Iterator[str]:
    """What a user should know before the run starts, a line each: which scenarios lack a device."""
    lacking: dict[str, list[str]] = {}
    for each in planned.expected(Outlook.NOT_RUN):
        lacking.setdefault(each.reason, []).append(each.written.name)
    for reason, names in lacking.items():
        yield f"will not run: {', '.join(names)}: {reason}"


def restoration(needs: Needs, target: TargetFile) -> Counter[str]:
    """Service Requests that restore the devices of a scenario afterwards, by SRV: an estimate.

    A device of an endpoint is looked at once (6.24.1). Where the scenario leaves its Network Operator slot
    with another party, that party puts the home party back (6.15.1) and the slot is read again.
    """
    counted: Counter[str] = Counter()
    if target.isolated:
        return counted
    left = 0
    for need in needs.devices:
        if target.kind_of(need.s1sp) == "endpoint":
            counted["6.24.1"] += 1
            if not need.under_dcc_control:
                left += 1
    left = min(left, needs.left_elsewhere)
    counted.update({"6.15.1": left, "6.24.1": left})
    return +counted


def _rehearsed(rehearser: Rehearser, written: WrittenRow) -> Needs:
    try:
        return rehearser.rehearse(written.steps)
    except UnknownSentence:
        return Needs()  # the run says which sentence it is, at the scenario


def _job(nodeid: str, needs: Needs, target: TargetFile) -> Job:
    cost = needs.request_count + restoration(needs, target).total()
    return Job(nodeid, float(max(1, cost)), needs.devices, needs.switches)


def _missing(needs: Needs, pool: PoolState | None) -> str:
    """What a scenario is left without."""
    missing = [
        need for need in needs.devices if pool and (need.under_dcc_control or not pool.candidates(need))
    ]
    return "no " + " and no ".join(need.describe() for need in missing or needs.devices) + " is left"


def _consumables(scenarios: Sequence[PlannedScenario], pool: PoolState) -> tuple[Consumables, ...]:
    needed: Counter[DeviceNeed] = Counter()
    lacking: dict[DeviceNeed, list[str]] = {}
    for each in scenarios:
        for need in each.needs.devices if each.outlook is not Outlook.NOT_APPLICABLE else ():
            managed = all(device.managed for device in pool.population.candidates(need))
            if need.under_dcc_control and not managed:
                needed[need] += 1
                if each.outlook is Outlook.NOT_RUN:
                    lacking.setdefault(need, []).append(each.written.name)
    return tuple(
        Consumables(
            need,
            len(pool.population.candidates(need)),
            len(pool.candidates(need)),
            number,
            tuple(lacking.get(need, ())),
        )
        for need, number in sorted(needed.items(), key=lambda item: item[0].describe())
    )


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total
