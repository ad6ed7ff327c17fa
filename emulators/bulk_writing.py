"""Writes very many rows into a database at once, all of them or none.

A SQLite file is written beside its place and renamed when it is complete; on PostgreSQL everything is one
transaction. Rows go from the program to the driver without SQLAlchemy between, for their number.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.schema import CreateIndex, DropIndex

from emulators.database import Database, DatabaseError, Transaction

_MOST_PARAMETERS: Final = 999
"""What any SQLite takes for one statement."""

_CACHE_KIBIBYTES: Final = 32_000


class BulkWriter:
    """Writes rows in one open transaction.

    Attributes:
        database: where to.
        transaction: the open one, for what is not much.
    """

    def __init__(self, database: Database, transaction: Transaction, *, is_sqlite: bool) -> None:
        self._is_sqlite = is_sqlite
        self.database = database
        self.transaction = transaction

    def write(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows, taken one by one; each has a value for every column in the order of the table."""
        columns = ", ".join(column.name for column in table.columns)
        if self._is_sqlite:
            self._write_to_file(f"INSERT INTO {table.name} ({columns})", len(table.columns), iter(rows))
            return
        with self.database.cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _write_to_file(self, insert: str, width: int, rows: Iterator[tuple[Any, ...]]) -> None:
        """Give SQLite many rows in one statement: a statement for each costs a third more."""
        at_once = _MOST_PARAMETERS // width
        row = f"({', '.join('?' * width)})"
        several = f"{insert} VALUES {', '.join([row] * at_once)}"
        while batch := list(islice(rows, at_once)):
            if len(batch) == at_once:
                self.database.cursor.execute(several, [*chain.from_iterable(batch)])
            else:
                self.database.cursor.executemany(f"{insert} VALUES {row}", batch)


@contextmanager
def bulk_writer(database: str | Path, tables: Sequence[Table]) -> Iterator[BulkWriter]:
    """Open a database for bulk writing, with the emulators' tables in place; keep nothing of it on an error.

    Args:
        database: the path of a SQLite file that does not exist yet or is empty, or a URL.
        tables: those that much is written to.

    Raises:
        DatabaseError: the file is there already, or the database cannot be opened or written.
    """
    url = _url(database)
    if url.get_backend_name() == "sqlite":
        writing = _new_file(Path(url.database or ""), tables)
    else:
        writing = _server(url, tables)
    with writing as writer:
        yield writer


def _url(database: str | Path) -> URL:
    if isinstance(database, Path) or "://" not in database:
        return URL.create("sqlite", database=str(database))
    try:
        url = make_url(database)
    except ArgumentError as error:
        raise DatabaseError("database: not a URL: expected sqlite:///PATH or postgresql://…") from error
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise DatabaseError(
            f"database: {url.render_as_string()}: expected the path of a SQLite file or postgresql://…"
        )
    return url


@contextmanager
def _explained(name: str, *errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise DatabaseError(f"database: {name}: {why}; nothing has been kept") from error


@contextmanager
def _new_file(path: Path, tables: Sequence[Table]) -> Iterator[BulkWriter]:
    if path.exists() and (not path.is_file() or path.stat().st_size):
        raise DatabaseError(f"database: {path}: exists already; give another path, or remove it first")
    for left_over in (Path(f"{path}-wal"), Path(f"{path}-journal")):
        if left_over.exists():  # SQLite would carry it out on the new file
            raise DatabaseError(f"database: {left_over}: is left of another database; remove it first")
    if not path.parent.is_dir():
        raise DatabaseError(f"database: {path}: there is no folder {path.parent}; make it first")
    with (
        _explained(str(path), sqlite3.Error, OSError),
        tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder,
    ):
        building = Path(folder) / path.name
        database = Database(URL.create("sqlite", database=str(building)).render_as_string())
        try:
            # Nobody else sees the file, and it reaches the disk as a whole at the end.
            for pragma in ("journal_mode=MEMORY", "synchronous=OFF", f"cache_size=-{_CACHE_KIBIBYTES}"):
                database.cursor.execute(f"PRAGMA {pragma}")
            # An index is several times quicker to build at once than row by row in the order of another.
            indexes = [index for table in tables for index in table.indexes]
            for index in indexes:
                database.cursor.execute(str(DropIndex(index).compile(dialect=sqlite.dialect())))
            with database.transaction() as transaction:
                yield BulkWriter(database, transaction, is_sqlite=True)
            for index in indexes:
                database.cursor.execute(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
            database.cursor.execute("PRAGMA analysis_limit=1000")
            database.cursor.execute("ANALYZE")
            database.cursor.execute("PRAGMA journal_mode=WAL")
        finally:
            database.close()
        with building.open("rb") as file:
            os.fsync(file.fileno())
        building.replace(path)


@contextmanager
def _server(url: URL, tables: Sequence[Table]) -> Iterator[BulkWriter]:
    database = Database(url.render_as_string(hide_password=False))
    from psycopg import Error  # is there when the database is open

    with _explained(url.render_as_string(), Error):
        try:
            with database.transaction() as transaction:
                yield BulkWriter(database, transaction, is_sqlite=False)
                for table in tables:
                    database.cursor.execute(f"ANALYZE {table.name}")
        finally:
            database.close()
