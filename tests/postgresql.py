"""A PostgreSQL server for tests: started by them when its programs are there, gone when they are over."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

REQUIRED = "SMETS1_POSTGRESQL_REQUIRED"
"""Set to 1, what would skip the tests on PostgreSQL fails them."""

NewDatabase = Callable[[], str]
"""Makes an empty database and returns its URL for SQLAlchemy."""


@pytest.fixture(scope="session")
def new_postgresql_database() -> Iterator[NewDatabase]:
    """Databases of one server that the tests of a process share."""
    with server() as socket_directory:
        numbers = itertools.count(1)

        def create() -> str:
            name = f"test_{next(numbers)}"
            with psycopg.connect(_conninfo(socket_directory, "postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            return f"postgresql+psycopg://postgres@/{name}?host={socket_directory}"

        yield create


def connection_to(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the driver, in autocommit mode, to a database that `new_postgresql_database` made."""
    address, _, host = url.partition("?host=")
    return psycopg.connect(_conninfo(Path(host), address.rpartition("/")[2]), autocommit=True)


def waiting_for_a_lock(url: str) -> int:
    """How many connections to a database wait for a lock that another one holds."""
    with connection_to(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


@contextmanager
def server(settings: Sequence[str] = ("fsync=off",)) -> Iterator[Path]:
    """A server of our own on a socket in a folder of its own, which is yielded; it does not start as root."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    user = None
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam("postgres").pw_uid
        except KeyError:
            _unavailable("PostgreSQL does not start as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has 107 octets at most
    if user is not None:
        os.chown(folder, user, -1)

    def call(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, user=user, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"

    data = str(folder / "data")
    try:
        call(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = " ".join([f"-k {folder} -c listen_addresses=", *(f"-c {each}" for each in settings)])
        call(pg_ctl, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield folder
        finally:
            call(pg_ctl, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def program(name: str) -> str:
    """A program of PostgreSQL, on the path or where Debian puts it."""
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found is None and not places:
        _unavailable(f"{name} of PostgreSQL is not on this machine")
    return found or str(places[-1])


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason} ({REQUIRED}=1)", pytrace=False)
    pytest.skip(reason)


def _conninfo(socket_directory: Path, database: str) -> str:
    return f"host={socket_directory} user=postgres dbname={database}"
