"""Who is still at work for a run: its controlling process, and its workers, however they end.

The locks are `flock`s, so they end with the process that holds them: a resumed run can wait until nobody of
the former one sends anything any more, even where it was killed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from target.errors import HarnessError

LOCK_FILE = "lock"
"""Held exclusively by the process that controls the run."""

WORKERS_LOCK_FILE = "workers.lock"
"""Held, shared, by every further process of the run."""


class RunLock:
    """The locks of one run, in the directory of that run; a process holds them until `release` or its end."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: list[int] = []

    def control(self, tell: Callable[[str], None] | None = None) -> None:
        """Become the process that controls the run, once every process of the former run has ended.

        Args:
            tell: Called with a line when there is something to wait for; without it, nothing is waited for.

        Raises:
            HarnessError: Another process controls the run, and `tell` is `None`.
        """
        controller = self._open(LOCK_FILE)
        self._take(controller, "another process that controls this run", tell)
        workers = self._open(WORKERS_LOCK_FILE)
        self._take(workers, "processes of the interrupted run", tell)
        fcntl.flock(workers, fcntl.LOCK_UN)  # for the workers to come
        self._close(workers)

    def join(self) -> None:
        """Be one of the further processes of the run."""
        fcntl.flock(self._open(WORKERS_LOCK_FILE), fcntl.LOCK_SH)

    def release(self) -> None:
        """Take no part in the run any more."""
        while self._held:
            os.close(self._held.pop())

    @property
    def held(self) -> bool:
        """Whether any process, this one included, takes part in the run."""
        return any(not self._is_free(name) for name in (LOCK_FILE, WORKERS_LOCK_FILE))

    def _is_free(self, name: str) -> bool:
        path = self._directory / name
        if not path.exists():
            return True
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            return try_lock(descriptor)
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, holder: str, tell: Callable[[str], None] | None) -> None:
        if try_lock(descriptor):
            return
        if tell is None:
            self._close(descriptor)
            raise HarnessError(f"{self._directory} is in use by {holder}")
        tell(f"waiting for {holder} to end ({self._directory})")
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _open(self, name: str) -> int:
        descriptor = open_lock(self._directory / name)
        self._held.append(descriptor)
        return descriptor

    def _close(self, descriptor: int) -> None:
        self._held.remove(descriptor)
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """Open a lock file, made where there is none; no process started later inherits it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Take a lock if it is free."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path, kind: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a lock file, waiting for it."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)
