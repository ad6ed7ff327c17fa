"""What a report counts: by S1SP, cohort and device type; by Network Operator; by reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from data_update.audit import Outcome
from data_update.database import Database
from data_update.plan_contents import PlanSummary
from data_update.plan_file import Plan
from data_update.reasons import Reason
from data_update.recorded import DeviceRecord, device_records
from data_update.records import LeftAlone

MOST_LISTED: Final = 200
"""So many skipped devices are in the report itself."""
MOST_OF_A_REASON: Final = 5
MOST_OPERATORS: Final = 12
"""So many columns and rows a matrix of Network Operators has; the others are counted together."""

OTHERS: Final = "others"
NOT_STATED: Final = "not stated"


class Counts(NamedTuple):
    """Slots of one S1SP, cohort and device type, or of all.

    Attributes:
        skipped: changed since the plan was made, or gone.
        waiting: in the plan, and not yet carried out.
        restored: replaced, and put back by a rollback.
    """

    examined: int
    correct: int
    to_replace: int
    left_alone: int
    replaced: int
    skipped: int
    waiting: int
    restored: int


class Place(NamedTuple):
    """Where devices are; "not stated" where the database does not say."""

    s1sp: str
    cohort: str
    device_type: str


@dataclass(frozen=True, slots=True)
class OperatorMatrix:
    """Slots to replace of one device type: who is in the slot, by who is registered.

    Attributes:
        former: the rows: Entity Identifiers, or two joined by " + " where a slot holds two parties.
        registered: the columns.
        cells: the number of devices by row and column.
    """

    device_type: str
    former: tuple[str, ...]
    registered: tuple[str, ...]
    cells: Counter[tuple[str, str]]

    def of_former(self, former: str) -> int:
        """Return the sum of a row."""
        return sum(self.cells[former, each] for each in self.registered)

    def of_registered(self, registered: str) -> int:
        """Return the sum of a column."""
        return sum(self.cells[each, registered] for each in self.former)

    @property
    def total(self) -> int:
        """How many slots there are."""
        return sum(self.cells.values())


@dataclass(frozen=True, slots=True)
class LeftAloneGroup:
    """The slots that are left alone for one reason; the first of them by name."""

    reason: Reason
    devices: int
    listed: Sequence[LeftAlone]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything a report counts.

    Attributes:
        places: counts by place, in order.
        total: the counts of all.
        outcomes: how often each outcome of applying is in the audit; likewise `rollback_outcomes`.
        skipped: the first devices that were left as somebody had changed them.
        not_restored: the first devices that the rollback left as somebody had changed them.
        matrices: by device type.
        left_alone: by reason, the most frequent first.
    """

    places: tuple[tuple[Place, Counts], ...]
    total: Counts
    outcomes: Counter[Outcome]
    rollback_outcomes: Counter[Outcome]
    skipped: tuple[DeviceRecord, ...]
    not_restored: tuple[DeviceRecord, ...]
    matrices: tuple[OperatorMatrix, ...]
    left_alone: tuple[LeftAloneGroup, ...]


@dataclass(slots=True)
class _Tally:
    """What is counted in one pass over the devices of the plan."""

    replaced: Counter[Place] = field(default_factory=Counter)
    skipped: Counter[Place] = field(default_factory=Counter)
    waiting: Counter[Place] = field(default_factory=Counter)
    restored: Counter[Place] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    rollback_outcomes: Counter[Outcome] = field(default_factory=Counter)
    listed: list[DeviceRecord] = field(default_factory=list)
    not_restored: list[DeviceRecord] = field(default_factory=list)

    def add(self, device: DeviceRecord) -> None:
        place = _place(device.planned.s1sp, device.planned.cohort, device.planned.device_type)
        if device.applied is None:
            self.waiting[place] += 1
        else:
            self.outcomes[device.applied.outcome] += 1
            if device.applied.outcome is Outcome.REPLACED:
                self.replaced[place] += 1
            else:
                self.skipped[place] += 1
                _list(self.listed, device)
        if device.rolled_back is not None:
            self.rollback_outcomes[device.rolled_back.outcome] += 1
            if device.rolled_back.outcome is Outcome.RESTORED:
                self.restored[place] += 1
            else:
                _list(self.not_restored, device)


