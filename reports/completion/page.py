"""What the completion report says, put together from a run and its results; the templates say how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from reports.completion.failures import severity_rank, wrong_findings
from reports.completion.laid_out import Desk
from reports.completion.requirements import RequirementCoverage, requirement_coverage
from reports.completion.state import State, state_of
from reports.criteria import Criteria, evaluate
from reports.findings import Finding, findings, where
from reports.matrix import Matrix, column_of, counts, matrix, plain_title, worst
from reports.results import ScenarioResult, Status
from reports.run_information import RunInformation
from reports.timing import timing_sentence

TITLE: Final = "MP107 (CR4296) conformance: test completion report"
SECTIONS: Final[Mapping[str, str]] = {
    "summary": "Summary of results",
    "scope": "Scope",
    "target": "Target and versions",
    "assumptions": "Assumptions in force",
    "criteria": "Entry and exit criteria",
    "requirements": "Requirement coverage",
    "defects": "Defects and known issues",
    "failures": "What did not pass, in full",
    "left-out": "Not applicable and not run",
    "observations": "Observed, on record, without verdict",
    "conduct": "Conduct of the run",
    "sign-off": "Sign-off",
    "passed": "Appendix A: tests that passed",
    "untested": "Appendix B: requirements that no test stands for",
    "software": "Appendix C: software",
}
"""The sections by their anchors, in their order. Numbered are those before the appendices."""

_SIGN_OFF: Final = ("Test manager", "Provider of the system under test", "DCC Test Assurance")
_MAIN_SOFTWARE: Final = (
    "smets1-conformance",
    "Python",
    "platform",
    "pytest",
    "pytest-bdd",
    "pytest-xdist",
    "requests",
    "aiohttp",
    "cryptography",
    "lxml",
)
"""What a verdict depends on most; the rest is in the appendix."""
_ROOM: Final = 3_000_000
"""Characters of messages laid out: for one scenario of each finding, and as many again for all others."""


@dataclass(frozen=True)
class Page:
    """Everything the templates show.

    Attributes:
        run: what holds for the whole run.
        results: of the scenarios, in the order of their ids and places.
        state: the verdict.
        criteria: measured, or to be judged by people.
        requirements: of the ledger, with their verdicts.
        wrong: what failed or broke, put together by what it says.
    """

    run: RunInformation
    results: tuple[ScenarioResult, ...]
    state: State
    criteria: Criteria
    requirements: RequirementCoverage
    wrong: tuple[Finding, ...]
    _first_desk: Desk
    _other_desk: Desk

    @property
    def title(self) -> str:
        """Of the report."""
        return self.run.assurance.title or TITLE

    @property
    def target(self) -> str:
        """Name of the system under test."""
        return self.run.environment.get("target", "") or "not on record"

    @cached_property
    def counts(self) -> dict[Status, int]:
        """How many scenarios have each status."""
        return counts(self.results)

    @cached_property
    def matrix(self) -> Matrix:
        """Verdicts by test case, S1SP and device type."""
        return matrix(self.results)

    @cached_property
    def _anchors(self) -> dict[int, str]:
        return {id(result): f"t{number}" for number, result in enumerate(self.results, start=1)}

    def anchor(self, result: ScenarioResult) -> str:
        """The anchor of a scenario."""
        return self._anchors[id(result)]

    @cached_property
    def cells(self) -> dict[tuple[str, tuple[str, str]], str]:
        """The anchor behind a cell of the matrix: that of the scenario whose verdict it shows."""
        sharing: dict[tuple[str, tuple[str, str]], list[ScenarioResult]] = {}
        for result in self.results:
            sharing.setdefault((result.scenario_id, column_of(result)), []).append(result)
        return {
            cell: next(self.anchor(each) for each in found if each.status is worst(r.status for r in found))
            for cell, found in sharing.items()
        }

    @property
    def failed_in_order(self) -> list[ScenarioResult]:
        """What failed or broke: what says the same stands together, the most severe first."""
        return [result for finding in self.wrong for result in finding.results]

    @cached_property
    def _speakers(self) -> frozenset[int]:
        return frozenset(id(finding.first) for finding in self.wrong)

    def speaks_for_others(self, result: ScenarioResult) -> bool:
        """Whether it is the first of several that say the same, or the only one."""
        return id(result) in self._speakers

    def desk_of(self, result: ScenarioResult) -> Desk:
        """Where its messages are laid out; those of one scenario of each finding find room first."""
        return self._first_desk if self.speaks_for_others(result) else self._other_desk

    def passed_elsewhere(self, finding: Finding) -> list[str]:
        """Where the same test cases passed."""
        identifiers = {result.scenario_id for result in finding.results}
        return where(
            result
            for result in self.results
            if result.scenario_id in identifiers and result.status is Status.PASSED
        )

    @cached_property
    def severities(self) -> list[tuple[str, int, int, list[str]]]:
        """Severity, failed scenarios without a known issue, with one, and the test cases of the former."""
        failed = [result for result in self.results if result.status is Status.FAILED]
        told = []
        for severity in sorted({each.severity or "normal" for each in failed}, key=severity_rank):
            here = [each for each in failed if (each.severity or "normal") == severity]
            new = [each for each in here if not each.known_issue]
            cases = list(dict.fromkeys(each.scenario_id for each in new))
            told.append((severity, len(new), len(here) - len(new), cases))
        return told

    @cached_property
    def passed(self) -> list[tuple[str, str, str, list[ScenarioResult]]]:
        """Test case, title, feature and the scenarios of it that passed."""
        return _by_test_case(self.results, lambda result: result.status is Status.PASSED)

    @cached_property
    def left_out(self) -> list[Finding]:
        """What was not carried out, put together by the reason: not run first."""
        out = [each for each in self.results if each.status in (Status.NOT_RUN, Status.NOT_APPLICABLE)]
        return sorted(findings(out), key=lambda found: found.first.status is Status.NOT_APPLICABLE)

    @cached_property
    def observations(self) -> list[tuple[str, str, list[str]]]:
        """What was observed, the value, and where."""
        seen: dict[tuple[str, str], dict[str, ScenarioResult]] = {}
        for result in self.results:
            for name, values in result.observations.items():
                for value in values:
                    seen.setdefault((name, value), {})[result.nodeid] = result
        return [(name, value, where(found.values())) for (name, value), found in sorted(seen.items())]

    @property
    def roles(self) -> Sequence[str]:
        """Who signs."""
        return self.run.assurance.sign_off or _SIGN_OFF

    @property
    def main_software(self) -> dict[str, str]:
        """What a verdict depends on most, with versions."""
        return {name: self.run.software[name] for name in _MAIN_SOFTWARE if name in self.run.software}

    @property
    def timing(self) -> str:
        """How long it took, in a sentence; empty where that is not on record."""
        return timing_sentence(self.run.timing) if self.run.timing is not None else ""

    @property
    def duration(self) -> str:
        """From the start to the end; empty where one is not on record."""
        if not self.run.started or not self.run.finished:
            return ""
        began, ended = map(datetime.fromisoformat, (self.run.started, self.run.finished))
        minutes, rest = divmod(round((ended - began).total_seconds()), 60)
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def page_of(evidence: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> Page:
    """Put together what the report says.

    Args:
        evidence: the folder with the octets.
        run: what holds for the whole run, which may be at work still.
        results: of the scenarios that have ended.
    """
    ordered = tuple(sorted(results, key=lambda each: (each.scenario_id or "~", column_of(each), each.nodeid)))
    return Page(
        run,
        ordered,
        state_of(run, ordered),
        evaluate(run, ordered),
        requirement_coverage(ordered, everything=run.selected >= run.written),
        tuple(wrong_findings(ordered)),
        Desk(evidence, _ROOM),
        Desk(evidence, _ROOM),
    )


def _by_test_case(
    results: Sequence[ScenarioResult], wanted: Callable[[ScenarioResult], bool]
) -> list[tuple[str, str, str, list[ScenarioResult]]]:
    found: dict[tuple[str, str, str], list[ScenarioResult]] = {}
    for result in filter(wanted, results):
        key = (result.scenario_id, plain_title(result), result.feature)
        found.setdefault(key, []).append(result)
    return [(*key, group) for key, group in found.items()]
