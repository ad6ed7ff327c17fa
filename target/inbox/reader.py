"""Waiting for messages in the database of the inbox, from any process."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from duis.identifiers import RequestID
from duis.response import DCCAlertMessage, SMETS1ResponseMessage
from duis.signature import SignatureError, VerifiedResponse, verify_response
from duis.smets1 import DeviceAlert, S1SPAlert, SMETS1Response
from duis.smki.trust import TrustStore
from target.deadline import Deadline, deadline
from target.errors import DeadlinePassed, HarnessError, NonconformingAnswer

_POLL_SECONDS = 0.002
_RECENT_MESSAGES = 256


@dataclass(frozen=True)
class Message:
    """A message the inbox accepted.

    Attributes:
        sequence: Its number in the database: later messages have greater ones.
        mailbox: `<estate>/<service user>`.
        received_at: When it was stored (UTC).
        document: The octets on the wire.
        duplicate: Whether the mailbox had an identical message before.
    """

    sequence: int
    mailbox: str
    received_at: datetime
    document: bytes
    duplicate: bool
    _trust: TrustStore = field(repr=False, compare=False)

    @cached_property
    def verified(self) -> VerifiedResponse:
        """The message, read from the trees whose signatures were verified, as of the time it was received."""
        return verify_response(self.document, self._trust, at=self.received_at)

    @property
    def request_id(self) -> RequestID | None:
        """The RequestID of its outer header."""
        return self.verified.response.request_id

    def describe(self) -> str:
        """One line for a reader."""
        response = self.verified.response
        about = f" for {response.request_id}" if response.request_id is not None else ""
        return f"{self.content} {response.response_code}{about}"

    @property
    def content(self) -> str:
        """What it holds, in few words: "N42 SecurityCredentialsUpdated", "result of 6.15.1"."""
        message, inner = self.verified.response.message, self.verified.inner
        match message, inner:
            case DCCAlertMessage(), S1SPAlert():
                return f"{message.dcc_alert_code} S1SP Alert {inner.s1sp_alert_code}"
            case DCCAlertMessage(), _:
                return f"{message.dcc_alert_code} {type(message.alert).__name__}"
            case SMETS1ResponseMessage(), SMETS1Response(payload=DeviceAlert() as alert):
                return f"device alert {alert.alert_code}"
            case SMETS1ResponseMessage(), SMETS1Response():
                return f"result of {inner.header.srv or message.srv or 'a request'}"
        return type(message).__name__


@dataclass(frozen=True)
class RefusedMessage:
    """A message the inbox answered 400 or 413.

    Attributes:
        sequence: Its number among the refused.
        mailbox: `<estate>/<service user>`.
        received_at: When it came (UTC).
        reason: Why it was refused.
        document: The octets on the wire; empty when it was too large.
    """

    sequence: int
    mailbox: str
    received_at: datetime
    reason: str
    document: bytes

    def describe(self) -> str:
        """One line for a reader."""
        return f"a message the inbox refused ({self.reason})"


_OF_MAILBOX = """
SELECT sequence, mailbox, received_at_ns, document, duplicate FROM message
WHERE mailbox = ? AND sequence > ? ORDER BY sequence
"""
_ABOUT_REQUEST = """
SELECT sequence, mailbox, received_at_ns, document, duplicate FROM message
WHERE sequence IN (SELECT sequence FROM correlation WHERE mailbox = ? AND request_id = ? AND sequence > ?)
ORDER BY sequence
"""


class InboxReader:
    """Reads the inbox; safe to use from several threads.

    Args:
        database: The database of the inbox.
        trust: With which each message is verified once more when it is read.
    """

    def __init__(self, database: Path, trust: TrustStore) -> None:
        self._database = database
        self._trust = trust
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
    ) -> Message:
        """Wait for a message of a mailbox.

        Args:
            mailbox: Which mailbox.
            predicate: Which message; called once for each.
            within: Deadline, or seconds.
            awaited: What is waited for, in words.
            after: Look only at messages with a greater sequence.

        Raises:
            DeadlinePassed: Says what was waited for, how long, and what did arrive meanwhile.
        """
        seen = after

        def look() -> Message | None:
            nonlocal seen
            for message in self.messages(mailbox, after=seen):
                seen = message.sequence
                if predicate(message):
                    return message
            return None

        return self._poll(look, mailbox, deadline(within), awaited, after)

    def wait_for_request(
        self,
        mailbox: str,
        request_id: RequestID,
        within: Deadline | float,
        *,
        awaited: str,
        predicate: Callable[[Message], bool] = lambda _: True,
    ) -> Message:
        """Wait for a message that names a RequestID, outside or inside.

        Raises:
            DeadlinePassed: None came in time.
            NonconformingAnswer: One came and was refused by the inbox.
        """
        wanted = str(request_id).encode()
        seen, seen_refused = 0, 0

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

        return self._poll(look, mailbox, deadline(within), awaited, self.last_in(mailbox))

    def last_in(self, mailbox: str) -> int:
        """The greatest sequence in a mailbox so far; 0 when it is empty."""
        row = (
            self._connection()
            .execute("SELECT coalesce(max(sequence), 0) FROM message WHERE mailbox = ?", (mailbox,))
            .fetchone()
        )
        return int(row[0])

    def _poll(
        self, look: Callable[[], Message | None], mailbox: str, limit: Deadline, awaited: str, after: int
    ) -> Message:
        connection = self._connection()
        first_refused = self.last_refused_in(mailbox)
        version: int | None = None
        while True:
            last_look = limit.passed
            # The version is read before the look, so that nothing committed in between is overlooked.
            current = connection.execute("PRAGMA data_version").fetchone()[0]
            if current != version or last_look:
                version = current
                found = look()
                if found is not None:
                    return found
            if last_look:
                raise DeadlinePassed(awaited, limit.seconds, self._meanwhile(mailbox, after, first_refused))
            time.sleep(min(_POLL_SECONDS, limit.remaining))

    def _meanwhile(self, mailbox: str, after: int, refused_after: int) -> list[str]:
        lines = []
        for message in self.messages(mailbox, after=after):
            with suppress(ValueError, SignatureError):
                lines.append(message.describe())
        lines.extend(refused.describe() for refused in self.refused(mailbox, after=refused_after))
        return lines

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


def _time(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1_000_000_000, UTC)
