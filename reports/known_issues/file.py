"""Reading a file of known issues; whatever is wrong with it is told at once, before anything is sent."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reports.gherkin_lint import WrittenScenario
from reports.run_information import KnownIssue
from reports.toml_entries import expectation, lines_of_entries
from reports.written import WrittenRow

TABLE: Final = "known_issue"

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class KnownIssuesError(Exception):
    """A file of known issues that cannot be used; the message has a line for each thing that is wrong."""


class _Entry(BaseModel):
    """One entry as written; `reports.run_information.KnownIssue` says what each field is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scenario_id: _Text
    s1sp: _Text | None = None
    device_type: _Text | None = None
    observed: _Text
    requirement: _Text | None = None
    reason: _Text
    defect: _Text
    severity: _Text
    review_by: date = Field(strict=True)

    def known_issue(self, line: int) -> KnownIssue:
        """The entry for the record of a run."""
        return KnownIssue(
            scenario_id=self.scenario_id,
            s1sp=self.s1sp or "",
            device_type=self.device_type or "",
            observed=self.observed,
            requirement=self.requirement or "",
            reason=self.reason,
            defect=self.defect,
            severity=self.severity,
            review_by=self.review_by.isoformat(),
            line=line,
        )


def read_known_issues(path: Path, written: Iterable[WrittenScenario], today: date) -> list[KnownIssue]:
    """Read a file of known issues, and hold it against the scenarios.

    Args:
        path: the file (docs/known-issues.md).
        written: the scenarios it may name.
        today: the day of the run; an entry whose review was due before it is refused.

    Raises:
        KnownIssuesError: with everything that is wrong: file, line, field, what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise KnownIssuesError(f"{path}: cannot be read: {error.strerror}; correct --known-issues") from None
    except UnicodeDecodeError:
        raise KnownIssuesError(f"{path}: expected UTF-8, found other octets; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise KnownIssuesError(f"{path}: not valid TOML: {error}") from None
    reading = _Reading(path, lines_of_entries(text).get(TABLE, []))
    issues = reading.entries(content)
    reading.hold_against(issues, list(written), today)
    if reading.problems:
        raise KnownIssuesError("\n".join(text for _, text in sorted(reading.problems)))
    return issues


class _Reading:
    """One reading of a file, and the problems found in it, each with its line to sort them by."""

    def __init__(self, path: Path, lines: Sequence[int]) -> None:
        self.problems: list[tuple[int, str]] = []
        self._path = path
        self._lines = lines

    def entries(self, content: dict[str, Any]) -> list[KnownIssue]:
        """The entries that are whole."""
        for name in content.keys() - {TABLE}:
            self._problem(0, name, f"this is not known here; every entry begins with [[{TABLE}]]")
        listed = content.get(TABLE, [])
        if not isinstance(listed, list):
            self._problem(0, TABLE, f"expected entries that begin with [[{TABLE}]], found one table")
            return []
        issues = []
        for index, entry in enumerate(listed):
            line = self._lines[index] if index < len(self._lines) else 0
            try:
                issues.append(_Entry.model_validate(entry).known_issue(line))
            except ValidationError as error:
                for finding in error.errors():
                    field = ".".join(str(part) for part in finding["loc"])
                    self._problem(line, field or TABLE, expectation(finding))
        return issues

    def hold_against(
        self, issues: Sequence[KnownIssue], written: Sequence[WrittenScenario], today: date
    ) -> None:
        """Find what no scenario can be, what is overdue, and what is listed twice."""
        names = [set(_names(issue, written)) for issue in issues]
        for issue, found in zip(issues, names, strict=True):
            if not found:
                self._problem(issue.line, *_unknown(issue, written))
            if date.fromisoformat(issue.review_by) < today:
                self._problem(
                    issue.line,
                    "review_by",
                    f"the review of {issue.defect} was due on {issue.review_by}, before {today}; review it, "
                    "then set a later date or remove the entry",
                )
        for (first, ours), (second, theirs) in combinations(zip(issues, names, strict=True), 2):
            if both := sorted(ours & theirs):
                more = f" and {len(both) - 1} more" if len(both) > 1 else ""
                self._problem(
                    second.line,
                    "scenario_id",
                    f"the entry at line {first.line} ({first.defect}) is about {both[0]}{more} too; keep one "
                    "entry for each scenario, or say with s1sp and device_type where each applies",
                )

    def _problem(self, line: int, field: str, text: str) -> None:
        place = f"{self._path}:{line}" if line else str(self._path)
        self.problems.append((line, f"{place}: {field}: {text}"))


def _names(issue: KnownIssue, written: Iterable[WrittenScenario]) -> Iterator[str]:
    """The scenarios an entry is about, as a person calls them."""
    for scenario in written:
        for row in scenario.rows:
            if scenario.scenario_id == issue.scenario_id and issue.applies_to(
                row.get("s1sp", ""), row.get("device_type", "")
            ):
                yield WrittenRow(scenario, row).name


def _unknown(issue: KnownIssue, written: Iterable[WrittenScenario]) -> tuple[str, str]:
    """Field and message for an entry that no scenario can meet."""
    rows = [row for each in written if each.scenario_id == issue.scenario_id for row in each.rows]
    if not rows:
        return "scenario_id", (
            f"there is no scenario {issue.scenario_id!r}; expected an id such as MP107-T10, which "
            "`smets1-conformance plan` lists"
        )
    known = ", ".join(sorted({f"{row.get('s1sp', '-')} {row.get('device_type', '-')}" for row in rows}))
    wanted = " ".join(part for part in (issue.s1sp, issue.device_type) if part)
    field = "s1sp" if issue.s1sp else "device_type"
    return (
        field,
        f"{issue.scenario_id} is not carried out for {wanted}, but for {known}; correct it",
    )
