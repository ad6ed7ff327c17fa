"""The requirements of the ledger as the completion report tells them, in both directions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.findings import where
from reports.gherkin_lint import feature_files, lint
from reports.ledger import CoverageRow, LedgerError, Requirement, coverage, load_ledger
from reports.results import ScenarioResult, Status

_CITED = re.compile(r"\[([^\]]+)\]")
_SOURCE = re.compile(r"^([A-Z][A-Z0-9]*)\s+(.+)$")
_FIRST: Sequence[Status | None] = (
    Status.FAILED,
    Status.ERROR,
    Status.NOT_RUN,
    Status.PASSED,
    Status.NOT_APPLICABLE,
    None,
)


@dataclass(frozen=True)
class RequirementCoverage:
    """What a run says of the ledger.

    Attributes:
        tested: requirements with scenarios, those that failed first.
        untested: requirements that no scenario tests, with the reason, in the order of the ledger.
        documents: tag, title and version of each source.
        problem: why there is no ledger; empty when there is one.
    """

    tested: tuple[CoverageRow, ...] = ()
    untested: tuple[CoverageRow, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()
    problem: str = ""

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many tested requirements have each verdict."""
        return {
            status: sum(row.verdict is status for row in self.tested)
            for status in _FIRST
            if status is not None
        }

    def of_scenario(self, scenario_id: str) -> tuple[Requirement, ...]:
        """The requirements that a scenario tests."""
        return tuple(row.requirement for row in self.tested if scenario_id in row.requirement.scenarios)

    def concerned(self, result: ScenarioResult) -> tuple[Requirement, ...]:
        """The requirements that a failure is about: those of the clauses its reason cites, otherwise all."""
        requirements = self.of_scenario(result.scenario_id)
        cited = _cited(result.reason.requirement) if result.reason is not None else frozenset()
        found = tuple(
            each for each in requirements if cited & {f"{each.document}-{each.section}", each.clause}
        )
        return found or requirements


def requirement_coverage(results: Sequence[ScenarioResult], *, everything: bool) -> RequirementCoverage:
    """Hold the results of a run against the ledger; that it cannot be read is said in the report.

    Args:
        results: of the scenarios that have ended.
        everything: whether all that is written was selected; if not, each row of the Examples is looked for.
    """
    try:
        ledger = load_ledger()
    except LedgerError as error:
        return RequirementCoverage(problem=str(error))
    features = ledger.path.parent
    written = () if everything else lint(feature_files([str(features)], features)).scenarios
    rows = coverage(ledger, results, written).rows
    tested = sorted(
        (row for row in rows if row.verdict is not None), key=lambda row: _FIRST.index(row.verdict)
    )
    return RequirementCoverage(
        tuple(tested),
        tuple(row for row in rows if row.verdict is None),
        tuple(
            (each.tag, ", ".join(filter(None, (each.title, f"version {each.version}", each.date))))
            for each in ledger.documents
        ),
    )


def source_of(requirement: Requirement) -> str:
    """Where it stands, such as "FIA 4.2.1"."""
    return f"{requirement.document} {requirement.section}"


def tests_of(row: CoverageRow) -> list[tuple[Status | None, list[str]]]:
    """The tests of a requirement by their verdict, the worst first; without one where they have no result."""
    told: list[tuple[Status | None, list[str]]] = []
    for status in _FIRST:
        found = [result for result in row.results if result.status is status]
        if found:
            told.append((status, where(found)))
    lacking = Counter(name.partition(" ")[0] for name in row.lacking)
    if lacking:
        told.append((None, [f"{number} of {identifier}" for identifier, number in lacking.items()]))
    return told


def _cited(sentence: str) -> frozenset[str]:
    """The ids of the clauses that a sentence cites: SRPD-6.2d and FIA-4.1 for "[SRPD 6.2(d), FIA 4.1]"."""
    cited, tag = set(), ""
    for bracket in _CITED.findall(sentence):
        for part in bracket.split(","):
            found = _SOURCE.match(part.strip())
            tag, section = (found[1], found[2]) if found else (tag, part.strip())
            cited.add(f"{tag}-{re.sub('[() ]', '', section)}")
    return frozenset(cited)
