"""What a run waits for, shown while it waits: a status line on a terminal, else a line now and then."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

PLAIN_SECONDS = 30.0
"""How long nothing else must have been printed before a line says what is waited for."""

_REDRAW_SECONDS = 1.0
_CLEAR = "\r\x1b[K"


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


def sentence(waits: Sequence[Wait]) -> str:
    """One line for a reader; empty when nobody waits.

    Args:
        waits: The longest wait first.
    """
    if not waits:
        return ""
    first, others = waits[0], waits[1:]
    who = f"{first.scenario} for " if first.scenario else "for "
    limit = f" of {first.within:.0f} s" if first.within is not None else ""
    line = f"waiting: {who}{first.what}, {first.seconds:.0f} s{limit}"
    if others:
        more = "1 more waits" if len(others) == 1 else f"{len(others)} more wait, longest"
        line += f"; {more} {others[0].seconds:.0f} s"
    return line


class Progress:
    """Shows what is waited for, beside what pytest's terminal reporter prints.

    Args:
        reporter: The terminal reporter.
        waits: Tells what is waited for, the longest wait first.
        quiet: Whether only results are wanted.
    """

    def __init__(self, reporter: Any, waits: Callable[[], Sequence[Wait]], *, quiet: bool) -> None:
        self._waits = waits
        self._live = bool(reporter.isatty()) and not os.environ.get("CI")
        self._file = reporter._tw._file
        # While a scenario is carried out, pytest captures what goes to standard output; this goes past it.
        self._descriptor = os.dup(self._file.fileno())
        self._lock = threading.RLock()
        self._shown = False
        self._printed = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="progress", daemon=True)
        if not quiet:
            self._thread.start()

    @contextmanager
    def printing(self) -> Iterator[None]:
        """Put around everything that is printed meanwhile: the status line makes room."""
        with self._lock:
            self._clear()
            yield
            self._file.flush()
            self._printed = time.monotonic()

    def end(self) -> None:
        """Show nothing any more."""
        if self._ended.is_set():
            return
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._clear()
            os.close(self._descriptor)

    def _go_on(self) -> None:
        while not self._ended.wait(_REDRAW_SECONDS):
            line = sentence(self._waits())
            with self._lock:
                if self._live:
                    self._draw(line)
                elif line and time.monotonic() - self._printed >= PLAIN_SECONDS:
                    self._emit(f"{line}\n")
                    self._printed = time.monotonic()

    def _draw(self, line: str) -> None:
        if not line:
            self._clear()
            return
        width = shutil.get_terminal_size().columns - 1
        shown = line if len(line) <= width else line[: width - 1] + "…"
        self._emit(f"{_CLEAR}\x1b[2m{shown}\x1b[0m")
        self._shown = True

    def _clear(self) -> None:
        if self._shown:
            self._emit(_CLEAR)
            self._shown = False

    def _emit(self, text: str) -> None:
        with suppress(OSError):  # nobody reads any more
            os.write(self._descriptor, text.encode())
