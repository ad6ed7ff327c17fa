"""TOML files of entries that people write: the line of an entry, and what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

_EXPECTED: Final = {
    "missing": "this field is required and is not there; add it",
    "extra_forbidden": "this field is not known here; remove it or correct its name",
    "unexpected_keyword_argument": "this field is not known here; remove it or correct its name",
    "string_type": "expected text in quotes",
    "tuple_type": 'expected a list, such as ["MP107-T01"]',
    "dataclass_type": "expected a table",
    "too_short": "expected at least one",
    "string_too_short": "expected text, found none; fill it in",
    "date_type": "expected a date without quotes, such as 2030-01-31",
}
_ENTRY: Final = re.compile(r"^\s*\[\[\s*(\w+)\s*\]\]")


def lines_of_entries(text: str) -> dict[str, list[int]]:
    """The line (from 1) of each ``[[table]]``, by its name: `tomllib` keeps no positions.

    Args:
        text: of the file, which must be TOML.
    """
    lines = text.split("\n")
    headers = [
        (number, header[1]) for number, line in enumerate(lines, start=1) if (header := _ENTRY.match(line))
    ]
    content = tomllib.loads(text)
    if len(headers) > sum(len(entries) for entries in content.values() if isinstance(entries, list)):
        # One of them is no header, as it stands within a text of several lines; what is before it is no TOML.
        headers = [each for each in headers if _is_toml("\n".join(lines[: each[0] - 1]))]
    found: dict[str, list[int]] = {}
    for number, name in headers:
        found.setdefault(name, []).append(number)
    return found


def expectation(finding: Mapping[str, Any]) -> str:
    """What was expected, and how to mend it.

    Args:
        finding: one of pydantic's ``ValidationError.errors()``.
    """
    kind, found = finding["type"], finding["input"]
    if kind in _EXPECTED:
        told = f", found {found!r}" if kind in ("string_type", "date_type") else ""
        return f"{_EXPECTED[kind]}{told}"
    if kind == "value_error":
        return str(finding["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return f"expected text like {finding['ctx']['pattern']}, found {found!r}"
    message = str(finding["msg"])
    return f"{message[:1].lower()}{message[1:]}, found {found!r}"


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
