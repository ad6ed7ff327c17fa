"""The database that is read and updated: a SQLite file or a PostgreSQL URL.

Statements are SQLAlchemy Core, so that both databases, and the script for a database administrator, get
theirs from one place. What the databases do differently is here and nowhere else: how a transaction begins,
how many rows are handed over at once, and who waits for whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    Executable,
    Table,
    Time,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from data_update.engines import parsed_url, postgresql_engine, sqlite_engine
from data_update.errors import DataUpdateError
from data_update.layout import Layout, Tables


class Database:
    """An open database.

    Attributes:
        name: what to call it, without its password.
        is_sqlite: whether it is SQLite; PostgreSQL otherwise.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Open a database.

        Args:
            url: a path of a SQLite file, or a URL `sqlite:///…` or `postgresql://…`.
            read_only: refuse to write, also by mistake.

        Raises:
            DataUpdateError: there is none, it cannot be opened, or it is neither SQLite nor PostgreSQL.
        """
        parsed = parsed_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.name = str(parsed.database) if self.is_sqlite else parsed.render_as_string(hide_password=True)
        self.read_only = read_only
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError,)
        with self.explained("opening it"):
            self._engine = (
                sqlite_engine(parsed, read_only=read_only) if self.is_sqlite else postgresql_engine(parsed)
            )
            self._errors += (self._engine.dialect.loaded_dbapi.Error,)  # COPY goes past SQLAlchemy
            self.connection: Connection = self._engine.connect()
            if not self.is_sqlite:
                for setting in _READ_ONLY_SESSION if read_only else _WRITING_SESSION:
                    self.connection.execute(text(setting))
                self.connection.commit()
            self._probe()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        try:
            self.connection.close()
        except SQLAlchemyError:
            self.connection.invalidate()
        self._engine.dispose()

    @contextmanager
    def explained(self, doing: str) -> Iterator[None]:
        """Put an error of the database into words.

        Raises:
            DataUpdateError: instead of any error of SQLAlchemy or the driver.
        """
        try:
            yield
        except self._errors as error:
            cause: BaseException = error
            if isinstance(error, DBAPIError) and error.orig is not None:
                cause = error.orig
            why = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
            raise DataUpdateError(f"database {self.name}: {doing}: {why}{_mend(why)}") from error
        except ImportError as error:
            mend = "pip install 'smets1-conformance[postgresql]'"
            raise DataUpdateError(f"database {self.name}: the driver is missing ({error}); {mend}") from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run one transaction; commit at the end, roll back on an exception."""
        if self.is_sqlite:
            self.connection.exec_driver_sql("BEGIN" if self.read_only else "BEGIN IMMEDIATE")
        try:
            yield self.connection
            self._end("COMMIT")
        except BaseException:
            try:
                self._end("ROLLBACK")
            except SQLAlchemyError:
                self.connection.invalidate()
            raise

    def create_temporary(self, table: Table, *, is_large: bool = False) -> None:
        """Create a table of this session, which needs no right to write to the database.

        Args:
            table: the table.
            is_large: whether it may hold as many rows as the tables of the layout at once.

        Raises:
            DataUpdateError: the database does not permit it.
        """
        with self.explained("creating a temporary table"):
            if not self.is_sqlite and self.read_only:
                self.connection.execute(text("SET TRANSACTION READ WRITE"))
            table.create(self.connection, checkfirst=False)
            self.connection.commit()
            if self.is_sqlite and not is_large:
                for statement in sqlite_hint_of_few_rows(table.name):
                    self.connection.exec_driver_sql(statement)
                self.connection.commit()

    def has(self, *tables: Table) -> bool:
        """Whether all of these tables are there; inside a transaction."""
        inspector = inspect(self.connection)
        return all(inspector.has_table(table.name, schema=table.schema) for table in tables)

    def stream(self, statement: Executable, at_once: int = 5000) -> Iterator[Sequence[Any]]:
        """Read the rows of a SELECT without holding them all; inside a transaction."""
        # Given to the statement: options given to the connection stay with it, for whatever follows.
        options = {"stream_results": True, "yield_per": at_once}
        result = self.connection.execute(statement, execution_options=options)
        for part in result.partitions():
            yield from part

    def fill(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows, with a value for every column in the table's order, as quickly as the database can."""
        if not rows:
            return
        columns = ", ".join(column.name for column in table.columns)
        if self.is_sqlite:
            marks = ", ".join("?" * len(table.columns))
            self.connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({columns}) VALUES ({marks})",  # noqa: S608 (our own names)
                [tuple(row) for row in rows],
            )
            return
        cursor = self.connection.connection.cursor()
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.close()

    def tables(self, layout: Layout, scope: str, *, registrations: bool = True) -> Tables:
        """Return the tables of a layout with the types their columns have here.

        Args:
            layout: the names.
            scope: which population.
            registrations: whether the table of Registration Data is needed.

        Raises:
            DataUpdateError: with a line for each table or column that is missing.
        """
        untyped = Tables(layout, scope)
        wanted = [untyped.devices, untyped.slots, untyped.certificates]
        types: dict[tuple[str, str], TypeEngine[Any]] = {}
        problems = []
        with self.explained("looking at its tables"):
            inspector = inspect(self.connection)
            for table in [*wanted, untyped.registrations] if registrations else wanted:
                try:
                    columns = inspector.get_columns(table.name, schema=table.schema)
                    found = {each["name"]: each["type"] for each in columns}
                except NoSuchTableError:
                    problems.append(f"there is no table {table.fullname}")
                    continue
                missing = [column.name for column in table.columns if column.name not in found]
                if missing:
                    problems.append(f"table {table.fullname} has no column {', '.join(missing)}")
                types |= {
                    (table.fullname, name): kind
                    for name, kind in found.items()
                    if not (self.is_sqlite and isinstance(kind, _TIMES))
                }
            self.connection.rollback()
        if problems:
            mend = "give --layout with the names of this database, or the path of the right database"
            raise DataUpdateError("\n".join(f"database {self.name}: {each}; {mend}" for each in problems))
        return Tables(layout, scope, types)

    def _end(self, how: str) -> None:
        if self.is_sqlite:
            self.connection.exec_driver_sql(how)
        if how == "COMMIT":
            self.connection.commit()
        else:
            self.connection.rollback()

    def _probe(self) -> None:
        """SQLite says only at the first read that a file is no database."""
        if self.is_sqlite:
            self.connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
        self.connection.rollback()


