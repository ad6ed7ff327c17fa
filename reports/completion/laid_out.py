"""Messages laid out for reading. The octets in the evidence folder are what counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from reports.results import Attachment

_LONGEST_VALUE: Final = 120
_SHOWN_OF_VALUE: Final = 48
_LONGEST_DOCUMENT: Final = 40_000
"""Characters of one message that are shown."""
_LONG_VALUE = re.compile(rf"(?<=[>\"])[A-Za-z0-9+/=\s]{{{_LONGEST_VALUE},}}(?=[<\"])")


@dataclass(frozen=True)
class LaidOut:
    """A message for a reader; `text` is empty where the page had no room left for it."""

    attachment: Attachment
    text: str


class Desk:
    """Lays messages out until there are so many that the page could not be read any more.

    Args:
        evidence: the folder with the octets.
        room: characters in all.
    """

    def __init__(self, evidence: Path, room: int) -> None:
        self._evidence = evidence
        self._room = room

    def lay_out(self, attachments: Iterable[Attachment]) -> list[LaidOut]:
        """Lay out as many as there is room for; each is listed."""
        return [LaidOut(each, self._text(each)) for each in attachments]

    def _text(self, attachment: Attachment) -> str:
        if self._room <= 0:
            return ""
        text = shown(self._evidence, attachment)
        self._room -= len(text)
        return text


def shown(evidence: Path, attachment: Attachment) -> str:
    """A message as it is laid out; what cannot be read is said instead."""
    name = attachment.file
    if not name or Path(name).name != name:
        return f"(not the name of a file in the evidence folder: {name!r})"
    try:
        document = (evidence / name).read_bytes()
    except OSError:
        return "(the evidence file is missing)"
    return pretty(document) or "(empty: no octets)"


def pretty(document: bytes) -> str:
    """A copy of an XML document laid out for reading, long base64 values shortened; anything else as text."""
    try:
        root = etree.fromstring(document, _parser())
    except (etree.XMLSyntaxError, ValueError):
        return _cut(document.decode("utf-8", errors="backslashreplace"))
    text: str = etree.tostring(root, pretty_print=True, encoding="unicode")
    return _cut(_LONG_VALUE.sub(_shortened, text).rstrip("\n"))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True, load_dtd=False)


def _shortened(found: re.Match[str]) -> str:
    return f"{found[0][:_SHOWN_OF_VALUE]}… ({len(found[0])} characters)"


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_DOCUMENT:
        return text
    return f"{text[:_LONGEST_DOCUMENT]}\n… ({len(text)} characters in all; the rest is in the evidence file)"
