"""Databases of the tests, looked at and changed from outside: by plain SQL, on a connection of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.pool import NullPool


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """One transaction of somebody else; it is committed at the end.

    Args:
        url: the path of a SQLite file, or a URL.
    """
    is_sqlite = "://" not in url
    engine = create_engine(f"sqlite:///{url}" if is_sqlite else url, poolclass=NullPool)
    if is_sqlite:  # a cascade of reading and writing is one transaction, as on PostgreSQL
        event.listen(engine, "connect", _without_implicit_begin)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _without_implicit_begin(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def query(url: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT; `values` are its `:parameters`."""
    with connected(url) as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def execute(url: str, statement: str, **values: Any) -> int:
    """Carry out a statement, and return how many rows it changed."""
    with connected(url) as connection:
        return connection.execute(text(statement), values).rowcount
