"""Originator Counters: strictly increasing for each originator at each gateway, over restarts and processes.

A gateway refuses a counter that is not greater than the last one it saw from an originator, so parallel
senders must also *send* in the order of their counters: the lock is held until the answer is there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from target.sqlite import Connections

_TABLE = """
CREATE TABLE IF NOT EXISTS originator_counter (
    gateway TEXT NOT NULL, originator TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (gateway, originator)
) WITHOUT ROWID
"""


def _milliseconds_since_1970() -> int:
    return time.time_ns() // 1_000_000


class CounterSource:
    """Counters for the originators at one gateway.

    Args:
        path: SQLite database that remembers the last counters; lock files lie beside it.
        gateway: Which gateway the counters are for; originators count separately at each.
        now: Milliseconds since 1970, the customary counter [CLIENT].
    """

    def __init__(
        self, path: Path, gateway: str = "", now: Callable[[], int] = _milliseconds_since_1970
    ) -> None:
        self._path = path
        self._gateway = gateway
        self._now = now
        # A kill of the process loses nothing; after a loss of power the clock has moved on anyway.
        self._database = Connections(path, "NORMAL")
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked("creation"):
            connection = self._database.connection()
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_TABLE)

    def for_gateway(self, gateway: str) -> CounterSource:
        """The counters for another gateway, in the same database."""
        return CounterSource(self._path, gateway, self._now)

    def next(self, originator: str) -> int:
        """Take a counter without holding the order of sending: for a request that is sent later, or never."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT last FROM originator_counter WHERE gateway = ? AND originator = ?",
                (self._gateway, originator),
            ).fetchone()
            counter = max(self._now(), row[0] + 1 if row else 0)
            connection.execute(
                "INSERT INTO originator_counter VALUES (?, ?, ?) "
                "ON CONFLICT (gateway, originator) DO UPDATE SET last = excluded.last",
                (self._gateway, originator, counter),
            )
        return counter

    @contextmanager
    def sending(self, originator: str) -> Iterator[int]:
        """Hold the right to send for an originator at this gateway, with the counter to send.

        The lock is shared by all threads and processes that use the same database, and ends with the process
        that holds it, however that ends.
        """
        with self._locked(f"{self._gateway} {originator}"):
            yield self.next(originator)

    def close(self) -> None:
        """Close the connection of this thread."""
        self._database.close()

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        directory = self._path.with_name(f"{self._path.name}.locks")
        directory.mkdir(exist_ok=True)
        descriptor = os.open(directory / digest, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
