"""The database of an emulator at its opening."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulators.database import Database, DatabaseError


def _earlier(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE devices (estate TEXT, device_id TEXT, document TEXT NOT NULL)")
        connection.execute("CREATE TABLE registrations (estate TEXT, document TEXT NOT NULL)")


def _no_database(file: Path) -> None:
    file.write_text("estate;device_id\n" * 100)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            _earlier,
            "another version made it: table devices has no column device_type, device_status, s1sp, mpxn,"
            " set_id, chf_id, manufacturer, model, smets_version, cohort; table registrations has no column"
            " position, mpxn, role, user_id, effective_from, effective_to;"
            " name another database, or delete this one with all it holds",
        ),
        (_no_database, "file is not a database"),
    ],
)
def test_what_cannot_be_used_is_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    file = tmp_path / "old.sqlite"
    make(file)
    with pytest.raises(DatabaseError) as refused:
        Database(f"sqlite:///{file}")
    assert str(refused.value).startswith(f"database: sqlite:///{file}: ")
    assert says in str(refused.value)
    if make is _earlier:
        with closing(sqlite3.connect(file)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
        assert tables == [("devices",), ("registrations",)]


def test_a_password_is_not_shown() -> None:
    with pytest.raises(DatabaseError) as refused:
        Database("postgresql+psycopg://s1sp:open-sesame@/s1sp?host=/nonexistent")
    assert "open-sesame" not in str(refused.value)
