"""Fewer executed than written: which scenarios, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.gherkin_lint import WrittenScenario
from reports.results import ScenarioResult, Status
from reports.written import WrittenRow

EXECUTED = frozenset({Status.PASSED, Status.FAILED, Status.ERROR})
"""Steps of the scenario were carried out."""


@dataclass(frozen=True)
class Missing:
    """A written scenario, with a row of its Examples, that was not executed.

    Attributes:
        row: the scenario and its row.
        status: not applicable or not run; `None` when the run holds no result of it.
        why: in a sentence.
    """

    row: WrittenRow
    status: Status | None
    why: str

    def __str__(self) -> str:
        """One line: which, and why."""
        return f"{self.row.name}: {self.why}"


def missing(results: Iterable[ScenarioResult], written: Iterable[WrittenScenario]) -> tuple[Missing, ...]:
    """The written scenarios that were not executed, in the order of the feature files.

    Args:
        results: of a run.
        written: the scenarios as written; each row of the Examples counts.
    """
    by_scenario: dict[str, list[ScenarioResult]] = {}
    for result in results:
        by_scenario.setdefault(result.scenario_id, []).append(result)
    found = []
    for scenario in written:
        for values in scenario.rows:
            every_row = by_scenario.get(scenario.scenario_id, ())
            here = [result for result in every_row if values.items() <= result.parameters.items()]
            if not any(result.status in EXECUTED for result in here):
                found.append(_missing(WrittenRow(scenario, values), here))
    return tuple(found)


def _missing(row: WrittenRow, here: list[ScenarioResult]) -> Missing:
    if not here:
        return Missing(row, None, "no result: it was not selected, or the run ended before it")
    result = here[-1]
    said = result.reason.requirement if result.reason is not None else ""
    return Missing(row, result.status, f"{result.status}: {said}" if said else str(result.status))
