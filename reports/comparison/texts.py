"""What a text says, apart from what is different in every run: identifiers, addresses, times."""

from __future__ import annotations

import re
from collections.abc import Iterable

_EUI64 = r"[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){7}"
_IN_EVERY_RUN_DIFFERENT = (
    (re.compile(rf"{_EUI64}:{_EUI64}:\d+"), "(message)"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?"), "(time)"),
    (re.compile(r"((?:127\.0\.0\.1|localhost|\[::1\]):)\d+"), r"\1(port)"),
    (re.compile(r"/estates/[^/\s]+"), "/estates/(estate)"),
    (re.compile(r"\b\d+(?:\.\d+)? s\b"), "(time)"),
    # Serial numbers and hashes of certificates: bundled emulators mint theirs for each run.
    (re.compile(r"\b[0-9A-Fa-f]{20,}\b"), "(number)"),
)
_IDENTIFIER = re.compile(_EUI64)


def stable(text: str, names: Iterable[str] = (), *, parties: bool = True) -> str:
    """A text that is the same wherever the same was observed.

    Args:
        text: what a reader is shown.
        names: names, such as those of devices, that do not matter.
        parties: whether it matters whose an identifier is; otherwise every EUI-64 counts as the same.
    """
    for pattern, instead in _IN_EVERY_RUN_DIFFERENT:
        text = pattern.sub(instead, text)
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "(name)", text)
    return text if parties else _IDENTIFIER.sub("(party)", text)
