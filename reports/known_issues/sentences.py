"""What became of a known issue in a run, for a reader."""

from __future__ import annotations

from reports.run_information import KnownIssue


def outcome(issue: KnownIssue) -> str:
    """One sentence; the scenarios are in the entry."""
    parts = []
    if issue.places:
        parts.append(f"fails as listed in {_scenarios(issue.places)}")
    if issue.otherwise:
        parts.append(f"fails otherwise in {_scenarios(issue.otherwise)}")
    if issue.passed:
        parts.append(f"passed in {_scenarios(issue.passed)}")
    if not parts:
        return "not met in this run: its scenarios were not selected, not applicable or not run to a verdict"
    hint = "; say with s1sp and device_type where it applies" if issue.places and issue.passed else ""
    return ", ".join(parts) + hint


def _scenarios(places: list[str]) -> str:
    return "1 scenario" if len(places) == 1 else f"{len(places)} scenarios"
