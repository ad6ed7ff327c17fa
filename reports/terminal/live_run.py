"""What a run is at, as far as its controlling process has heard."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reports.matrix import ANY
from reports.results import ScenarioResult, Status

KNOWN = "known"
"""What a failure that is a known issue is counted as."""

_ENOUGH_SCENARIOS = 5
_ENOUGH_SECONDS = 10.0
"""Before so much has been done, what is left cannot be estimated."""


class Wait(Protocol):
    """Somebody waits."""

    @property
    def scenario(self) -> str:
        """In which scenario; empty when in none."""

    @property
    def what(self) -> str:
        """For what."""

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""

    @property
    def within(self) -> float | None:
        """How long at most."""


@dataclass(frozen=True)
class Running:
    """A scenario that is being carried out; `place` is "MP107-T10 S1SP2 ESME"."""

    place: str
    seconds: float


@dataclass(frozen=True)
class Picture:
    """What there is to show at one moment. Times are in seconds.

    Attributes:
        selected: how many scenarios there are to do.
        counts: how many have ended, by S1SP and by status or `KNOWN`.
        running: those that are being carried out, the longest first.
        waits: what is waited for, the longest first.
        elapsed: since the first scenario began.
        left: an estimate; `None` while there is too little to go by.
        is_ending: whether no further scenario is started.
    """

    selected: int
    counts: Mapping[str, Mapping[str, int]]
    running: Sequence[Running] = ()
    waits: Sequence[Wait] = ()
    elapsed: float = 0.0
    left: float | None = None
    is_ending: bool = False

    @property
    def done(self) -> int:
        """How many scenarios need not be looked at any more; one that did not run is left undone."""
        return sum(
            number
            for by_status in self.counts.values()
            for status, number in by_status.items()
            if status != Status.NOT_RUN
        )


class LiveRun:
    """Keeps what is told of a run.

    Args:
        clock: tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._selected = 0
        self._began: float | None = None
        self._ended_since = 0
        self._counts: dict[str, dict[str, int]] = {}
        self._running: dict[str, tuple[str, float]] = {}
        self._left: set[str] = set()
        self._is_ending = False

    @property
    def has_begun(self) -> bool:
        """Whether a scenario has begun."""
        return self._began is not None

    def begin(self, selected: int, taken_over: Iterable[ScenarioResult]) -> None:
        """It is known what there is to do.

        Args:
            selected: how many scenarios, with those taken over.
            taken_over: those whose verdict was reached before an interruption.
        """
        self._selected = selected
        for result in taken_over:
            self._count(result)

    def scenario_begun(self, result: ScenarioResult) -> None:
        """A scenario runs, in this process or in a worker."""
        now = self._clock()
        self._began = now if self._began is None else self._began
        self._running[result.nodeid] = (result.place, now)
        self._left.discard(result.place)

    def scenario_ended(self, result: ScenarioResult) -> None:
        """A scenario has ended."""
        self._running.pop(result.nodeid, None)
        self._left.add(result.place)
        self._ended_since += 1
        self._count(result)

    def ends_early(self) -> None:
        """No further scenario is started."""
        self._is_ending = True

    def _count(self, result: ScenarioResult) -> None:
        counted = self._counts.setdefault(result.s1sp or ANY, {})
        verdict = KNOWN if result.known_issue else str(result.status)
        counted[verdict] = counted.get(verdict, 0) + 1

    def picture(self, waits: Sequence[Wait] = ()) -> Picture:
        """What there is to show now."""
        now = self._clock()
        elapsed = now - self._began if self._began is not None else 0.0
        counts = {s1sp: dict(by_status) for s1sp, by_status in sorted(self._counts.items())}
        begun = sorted(self._running.values(), key=lambda running: running[1])
        picture = Picture(
            selected=self._selected,
            counts=counts,
            running=tuple(Running(place, now - since) for place, since in begun),
            # A worker that has just left a scenario may not have told yet that it waits no more.
            waits=tuple(wait for wait in waits if wait.scenario not in self._left),
            elapsed=elapsed,
            is_ending=self._is_ending,
        )
        to_do = self._selected - picture.done
        if self._is_ending or self._ended_since < _ENOUGH_SCENARIOS or elapsed < _ENOUGH_SECONDS:
            return picture
        return replace(picture, left=elapsed / self._ended_since * to_do)
