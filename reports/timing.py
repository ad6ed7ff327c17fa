"""How long a run took, and how much of its waiting overlapped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reports.results import ScenarioResult
from reports.run_information import ChainTime, Timing

ALONE = "this process"
"""Name of the one that carries scenarios out where there are no workers."""


@dataclass
class Stopwatch:
    """Adds up the scenarios of each worker; what one worker did one after another is a chain.

    Attributes:
        began: When the run began, on the clock of `time.monotonic`.
        began_at: The same as a time (UTC).
    """

    began: float = field(default_factory=time.monotonic)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _first: datetime | None = None
    _chains: dict[str, ChainTime] = field(default_factory=dict)

    def scenario_ended(self, worker: str, result: ScenarioResult) -> None:
        """A worker has carried a scenario out.

        Args:
            worker: Its name; empty where there are no workers.
            result: The record of the scenario.
        """
        name = worker or ALONE
        known = self._chains.get(name, ChainTime(name, 0, 0.0))
        if result.started:
            started = datetime.fromisoformat(result.started)
            self._first = started if self._first is None else min(started, self._first)
        self._chains[name] = ChainTime(name, known.scenarios + 1, known.seconds + result.duration)

    def timing(self) -> Timing | None:
        """What is known now; `None` when no scenario was carried out."""
        if not self._chains:
            return None
        chains = sorted(self._chains.values(), key=lambda chain: chain.seconds, reverse=True)
        total = sum(chain.seconds for chain in chains)
        before = (self._first - self.began_at).total_seconds() if self._first is not None else 0.0
        return Timing(time.monotonic() - self.began, max(0.0, before), total, len(chains), chains[0])


def timing_sentence(timing: Timing) -> str:
    """One line for a reader."""
    longest = timing.longest_chain
    line = f"scenarios {_time(timing.scenario_seconds)} in total; "
    if timing.workers > 1:
        line += (
            f"longest chain {_time(longest.seconds)} ({_scenarios(longest.scenarios)} of {longest.worker}, "
            f"one of {timing.workers} workers); "
        )
    line += f"the run took {_time(timing.wall_seconds)}"
    if timing.ratio is not None:
        line += f" ({_time(timing.before_seconds)} before the first scenario)"
        line += f", {timing.ratio:.2f} times the longest chain"
    return line


def _scenarios(number: int) -> str:
    return "1 scenario" if number == 1 else f"{number} scenarios"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
