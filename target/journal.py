"""The journal of a run: what each scenario sent, written down before it leaves, and what came back.

It is what makes `run --resume` safe: a scenario that was interrupted is carried out once more, and each
Service Request that stands here is recalled instead of sent (`target.journal_courier`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from duis.identifiers import EUI64, RequestID
from target.journal_records import Attempt, JournalAnswer, JournaledParcel, JournalError, State
from target.sqlite import Connections

__all__ = ["Attempt", "Journal", "JournalAnswer", "JournalError", "JournaledParcel"]

LOOKING_AFTER = "looking after devices"
"""In place of a scenario: what prepares and restores devices, which is never replayed."""

_TABLES = """
CREATE TABLE IF NOT EXISTS attempt (
    scenario TEXT NOT NULL, number INTEGER NOT NULL, begun_at TEXT NOT NULL, devices TEXT NOT NULL,
    since INTEGER NOT NULL, refused_since INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    conclusion TEXT, PRIMARY KEY (scenario, number)
);
CREATE TABLE IF NOT EXISTS side_effect (
    scenario TEXT NOT NULL, attempt INTEGER NOT NULL, at TEXT NOT NULL, what TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS mark (
    scenario TEXT NOT NULL, attempt INTEGER NOT NULL, mailbox TEXT NOT NULL, ordinal INTEGER NOT NULL,
    sequence INTEGER NOT NULL, PRIMARY KEY (scenario, attempt, mailbox, ordinal)
);
CREATE TABLE IF NOT EXISTS parcel (
    scenario TEXT NOT NULL, attempt INTEGER NOT NULL, ordinal INTEGER NOT NULL, sent_at TEXT NOT NULL,
    sender TEXT NOT NULL, user_id TEXT NOT NULL, service TEXT NOT NULL, title TEXT NOT NULL, srv TEXT,
    device_id TEXT, request_id TEXT, digest TEXT NOT NULL, document BLOB NOT NULL,
    status INTEGER, media_type TEXT, body BLOB, seconds REAL, error TEXT, error_text TEXT,
    PRIMARY KEY (scenario, attempt, ordinal)
);
CREATE INDEX IF NOT EXISTS parcel_by_request ON parcel (request_id);
"""
_PARCEL_COLUMNS = (
    "ordinal, sent_at, sender, user_id, service, title, srv, device_id, request_id, digest, document, "
    "status, media_type, body, seconds, error, error_text"
)


class Journal:
    """The journal of one run; safe to use from several threads and processes.

    Each call returns after its transaction is on the disk: neither a kill nor a power cut loses it.
    """

    def __init__(self, path: Path) -> None:
        self._database = Connections(path, "FULL")
        connection = self._database.connection()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)

    # Attempts

    def begin(
        self, scenario: str, devices: Collection[EUI64] = (), since: int = 0, refused_since: int = 0
    ) -> Attempt:
        """Begin a new attempt at a scenario, after those there have been.

        Args:
            scenario: Which scenario.
            devices: The devices it has leased.
            since: The last message in the inbox so far.
            refused_since: The last refused message so far.
        """
        with self._database.transaction() as connection:
            (last,) = connection.execute(
                "SELECT coalesce(max(number), 0) FROM attempt WHERE scenario = ?", (scenario,)
            ).fetchone()
            attempt = Attempt(scenario, last + 1, datetime.now(UTC), tuple(devices), since, refused_since)
            connection.execute(
                "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, 'open', '', NULL)",
                (
                    scenario,
                    last + 1,
                    _text(attempt.begun_at),
                    json.dumps(list(devices)),
                    since,
                    refused_since,
                ),
            )
        return attempt

    def attempts(self, scenario: str) -> tuple[Attempt, ...]:
        """Every attempt at a scenario, in order."""
        rows = self._database.connection().execute(
            "SELECT number, begun_at, devices, since, refused_since, state, reason FROM attempt "
            "WHERE scenario = ? ORDER BY number",
            (scenario,),
        )
        return tuple(
            Attempt(
                scenario,
                number,
                datetime.fromisoformat(begun_at),
                tuple(EUI64(device) for device in json.loads(devices)),
                since,
                refused_since,
                state,
                reason,
                self._side_effects(scenario, number),
            )
            for number, begun_at, devices, since, refused_since, state, reason in rows.fetchall()
        )

    def interrupted(self, scenario: str) -> Attempt | None:
        """The attempt at a scenario that was neither concluded nor abandoned, if there is one."""
        return next((each for each in self.attempts(scenario) if each.state == "open"), None)

    def note_side_effect(self, attempt: Attempt, what: str) -> None:
        """Write down, before it happens, what an attempt does elsewhere than through the protocol."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO side_effect VALUES (?, ?, ?, ?)",
                (attempt.scenario, attempt.number, _text(datetime.now(UTC)), what),
            )

    def abandon(self, attempt: Attempt, reason: str) -> None:
        """Give an attempt up; a further one has new RequestIDs."""
        self._end(attempt.scenario, attempt.number, "abandoned", reason, None)

    def conclude(self, attempt: Attempt, record: object) -> None:
        """An attempt has reached its verdict.

        Args:
            attempt: Which attempt.
            record: The record of the scenario, of plain JSON values.
        """
        self._end(attempt.scenario, attempt.number, "concluded", "", json.dumps(record))

    def conclusions(self) -> dict[str, Any]:
        """The record of each scenario whose latest attempt reached a verdict, by scenario."""
        rows = self._database.connection().execute(
            "SELECT scenario, conclusion FROM attempt WHERE state = 'concluded' ORDER BY scenario, number"
        )
        return {scenario: json.loads(conclusion) for scenario, conclusion in rows}

    def _end(self, scenario: str, number: int, state: State, reason: str, conclusion: str | None) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE attempt SET state = ?, reason = ?, conclusion = ? WHERE scenario = ? AND number = ?",
                (state, reason, conclusion, scenario, number),
            )

    def _side_effects(self, scenario: str, number: int) -> tuple[str, ...]:
        rows = self._database.connection().execute(
            "SELECT what FROM side_effect WHERE scenario = ? AND attempt = ? ORDER BY at",
            (scenario, number),
        )
        return tuple(what for (what,) in rows)

    def mark(self, scenario: str, attempt: int, mailbox: str, ordinal: int, current: int) -> int:
        """How far a mailbox was filled at the n-th look of an attempt: as written down, or `current`."""
        with self._database.transaction() as connection:
            place = (scenario, attempt, mailbox, ordinal)
            connection.execute("INSERT OR IGNORE INTO mark VALUES (?, ?, ?, ?, ?)", (*place, current))
            (sequence,) = connection.execute(
                "SELECT sequence FROM mark "
                "WHERE scenario = ? AND attempt = ? AND mailbox = ? AND ordinal = ?",
                place,
            ).fetchone()
        return int(sequence)

    # Parcels

    def write(self, scenario: str, attempt: int, parcel: JournaledParcel) -> None:
        """Write a parcel down that is about to leave."""
        with self._database.transaction() as connection:
            connection.execute(
                f"INSERT INTO parcel (scenario, attempt, {_PARCEL_COLUMNS}) "  # noqa: S608  (our own columns)
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, NULL, NULL)",
                (
                    *(scenario, attempt, parcel.ordinal, _text(parcel.sent_at), parcel.sender),
                    *(str(parcel.user_id), parcel.service, parcel.title, parcel.srv),
                    *(_optional(parcel.device_id), _optional(parcel.request_id)),
                    *(parcel.digest, parcel.document),
                ),
            )

    def write_outcome(
        self, scenario: str, attempt: int, ordinal: int, outcome: JournalAnswer | JournalError
    ) -> None:
        """Write down what came back for a parcel."""
        values: tuple[object, ...]
        if isinstance(outcome, JournalAnswer):
            values = (outcome.status, outcome.media_type, outcome.body, outcome.seconds, None, None)
        else:
            values = (None, None, None, outcome.seconds, outcome.name, outcome.text)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE parcel SET status = ?, media_type = ?, body = ?, seconds = ?, error = ?, "
                "error_text = ? WHERE scenario = ? AND attempt = ? AND ordinal = ?",
                (*values, scenario, attempt, ordinal),
            )

    def parcels(self, scenario: str, attempt: int) -> tuple[JournaledParcel, ...]:
        """What an attempt has sent, in order."""
        rows = self._database.connection().execute(
            f"SELECT {_PARCEL_COLUMNS} FROM parcel "  # noqa: S608  (our own columns)
            "WHERE scenario = ? AND attempt = ? ORDER BY ordinal",
            (scenario, attempt),
        )
        return tuple(_parcel(row) for row in rows)

    def unanswered(self) -> tuple[tuple[str, str | None], ...]:
        """What interrupted attempts were sending when the run was killed: the title of each, and its SRV."""
        rows = self._database.connection().execute(
            "SELECT title, srv FROM parcel JOIN attempt ON attempt.scenario = parcel.scenario "
            "AND attempt.number = parcel.attempt WHERE state = 'open' AND attempt.scenario <> ? "
            "AND status IS NULL AND error IS NULL ORDER BY sent_at",
            (LOOKING_AFTER,),
        )
        return tuple((title, srv) for title, srv in rows)

    def requests_sent(self) -> int:
        """How many documents the run has sent, over all interruptions; what its budget stopped is not one."""
        (count,) = (
            self._database.connection()
            .execute("SELECT count(*) FROM parcel WHERE error IS NOT 'BudgetExhausted'")
            .fetchone()
        )
        return int(count)

    def sent_at(self, request_id: RequestID) -> tuple[datetime, str | None] | None:
        """When a request was last sent, and its SRV; `None` when this run has not sent it."""
        row = (
            self._database.connection()
            .execute(
                "SELECT sent_at, srv FROM parcel WHERE request_id = ? ORDER BY sent_at DESC LIMIT 1",
                (str(request_id),),
            )
            .fetchone()
        )
        return (datetime.fromisoformat(row[0]), row[1]) if row is not None else None

    def leased(self, device_id: EUI64, at: datetime) -> bool:
        """Whether a scenario of this run had a device at that time, or has had it before."""
        row = (
            self._database.connection()
            .execute(
                "SELECT 1 FROM attempt, json_each(attempt.devices) "
                "WHERE json_each.value = ? AND begun_at <= ? LIMIT 1",
                (str(device_id), _text(at)),
            )
            .fetchone()
        )
        return row is not None

    def close(self) -> None:
        """Close the connection of this thread."""
        self._database.close()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _optional(value: object | None) -> str | None:
    return None if value is None else str(value)


def _parcel(row: sqlite3.Row) -> JournaledParcel:
    outcome: JournalAnswer | JournalError | None = None
    if row["status"] is not None:
        outcome = JournalAnswer(row["status"], row["media_type"], row["body"], row["seconds"])
    elif row["error"] is not None:
        outcome = JournalError(row["error"], row["error_text"], row["seconds"])
    device_id, request_id = row["device_id"], row["request_id"]
    return JournaledParcel(
        ordinal=row["ordinal"],
        sent_at=datetime.fromisoformat(row["sent_at"]),
        sender=row["sender"],
        user_id=EUI64(row["user_id"]),
        service=row["service"],
        title=row["title"],
        srv=row["srv"],
        device_id=EUI64(device_id) if device_id is not None else None,
        request_id=RequestID.parse(request_id) if request_id is not None else None,
        digest=row["digest"],
        document=row["document"],
        outcome=outcome,
    )
