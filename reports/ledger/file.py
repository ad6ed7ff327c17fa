"""Reading the ledger; whatever is wrong with the file is told with line and field, all of it at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from reports.gherkin_lint import LintReport, feature_files, lint
from reports.ledger.model import Document, Ledger, Requirement
from reports.toml_entries import expectation, lines_of_entries

PACKAGED: Final = Path(__file__).parents[2] / "features" / "requirements.toml"
"""Beside the features, in a checkout as in a wheel; found without importing them."""


@dataclass(frozen=True)
class _File:
    __pydantic_config__ = ConfigDict(extra="forbid")

    document: tuple[Document, ...]
    requirement: tuple[Requirement, ...]


_FILE = TypeAdapter(_File)


class LedgerError(Exception):
    """A ledger that cannot be used; the message has a line for each thing that is wrong."""


def load_ledger(path: Path | None = None) -> Ledger:
    """Read a ledger.

    Args:
        path: the file; the one beside the features when left out.

    Raises:
        LedgerError: it cannot be read, or holds what a ledger may not hold. What its entries say of one
            another and of the features is checked by `reports.ledger.checks`.
    """
    path = path or PACKAGED
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise LedgerError(f"{path}: not valid TOML: {error}") from None
    lines = lines_of_entries(text)
    _number(content.get("requirement"), lines.get("requirement", []))
    try:
        found = _FILE.validate_python(content)
    except ValidationError as error:
        problems = [_sentence(path, content, lines, finding) for finding in error.errors()]
        raise LedgerError("\n".join(problems)) from None
    return Ledger(path, found.document, found.requirement)


def features_of(ledger: Ledger) -> LintReport:
    """The scenarios of the feature files beside a ledger, with what is wrong with them."""
    folder = ledger.path.parent
    return lint(feature_files([str(folder)], folder))


def _number(entries: object, lines: Sequence[int]) -> None:
    """Tell each entry its line; what an author calls so is called otherwise, to be found unknown."""
    if not isinstance(entries, list):
        return
    for entry, line in zip(entries, lines, strict=False):
        if isinstance(entry, dict):
            if "line" in entry:
                entry["line "] = entry["line"]
            entry["line"] = line


def _sentence(
    path: Path, content: Mapping[str, Any], lines: Mapping[str, list[int]], finding: Mapping[str, Any]
) -> str:
    table, *rest = finding["loc"]
    place, name, field = str(path), "", str(table)
    if rest and isinstance(rest[0], int):
        index, field = rest[0], ".".join(str(part).strip() for part in rest[1:])
        if index < len(lines.get(table, ())):
            place = f"{path}:{lines[table][index]}"
        entry = content[table][index]
        found_name = entry.get("id") or entry.get("tag") if isinstance(entry, Mapping) else ""
        name = f" {found_name or table}"
    return f"{place}:{name} {field}: {expectation(finding)}"
