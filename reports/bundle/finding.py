"""What verifying a bundle can find."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong; in the order in which it is told."""

    SIGNATURE = "signature"
    ALTERED = "altered"
    MISSING = "missing"
    ADDED = "added"
    CONTAINER = "container"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        kind: what.
        name: of the file; empty for the container.
        text: the rest, without a full stop.
    """

    kind: Kind
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind:<9}  {f'{self.name}: ' if self.name else ''}{self.text}"
