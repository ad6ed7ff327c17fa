"""How the two databases are connected to."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from data_update.errors import DataUpdateError

_BUSY_SECONDS: Final = 30
_CONNECT_SECONDS: Final = 10


def parsed_url(url: str) -> URL:
    """Return the URL of a database that is given by its URL or as a path.

    Raises:
        DataUpdateError: it is neither SQLite nor PostgreSQL, or there is no such file.
    """
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except (ArgumentError, ValueError) as error:  # ValueError: the port is no number
        raise DataUpdateError(
            f"database {url.partition('://')[0]}://…: not a URL: expected the path of a SQLite file or postgresql://…"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise DataUpdateError(
            f"database {parsed.render_as_string(hide_password=True)}: SQLite or PostgreSQL is expected"
        )
    path = Path(parsed.database or "")
    if not path.is_file():
        raise DataUpdateError(f"database {path}: there is no such file; give the path of the S1SP's database")
    return parsed


def sqlite_engine(parsed: URL, *, read_only: bool) -> Engine:
    """Return what connects to a SQLite file; it is never created."""
    path = Path(parsed.database or "").resolve()
    address = path.as_uri() + ("?mode=ro" if read_only else "?mode=rw")

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA temp_store=FILE")
        connection.execute("PRAGMA cache_size=-32000")  # 32 MB: memory stays small whatever the database is
        if not read_only:
            connection.execute(
                "PRAGMA synchronous=NORMAL" if _is_wal(connection) else "PRAGMA synchronous=FULL"
            )

    return engine


def _is_wal(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def postgresql_engine(parsed: URL) -> Engine:
    """Return what connects to PostgreSQL."""
    arguments = {"connect_timeout": _CONNECT_SECONDS, "application_name": "smets1-conformance data-update"}
    return create_engine(parsed, poolclass=NullPool, connect_args=arguments)
