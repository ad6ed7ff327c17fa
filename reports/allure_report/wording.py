"""How the Allure report names scenarios, verdicts and the groups they stand in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from reports.ledger import Requirement
from reports.matrix import plain_title
from reports.results import COMPLETION_REPORT_FILE, Reason, ScenarioResult, Status

EPICS: Final = {
    "MP107-R2-": "Requirement 2: one-off data update of incorrect certificates [FIA 3.3.2]",
    "MP107-T": "Requirement 1: SRV 6.15.1 without the Registered Data Provider validation step [FIA 3.3.1]",
}
"""By how the ids of test cases begin."""

KNOWN_ISSUE: Final = "Known issue"
NOT_CARRIED_OUT: Final = "the scenario was selected and did not run"

STATUSES: Final = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.ERROR: "broken",
    Status.NOT_APPLICABLE: "skipped",
    Status.NOT_RUN: "unknown",
}
"""What Allure calls our verdicts."""

_KNOWN = rf"^{KNOWN_ISSUE} [\s\S]*$"
_UNKNOWN = rf"^(?!{KNOWN_ISSUE} )[\s\S]*$"

CATEGORIES: Final = (
    {"name": "The target does not conform", "matchedStatuses": ["failed"], "messageRegex": _UNKNOWN},
    {"name": "Known issue of the target", "matchedStatuses": ["failed"], "messageRegex": _KNOWN},
    {"name": "The harness or the environment broke", "matchedStatuses": ["broken"]},
    {"name": "Not run", "matchedStatuses": ["unknown"]},
    {"name": "Not applicable", "matchedStatuses": ["skipped"]},
)
"""Each verdict but *passed* belongs to exactly one. Allure 2 and Allure 3 both read this form."""


def epic(scenario_id: str) -> str:
    """The requirement of the impact assessment that a test case belongs to."""
    return next((name for start, name in EPICS.items() if scenario_id.startswith(start)), "MP107")


def story(result: ScenarioResult) -> str:
    """The test case, the same for all rows of its Examples."""
    return f"{result.scenario_id} {plain_title(result)}".strip()


def title(result: ScenarioResult) -> str:
    """What tells this scenario from every other: test case, S1SP, device type and the rest of its row."""
    rest = [value for name, value in result.parameters.items() if name not in ("s1sp", "device_type")]
    place = " ".join(filter(None, (result.scenario_id, result.s1sp, result.device_type)))
    if rest:
        place = f"{place} ({', '.join(rest)})".strip()
    return f"{place}: {result.title}" if place else result.title


def tags(result: ScenarioResult) -> list[str]:
    """What a reader filters by."""
    found = [result.scenario_id, result.s1sp, result.device_type, *result.clauses]
    return [tag for tag in dict.fromkeys(found) if tag]


def message(result: ScenarioResult, known_issue: str = "") -> str:
    """Why a scenario did not pass, for a person and for the categories.

    Args:
        result: the scenario.
        known_issue: why it is tolerated; only where the failure is a known issue.
    """
    lines = [f"{KNOWN_ISSUE} {result.known_issue}: {known_issue}"] if result.known_issue else []
    if result.reason is not None:
        lines += _lines(result.reason, result.status)
    elif result.status is Status.NOT_RUN:
        lines.append(NOT_CARRIED_OUT)
    return "\n".join(lines)


def _lines(reason: Reason, status: Status) -> Sequence[str]:
    if status in (Status.NOT_APPLICABLE, Status.NOT_RUN):
        return [reason.requirement]
    entries = {
        "Requirement" if status is Status.FAILED else "While": reason.requirement,
        "Expected": reason.expected,
        "Actual": reason.actual,
        "Device": reason.device,
        "Messages": ", ".join(reason.message_ids),
    }
    return [f"{name}: {value}" for name, value in entries.items() if value]


def description(
    result: ScenarioResult, requirements: Sequence[Requirement], documents: Mapping[str, str]
) -> str:
    """What the feature file says, what was observed, and the requirements the scenario tests; in Markdown.

    Args:
        result: the scenario.
        requirements: those it tests.
        documents: title of each source, by its tag.
    """
    parts = [_escaped(result.description)] if result.description else []
    observed = [f"- {name}: {value}" for name, values in result.observations.items() for value in values]
    if observed:
        parts.append("**Observed, on record, no verdict**\n\n" + _escaped("\n".join(observed)))
    if requirements:
        entries = [f"- {each.id}: “{each.quote}”" for each in requirements]
        parts.append("**Requirements**\n\n" + _escaped("\n".join(entries)))
    cited = {each.document for each in requirements} | {clause.partition("-")[0] for clause in result.clauses}
    sources = [f"- {tag}: {documents[tag]}" for tag in documents if tag in cited]
    if sources:
        parts.append("**Sources**\n\n" + _escaped("\n".join(sources)))
    return "\n\n".join(parts)


def links(result: ScenarioResult) -> list[tuple[str, str, str]]:
    """Kind, address and name of each link. The report beside this one holds what it leads to."""
    report = f"../{COMPLETION_REPORT_FILE}"
    found = [("tms", f"{report}#{result.scenario_id}", result.scenario_id)] if result.scenario_id else []
    if result.known_issue.startswith(("https://", "http://")):
        found.append(("issue", result.known_issue, result.known_issue))
    return found


def _escaped(text: str) -> str:
    """Text in which nothing but a line's beginning means anything to Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
