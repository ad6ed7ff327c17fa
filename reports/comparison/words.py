"""How a run, a verdict and a change are told, on the terminal and in the page alike."""

from __future__ import annotations

from reports.comparison.changes import SLOWER_FACTOR, SLOWER_SECONDS, Change, Kind
from reports.comparison.runs import ComparedRun
from reports.results import ScenarioResult, Status

COUNTED = {
    Kind.BROKEN: "broken",
    Kind.FIXED: "fixed",
    Kind.OTHER_VERDICT: "with another verdict",
    Kind.OTHER_REASON: "with another reason",
    Kind.NEW: "new",
    Kind.GONE: "gone",
    Kind.UNCHANGED: "unchanged",
}
"""How a number of each kind is told."""

HEADINGS = {
    Kind.BROKEN: "Broken: passed in A, and does not in B",
    Kind.FIXED: "Fixed: failed or ended in error in A, and passes in B",
    Kind.OTHER_VERDICT: "Another verdict, neither broken nor fixed",
    Kind.OTHER_REASON: "The same verdict for another reason",
    Kind.NEW: "New: only in B",
    Kind.GONE: "Gone: only in A",
}
"""What each kind of change is, in the order in which they are shown; what is unchanged is only counted."""

OBSERVED_OTHERWISE = "Observed otherwise although the verdict stayed; no verdict rests on it"
SLOWER = (
    f"Slower: at least {SLOWER_FACTOR:g} times as long and {SLOWER_SECONDS:g} s more; no verdict rests on it"
)
DIFFERENCES = "What the runs do not have in common"
NO_DIFFERENCES = "Target, selection, assumptions and software are the same, as far as they are on record."


def described(run: ComparedRun) -> str:
    """When a run was and what it was of, in one line."""
    information = run.information
    parts = (
        information.started[:16].replace("T", " ") + " UTC" if information.started else "",
        information.environment.get("target", ""),
        f"{len(run.results)} of {information.written} written scenarios have a record",
        f"only the {len(run.scenarios)} of {run.s1sp} are compared" if run.s1sp else "",
    )
    return "; ".join(part for part in parts if part)


def verdict(result: ScenarioResult | None) -> str:
    """The verdict, with the defect where it is a known issue."""
    if result is None:
        return "not there"
    known = f" (known issue {result.known_issue})" if result.known_issue else ""
    return f"{result.status}{known}"


def observed(result: ScenarioResult | None) -> str:
    """What was observed instead of a pass; empty for a pass."""
    if result is None or result.status is Status.PASSED or result.reason is None:
        return ""
    reason = result.reason
    if not reason.actual:
        return reason.requirement
    return reason.actual + (f"; expected: {reason.expected}" if reason.expected else "")


def seconds(change: Change) -> str:
    """How long a scenario took in both runs."""
    before, after = change.before, change.after
    return " → ".join(f"{each.duration:.1f} s" for each in (before, after) if each is not None)
