"""Registration Data from a file, in a table of the session, where it is read like the database's own."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, MetaData, String, Table

from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.registration_file import RegistrationFile

REGISTRATIONS_OF_FILE: Final = Table(
    "data_update_registrations",
    MetaData(),
    Column("mpxn", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("party", String, primary_key=True),
    Column("effective_from", String, primary_key=True),
    Column("effective_to", String),
    prefixes=["TEMPORARY"],
)
"""Registration Data from a file, of one session only."""

_ROWS_AT_ONCE: Final = 5000


def load_registrations(database: Database, registrations: RegistrationFile) -> str:
    """Load Registration Data from a file into a table of this session."""
    database.create_temporary(REGISTRATIONS_OF_FILE, is_large=True)
    part: list[tuple[Any, ...]] = []
    try:
        with database.explained(f"loading {registrations.path}"), database.transaction():
            for row in registrations.rows():
                part.append((row.mpxn, row.role, row.party, row.effective_from, row.effective_to))
                if len(part) == _ROWS_AT_ONCE:
                    database.fill(REGISTRATIONS_OF_FILE, part)
                    part.clear()
            database.fill(REGISTRATIONS_OF_FILE, part)
    except DataUpdateError as error:
        if "unique" in str(error).lower() or "duplicate" in str(error).lower():
            raise DataUpdateError(
                f"{registrations.path}: the same registration is listed twice ({error}); remove one"
            ) from error
        raise
    return registrations.digest
