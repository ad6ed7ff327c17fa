"""The database of the inbox, as its server writes it.

WAL with synchronous NORMAL: what is committed survives the death of the process at any moment.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from target.private import make_private

_TABLES = """
CREATE TABLE IF NOT EXISTS message (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox TEXT NOT NULL,
    received_at_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    duplicate INTEGER NOT NULL,
    document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS message_of_mailbox ON message (mailbox, sequence);
CREATE INDEX IF NOT EXISTS message_by_digest ON message (mailbox, digest);
CREATE TABLE IF NOT EXISTS correlation (
    mailbox TEXT NOT NULL,
    request_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (mailbox, request_id, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS about_device (
    mailbox TEXT NOT NULL,
    device_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (mailbox, device_id, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox TEXT NOT NULL,
    received_at_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    media_type TEXT NOT NULL,
    document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS refused_of_mailbox ON refused (mailbox, sequence);
"""


@dataclass(frozen=True)
class Names:
    """What a message names, by which readers find it.

    Attributes:
        request_ids: RequestIDs, outer and inner, in upper case as `RequestID` prints them.
        device_ids: Devices it is about.
    """

    request_ids: tuple[str, ...]
    device_ids: tuple[str, ...]


def create_database(path: Path) -> None:
    """Create the tables, so that readers may open the database before the first message."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(make_private(path), timeout=30.0, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)
    finally:
        connection.close()


class InboxStore:
    """Writes messages; each call returns after its transaction is committed."""

    def __init__(self, path: Path) -> None:
        create_database(path)
        self._connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def names_of_earlier(self, mailbox: str, document: bytes) -> Names | None:
        """What an identical message already in the mailbox names; `None` when there is none."""
        row = self._connection.execute(
            "SELECT sequence FROM message WHERE mailbox = ? AND digest = ? LIMIT 1",
            (mailbox, _digest(document)),
        ).fetchone()
        if row is None:
            return None
        place = (mailbox, row[0])
        request_ids = self._connection.execute(
            "SELECT request_id FROM correlation WHERE mailbox = ? AND sequence = ?", place
        )
        device_ids = self._connection.execute(
            "SELECT device_id FROM about_device WHERE mailbox = ? AND sequence = ?", place
        )
        return Names(tuple(name for (name,) in request_ids), tuple(name for (name,) in device_ids))

    def keep(self, mailbox: str, document: bytes, names: Names, *, duplicate: bool) -> None:
        """Store a valid message with what it names."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            sequence = connection.execute(
                "INSERT INTO message (mailbox, received_at_ns, digest, duplicate, document) "
                "VALUES (?, ?, ?, ?, ?)",
                (mailbox, time.time_ns(), _digest(document), int(duplicate), document),
            ).lastrowid
            connection.executemany(
                "INSERT OR IGNORE INTO correlation VALUES (?, ?, ?)",
                [(mailbox, request_id, sequence) for request_id in names.request_ids],
            )
            connection.executemany(
                "INSERT OR IGNORE INTO about_device VALUES (?, ?, ?)",
                [(mailbox, device_id, sequence) for device_id in names.device_ids],
            )
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def keep_refused(self, mailbox: str, document: bytes, media_type: str, reason: str) -> None:
        """Store as evidence what was refused, and why."""
        self._connection.execute(
            "INSERT INTO refused (mailbox, received_at_ns, reason, media_type, document) "
            "VALUES (?, ?, ?, ?, ?)",
            (mailbox, time.time_ns(), reason, media_type, document),
        )

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def _digest(document: bytes) -> bytes:
    return hashlib.sha256(document).digest()
