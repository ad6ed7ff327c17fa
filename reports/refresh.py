"""Keeping the completion report fresh while a run is at work, so that one that is killed leaves it behind.

Only the completion report: it says that the run has not ended. Files for other tools, such as JUnit XML, have
no word for that, and a pipeline must not take what a killed run left of them for the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

REST: Final = 20.0
"""How many times as long as the report took it is left alone: at most 1/21, less than 5 %, of the run."""

LEAST_SECONDS: Final = 5.0
"""How long it is left alone at least."""


class Refresh:
    """Makes a report between scenarios, in the process that controls the run.

    Args:
        make: makes it.
        tell: is told once, in a sentence, when that fails; the run goes on.
        clock: in seconds.

    Attributes:
        seconds: how long making it has taken, all together.
    """

    def __init__(
        self,
        make: Callable[[], object],
        tell: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = 0.0
        self._make = make
        self._tell = tell
        self._clock = clock
        self._due_at = float("-inf")
        self._told = False

    def if_due(self) -> bool:
        """Make it if it was left alone for long enough; whether it was."""
        due = self._clock() >= self._due_at
        if due:
            self.now()
        return due

    def now(self) -> None:
        """Make it; a full disk, a folder that is gone, or a report that cannot be made never breaks a run."""
        began = self._clock()
        try:
            self._make()
        except Exception as error:
            if not self._told:
                self._told = True
                self._tell(f"the report cannot be kept fresh: {error}; the run goes on")
        ended = self._clock()
        self.seconds += ended - began
        self._due_at = ended + max(LEAST_SECONDS, REST * (ended - began))
