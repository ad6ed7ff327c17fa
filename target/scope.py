"""What of the mailboxes that all scenarios of a pooled target share concerns one scenario."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from duis.identifiers import EUI64, RequestID

if TYPE_CHECKING:
    from target.journal import Journal
    from target.journal_records import Attempt


class Scope:
    """The devices a scenario has leased and the requests it has sent, from its start on.

    Args:
        devices: The devices it has leased.
        since: The last message in the inbox before it began.
        refused_since: The last refused message before it began.
        remember: Called with a mailbox, the how manieth look at it this is, and how far it is filled; answers
            with how far it was filled at that look before the scenario was interrupted.

    Attributes:
        devices: The devices it has leased.
        since: The last message in the inbox before it began.
        refused_since: The last refused message before it began.
    """

    def __init__(
        self,
        devices: Collection[EUI64],
        since: int,
        refused_since: int,
        remember: Callable[[str, int, int], int] = lambda _mailbox, _ordinal, current: current,
    ) -> None:
        self.devices = frozenset(devices)
        self.since = since
        self.refused_since = refused_since
        self._remember = remember
        self._request_ids: set[RequestID] = set()
        self._looks: Counter[str] = Counter()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, journal: Journal, attempt: Attempt) -> Scope:
        """The scope of an attempt; a replay of it looks at the mailboxes from the same places on."""
        return cls(
            attempt.devices,
            attempt.since,
            attempt.refused_since,
            lambda mailbox, ordinal, current: journal.mark(
                attempt.scenario, attempt.number, mailbox, ordinal, current
            ),
        )

    @property
    def request_ids(self) -> frozenset[RequestID]:
        """The RequestIDs the scenario has sent so far."""
        with self._lock:
            return frozenset(self._request_ids)

    def sent(self, request_id: RequestID) -> None:
        """The scenario sends this RequestID."""
        with self._lock:
            self._request_ids.add(request_id)

    def mark(self, mailbox: str, current: int) -> int:
        """How far a mailbox is filled now, for telling what comes next from what came before."""
        with self._lock:
            self._looks[mailbox] += 1
            ordinal = self._looks[mailbox]
        return self._remember(mailbox, ordinal, max(current, self.since))

    def names(self, document: bytes) -> bool:
        """Whether a document that cannot be read names a request or device of the scenario."""
        text = document.upper()
        names = (*self.devices, *self.request_ids)
        return any(str(name).encode() in text for name in names)
