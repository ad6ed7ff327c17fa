"""Shows what a run is at while it lasts: a picture below everything else, or a line now and then."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from rich.text import Text

from reports.terminal.appearance import Appearance, Size, console, size_of, text_of
from reports.terminal.live_run import LiveRun, Wait
from reports.terminal.live_view import live_lines, waits_for

PLAIN_SECONDS = 30.0
"""How long nothing else must have been printed before a line says what is waited for."""

_REDRAW_SECONDS = 0.5
_BLANK_LINE = "\x1b[2K"
_BLANK_SCREEN = "\x1b[J"
"""From the cursor on."""


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


class Screen:
    """The rows at the bottom that are drawn anew; what is printed scrolls above them.

    The cursor stays at the beginning of the row below, visible: whatever ends the process, the shell goes on
    there. Each change is one piece of output, so that nothing flickers.
    """

    def __init__(self) -> None:
        self._drawn: list[str] = []
        self._widths: list[int] = []

    def change(self, size: Size, lines: Sequence[Text] = (), printed: str = "") -> str:
        """What to write so that `lines` stand at the bottom, and `printed` above them.

        Args:
            size: of the terminal now.
            lines: none of them wider than the terminal.
            printed: ends with a new line, if there is anything.
        """
        out = console(size.width, coloured=True)
        for line in lines:
            out.print(line, no_wrap=True, overflow="crop", crop=True)
        rendered = text_of(out).splitlines()
        if not printed and rendered == self._drawn:
            return ""
        # A terminal that became narrower has broken our lines; they take more rows now.
        rows = sum(max(1, -(-width // size.width)) for width in self._widths)
        above = f"\r\x1b[{rows}A" if rows else ""
        blank = _BLANK_SCREEN if rows and printed else ""
        self._drawn, self._widths = rendered, [line.cell_len for line in lines]
        drawn = "".join(f"{_BLANK_LINE}{line}\n" for line in rendered)
        return above + blank + printed + drawn + (_BLANK_SCREEN if rows else "")


class Progress:
    """Shows what a run is at, beside what pytest's terminal reporter prints.

    Args:
        reporter: The terminal reporter; until the end its output goes through here, to keep it and
            the picture apart.
        run: What the run is at.
        waits: Tells what is waited for, the longest wait first.
        quiet: Whether only results are wanted.
        appearance: Whether there is a picture.
    """

    def __init__(
        self,
        reporter: Any,
        run: LiveRun,
        waits: Callable[[], Sequence[Wait]],
        *,
        quiet: bool,
        appearance: Appearance,
    ) -> None:
        self._run, self._waits = run, waits
        self._is_live = appearance.is_live and not quiet
        self._writer = reporter._tw
        self._file = self._writer._file
        # While a scenario is carried out, pytest captures what goes to standard output; this goes past it.
        self._descriptor = os.dup(self._file.fileno())
        self._file.flush()
        self._screen = Screen()
        self._to_print: deque[str] = deque()
        self._is_printing = False
        self._lock = threading.RLock()
        self._is_within_a_line = bool(getattr(self._writer, "_current_line", ""))
        self._printed = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="progress", daemon=True)
        self._writer._file = _Beside(self, self._file)
        atexit.register(self.end)
        if not quiet:
            self._thread.start()

    def print(self, text: str, *, on_a_line_of_its_own: bool = False) -> None:
        """Print above the picture, past whatever captures output.

        Args:
            text: Ends with a new line, or goes on with the next one.
            on_a_line_of_its_own: Whether a line that is not complete is ended before.
        """
        with self._lock:
            if self._ended.is_set():
                self._file.write(text)
                return
            if on_a_line_of_its_own and self._is_within_a_line:
                text = f"\n{text}"
            self._to_print.append(text)
            if self._is_printing:
                return  # called by the handler of a signal that came meanwhile; it is printed next
            self._is_printing = True
            try:
                self._print_all()
            finally:  # the handler may end the run by an exception, and what it said is printed still
                self._is_printing = False
                self._print_all()

    def _print_all(self) -> None:
        while self._to_print:
            self._print(self._to_print.popleft())

    def _print(self, text: str) -> None:
        self._is_within_a_line = not text.endswith("\n")
        if self._is_live:
            lines = () if self._is_within_a_line else self._lines(self._waits())
            text = self._screen.change(self._size, lines, text)
        self._emit(text)
        self._printed = time.monotonic()

    def end(self) -> None:
        """Show nothing any more."""
        if self._ended.is_set():
            return
        with self._lock:
            self._ended.set()
            if self._is_live:
                self._emit(self._screen.change(self._size))
            self._writer._file = self._file
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()
        os.close(self._descriptor)
        atexit.unregister(self.end)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is shown any more."""
        return self._ended.is_set()

    def _go_on(self) -> None:
        while not self._ended.wait(_REDRAW_SECONDS):
            waits = self._waits()
            with self._lock:
                if self._ended.is_set():
                    return
                if not self._is_live:
                    self._remind(sentence(waits))
                elif not self._is_within_a_line:
                    self._emit(self._screen.change(self._size, self._lines(waits)))

    def _remind(self, line: str) -> None:
        if line and time.monotonic() - self._printed >= PLAIN_SECONDS:
            self._emit(f"{line}\n")
            self._printed = time.monotonic()

    def _lines(self, waits: Sequence[Wait]) -> list[Text]:
        if self._run.has_begun:
            return live_lines(self._run.picture(waits), self._size)
        line = Text(waits_for(waits[0]) if waits else "", style="dim")
        line.truncate(self._size.width, overflow="ellipsis")
        return [line] if waits else []

    @property
    def _size(self) -> Size:
        return size_of(self._descriptor)

    def _emit(self, text: str) -> None:
        octets = text.encode(getattr(self._file, "encoding", None) or "utf-8", errors="replace")
        with suppress(OSError):  # nobody reads any more
            while octets:
                octets = octets[os.write(self._descriptor, octets) :]


class _Beside:
    """The file of pytest's terminal writer while there is a picture: what is written makes it give way."""

    def __init__(self, progress: Progress, file: Any) -> None:
        self._progress, self._file = progress, file

    def write(self, text: str) -> int:
        self._progress.print(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
