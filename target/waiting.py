"""What a process waits for, told to whoever shows the progress of a run.

Each process keeps a small file in a directory of the run while something takes longer than a moment. Short
waits leave no trace and cost nothing worth mentioning: a thread looks twice a second whether one has become
long.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = "waiting"
"""Name of the directory in the state directory of a run."""

MOMENT_SECONDS = 1.0
"""How long a wait may take without being told."""

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Wait:
    """Somebody waits.

    Attributes:
        scenario: In which scenario; empty when in none.
        what: For what: "the result of SRV 6.15.1 of ed-north".
        since: Since when, on the clock of this machine that `time.monotonic` tells.
        within: How long at most, in seconds; `None` for as long as it takes.
    """

    scenario: str
    what: str
    since: float
    within: float | None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return max(0.0, time.monotonic() - self.since)


@contextmanager
def waiting(what: str, within: float | None = None) -> Iterator[None]:
    """Put around everything that may take long.

    Args:
        what: What is waited for, without a verb: "the result of SRV 6.15.1 of ed-north".
        within: How long at most, in seconds; `None` for as long as it takes.
    """
    wait = Wait(_teller.scenario, what, time.monotonic(), within)
    _teller.waits.append(wait)
    try:
        yield
    finally:
        _teller.waits.remove(wait)


def tell_waits_in(directory: Path) -> None:
    """From now on this process tells what it waits for.

    Args:
        directory: Where; made when something is told.
    """
    _teller.tell_in(directory)


def stop_telling() -> None:
    """This process waits for nothing any more."""
    _teller.stop()


@contextmanager
def scenario(name: str) -> Iterator[None]:
    """What is waited for meanwhile is waited for by this scenario.

    Args:
        name: How a person calls it: "MP107-T10 S1SP2 ESME".
    """
    before, _teller.scenario = _teller.scenario, name
    try:
        yield
    finally:
        _teller.scenario = before


def waits_in(directory: Path) -> tuple[Wait, ...]:
    """What the processes that tell it in a directory wait for, the longest wait first."""
    found = []
    for path in directory.glob("*.json"):
        try:
            content = json.loads(path.read_text("utf-8"))
            os.kill(int(path.stem), 0)
        except (OSError, ValueError):
            continue  # over meanwhile, or its process was killed
        found.append(Wait(**content))
    return tuple(sorted(found, key=lambda wait: wait.since))


class _Teller:
    """Keeps the file of this process."""

    def __init__(self) -> None:
        self.waits: list[Wait] = []
        self.scenario = ""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def tell_in(self, directory: Path) -> None:
        if self._thread is None:
            self._stopped.clear()
            self._thread = threading.Thread(
                target=self._look_often, args=(directory,), name="telling waits", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._stopped.set()
            self._thread.join()
            self._thread = None

    def _look_often(self, directory: Path) -> None:
        path = directory / f"{os.getpid()}.json"
        told: Wait | None = None
        while not self._stopped.wait(_LOOK_SECONDS):
            # The innermost wait says most; a tuple, because the waits go on meanwhile.
            long = next(
                (wait for wait in reversed(tuple(self.waits)) if wait.seconds >= MOMENT_SECONDS), None
            )
            if long is not told:
                self._tell(path, long)
                told = long
        self._tell(path, None)

    def _tell(self, path: Path, wait: Wait | None) -> None:
        try:
            if wait is None:
                path.unlink(missing_ok=True)
                return
            path.parent.mkdir(mode=0o700, exist_ok=True)
            temporary = path.with_suffix(".new")
            temporary.write_text(json.dumps(vars(wait)), "utf-8")
            temporary.replace(path)
        except OSError:
            return  # the directory of the run is gone, or full: progress is not worth a verdict


_teller = _Teller()
