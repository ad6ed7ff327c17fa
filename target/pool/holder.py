"""Who holds a lease: a process that can be told from a later one with the same number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_DEAD_STATES = frozenset("ZX")


@dataclass(frozen=True)
class Holder:
    """A process.

    Attributes:
        pid: Its number.
        started: What tells it from another process of that number; empty where the system does not tell.
    """

    pid: int
    started: str

    @classmethod
    def this_process(cls) -> Holder:
        """The process that asks."""
        pid = os.getpid()
        return cls(pid, _started(pid) or "")

    @property
    def alive(self) -> bool:
        """Whether it still runs; one that was killed and not yet waited for does not."""
        if self.started:
            return _started(self.pid) == self.started
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def _started(pid: int) -> str | None:
    """Boot and start time of a running process, from Linux's /proc [proc(5), field 22]."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("ascii", "replace")
    except OSError:
        return None
    # The name of the program, in brackets, may itself hold spaces and brackets.
    fields = text.rpartition(")")[2].split()
    if fields[0] in _DEAD_STATES:
        return None
    return f"{_boot()} {fields[19]}"


@cache
def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "-"
