"""The database of an emulator: SQLite by default, PostgreSQL by URL, through SQLAlchemy Core.

One process owns one database and is its only writer. A handler runs its whole transaction
without giving way to another one, so blocking calls straight on the event loop are safe, and what is
kept in memory beside the database (estates, counters) is never behind it.

SQLite runs in WAL mode with `synchronous=NORMAL`: what is committed survives a `kill -9` of the
process; a power cut may lose the last transactions. Each transaction starts with BEGIN IMMEDIATE,
because a default one loses updates under concurrent read-then-write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from emulators.tables import METADATA

Row = Mapping[str, Any]


class DatabaseError(Exception):
    """The database of the configuration cannot be opened."""


class Transaction:
    """One transaction: statements, and what is to happen once they are committed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._after_commit: list[Callable[[], None]] = []

    def execute(
        self, statement: Executable, parameters: Row | Sequence[Row] | None = None
    ) -> CursorResult[Any]:
        """Execute one statement, or one statement for many rows."""
        return self._connection.execute(statement, parameters)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Have `action` called when, and only when, the transaction is committed."""
        self._after_commit.append(action)

    def committed(self) -> None:
        """Carry out what was waiting for the commit."""
        for action in self._after_commit:
            action()


class Database:
    """An open database with its tables in place."""

    def __init__(self, url: str) -> None:
        """Open the database, and create the tables that are missing.

        Raises:
            DatabaseError: the URL cannot be read or the database cannot be opened.
        """
        try:
            parsed = make_url(url)
            self._engine = create_engine(parsed, poolclass=StaticPool)
            self._is_sqlite = parsed.get_backend_name() == "sqlite"
            if self._is_sqlite:
                event.listen(self._engine, "connect", _prepare_sqlite)
                event.listen(self._engine, "begin", _begin_immediate)
            METADATA.create_all(self._engine)
            self._connection = self._engine.connect()
        except (ArgumentError, SQLAlchemyError, ImportError) as error:
            raise DatabaseError(f"database: {url}: {str(error).splitlines()[0]}") from error

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run one transaction; commit at the end, roll back on an exception."""
        with self._connection.begin():
            transaction = Transaction(self._connection)
            yield transaction
        transaction.committed()

    def upsert(self, table: Table) -> Executable:
        """Return an INSERT of a full row that replaces the row with the same primary key."""
        insert = sqlite.insert if self._is_sqlite else postgresql.insert
        statement = insert(table)
        keys = [column.name for column in table.primary_key]
        values = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in keys
        }
        return statement.on_conflict_do_update(index_elements=keys, set_=values)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_immediate alone
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
