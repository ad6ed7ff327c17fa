"""The comparison of two runs, as it is shown on the terminal and in the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from reports.comparison.changes import Change, Detail, Kind, change_of, other_parameters
from reports.comparison.runs import ComparedRun
from reports.comparison.settings import Difference, differences
from reports.comparison.texts import stable
from reports.results import ScenarioResult, Status
from reports.results_folder import ResultsError


@dataclass(frozen=True)
class Group:
    """Scenarios of one test case to which the same happened."""

    changes: tuple[Change, ...]

    @property
    def change(self) -> Change:
        """One that stands for all."""
        return self.changes[0]

    @property
    def places(self) -> str:
        """Where it happened."""
        return places(self.changes)


@dataclass(frozen=True)
class Comparison:
    """What changed from run A to run B.

    Attributes:
        before: run A.
        after: run B.
        differences: what they do not have in common beside their results.
        changes: what became of each scenario, in the order of the test cases.
    """

    before: ComparedRun
    after: ComparedRun
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]

    @cached_property
    def counts(self) -> dict[Kind, int]:
        """How many scenarios each kind of change has; every kind is there."""
        return {kind: sum(each.kind is kind for each in self.changes) for kind in Kind}

    @property
    def passed_and_gone(self) -> int:
        """How many scenarios passed in run A and have no record in run B."""
        gone = (each.before for each in self.of(Kind.GONE))
        return sum(result is not None and result.status is Status.PASSED for result in gone)

    @property
    def not_known_any_more(self) -> int:
        """How many of these may be among those that were selected in run B and left no record there."""
        return self.passed_and_gone if self.after.without_record else 0

    @property
    def has_regressions(self) -> bool:
        """Whether something passed in run A and does not in run B, or is not known to."""
        return bool(self.counts[Kind.BROKEN] or self.not_known_any_more)

    @property
    def conclusion(self) -> str:
        """The outcome in one sentence."""
        broken, gone = self.counts[Kind.BROKEN], self.passed_and_gone
        if broken:
            return (
                f"Regression: {broken} of what passed in A {'does' if broken == 1 else 'do'} not pass in B."
            )
        if self.not_known_any_more:
            return f"Not known: {gone} of what passed in A left no record in B, which did not end."
        left_out = (
            f"; {gone} of what passed in A {'was' if gone == 1 else 'were'} not part of B" if gone else ""
        )
        return f"No regression: nothing that passed in A fails in B{left_out}."

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """The changes of some kinds."""
        return tuple(each for each in self.changes if each.kind in kinds)

    def groups(self, kind: Kind) -> tuple[Group, ...]:
        """The changes of a kind; what is told in the same words of one test case is told once."""
        return _grouped(self.of(kind))

    @property
    def observed_otherwise(self) -> tuple[Group, ...]:
        """Where the verdict stayed, and other codes came back or something else was observed."""
        return _grouped(each for each in self.changes if each.details)

    @property
    def slower(self) -> tuple[Change, ...]:
        """What took much longer than before, the slowest first."""
        found = [each for each in self.changes if each.is_slower]
        return tuple(sorted(found, key=lambda each: each.result.duration, reverse=True))


def compare(before: ComparedRun, after: ComparedRun) -> Comparison:
    """Compare two runs, or an S1SP of one with another.

    Raises:
        ResultsError: they have no scenario in common, so there is nothing to compare.
    """
    if not before.scenarios.keys() & after.scenarios.keys():
        raise ResultsError(
            f"{before.name} and {after.name} have no scenario in common: there is nothing to compare; "
            "scenarios are matched by test case, S1SP, device type and the other values of a row of Examples"
        )
    keys = before.scenarios.keys() | after.scenarios.keys()
    changes = (change_of(before.scenarios.get(key), after.scenarios.get(key)) for key in keys)
    return Comparison(
        before,
        after,
        differences(before.information, after.information),
        tuple(sorted(changes, key=_order)),
    )


def place(change: Change) -> str:
    """Where: "S1SP2 ESME", and the other values of the row; both S1SPs where one is compared with another."""
    return places([change])


def places(changes: Iterable[Change]) -> str:
    """Where each of some changes was, with the other values of the rows of one place together."""
    found: dict[str, list[str]] = {}
    for change in changes:
        s1sps = dict.fromkeys(each.s1sp for each in (change.before, change.after) if each is not None)
        where = " ".join(filter(None, (" / ".join(filter(None, s1sps)), change.result.device_type)))
        found.setdefault(where or "any", []).extend(
            filter(None, [", ".join(other_parameters(change.result))])
        )
    return ", ".join(where + (f" ({'; '.join(others)})" if others else "") for where, others in found.items())


def _order(change: Change) -> tuple[str, ...]:
    result = change.result
    return (result.scenario_id or "~", result.s1sp, result.device_type, *other_parameters(result))


def _grouped(changes: Iterable[Change]) -> tuple[Group, ...]:
    """Together what is told in the same words of one test case."""
    found: dict[object, list[Change]] = {}
    for change in changes:
        test_case = (change.result.scenario_id, change.result.written_title)
        told = (_told(change.before), _told(change.after), _words(change.details))
        found.setdefault((test_case, told), []).append(change)
    return tuple(Group(tuple(group)) for group in found.values())


def _told(result: ScenarioResult | None) -> object:
    reason = result.reason if result is not None else None
    return result and (
        result.status,
        result.known_issue,
        stable(reason.actual or reason.requirement) if reason else "",
    )


def _words(details: Iterable[Detail]) -> tuple[tuple[str, ...], ...]:
    return tuple((each.what, stable(each.before), stable(each.after)) for each in details)