_TIMES: Final = (Date, DateTime, Time)
"""What SQLite keeps as text whatever the column is declared as: a CAST would make a number of it."""


def sqlite_hint_of_few_rows(table: str) -> tuple[str, ...]:
    """Return what tells SQLite that a temporary table is small.

    It takes one it knows nothing of for a million rows, and its statistics of the slots may say that an
    estate has a thousand (PRAGMA analysis_limit): it would go through all slots for each batch.
    """
    return (
        f"ANALYZE temp.{table}",  # makes sqlite_stat1
        f"INSERT INTO temp.sqlite_stat1 VALUES ('{table}', 'sqlite_autoindex_{table}_1', '10 1')",  # noqa: S608
        "ANALYZE temp.sqlite_master",  # reads it anew
    )


_READ_ONLY_SESSION: Final = (
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
)
_WRITING_SESSION: Final = ("SET enable_hashjoin = off", "SET enable_mergejoin = off")
"""A batch is small, and each of its rows is found by its key. PostgreSQL has no statistics of a temporary
table, and would otherwise read all of a table of slots that is not very large, batch after batch.
"""


_MENDS: Final = (
    ("readonly database", "the file or its folder may not be written; run as the owner of the database"),
    ("read-only", "the user may not write; run as the owner of the tables"),
    ("permission denied", "grant the user what docs/data-update.md lists"),
    ("unable to open", "see the permissions of the file and its folder"),
    ("not a database", "give the path of the S1SP's database"),
    ("disk is full", "make room; nothing of the batch at work was kept: run the same command again"),
    ("No space left", "make room; nothing of the batch at work was kept: run the same command again"),
    ("locked", "another program holds the database; end it, or run the same command again"),
    ("disk I/O error", "see the disk; nothing of the batch at work was kept: run the same command again"),
    ("Connection refused", "see the host and the port of the URL, and whether the server runs"),
    ("No such file or directory", "see the host of the URL, and whether the server runs"),
    ("translate host name", "see the host of the URL"),
    ("resolve host", "see the host of the URL"),
    ("does not exist", "see the user and the database of the URL"),
    ("authentication", "see the user and the password of the URL"),
    ("password", "see the user and the password of the URL"),
    ("connection", "nothing of the batch at work was kept; run the same command again"),
)


def _mend(why: str) -> str:
    return next((f"; {mend}" for sign, mend in _MENDS if sign in why), "")
