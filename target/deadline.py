"""How long to wait."""

from __future__ import annotations

import time
from collections.abc import Callable

from target.waiting import waiting


class Deadline:
    """A point in time until which something is waited for.

    Attributes:
        seconds: How long the wait was meant to be, in seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - self._clock())

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self._clock() >= self._end


def deadline(value: Deadline | float) -> Deadline:
    """A deadline, given itself or its length in seconds."""
    return value if isinstance(value, Deadline) else Deadline(value)


def listen(seconds: float) -> None:
    """Let a quiet time pass, in which a message that must not come could still come.

    Args:
        seconds: How long; nothing is waited for, so the whole time passes.
    """
    if seconds > 0:
        with waiting("what must not come", seconds):
            time.sleep(seconds)
