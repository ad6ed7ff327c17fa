"""How a run is ended before its time.

The first Ctrl-C ends it once leased devices are restored, the second ends it at once. A worker whose
controlling process was killed ends by itself: nobody would hear of its verdicts, and it would keep a resumed
run waiting.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from reports.recorder import NotRun
from steps.halt import Cause, Halt
from target.departures import departures

INTERRUPTED = "the run was interrupted (Ctrl-C)"
_FIRST = (
    "\nCtrl-C: no further scenario starts; the running ones are left, and their devices restored. "
    "Once more ends the run at once, and leaves devices as they are.\n"
)
_SECOND = "\nCtrl-C: ending at once. Devices may be left changed; a run, or --resume, restores them first.\n"
_LOOK_SECONDS = 0.2
_ENDED_BY_CTRL_C = 130
_LEFT_ALONE = 3
_LAST_ANSWER_SECONDS = 5.0


class Interruptible:
    """Leaves the scenario that is running in this process, when it is at a place where it can be left."""

    def __init__(self) -> None:
        self._inside = False

    @contextmanager
    def inside(self) -> Iterator[None]:
        """A scenario is being set up or carried out; cleaning up is not to be interrupted."""
        self._inside = True
        try:
            yield
        finally:
            self._inside = False

    def leave(self) -> None:
        """Leave it, if there is one.

        Raises:
            NotRun: Always, inside a scenario.
        """
        if self._inside:
            self._inside = False
            raise NotRun(INTERRUPTED)


@contextmanager
def heeding_ctrl_c(halt: Halt, running: Interruptible, say: Callable[[str], None]) -> Iterator[None]:
    """Take Ctrl-C as a wish to end, in the process that controls the run.

    Args:
        halt: Of the run.
        running: The scenario in this process, if it runs any itself.
        say: Shows a text on the terminal at once, whatever is being captured.
    """
    before = signal.getsignal(signal.SIGINT)

    def once_more(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        halt.end_at_once()
        say(_SECOND)
        raise KeyboardInterrupt

    def interrupted(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, once_more)  # before anything else: the next one may come at any moment
        halt.because(Cause.INTERRUPT, INTERRUPTED)
        say(_FIRST)
        running.leave()

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def heeding_the_controller(halt: Halt, running: Interruptible) -> Iterator[None]:
    """In a worker: leave Ctrl-C, which the terminal sends to everybody, to the controlling process."""
    ended = threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def leave(number: int, frame: FrameType | None) -> None:
        running.leave()

    def watch() -> None:
        told = False
        while not ended.wait(_LOOK_SECONDS):
            if halt.at_once:
                _end_here(_ENDED_BY_CTRL_C)
            reason = halt.reason if not told else None
            if reason is not None and reason.cause is Cause.INTERRUPT:
                told = True
                signal.pthread_kill(main, signal.SIGUSR1)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN), signal.signal(signal.SIGUSR1, leave)
    watcher = threading.Thread(target=watch, name="watching for the end of the run", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGUSR1, before[1])


def end_with_the_controller(controller: int) -> None:
    """In a worker: end soon after the process that controls the run, however that ended.

    Args:
        controller: Its process id; this process is a child of it.
    """

    def watch() -> None:
        while not is_left_alone(controller):
            time.sleep(_LOOK_SECONDS)
        _end_here(_LEFT_ALONE)

    threading.Thread(target=watch, name="watching the controlling process", daemon=True).start()


def is_left_alone(controller: int) -> bool:
    """Whether the process that controls the run, the parent of this worker, has ended."""
    return os.getppid() != controller


def _end_here(code: int) -> None:
    """End this process without cleaning up, once the answer to what it has just sent is written down."""
    departures.close(_LAST_ANSWER_SECONDS)
    os._exit(code)
