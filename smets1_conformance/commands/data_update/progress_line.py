"""How far a command is: a bar on a terminal, else a line every few seconds, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID
    from rich.text import Text

    from data_update.applying import Progress as BatchProgress

_SECONDS_BETWEEN_LINES: Final = 5.0


class ProgressLine:
    """Shows progress while it is entered; give it the whole of what is done, not the difference."""

    def __init__(
        self, doing: str, unit: str = "devices", monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Say what is done.

        Args:
            doing: such as "applying".
            unit: what is counted.
            monotonic: seconds that never go back.
        """
        from rich.console import Console

        self._doing, self._unit = doing, unit
        self._monotonic = monotonic
        self._console = Console(stderr=True, highlight=False, emoji=False)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._first: tuple[float, int] | None = None
        self._last_line = 0.0

    def __enter__(self) -> ProgressLine:
        if self._console.is_terminal:
            self._bar = self._new_bar()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how much is done.

        Args:
            done: from the very beginning, an earlier call of the command included.
            total: of how many; None where that is not known.
            note: what else there is to say, in a few words.
        """
        now = self._monotonic()
        if self._first is None:
            self._first = (now, done)
            self._last_line = now
        if self._bar is None:
            if now - self._last_line >= _SECONDS_BETWEEN_LINES:
                self._last_line = now
                click.echo(self._line(now, done, total, note), err=True)
        elif self._task is None:  # begins with what is done, which then does not count as speed
            self._task = self._bar.add_task(self._doing, total=total, completed=done, note=note)
        else:
            self._bar.update(self._task, completed=done, total=total, note=note)

    def _line(self, now: float, done: int, total: int | None, note: str) -> str:
        assert self._first is not None
        begun, before = self._first
        rate = (done - before) / (now - begun)
        of = f" of {total:,}" if total is not None else ""
        parts = [f"{self._doing}: {done:,}{of} {self._unit}, {rate:,.0f} a second"]
        if total is not None and rate > 0:
            parts.append(f"about {_duration((total - done) / rate)} left")
        if note:
            parts.append(note)
        return ", ".join(parts)

    def _new_bar(self) -> Progress:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text("" if task.speed is None else f"{task.speed:,.0f}/s")

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(self._unit),
            Rate(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            transient=True,
        )


def shown_on(line: ProgressLine) -> Callable[[BatchProgress], None]:
    """Return what shows the progress of applying or rolling back on a line."""

    def show(progress: BatchProgress) -> None:
        notes = []
        if progress.skipped:
            notes.append(f"{progress.skipped:,} changed since")
        if progress.waiting:
            notes.append(f"{progress.waiting:,} locked by others")
        line.show(progress.done, progress.total, ", ".join(notes))

    return show


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
