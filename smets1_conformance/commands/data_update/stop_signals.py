"""Ctrl-C and SIGTERM: the first ends a command after the batch at work, the second at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from data_update.pace import Stop

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class EndedAtOnce(BaseException):
    """Raised where the program is when the second signal comes, so that the batch at work is rolled back."""


@contextmanager
def heeding_signals(stop: Stop) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into the wish to stop.

    Raises:
        EndedAtOnce: at the second one. A third one ends the process.
    """
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def again(_number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        raise EndedAtOnce

    def first(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, again)
        stop.request(f"stopped by {signal.Signals(number).name}")
        click.echo("Stopping after the batch at work; once more to end at once.", err=True)

    for each in _SIGNALS:
        signal.signal(each, first)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
