"""The inbox as a server that outlives the run that started it, and ends when it is used no more."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from target.inbox.config import Sharing
from target.run_lock import locked, open_lock, try_lock

_LOOK_SECONDS = 1.0


@contextmanager
def sole_server(sharing: Sharing) -> Iterator[None]:
    """Be the inbox of this site, until the process ends; another one is waited for."""
    with locked(sharing.server_lock):
        yield


def announce_ready() -> None:
    """Tell whoever started this process that it listens, by closing the standard output."""
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


async def until_unused(sharing: Sharing, stopped: asyncio.Event) -> None:
    """Wait until the inbox is stopped, or nobody has used it for as long as it lingers.

    When this returns no run can start to use it any more: the lock for that is kept until the process ends.
    """
    users, starting = open_lock(sharing.users_lock), open_lock(sharing.start_lock)
    unused_since = time.monotonic()
    pause = max(0.01, min(_LOOK_SECONDS, sharing.linger / 4))
    while not stopped.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), pause)
        if _is_used(users):
            unused_since = time.monotonic()
        elif time.monotonic() - unused_since >= sharing.linger and try_lock(starting):
            if not _is_used(users):
                return
            fcntl.flock(starting, fcntl.LOCK_UN)


def _is_used(users: int) -> bool:
    if not try_lock(users):
        return True
    fcntl.flock(users, fcntl.LOCK_UN)
    return False