def read_figures(database: Database, plan: Plan) -> Figures:
    """Count, in one pass over the devices of the plan.

    Raises:
        DataUpdateError: the database failed.
    """
    tally = _Tally()
    for device in device_records(database, plan):
        tally.add(device)
    places = _places(plan.summary, tally)
    return Figures(
        places=places,
        total=Counts(*(sum(column) for column in zip(*(counts for _, counts in places), strict=True)))
        if places
        else Counts(*[0] * len(Counts._fields)),
        outcomes=tally.outcomes,
        rollback_outcomes=tally.rollback_outcomes,
        skipped=tuple(tally.listed),
        not_restored=tuple(tally.not_restored),
        matrices=_matrices(plan.summary),
        left_alone=_left_alone(plan.summary, plan.left_alone()),
    )


def _list(listed: list[DeviceRecord], device: DeviceRecord) -> None:
    if len(listed) < MOST_LISTED:
        listed.append(device)


def _place(s1sp: str, cohort: str, device_type: str) -> Place:
    return Place(s1sp or NOT_STATED, cohort or NOT_STATED, device_type or NOT_STATED)


def _places(summary: PlanSummary, tally: _Tally) -> tuple[tuple[Place, Counts], ...]:
    correct: Counter[Place] = Counter()
    to_replace: Counter[Place] = Counter()
    left_alone: Counter[Place] = Counter()
    for *place, count in summary.correct_slots:
        correct[_place(*place)] += count
    for group in summary.groups:
        to_replace[_place(group.s1sp, group.cohort, group.device_type)] += group.devices
    for s1sp, cohort, device_type, _, count in summary.left_alone:
        left_alone[_place(s1sp, cohort, device_type)] += count
    return tuple(
        (
            place,
            Counts(
                examined=correct[place] + to_replace[place] + left_alone[place],
                correct=correct[place],
                to_replace=to_replace[place],
                left_alone=left_alone[place],
                replaced=tally.replaced[place],
                skipped=tally.skipped[place],
                waiting=tally.waiting[place],
                restored=tally.restored[place],
            ),
        )
        for place in sorted({*correct, *to_replace, *left_alone})
    )


def _matrices(summary: PlanSummary) -> tuple[OperatorMatrix, ...]:
    by_type: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for group in summary.groups:
        by_type[group.device_type or NOT_STATED][group.former, group.new] += group.devices
    return tuple(_matrix(device_type, cells) for device_type, cells in sorted(by_type.items()))


def _matrix(device_type: str, cells: Counter[tuple[str, str]]) -> OperatorMatrix:
    rows, columns = (_most_frequent(cells, index) for index in (0, 1))
    shown: Counter[tuple[str, str]] = Counter()
    for (former, registered), count in cells.items():
        row = former if former in rows else OTHERS
        column = registered if registered in columns else OTHERS
        shown[row, column] += count
    return OperatorMatrix(
        device_type,
        former=(*rows, *_others(row for row, _ in shown)),
        registered=(*columns, *_others(column for _, column in shown)),
        cells=shown,
    )


def _most_frequent(cells: Counter[tuple[str, str]], index: int) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for key, count in cells.items():
        counts[key[index]] += count
    ordered = sorted(counts, key=lambda party: (-counts[party], party))
    return tuple(ordered[:MOST_OPERATORS])


def _others(names: Iterable[str]) -> tuple[str, ...]:
    return (OTHERS,) if OTHERS in names else ()


def _left_alone(summary: PlanSummary, slots: Iterable[LeftAlone]) -> tuple[LeftAloneGroup, ...]:
    counts: Counter[str] = Counter()
    for *_, reason, count in summary.left_alone:
        counts[reason] += count
    listed: defaultdict[str, list[LeftAlone]] = defaultdict(list)
    for slot in slots:
        if len(listed[slot.reason]) < MOST_OF_A_REASON:
            listed[slot.reason].append(slot)
    return tuple(
        LeftAloneGroup(Reason(reason), count, tuple(listed[reason])) for reason, count in counts.most_common()
    )
