"""What a verification found: named checks, each with its clause, as a value and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from data_update.errors import DataUpdateError

FORMAT: Final = "smets1-conformance data-update verification"
VERSION: Final = 1
MOST_EXAMPLES: Final = 20


class CheckOutcome(StrEnum):
    """What a check says."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: what must be true.
        clause: where that is from, such as FIA 4.2.2.
        outcome: whether it is true.
        text: why it was not checked, or what a reader must know; empty where the counts say all.
        counts: what was counted.
        examples: up to 20 devices or rows, what failed first.
    """

    name: str
    clause: str
    outcome: CheckOutcome
    text: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found.

    Attributes:
        plan: the file of the plan.
        digest: its digest.
        database: the database, without its password.
        scope: which population in it.
        at: when, ISO 8601 in UTC.
        checks: in the order they were made.
    """

    plan: str
    digest: str
    database: str
    scope: str
    at: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.outcome is not CheckOutcome.FAILED for check in self.checks)

    def with_checks(self, more: Iterable[Check]) -> Verification:
        """Return it with more checks at its end."""
        return replace(self, checks=(*self.checks, *more))

    def as_json(self) -> dict[str, Any]:
        """Return it as `from_json` reads it."""
        return {"format": FORMAT, "version": VERSION, "passed": self.passed, **asdict(self)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Verification:
        """Read what `as_json` made; KeyError, TypeError or ValueError when it is something else."""
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise ValueError(f"expected {FORMAT}, version {VERSION}")
        checks = tuple(
            Check(
                each["name"],
                each["clause"],
                CheckOutcome(each["outcome"]),
                each["text"],
                each["counts"],
                tuple(each["examples"]),
            )
            for each in content["checks"]
        )
        return cls(
            content["plan"], content["digest"], content["database"], content["scope"], content["at"], checks
        )

    @classmethod
    def load(cls, path: Path) -> Verification:
        """Read the file `verify --json` wrote.

        Raises:
            DataUpdateError: it cannot be read, or is something else.
        """
        try:
            return cls.from_json(json.loads(path.read_text("utf-8")))
        except OSError as error:
            raise DataUpdateError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise DataUpdateError(
                f"{path}: not what `verify --json` writes ({error}); make it anew with verify --json"
            ) from error


class Tally:
    """Counts what a check comes across, and keeps examples: of what failed first, then of the rest."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._failed: list[tuple[str, str]] = []
        self._reported: list[tuple[str, str]] = []

    def count(self, what: str, number: int = 1) -> None:
        """Count what is as it should be."""
        self._counts[what] += number

    def report(self, what: str, example: str) -> None:
        """Count what a reader should know and what is no failure."""
        self._counts[what] += 1
        if len(self._reported) < MOST_EXAMPLES:
            self._reported.append((example, what))

    def fail(self, what: str, example: str) -> None:
        """Count what must not be."""
        self._counts[what] += 1
        if len(self._failed) < MOST_EXAMPLES:
            self._failed.append((example, what))

    @property
    def examples(self) -> tuple[tuple[str, str], ...]:
        """What is shown: an example and what it is one of."""
        return (*self._failed, *self._reported)[:MOST_EXAMPLES]

    def check(self, name: str, clause: str, text: str = "", names: Mapping[str, str] | None = None) -> Check:
        """Return the check; `names` says what to call an example, where it is not its own name."""
        outcome = CheckOutcome.FAILED if self._failed else CheckOutcome.OK
        called = names or {}
        examples = tuple(f"{called.get(example, example)}: {what}" for example, what in self.examples)
        return Check(name, clause, outcome, text, dict(self._counts), examples)
