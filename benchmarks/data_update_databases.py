"""The databases of the benchmark of the data update: populated once, copied for each measurement.

Both keep what they commit as they do by default: PostgreSQL with fsync and synchronous_commit, SQLite with a
write-ahead log.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Table, create_engine

from data_update.audit import METADATA as AUDIT_TABLES
from tests.postgresql import connection_to, server

RAW_STATEMENTS = (
    """
    INSERT INTO data_update_audit (
        plan, device_id, action, outcome, batch,
        before_remote_party_id, before_digital_signing, before_key_agreement,
        before_updated_at, before_updated_by,
        after_remote_party_id, after_digital_signing, after_key_agreement, at, "by")
    SELECT
        'raw', s.device_id, 'apply', 'replaced', 0,
        a.remote_party_id, a.digital_signing, a.key_agreement,
        a.updated_at, a.updated_by,
        s.remote_party_id, s.digital_signing, s.key_agreement, '2026-01-01T00:00:00+00:00', 'benchmark'
    FROM staged AS s JOIN anchor_slots AS a
        ON a.estate = 'main' AND a.device_id = s.device_id AND a.remote_party_role = 'NetworkOperator'
    """,
    """
    UPDATE anchor_slots AS a SET
        remote_party_id = s.remote_party_id, digital_signing = s.digital_signing,
        key_agreement = s.key_agreement,
        updated_at = '2026-01-01T00:00:00+00:00', updated_by = 'data-update raw'
    FROM staged AS s
    WHERE a.estate = 'main' AND a.device_id = s.device_id AND a.remote_party_role = 'NetworkOperator'
    """,
)
"""What an administrator would do at once, in one transaction: the audit rows, then the slots."""

_CREATE_STAGED = (
    "CREATE TABLE staged (device_id text PRIMARY KEY, remote_party_id text, digital_signing text,"
    " key_agreement text)"
)

StagedRow = tuple[str, str, str, str]
"""Device, and what its slot is to hold: party, digital signing, key agreement."""


class Databases(ABC):
    """A populated database and copies of it.

    Attributes:
        name: of the database system.
        source: the URL that is populated.
    """

    name: str
    source: str

    @abstractmethod
    def copy(self) -> str:
        """Copy the source afresh, all of it on the disk, and return the URL of the copy."""

    @abstractmethod
    def add(self, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
        """Add rows to a table of the source, with a value for each of its columns."""

    @abstractmethod
    def stage(self, url: str, rows: Iterator[StagedRow]) -> None:
        """Put what is to be placed into a table of the database, ready to be joined."""

    @abstractmethod
    def raw(self, url: str) -> None:
        """Carry out `RAW_STATEMENTS` in one transaction."""

    @abstractmethod
    def count(self, url: str, statement: str) -> int:
        """Return the one number a SELECT gives."""

    def prepare_audit(self, url: str) -> None:
        """Create the tables of the data update."""
        engine = create_engine(url)
        AUDIT_TABLES.create_all(engine)
        engine.dispose()


class SQLite(Databases):
    """Files in a folder."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._source, self._copy = folder / "s1sp.sqlite", folder / "copy.sqlite"
        self.source = f"sqlite:///{self._source}"

    def copy(self) -> str:
        """Copy the file."""
        for path in self._copy.parent.glob(f"{self._copy.name}*"):
            path.unlink()
        shutil.copyfile(self._source, self._copy)
        with self._copy.open("rb") as file:
            os.fsync(file.fileno())
        return f"sqlite:///{self._copy}"

    def add(self, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
        """In one transaction, and all of it in the file."""
        marks = ", ".join("?" * len(table.columns))
        with closing(self._open(self.source)) as connection:
            connection.execute("PRAGMA cache_size=-32000")
            connection.execute("BEGIN")
            connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)  # noqa: S608 (our own name)
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def stage(self, url: str, rows: Iterator[StagedRow]) -> None:
        """Create the table and fill it."""
        with closing(self._open(url)) as connection:
            connection.execute(_CREATE_STAGED)
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO staged VALUES (?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
            connection.execute("ANALYZE staged")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def raw(self, url: str) -> None:
        """With the cache and the durability that the data update has."""
        with closing(self._open(url)) as connection:
            connection.execute("PRAGMA cache_size=-32000")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in RAW_STATEMENTS:
                connection.execute(statement)
            connection.execute("COMMIT")

    def count(self, url: str, statement: str) -> int:
        """As declared."""
        with closing(self._open(url)) as connection:
            return int(connection.execute(statement).fetchone()[0])

    @staticmethod
    def _open(url: str) -> sqlite3.Connection:
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)


class PostgreSQL(Databases):
    """Databases of a server of our own."""

    name = "PostgreSQL"

    def __init__(self, socket_directory: Path) -> None:
        self._url = f"postgresql+psycopg://postgres@/{{}}?host={socket_directory}"
        self.source = self._url.format("s1sp")
        with self._administrator() as connection:
            connection.execute("CREATE DATABASE s1sp")

    def copy(self) -> str:
        """Copy the database, and leave no checkpoint to be due."""
        with self._administrator() as connection:
            connection.execute("DROP DATABASE IF EXISTS copy")
            connection.execute("CREATE DATABASE copy TEMPLATE s1sp STRATEGY FILE_COPY")
            connection.execute("CHECKPOINT")
        return self._url.format("copy")

    def add(self, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
        """By COPY, with statistics afterwards."""
        with connection_to(self.source) as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY {table.name} FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"ANALYZE {table.name}".encode())

    def stage(self, url: str, rows: Iterator[StagedRow]) -> None:
        """Create the table and fill it."""
        with connection_to(url) as connection, connection.cursor() as cursor:
            cursor.execute(_CREATE_STAGED)
            with cursor.copy("COPY staged FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute("ANALYZE staged")
            cursor.execute("CHECKPOINT")

    def raw(self, url: str) -> None:
        """As declared."""
        with connection_to(url) as connection, connection.transaction():
            for statement in RAW_STATEMENTS:
                connection.execute(statement.encode())

    def count(self, url: str, statement: str) -> int:
        """As declared."""
        with connection_to(url) as connection:
            row: Sequence[Any] | None = connection.execute(statement.encode()).fetchone()
            assert row is not None
            return int(row[0])

    def _administrator(self) -> psycopg.Connection[tuple[object, ...]]:
        return connection_to(self._url.format("postgres"))


@contextmanager
def sqlite(folder: Path) -> Iterator[Databases]:
    """A SQLite file in a folder."""
    yield SQLite(folder)


@contextmanager
def postgresql(_folder: Path) -> Iterator[Databases]:
    """A PostgreSQL server with its own settings; raises what pytest skips with where there is none."""
    with server(settings=()) as socket_directory:
        yield PostgreSQL(socket_directory)
