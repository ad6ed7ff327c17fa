"""What the adapter must not lose: the requests it took over, and the documents it owes the DSP."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL UNIQUE,
    countersigned BLOB NOT NULL,
    handed_over INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    about TEXT NOT NULL UNIQUE,
    document BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'delivered', 'refused')),
    detail TEXT NOT NULL DEFAULT ''
);
"""
_UNANSWERED = "request_id NOT IN (SELECT about FROM documents)"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to be posted.

    Attributes:
        about: the RequestID it belongs to, or a name of the alert.
        document: a Countersigned Service Request to translate, or a signed document for the DSP.
    """

    about: str
    document: bytes


class Store:
    """A SQLite file. Every method is one transaction, committed when it returns; one thread uses it."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        What the vendor's system was given but has not answered is given to it again: whether it still
        knows of it is for that system to say.
        """
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # an acknowledgement outlives a power cut
        self._connection.executescript(_TABLES)
        self._connection.execute(f"UPDATE requests SET handed_over = 0 WHERE {_UNANSWERED}")  # noqa: S608

    def take_over(self, request_id: str, countersigned: bytes) -> bool:
        """Store a request; False when it was there before."""
        statement = "INSERT INTO requests (request_id, countersigned) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._connection.execute(statement, (request_id, countersigned)).rowcount == 1

    def request(self, request_id: str) -> bytes | None:
        """The Countersigned Service Request of that RequestID; None when there is none."""
        statement = "SELECT countersigned FROM requests WHERE request_id = ?"
        row = self._connection.execute(statement, (request_id,)).fetchone()
        return None if row is None else bytes(row[0])

    def next_job(self) -> Due | None:
        """The oldest request the vendor's system has yet to be given."""
        statement = f"SELECT request_id, countersigned FROM requests WHERE NOT handed_over AND {_UNANSWERED}"  # noqa: S608
        return self._first(f"{statement} ORDER BY id LIMIT 1")

    def handed_over(self, request_id: str) -> None:
        """Store that the vendor's system has the job."""
        self._connection.execute("UPDATE requests SET handed_over = 1 WHERE request_id = ?", (request_id,))

    def owe(self, about: str, document: bytes) -> bool:
        """Store a signed document for the DSP; False, and nothing stored, when there is one already."""
        statement = "INSERT INTO documents (about, document) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._connection.execute(statement, (about, document)).rowcount == 1

    def owe_again(self, about: str) -> None:
        """Send the same octets once more, where there are any."""
        self._connection.execute("UPDATE documents SET state = 'due' WHERE about = ?", (about,))

    def next_document(self) -> Due | None:
        """The oldest document the DSP has yet to take."""
        return self._first("SELECT about, document FROM documents WHERE state = 'due' ORDER BY id LIMIT 1")

    def settle(self, about: str, state: str, detail: str) -> None:
        """Store that the DSP took a document ('delivered'), or refused it for good ('refused')."""
        statement = "UPDATE documents SET state = ?, detail = ? WHERE about = ?"
        self._connection.execute(statement, (state, detail, about))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _first(self, statement: str) -> Due | None:
        row = self._connection.execute(statement).fetchone()
        return None if row is None else Due(row[0], bytes(row[1]))
