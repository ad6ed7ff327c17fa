"""Rows of a table as records of fixed size, by which a table can be compared with what it was.

A record is a hash of the row's key and a hash of everything else in the row, of columns the layout does not
know too. In a slot what the update may write is hashed apart from the rest, so that the rest can be compared
in a slot that was updated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, column, inspect, select, table, text

from data_update.database import Database
from data_update.layout import Tables

KEY_OCTETS: Final = 8
HALF_OCTETS: Final = 6
RECORD_OCTETS: Final = KEY_OCTETS + 2 * HALF_OCTETS
PARTS: Final = 64
"""Records are compared in so many parts, one of which is in memory at a time."""

WRITTEN: Final = ("remote_party_id", "digital_signing", "key_agreement", "updated_at", "updated_by")
"""What the update may write in a Network Operator's slot, as far as the layout has it."""

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "slots": ("device_id", "remote_party_role"),
    "devices": ("device_id",),
    "registrations": ("mpxn", "role"),
    "certificates": ("sha256",),
}
_FLUSH_AFTER: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class RecordedTable:
    """A table, and which of its columns are what in a record; columns as the database names them.

    Attributes:
        name: slots, devices, registrations or certificates.
        full_name: its name in the database.
        key: what tells its rows apart.
        others: the rest, but for `written`.
        written: what the update may write in a slot, hashed apart; empty for other tables.
        statement: the SELECT of key, others and written columns, in this order.
    """

    name: str
    full_name: str
    key: tuple[str, ...]
    others: tuple[str, ...]
    written: tuple[str, ...]
    statement: Select[Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column."""
        return (*self.key, *self.others, *self.written)


def recorded_tables(database: Database, tables: Tables, *, registrations: bool) -> tuple[RecordedTable, ...]:
    """Return what is recorded of a database: the tables of the layout with every column they have.

    Args:
        database: open, and in no transaction.
        tables: the tables of its layout.
        registrations: whether Registration Data is in the database.
    """
    names = ["slots", "devices", *(["registrations"] if registrations else []), "certificates"]
    with database.explained("looking at its tables"):
        inspector = inspect(database.connection)
        columns: dict[str, list[str]] = {}
        for name in names:
            known: Table = getattr(tables, name)
            columns[name] = [each["name"] for each in inspector.get_columns(known.name, schema=known.schema)]
        database.connection.rollback()
    return tuple(_recorded(tables, name, columns[name]) for name in names)


def _recorded(tables: Tables, name: str, columns: Sequence[str]) -> RecordedTable:
    known: Table = getattr(tables, name)
    key = tuple(known.c[each].name for each in _KEYS[name])
    may_write = WRITTEN if name == "slots" else ()
    written = tuple(known.c[each].name for each in may_write if each in known.c)
    scope = known.c["scope"].name if "scope" in known.c else None
    others = tuple(sorted({*columns} - {*key, *written, scope}))
    # Columns without a type: what the driver returns is hashed, not what a type makes of it.
    raw = table(known.name, *(column(each) for each in columns), schema=known.schema)
    conditions: list[ColumnElement[bool]] = [] if scope is None else [raw.c[scope] == tables.scope]
    statement = select(*(raw.c[each] for each in (*key, *others, *written))).where(*conditions)
    return RecordedTable(name, known.fullname, key, others, written, statement)


def key_of(*values: Any) -> bytes:
    """Return the hash of a row's key."""
    return _hash(values)[:KEY_OCTETS]


def written_hash(values: tuple[Any, ...]) -> bytes:
    """Return the hash of what the update may write in a slot, in the order of `WRITTEN`."""
    return _hash(values)[:HALF_OCTETS]


def records(database: Database, recorded: RecordedTable) -> Iterator[tuple[bytes, Sequence[Any]]]:
    """Read a table, inside a transaction, as records, each with its row."""
    if not database.is_sqlite:  # times with a zone are the same in every session
        database.connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
    key_end = len(recorded.key)
    split = key_end + len(recorded.others)
    rows = database.stream(recorded.statement)
    if recorded.written:
        for row in rows:
            rest, written = _hash(row[key_end:split]), _hash(row[split:])
            yield _hash(row[:key_end])[:KEY_OCTETS] + rest[:HALF_OCTETS] + written[:HALF_OCTETS], row
    else:
        for row in rows:
            yield _hash(row[:key_end])[:KEY_OCTETS] + _hash(row[key_end:])[: 2 * HALF_OCTETS], row


def _hash(values: Sequence[Any]) -> bytes:
    return sha256(repr(values).encode()).digest()


class RecordParts:
    """Records on disk, dealt out to `PARTS` parts by their first octet. Use as a context manager.

    Args:
        octets: the size of a record.
    """

    def __init__(self, octets: int = RECORD_OCTETS) -> None:
        self.count = 0
        self._octets = octets
        self._cleanup = ExitStack()
        self._files = [
            self._cleanup.enter_context(TemporaryFile())  # noqa: SIM115 (closed in __exit__)
            for _ in range(PARTS)
        ]
        self._waiting = [bytearray() for _ in range(PARTS)]

    def __enter__(self) -> RecordParts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def add(self, record: bytes) -> None:
        """Add a record."""
        self._waiting[record[0] % PARTS] += record
        self.count += 1
        if self.count % _FLUSH_AFTER == 0:
            self._flush()

    def part(self, number: int) -> list[bytes]:
        """Return the records of one part, in no order; nothing is added afterwards."""
        self._flush()
        self._files[number].seek(0)
        return split_records(self._files[number].read(), self._octets)

    def _flush(self) -> None:
        for file, waiting in zip(self._files, self._waiting, strict=True):
            if waiting:
                file.write(waiting)
                waiting.clear()


def split_records(octets: bytes, size: int = RECORD_OCTETS) -> list[bytes]:
    """Return records that follow one another."""
    return [octets[start : start + size] for start in range(0, len(octets), size)]
