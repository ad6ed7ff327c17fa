"""Evidence: every raw message, as it was sent or received, for whoever keeps it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Direction = Literal["sent", "received", "callback"]


@dataclass(frozen=True)
class EvidenceItem:
    """One message.

    Attributes:
        direction: `sent` by us, `received` as the synchronous answer, or posted to our `callback`.
        title: One line for a reader.
        document: The octets on the wire, unchanged.
        media_type: As declared on the wire.
        meta: What belongs to it: URL, RequestID, HTTP status, times.
        at: When it was recorded (UTC).
    """

    direction: Direction
    title: str
    document: bytes
    media_type: str = "application/xml"
    meta: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


Observer = Callable[[EvidenceItem], None]


class Evidence:
    """Hands each message to the observers; what a report keeps is the observers' business."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []
        self._lock = threading.Lock()

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Have an observer called for each message from now on.

        Returns:
            A function that ends the subscription.
        """
        with self._lock:
            self._observers.append(observer)

        def unsubscribe() -> None:
            with self._lock:
                if observer in self._observers:
                    self._observers.remove(observer)

        return unsubscribe

    def record(
        self,
        direction: Direction,
        title: str,
        document: bytes,
        media_type: str = "application/xml",
        meta: Mapping[str, str] | None = None,
    ) -> EvidenceItem:
        """Record one message and hand it to every observer."""
        item = EvidenceItem(direction, title, document, media_type, dict(meta or {}))
        with self._lock:
            observers = tuple(self._observers)
        for observer in observers:
            observer(item)
        return item
