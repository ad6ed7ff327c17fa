"""The database of the device pool: SQLite, shared by every process of every run on the machine."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from target.errors import HarnessError
from target.sqlite import Connections

VERSION = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS lease (
    lease_id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, scenario TEXT NOT NULL,
    pid INTEGER NOT NULL, started TEXT NOT NULL, since TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS leased_device (
    device_id TEXT PRIMARY KEY, lease_id INTEGER NOT NULL REFERENCES lease ON DELETE CASCADE,
    place INTEGER NOT NULL, abandoned INTEGER NOT NULL DEFAULT 0, handover INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS lease_switch (
    lease_id INTEGER NOT NULL REFERENCES lease ON DELETE CASCADE, component TEXT NOT NULL, position INTEGER,
    PRIMARY KEY (lease_id, component)
);
CREATE TABLE IF NOT EXISTS lease_step (
    lease_id INTEGER NOT NULL REFERENCES lease ON DELETE CASCADE, step TEXT NOT NULL,
    PRIMARY KEY (lease_id, step)
);
CREATE TABLE IF NOT EXISTS ticket (
    ticket INTEGER PRIMARY KEY AUTOINCREMENT, scenario TEXT NOT NULL, pid INTEGER NOT NULL,
    started TEXT NOT NULL, since TEXT NOT NULL, request TEXT NOT NULL, lease_id INTEGER
);
CREATE TABLE IF NOT EXISTS switch (
    component TEXT PRIMARY KEY, position INTEGER, run_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS quarantine (
    device_id TEXT PRIMARY KEY, reason TEXT NOT NULL, mend TEXT NOT NULL, run_id TEXT NOT NULL,
    scenario TEXT NOT NULL, since TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS consumed (
    device_id TEXT PRIMARY KEY, what TEXT NOT NULL, run_id TEXT NOT NULL, scenario TEXT NOT NULL,
    since TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS home (
    device_id TEXT NOT NULL, remote_party_role TEXT NOT NULL, party TEXT, hashes TEXT NOT NULL,
    PRIMARY KEY (device_id, remote_party_role)
);
"""


class PoolStore:
    """Connections to the ledger's database, one for each thread of each process.

    Args:
        path: The database; made, private to this user (0600), where it is not there yet.

    Raises:
        HarnessError: It cannot be used; says why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # What was agreed must outlast a loss of power: a device could be lost for good otherwise.
        self._database = Connections(path, "FULL", "foreign_keys = ON")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                self._create()
        except OSError as error:
            raise HarnessError(f"the device pool {path} cannot be used: {error.strerror}") from None
        except sqlite3.Error as error:
            raise HarnessError(f"the device pool {path} cannot be used: {error}") from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The right to read and write, for a moment; all or nothing is written."""
        with self._database.transaction() as connection:
            yield connection

    def close(self) -> None:
        """Close the connection of this thread."""
        self._database.close()

    def _create(self) -> None:
        connection = self._database.connection()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise HarnessError(
                f"the device pool {self.path} was written by another version of this program (format "
                f"{version}, expected {VERSION}); use that version, or remove the file once no device is out"
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time creates the database: the change to WAL does not wait for others."""
        lock = self.path.with_name(f"{self.path.name}.creation")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
