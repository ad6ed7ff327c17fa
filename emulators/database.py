"""The database of an emulator: SQLite by default, PostgreSQL by URL, through SQLAlchemy Core.

One emulator owns one database. A handler runs its whole transaction without giving way to another one,
so blocking calls straight on the event loop are safe, and what is kept in memory beside the database
(estates, counters, certificates) is never behind it.

The anchor slots of an S1SP have a second writer while it runs: the data update [FIA 3.3.2]. It changes
slots, adds certificates, and when it rolls back removes those it added that no slot holds; nothing else here.
Neither writer may overwrite what it has not seen:

- SQLite has one writer at a time. Each transaction starts with BEGIN IMMEDIATE, because a default one
  loses updates under concurrent read-then-write, and waits for another process's to end.
- PostgreSQL runs READ COMMITTED. Who is going to replace slots reads them FOR UPDATE first. So that no two
  writers wait for each other, slots come before certificates, slots in the order of their devices, and
  certificates in that of their fingerprints; a transaction of an S1SP touches the slots of one device.

A lock held by the other writer holds up the event loop, and so the emulator: its transactions must be short.

SQLite runs in WAL mode with `synchronous=NORMAL`: what is committed survives a `kill -9` of the
process; a power cut may lose the last transactions.

Statements are written with SQLAlchemy Core and compiled once; the compiled text goes straight to the
driver. Core's own execution costs several times what SQLite needs for a statement of ours, and no
column here needs a conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, Engine, Select, Table, create_engine, event, inspect
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from emulators.tables import METADATA

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Row = Mapping[str, Any]

_NO_PARAMETERS: Row = {}

_BUSY_MILLISECONDS = 30_000
"""How long SQLite waits for another writer: a batch of the data update ends well within it."""


class DatabaseError(Exception):
    """The database of the configuration cannot be opened."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as text; `constants` are the values that the statement itself brings along."""

    statement: ClauseElement
    text: str
    constants: Row


class Transaction:
    """One transaction: statements, and what is to happen once they are committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after_commit: list[Callable[[], None]] = []

    def execute(self, statement: ClauseElement, parameters: Row = _NO_PARAMETERS) -> None:
        """Execute a statement that returns nothing; an INSERT needs a value for every column."""
        compiled = self._database.compiled(statement)
        if compiled.constants:
            parameters = {**compiled.constants, **parameters}
        self._database.cursor.execute(compiled.text, parameters)

    def execute_many(self, statement: ClauseElement, rows: Sequence[Row]) -> None:
        """Execute one statement for each of several rows."""
        self._database.cursor.executemany(self._database.compiled(statement).text, rows)

    def rows(self, statement: Select[Any], parameters: Row = _NO_PARAMETERS) -> list[dict[str, Any]]:
        """Return the rows a SELECT finds, by the names of their columns."""
        names = [str(column.key) for column in statement.selected_columns]
        self.execute(statement, parameters)
        return [dict(zip(names, row, strict=True)) for row in self._database.cursor.fetchall()]

    def first(self, statement: Select[Any], parameters: Row = _NO_PARAMETERS) -> dict[str, Any] | None:
        """Return the first row a SELECT finds, None when it finds none."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    def scalar(self, statement: Select[Any], parameters: Row = _NO_PARAMETERS) -> Any:
        """Return the first column of the first row; None when there is none."""
        self.execute(statement, parameters)
        rows = self._database.cursor.fetchall()
        return rows[0][0] if rows else None

    def after_commit(self, action: Callable[[], None]) -> None:
        """Have `action` called when, and only when, the transaction is committed."""
        self._after_commit.append(action)

    def committed(self) -> None:
        """Carry out what was waiting for the commit."""
        for action in self._after_commit:
            action()


class Database:
    """An open database with its tables in place.

    Attributes:
        cursor: the one cursor of the one connection.
    """

    def __init__(self, url: str) -> None:
        """Open the database, and create the tables that are missing.

        Raises:
            DatabaseError: the URL cannot be read, the database cannot be opened, or another version of the
                emulators made it.
        """
        self._compiled: dict[int, Compiled] = {}
        shown = url
        try:
            parsed = make_url(url)
            shown = parsed.render_as_string()  # without the password
            self._is_sqlite = parsed.get_backend_name() == "sqlite"
            self._engine = create_engine(parsed, paramstyle="named" if self._is_sqlite else "pyformat")
            if self._is_sqlite:
                event.listen(self._engine, "connect", _prepare_sqlite)
            _refuse_other_tables(self._engine)
            METADATA.create_all(self._engine)
            self._connection = self._engine.raw_connection()
            self.cursor = self._connection.cursor()
        except (ArgumentError, SQLAlchemyError, ImportError) as error:
            raise DatabaseError(f"database: {shown}: {str(error).splitlines()[0]}") from error

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run one transaction; commit at the end, roll back on an exception."""
        if self._is_sqlite:
            self.cursor.execute("BEGIN IMMEDIATE")
        transaction = Transaction(self)
        try:
            yield transaction
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        transaction.committed()

    def compiled(self, statement: ClauseElement) -> Compiled:
        """Return a statement in the dialect of the database, compiled once."""
        known = self._compiled.get(id(statement))
        if known is None:
            result = statement.compile(dialect=self._engine.dialect)
            constants = {name: value for name, value in result.params.items() if value is not None}
            known = self._compiled[id(statement)] = Compiled(statement, str(result), constants)
        return known

    def upsert(self, table: Table) -> ClauseElement:
        """Return an INSERT of a full row that replaces the row with the same primary key."""
        statement = self._insert(table)
        keys = [column.name for column in table.primary_key]
        values = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in keys
        }
        return statement.on_conflict_do_update(index_elements=keys, set_=values)

    def insert_missing(self, table: Table) -> ClauseElement:
        """Return an INSERT of a full row that leaves the row with the same primary key alone."""
        return self._insert(table).on_conflict_do_nothing()

    def _insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        if self._is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # costs a tenth of the time to start

        return postgresql.insert(table)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._engine.dispose()


def _refuse_other_tables(engine: Engine) -> None:
    found = inspect(engine).get_multi_columns(filter_names=list(METADATA.tables))
    faults = []
    for (_, name), columns in found.items():
        present = {column["name"] for column in columns}
        missing = [column.name for column in METADATA.tables[name].columns if column.name not in present]
        if missing:
            faults.append(f"table {name} has no column {', '.join(missing)}")
    if faults:
        raise DatabaseError(
            f"database: {engine.url.render_as_string()}: another version made it: {'; '.join(faults)};"
            " name another database, or delete this one with all it holds"
        )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where Database.transaction says
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA page_size=8192")  # two pages for the message of a row instead of four
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA wal_autocheckpoint=4000")  # 32 MB; a checkpoint is what waits for the disk
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
