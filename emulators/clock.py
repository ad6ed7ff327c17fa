"""The clock of an emulator: the only place an emulator reads the time from.

It is injected everywhere, so that the management plane can move it and a test can hold it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _system_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """The time of day in UTC, with an offset a tester may set."""

    def __init__(self, source: Callable[[], datetime] = _system_time) -> None:
        self._source = source
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the emulator's present time, aware, in UTC."""
        return self._source() + self._offset

    @property
    def offset_seconds(self) -> float:
        """How far this clock is ahead of the system's, in seconds."""
        return self._offset.total_seconds()

    @offset_seconds.setter
    def offset_seconds(self, seconds: float) -> None:
        self._offset = timedelta(seconds=seconds)
