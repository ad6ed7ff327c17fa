"""The known issues in one run: what each result makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.known_issues.matching import is_as_listed
from reports.results import Reason, ScenarioResult, Status
from reports.run_information import KnownIssue, RunInformation

_WITHOUT_VERDICT = (Status.ERROR, Status.NOT_RUN)
"""The scenario was selected, and may fail as listed when it is carried out next."""

_PLACES_SHOWN = 6


class KnownIssueLedger:
    """Judges results one by one, as they come.

    Args:
        path: the file, for messages.
        issues: its entries, of which no two are about the same scenario.
    """

    def __init__(self, path: Path, issues: Sequence[KnownIssue]) -> None:
        self.path = path
        self.issues = list(issues)
        self.failures = 0
        """How many scenarios failed as listed."""
        self._otherwise: dict[int, tuple[KnownIssue, Reason]] = {}
        self._undecided: set[int] = set()

    def judge(self, result: ScenarioResult) -> None:
        """Put the defect on record with a failure that is as listed; call it once for each result.

        An error of the harness says nothing about the target, so it is never a known issue.
        """
        issue = self._issue_of(result)
        if issue is None:
            return
        result.known_issue = ""
        if result.status is Status.PASSED:
            issue.passed.append(result.place)
        elif result.status in _WITHOUT_VERDICT:
            self._undecided.add(id(issue))
        elif result.status is Status.FAILED:
            reason = result.reason or Reason(requirement="")
            if is_as_listed(issue, reason):
                issue.places.append(result.place)
                result.known_issue = issue.defect
                self.failures += 1
            else:
                issue.otherwise.append(result.place)
                self._otherwise.setdefault(id(issue), (issue, reason))  # the first is shown

    def contradictions(self) -> list[str]:
        """What does not hold in this run, once every result was judged; a sentence each."""
        return [
            *(self._failed_otherwise(issue, reason) for issue, reason in self._otherwise.values()),
            *(self._stale(issue) for issue in self.issues if self._is_stale(issue)),
        ]

    def check_same(self, earlier: RunInformation) -> str:
        """Why a run cannot be gone on with under this ledger; empty when it can.

        Verdicts that were reached keep what was made of them. A later review date changes nothing there.
        """
        if [_content(each) for each in earlier.known_issues] == [_content(each) for each in self.issues]:
            return ""
        return (
            f"{self.path} has changed since the run was started, so its verdicts cannot be put beside new "
            "ones; put the file back as it was, or start a new run without --resume"
        )

    def _issue_of(self, result: ScenarioResult) -> KnownIssue | None:
        for issue in self.issues:
            if issue.scenario_id == result.scenario_id and issue.applies_to(result.s1sp, result.device_type):
                return issue
        return None

    def _is_stale(self, issue: KnownIssue) -> bool:
        return bool(issue.passed) and not issue.places and id(issue) not in self._undecided

    def _stale(self, issue: KnownIssue) -> str:
        return (
            f"{self._place(issue)}: stale: {issue.scenario_id} does not fail any more as listed "
            f"({issue.observed!r}), it passed{_at(issue, issue.passed)}. Remove the entry"
        )

    def _failed_otherwise(self, issue: KnownIssue, reason: Reason) -> str:
        at, listed = _at(issue, issue.otherwise), _told(issue.observed, issue.requirement)
        return (
            f"{self._place(issue)}: {issue.scenario_id} fails, but not as listed{at}: listed is {listed}, "
            f"observed was {_told(reason.actual, reason.requirement)}. Find out which defect this is; the "
            "entry does not cover it"
        )

    def _place(self, issue: KnownIssue) -> str:
        return f"{self.path}:{issue.line} ({issue.defect})"


def _content(issue: KnownIssue) -> tuple[str, ...]:
    return (
        issue.scenario_id,
        issue.s1sp,
        issue.device_type,
        issue.observed,
        issue.requirement,
        issue.reason,
        issue.defect,
        issue.severity,
    )


def _told(observed: str, requirement: str) -> str:
    return f"{observed!r} where {requirement!r}" if requirement else repr(observed)


def _at(issue: KnownIssue, places: Sequence[str]) -> str:
    where = sorted(place.removeprefix(issue.scenario_id).strip() for place in places)
    more = f" and {len(where) - _PLACES_SHOWN} more" if len(where) > _PLACES_SHOWN else ""
    return f" at {', '.join(where[:_PLACES_SHOWN])}{more}" if any(where) else ""
