"""TOML files of entries that people write: the line of an entry, and what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

_EXPECTED: Final = {
    "missing": "this field is required and is not there; add it",
    "extra_forbidden": "this field is not known here; remove it or correct its name",
    "string_type": "expected text in quotes",
    "string_too_short": "expected text, found none; fill it in",
    "date_type": "expected a date without quotes, such as 2030-01-31",
}
_ENTRY: Final = re.compile(r"^\s*\[\[\s*(\w+)\s*\]\]")


def lines_of_entries(text: str) -> dict[str, list[int]]:
    """The line (from 1) of each ``[[table]]``, by its name: `tomllib` keeps no positions.

    Args:
        text: of the file, which must be TOML.
    """
    found: dict[str, list[int]] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        # Within a text of several lines it is no header, and what stands before it is no TOML by itself.
        if (header := _ENTRY.match(line)) and _is_toml("\n".join(lines[: number - 1])):
            found.setdefault(header[1], []).append(number)
    return found


def expectation(finding: Mapping[str, Any]) -> str:
    """What was expected, and how to mend it.

    Args:
        finding: one of pydantic's ``ValidationError.errors()``.
    """
    kind, found = finding["type"], finding["input"]
    if kind in _EXPECTED:
        told = f", found {found!r}" if kind.endswith("_type") else ""
        return f"{_EXPECTED[kind]}{told}"
    message = str(finding["msg"])
    return f"{message[:1].lower()}{message[1:]}, found {found!r}"


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
