"""What a preflight found: a line for each check, with the mend where something is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

_PROBLEM = 2
_UNREACHABLE = 3


class Group(StrEnum):
    """What a check is about; in the order of the table."""

    FILE = "target file"
    CERTIFICATES = "certificates and keys"
    CONNECTIONS = "connections"
    CALLBACK = "callback"
    DEVICES = "devices"
    PLAN = "enough for all scenarios"


class Outcome(StrEnum):
    """How a check ended."""

    FINE = "fine"
    WARNING = "warning"
    PROBLEM = "problem"
    UNREACHABLE = "not reached"
    UNCHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        group: What it is about.
        subject: What was checked.
        outcome: How it ended.
        text: What was found, or why it could not be checked.
        mend: What to do about it; empty where nothing is to be done.
    """

    group: Group
    subject: str
    outcome: Outcome
    text: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        """The same as plain JSON values."""
        return {name: str(value) for name, value in asdict(self).items()}


def exit_code_of(findings: Iterable[Finding]) -> int:
    """2 when there is a problem, else 3 when something could not be reached, else 0."""
    outcomes = {finding.outcome for finding in findings}
    if Outcome.PROBLEM in outcomes:
        return _PROBLEM
    return _UNREACHABLE if Outcome.UNREACHABLE in outcomes else 0
