"""SQLite databases that several threads and processes of a run write to."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from target.private import make_private

_WAIT_SECONDS = 60.0


class Connections:
    """Connections to one database, one for each thread of each process.

    Args:
        path: The database.
        synchronous: FULL where what is committed must outlast a loss of power; NORMAL where it is enough that
            a kill of the process loses nothing.
        pragmas: What else to set on each connection.
    """

    def __init__(self, path: Path, synchronous: Literal["FULL", "NORMAL"], *pragmas: str) -> None:
        self._path = path
        self._pragmas = (f"synchronous = {synchronous}", *pragmas)
        self._local = threading.local()

    def connection(self) -> sqlite3.Connection:
        """The connection of this thread; rows are found by name and by position."""
        held: tuple[int, sqlite3.Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == os.getpid():
            return held[1]
        connection = sqlite3.connect(make_private(self._path), timeout=_WAIT_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        for pragma in self._pragmas:
            connection.execute(f"PRAGMA {pragma}")
        self._local.held = (os.getpid(), connection)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The right to read and write, for a moment; all or nothing is written.

        It is taken at the beginning: a transaction that reads first and writes later would lose updates.
        """
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection of this thread."""
        held: tuple[int, sqlite3.Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == os.getpid():
            held[1].close()
        self._local.held = None
