"""How fast, and until when: the rate, the maintenance window, and the wish to stop."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from datetime import time as time_of_day
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SHARE_FOR_OTHERS: Final = 0.1
_LEAST_PAUSE: Final = 0.001
_FIRST_WAIT: Final = 0.05
_LONGEST_WAIT: Final = 1.0

_WINDOW = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?")


@dataclass(frozen=True, slots=True)
class Window:
    """A daily maintenance window, which may go over midnight.

    Attributes:
        opens: included.
        closes: excluded.
        zone: of both times.
    """

    opens: time_of_day
    closes: time_of_day
    zone: tzinfo = UTC

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read "22:00-05:00" (UTC) or "22:00-05:00 Europe/London".

        Raises:
            ValueError: it is something else.
        """
        match = _WINDOW.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'expected "22:00-05:00" or "22:00-05:00 Europe/London", found {text!r}')
        try:
            opens = time_of_day(int(match[1]), int(match[2]))
            closes = time_of_day(int(match[3]), int(match[4]))
            zone: tzinfo = ZoneInfo(match[5]) if match[5] else UTC
        except (ValueError, ZoneInfoNotFoundError, OSError) as error:
            raise ValueError(f"{text!r}: {error}") from None
        if opens == closes:
            raise ValueError(f"{text!r}: the window opens and closes at the same time")
        return cls(opens, closes, zone)

    def is_open(self, now: datetime) -> bool:
        """Whether it is open."""
        local = now.astimezone(self.zone).time()
        if self.opens < self.closes:
            return self.opens <= local < self.closes
        return local >= self.opens or local < self.closes

    def __str__(self) -> str:
        return f"{self.opens:%H:%M} to {self.closes:%H:%M} {self.zone}"


class Stop:
    """The wish to stop, from a signal or from the closing of the window.

    Attributes:
        reason: why, once there is a wish.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason: str | None = None

    def request(self, reason: str) -> None:
        """Ask to stop after the batch at work; the first reason counts."""
        if self.reason is None:
            self.reason = reason
        self._event.set()

    @property
    def wanted(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the wish to stop."""
        if seconds > 0:
            self._event.wait(seconds)


class Rate:
    """Keeps the number of devices a second at or below a limit.

    Args:
        devices_per_second: the limit; None for none.
        monotonic: seconds that never go back.
    """

    def __init__(
        self, devices_per_second: float | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = devices_per_second
        self._monotonic = monotonic
        self._start = monotonic()
        self._devices = 0

    def pause_after(self, devices: int) -> float:
        """Return how long to wait, in seconds, after so many more devices."""
        self._devices += devices
        if self._limit is None:
            return 0.0
        return max(0.0, self._start + self._devices / self._limit - self._monotonic())


def pause_for_other_writers(worked: float) -> float:
    """Return how many seconds to leave to other writers after so many of work.

    SQLite has one writer at a time and no queue: without a pause the others would hardly get their turn.
    """
    return max(_LEAST_PAUSE, _SHARE_FOR_OTHERS * worked)


def pause_for_locks(attempts: int) -> float:
    """Return how many seconds to wait until what others hold locked is tried again."""
    return min(_FIRST_WAIT * 2.0 ** min(attempts, 10), _LONGEST_WAIT)
