"""Names a file of a bundle may have: such that unpacking it is safe anywhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
README = "README.txt"
CHECKSUMS = "SHA256SUMS"
PUBLIC_KEY = "public-key.pem"
CERTIFICATE = "certificate.pem"
ENVIRONMENT = "environment.txt"
TARGET = "target.json"
MESSAGES_CSV = "messages.csv"
MESSAGES_JSON = "messages.json"
FEATURES = "features"

_LONGEST = 1000
"""Octets; far below what the container could hold, and below what file systems take."""


def name_problem(name: str) -> str:
    """Say why a file of a bundle cannot have a name; empty when it can."""
    if not name.isprintable() or any(character in '\\:*?"<>|' for character in name):
        return "it holds a character that not every file system takes"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "it is no plain path below the bundle"
    if len(name.encode()) > _LONGEST:
        return f"it is longer than {_LONGEST} octets"
    return ""


def names_problem(names: Iterable[str]) -> str:
    """Say what is wrong with the names of a bundle, one that is there twice for some file system included."""
    seen: dict[str, str] = {}
    for name in (MANIFEST, SIGNATURE, *names):
        problem = name_problem(name)
        if problem:
            return f"{name!r} cannot be in a bundle: {problem}"
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            return f"{seen[folded]!r} and {name!r} are one name for some file systems"
        seen[folded] = name
    return ""
