"""Both directions between requirements and scenarios, with the verdicts of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reports.gherkin_lint import WrittenScenario
from reports.ledger.missing import missing
from reports.ledger.model import Ledger, Requirement
from reports.matrix import worst
from reports.results import ScenarioResult, Status


@dataclass(frozen=True)
class CoverageRow:
    """One requirement and what a run says of it.

    Attributes:
        requirement: of the ledger.
        verdict: the worst of its scenarios, or "not run" when one of them has no result, unless another
            failed or broke; `None` when no scenario tests it.
        results: of its scenarios.
        lacking: what has no result: ids of scenarios, or names such as "MP107-T10 S1SP2 ESME".
    """

    requirement: Requirement
    verdict: Status | None
    results: tuple[ScenarioResult, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[str, ...]:
        """The files below the folder ``evidence`` that its verdict rests on, in the order of the results."""
        files = (attachment.file for result in self.results for attachment in result.all_attachments)
        return tuple(dict.fromkeys(files))


@dataclass(frozen=True)
class Coverage:
    """Every requirement of a ledger, in its order, with what a run says of it."""

    rows: tuple[CoverageRow, ...]

    @property
    def counts(self) -> dict[Status, int]:
        """How many tested requirements have each verdict; every verdict is listed."""
        counted = Counter(row.verdict for row in self.rows)
        return {status: counted[status] for status in Status}

    def of_scenario(self, scenario_id: str) -> tuple[CoverageRow, ...]:
        """The requirements that a scenario tests."""
        return tuple(row for row in self.rows if scenario_id in row.requirement.scenarios)


def coverage(
    ledger: Ledger, results: Iterable[ScenarioResult], written: Iterable[WrittenScenario] = ()
) -> Coverage:
    """What the results of a run say of each requirement.

    Args:
        ledger: the requirements.
        results: of the run, whole or not.
        written: the scenarios as written. With them a requirement is "not run" also when only some rows of
            the Examples have a result; without them one result is enough for a scenario.
    """
    by_scenario: dict[str, list[ScenarioResult]] = {}
    for result in results:
        by_scenario.setdefault(result.scenario_id, []).append(result)
    every_result = [result for found in by_scenario.values() for result in found]
    lacking: dict[str, list[str]] = {}
    for each in missing(every_result, written):
        if each.status is None:
            lacking.setdefault(each.row.scenario.scenario_id, []).append(each.row.name)
    rows = []
    for requirement in ledger.requirements:
        found = tuple(result for each in requirement.scenarios for result in by_scenario.get(each, ()))
        without = tuple(
            name
            for each in requirement.scenarios
            for name in lacking.get(each, () if each in by_scenario else (each,))
        )
        statuses = [result.status for result in found]
        if without:
            statuses.append(Status.NOT_RUN)
        rows.append(CoverageRow(requirement, worst(statuses) if statuses else None, found, without))
    return Coverage(tuple(rows))
