"""What is leaving this process just now, so that a process whose run is over can end between two documents.

A document is written down, posted, and its answer written down. A process that ended in the middle of that
would leave a request whose fate nobody knows, and whoever resumes the run would have to wait for its result.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Departures:
    """The documents that this process is sending; safe to use from several threads."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._under_way = 0
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """Around a document, from writing it down to writing its answer down; once closed, none leaves."""
        with self._condition:
            self._condition.wait_for(lambda: not self._closed)
            self._under_way += 1
        try:
            yield
        finally:
            with self._condition:
                self._under_way -= 1
                self._condition.notify_all()

    def close(self, within: float) -> bool:
        """Let nothing leave any more, and wait until what has left is answered and written down.

        Args:
            within: How long to wait at most, in seconds.

        Returns:
            Whether nothing is under way.
        """
        with self._condition:
            self._closed = True
            return self._condition.wait_for(lambda: self._under_way == 0, within)


departures = Departures()
"""Those of this process."""
