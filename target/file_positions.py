"""Where a key stands in a TOML text.

`tomllib` keeps no positions, so this reads the text once more, for the sake of error messages only:
table headers and the keys at the start of a line. Keys inside an inline table have the line of that table.
"""

from __future__ import annotations

import re
from functools import lru_cache

KeyPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_NAME = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(_NAME)


def line_of(text: str, location: KeyPath) -> int | None:
    """The line (from 1) of a key, or of the nearest table around it; `None` when neither is in the text."""
    positions = _positions(text)
    for length in range(len(location), 0, -1):
        line = positions.get(location[:length])
        if line is not None:
            return line
    return None


@lru_cache(maxsize=8)
def _positions(text: str) -> dict[KeyPath, int]:
    positions: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    inside: str | None = None  # the delimiter of a multi-line string we are in
    for number, line in enumerate(text.splitlines(), start=1):
        if inside is not None:
            if inside in line:
                inside = None
            continue
        header = _HEADER.match(line)
        if header:
            name = _with_indexes(_parts(header.group(2)), counts)
            if header.group(1) == "[[":
                counts[name] = counts.get(name, -1) + 1
                positions.setdefault(name, number)
                name = (*name, counts[name])
            table = name
            positions.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            positions.setdefault(table + _parts(key.group(1)), number)
        for delimiter in ('"""', "'''"):
            if line.count(delimiter) % 2 == 1:
                inside = delimiter
                break
    return positions


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _PART.findall(dotted))


def _with_indexes(parts: tuple[str, ...], counts: dict[KeyPath, int]) -> KeyPath:
    """Insert the index of the latest element behind each array of tables, except behind the last part."""
    path: KeyPath = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if path in counts and position < len(parts) - 1:
            path = (*path, counts[path])
    return path
