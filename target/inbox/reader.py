"""Waiting for messages in the database of the inbox, from any process."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from duis.identifiers import EUI64, RequestID
from duis.signature import SignatureError
from duis.smki.trust import TrustStore
from target.deadline import Deadline, deadline
from target.errors import DeadlinePassed, HarnessError, NonconformingAnswer
from target.inbox.message import Message, RefusedMessage
from target.waiting import waiting

__all__ = ["InboxReader", "Message", "RefusedMessage"]

_FIRST_POLL_SECONDS = 0.002
_LAST_POLL_SECONDS = 0.1
_POLL_SHARE = 0.05
"""How much of the time already waited passes until the next look: a wait is at most that much too long."""

_LOOK_AFTER_SECONDS = 1.0
_RECENT_MESSAGES = 256


_OF_MAILBOX = """
SELECT sequence, mailbox, received_at_ns, document, duplicate FROM message
WHERE mailbox = ? AND sequence > ? ORDER BY sequence
"""
_ABOUT_REQUEST = """
SELECT sequence, mailbox, received_at_ns, document, duplicate FROM message
WHERE sequence IN (SELECT sequence FROM correlation WHERE mailbox = ? AND request_id = ? AND sequence > ?)
ORDER BY sequence
"""
_ABOUT_DEVICE = """
SELECT sequence, mailbox, received_at_ns, document, duplicate FROM message
WHERE sequence IN (SELECT sequence FROM about_device WHERE mailbox = ? AND device_id = ? AND sequence > ?)
ORDER BY sequence
"""


class InboxReader:
    """Reads the inbox; safe to use from several threads.

    Args:
        database: The database of the inbox.
        trust: With which each message is verified once more when it is read.
        look_after: Called now and then while waiting; sees that the inbox is alive, or starts it again, and
            says whether that was needed.
    """

    def __init__(
        self, database: Path, trust: TrustStore, look_after: Callable[[], bool] | None = None
    ) -> None:
        self._database = database
        self._trust = trust
        self._look_after = look_after or (lambda: False)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._recent: dict[int, Message] = {}  # so that a message is verified once, however often it is read

    def messages(self, mailbox: str, after: int = 0) -> tuple[Message, ...]:
        """The messages of a mailbox with a greater sequence than `after`, in order of arrival."""
        rows = self._connection().execute(_OF_MAILBOX, (mailbox, after))
        return tuple(self._message(*row) for row in rows)

    def messages_about(self, mailbox: str, request_id: RequestID, after: int = 0) -> tuple[Message, ...]:
        """The messages of a mailbox that name a RequestID, outside or inside, in order of arrival."""
        rows = self._connection().execute(_ABOUT_REQUEST, (mailbox, str(request_id), after))
        return tuple(self._message(*row) for row in rows)

    def messages_about_device(self, mailbox: str, device_id: EUI64, after: int = 0) -> tuple[Message, ...]:
        """The messages of a mailbox about a device: results of it, and alerts that name it, in order."""
        rows = self._connection().execute(_ABOUT_DEVICE, (mailbox, str(device_id), after))
        return tuple(self._message(*row) for row in rows)

    def messages_concerning(
        self,
        mailbox: str,
        request_ids: Collection[RequestID],
        device_ids: Collection[EUI64],
        after: int = 0,
    ) -> tuple[Message, ...]:
        """The messages of a mailbox about any of these requests or devices, in order of arrival."""
        found = {
            message.sequence: message
            for device_id in device_ids
            for message in self.messages_about_device(mailbox, device_id, after)
        }
        for request_id in request_ids:
            if request_id.target not in device_ids:  # what names a request to a device is about the device
                found.update(
                    (each.sequence, each) for each in self.messages_about(mailbox, request_id, after)
                )
        return tuple(found[sequence] for sequence in sorted(found))

    def refused(self, mailbox: str, after: int = 0) -> tuple[RefusedMessage, ...]:
        """What was posted to a mailbox and refused."""
        rows = self._connection().execute(
            "SELECT sequence, mailbox, received_at_ns, reason, document FROM refused "
            "WHERE mailbox = ? AND sequence > ? ORDER BY sequence",
            (mailbox, after),
        )
        return tuple(
            RefusedMessage(sequence, name, _time(at), reason, document)
            for sequence, name, at, reason, document in rows
        )

    def last_sequence(self) -> int:
        """The greatest sequence so far, over all mailboxes: a point in time for `after`."""
        row = self._connection().execute("SELECT coalesce(max(sequence), 0) FROM message").fetchone()
        return int(row[0])

    def last_refused(self) -> int:
        """The greatest sequence of what was refused so far, over all mailboxes."""
        row = self._connection().execute("SELECT coalesce(max(sequence), 0) FROM refused").fetchone()
        return int(row[0])

    def last_refused_in(self, mailbox: str) -> int:
        """The greatest sequence of what was refused for a mailbox so far; 0 when there is none."""
        row = (
            self._connection()
            .execute("SELECT coalesce(max(sequence), 0) FROM refused WHERE mailbox = ?", (mailbox,))
            .fetchone()
        )
        return int(row[0])

    def wait(
        self,
        mailbox: str,
        predicate: Callable[[Message], bool],
        within: Deadline | float,
        *,
        awaited: str,
        after: int = 0,
        about: EUI64 | None = None,
    ) -> Message:
        """Wait for a message of a mailbox.

        Args:
            mailbox: Which mailbox.
            predicate: Which message; called once for each.
            within: Deadline, or seconds.
            awaited: What is waited for, in words.
            after: Look only at messages with a greater sequence.
            about: Look only at messages about this device.

        Raises:
            DeadlinePassed: Says what was waited for, how long, and what did arrive meanwhile.
        """
        seen = after

        def arrived(after: int) -> tuple[Message, ...]:
            if about is None:
                return self.messages(mailbox, after)
            return self.messages_about_device(mailbox, about, after)

        def look() -> Message | None:
            nonlocal seen
            for message in arrived(seen):
                seen = message.sequence
                if predicate(message):
                    return message
            return None

        limit = deadline(within)
        with waiting(awaited.partition(" (")[0], limit.seconds):
            return self._poll(look, limit, awaited, mailbox, lambda: arrived(after))

    def wait_for_request(
        self,
        mailbox: str,
        request_id: RequestID,
        within: Deadline | float,
        *,
        awaited: str,
        predicate: Callable[[Message], bool] = lambda _: True,
        refused_after: int = 0,
        about: EUI64 | None = None,
    ) -> Message:
        """Wait for a message that names a RequestID, outside or inside.

        Args:
            mailbox: Which mailbox.
            request_id: Which RequestID.
            within: Deadline, or seconds.
            awaited: What is waited for, in words.
            predicate: Which message; called once for each.
            refused_after: Look only at refused messages with a greater sequence.
            about: Where nothing came, tell only what arrived about this device meanwhile.

        Raises:
            DeadlinePassed: None came in time.
            NonconformingAnswer: One came and was refused by the inbox.
        """
        wanted = str(request_id).encode()
        seen, seen_refused = 0, refused_after
        begun = self.last_in(mailbox)

        def meanwhile() -> tuple[Message, ...]:
            if about is None:
                return self.messages(mailbox, begun)
            return self.messages_about_device(mailbox, about, begun)

        def look() -> Message | None:
            nonlocal seen, seen_refused
            for message in self.messages_about(mailbox, request_id, after=seen):
                seen = message.sequence
                if predicate(message):
                    return message
            for refused in self.refused(mailbox, after=seen_refused):
                seen_refused = refused.sequence
                if wanted in refused.document.upper():
                    raise NonconformingAnswer(
                        requirement=f"{awaited} is schema-valid and its signatures verify [XSD]",
                        expected="a message the inbox can accept",
                        actual=refused.describe(),
                    )
            return None

        limit = deadline(within)
        with waiting(awaited.partition(" (")[0], limit.seconds):
            return self._poll(look, limit, awaited, mailbox, meanwhile)

    def last_in(self, mailbox: str) -> int:
        """The greatest sequence in a mailbox so far; 0 when it is empty."""
        row = (
            self._connection()
            .execute("SELECT coalesce(max(sequence), 0) FROM message WHERE mailbox = ?", (mailbox,))
            .fetchone()
        )
        return int(row[0])

    def _poll(
        self,
        look: Callable[[], Message | None],
        limit: Deadline,
        awaited: str,
        mailbox: str,
        meanwhile: Callable[[], tuple[Message, ...]],
    ) -> Message:
        connection = self._connection()
        first_refused = self.last_refused_in(mailbox)
        version: int | None = None
        started = looked_after = time.monotonic()
        while True:
            last_look = limit.passed
            # The version is read before the look, so that nothing committed in between is overlooked.
            current = connection.execute("PRAGMA data_version").fetchone()[0]
            if current != version or last_look:
                version = current
                found = look()
                if found is not None:
                    return found
            now = time.monotonic()
            if last_look or now - looked_after >= _LOOK_AFTER_SECONDS:
                looked_after = now
                if self._look_after():
                    # While there was no inbox nothing could come; the DSP tries again.
                    limit, last_look = Deadline(limit.seconds), False
            if last_look:
                refused = self.refused(mailbox, after=first_refused)
                raise DeadlinePassed(awaited, limit.seconds, _lines(meanwhile(), refused))
            # Short waits are answered at once; long ones, by many processes side by side, cost nothing.
            pause = min(_LAST_POLL_SECONDS, max(_FIRST_POLL_SECONDS, _POLL_SHARE * (now - started)))
            time.sleep(min(pause, limit.remaining))

    def _message(self, sequence: int, mailbox: str, at: int, document: bytes, duplicate: int) -> Message:
        message = self._recent.get(sequence)
        if message is None:
            message = Message(sequence, mailbox, _time(at), document, bool(duplicate), self._trust)
            with self._lock:
                if len(self._recent) >= _RECENT_MESSAGES:
                    self._recent.clear()
                self._recent[sequence] = message
        return message

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            if not self._database.exists():
                raise HarnessError(f"there is no inbox database at {self._database}")
            connection = sqlite3.connect(self._database, timeout=30.0, isolation_level=None)
            connection.execute("PRAGMA query_only = ON")
            self._local.connection = connection
        return connection


def _lines(messages: Collection[Message], refused: Collection[RefusedMessage]) -> list[str]:
    lines = []
    for message in messages:
        with suppress(ValueError, SignatureError):
            lines.append(message.describe())
    return [*lines, *(each.describe() for each in refused)]


def _time(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1_000_000_000, UTC)
