"""Writes TOML: what the launcher needs of it, no more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def toml(tables: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Write tables as TOML.

    Args:
        tables: name and content of each. The name "" is the top level and comes first; a name in brackets
            (`[device]`) is one entry of an array of tables.
    """
    lines: list[str] = []
    for name, table in tables:
        if name:
            lines += ["", f"[{name}]"]
        lines += [f"{_key(key)} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)  # strings, numbers, booleans, lists: as TOML writes them
