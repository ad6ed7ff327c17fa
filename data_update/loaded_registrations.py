"""Registration Data from a file, in a table of the session, where it is read like the database's own."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Index, MetaData, String, Table, func, select

from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.registration_file import RegistrationFile

REGISTRATIONS_OF_FILE: Final = Table(
    "data_update_registrations",
    MetaData(),
    Column("mpxn", String),
    Column("role", String),
    Column("party", String),
    Column("effective_from", String),
    Column("effective_to", String),
    prefixes=["TEMPORARY"],
)
"""Registration Data from a file, of one session only."""

_KEY: Final = tuple(REGISTRATIONS_OF_FILE.c)[:4]
Index("data_update_registrations_by_point", *_KEY)

_ROWS_AT_ONCE: Final = 5000
_SHOWN: Final = 5


def load_registrations(database: Database, registrations: RegistrationFile) -> str:
    """Load Registration Data from a file into a table of this session.

    Returns:
        The digest of the file.

    Raises:
        DataUpdateError: the file cannot be used, has a row twice, or the database failed.
    """
    database.create_temporary(REGISTRATIONS_OF_FILE, is_large=True)
    part: list[tuple[Any, ...]] = []
    with database.explained(f"loading {registrations.path}"), database.transaction() as connection:
        for row in registrations.rows():
            part.append((row.mpxn, row.role, row.party, row.effective_from, row.effective_to))
            if len(part) == _ROWS_AT_ONCE:
                database.fill(REGISTRATIONS_OF_FILE, part)
                part.clear()
        database.fill(REGISTRATIONS_OF_FILE, part)
        # A primary key would notice too, but SQLite would not say which row it is.
        twice = connection.execute(_TWICE).all()
        if twice:
            lines = [
                f"{registrations.path}: the same registration is listed twice: {mpxn}, {role} {party} from "
                f"{effective_from}; remove one"
                for mpxn, role, party, effective_from in twice
            ]
            raise DataUpdateError("\n".join(lines))
    return registrations.digest


_TWICE: Final = select(*_KEY).group_by(*_KEY).having(func.count() > 1).order_by(*_KEY).limit(_SHOWN)
