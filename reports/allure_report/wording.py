"""How the Allure report names scenarios, verdicts and the groups they stand in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from reports.findings import Finding
from reports.ledger import Requirement
from reports.matrix import plain_title
from reports.results import Reason, ScenarioResult, Status
from reports.telling import reason_lines

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
        lines += _lines(result, result.reason)
    elif result.status is Status.NOT_RUN:
        lines.append(NOT_CARRIED_OUT)
    return "\n".join(lines)


def _lines(result: ScenarioResult, reason: Reason) -> Sequence[str]:
    if result.status in (Status.NOT_APPLICABLE, Status.NOT_RUN):
        return [reason.requirement]
    where = [("Device", reason.device), ("Messages", ", ".join(reason.message_ids))]
    return [f"{name}: {value}" for name, value in [*reason_lines(result), *where] if value]


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
    observed = [f"{name}: {value}" for name, values in result.observations.items() for value in values]
    if observed:
        parts.append("**Observed, on record, no verdict:** " + _escaped("; ".join(observed)))
    if requirements:
        parts.append("**Requirements:** " + _escaped(", ".join(each.id for each in requirements)))
    if result.clauses:
        parts.append(
            "**Clauses:** " + _escaped(", ".join(_cited(clause, documents) for clause in result.clauses))
        )
    return "\n\n".join(parts)


def _cited(clause: str, documents: Mapping[str, str]) -> str:
    """A clause with the document it is in, where the ledger knows it."""
    tag, _, section = clause.partition("-")
    return " ".join(filter(None, (tag, section, f"({documents[tag]})" if tag in documents else "")))


def finding(found: Finding) -> str:
    """What scenarios that say the same say, in a line."""
    reason = found.first.reason
    if reason is None:
        return ""
    seen = f"expected {reason.expected}, observed {reason.actual}" if reason.expected else reason.actual
    return f"{reason.requirement}: {seen}"


def links(result: ScenarioResult, addresses: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Kind, address and name of each link; none is followed unless a reader does.

    Args:
        result: the scenario.
        addresses: of a ``test_case``, ``clause`` and ``defect``, with ``{id}`` for what it is called; what
            has none is not linked. A defect that is called by its address needs none.
    """
    named = [("tms", "test_case", [result.scenario_id]), ("link", "clause", result.clauses)]
    known = [result.known_issue] if result.known_issue else []
    if result.known_issue.startswith(("https://", "http://")):
        return [*_linked(named, addresses), ("issue", result.known_issue, result.known_issue)]
    return _linked([*named, ("issue", "defect", known)], addresses)


def _linked(
    named: Sequence[tuple[str, str, Sequence[str]]], addresses: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    return [
        (kind, addresses[what].replace("{id}", quote(name, safe="")), name)
        for kind, what, names in named
        for name in names
        if name and addresses.get(what)
    ]


def _escaped(text: str) -> str:
    """Text in which nothing but a line's beginning means anything to Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
