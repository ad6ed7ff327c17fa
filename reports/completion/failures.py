"""What did not pass, each in full: for whoever must say what is wrong, where, and against which sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reports.completion.exchange import Exchanged, attachments_of, exchange_of
from reports.completion.laid_out import Desk, LaidOut
from reports.completion.requirements import RequirementCoverage
from reports.findings import Finding, findings
from reports.ledger import Requirement
from reports.results import ScenarioResult, Status
from reports.telling import Telling, telling

WRONG: Final = (Status.FAILED, Status.ERROR)
SEVERITIES: Final = ("blocker", "critical", "normal", "minor", "trivial")
"""The severities of the features, the worst first."""


@dataclass(frozen=True)
class Failure:
    """A scenario that failed or broke.

    Attributes:
        result: its record.
        exchanged: its messages.
        telling: where to look first.
        requirements: of the ledger, that it is about.
        messages: those of the failing step, laid out.
        others: the rest of the exchange, laid out.
    """

    result: ScenarioResult
    exchanged: tuple[Exchanged, ...]
    telling: Telling
    requirements: tuple[Requirement, ...]
    messages: list[LaidOut]
    others: list[LaidOut]


def in_full(result: ScenarioResult, requirements: RequirementCoverage, desk: Desk) -> Failure:
    """Everything that is told of a scenario that failed or broke; its messages are laid out on the desk."""
    told = telling(result)
    first = {attachment.file: attachment for attachment in told.evidence}
    return Failure(
        result,
        exchange_of(result),
        told,
        requirements.concerned(result),
        desk.lay_out(first.values()),
        desk.lay_out(each for file, each in attachments_of(result).items() if file not in first),
    )


def wrong_findings(results: Iterable[ScenarioResult]) -> list[Finding]:
    """What went wrong, put together by what it says: failures before errors, the most severe first."""
    found = findings(result for result in results if result.status in WRONG)
    return sorted(found, key=lambda each: (WRONG.index(each.first.status), _severity(each.results)))


def _severity(results: Sequence[ScenarioResult]) -> int:
    return min(severity_rank(result.severity) for result in results)


def severity_rank(severity: str) -> int:
    """0 for the worst; a severity of its own comes last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
