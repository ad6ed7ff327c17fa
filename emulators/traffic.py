"""The messages an emulator has recently received and sent, for whoever looks into a failure.

They are kept in memory and bounded per estate: they are a window to look through, not a store. Nothing an
emulator answers depends on them, and a restart empties them.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import Any

from emulators.clock import Clock


@dataclass(frozen=True, slots=True)
class Message:
    """One recorded message.

    Attributes:
        direction: "received" or "sent".
        peer: the TLS name or address it came from, or the destination it went to.
        kind: the document element's name, or "" when it could not be read.
        outcome: what became of it, such as "I99", "E4 Registration Data check" or "accepted".
    """

    id: int
    at: str
    direction: str
    peer: str
    kind: str
    request_id: str
    outcome: str
    document: bytes

    def as_json(self) -> dict[str, Any]:
        """Return the form the management plane gives."""
        return {
            "id": self.id,
            "at": self.at,
            "direction": self.direction,
            "peer": self.peer,
            "kind": self.kind,
            "request_id": self.request_id,
            "outcome": self.outcome,
            "document": self.document.decode("utf-8", "replace"),
        }


class Traffic:
    """Recorded messages per estate."""

    def __init__(self, clock: Clock, bound: int) -> None:
        self._clock = clock
        self._bound = bound
        self._messages: dict[str, deque[Message]] = {}
        self._ids = itertools.count(1)

    def record(
        self,
        estate: str,
        direction: str,
        peer: str,
        kind: str,
        request_id: str,
        outcome: str,
        document: bytes,
    ) -> None:
        """Record one message; the oldest one of the estate gives way."""
        messages = self._messages.get(estate)
        if messages is None:
            messages = self._messages[estate] = deque(maxlen=self._bound)
        at = self._clock.now().isoformat()
        messages.append(Message(next(self._ids), at, direction, peer, kind, request_id, outcome, document))

    def of(self, estate: str) -> list[Message]:
        """Return the recorded messages of an estate, oldest first."""
        return list(self._messages.get(estate, ()))

    def forget(self, estate: str) -> None:
        """Forget the messages of an estate."""
        self._messages.pop(estate, None)
