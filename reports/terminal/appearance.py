"""How what a run shows may look: with a picture that moves, in colour, and how wide."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console

from reports.results import Status

PLAIN_WIDTH = 120
"""Columns where nobody looks at a terminal: a log, a file."""

_WIDEST = 140
"""A sentence of more columns than this is hard to read, however wide the terminal is."""

STYLES: Final[Mapping[str, str]] = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.ERROR: "magenta",
    Status.NOT_APPLICABLE: "cyan",
    Status.NOT_RUN: "yellow",
}
KNOWN_STYLE = "yellow"
"""Of a failure that is a known issue."""


@dataclass(frozen=True)
class Size:
    """Columns and rows of a terminal."""

    width: int
    height: int


@dataclass(frozen=True)
class Appearance:
    """What may be shown where.

    Attributes:
        is_live: whether lines may be drawn anew; otherwise no control character is written, but for colours.
        is_coloured: whether colours are wanted.
    """

    is_live: bool
    is_coloured: bool

    @classmethod
    def of(cls, environment: Mapping[str, str], *, is_terminal: bool, has_markup: bool) -> Appearance:
        """What suits an output.

        Args:
            environment: ``CI``, ``NO_COLOR`` and ``TERM=dumb`` (or no ``TERM``) each ask for plain lines.
            is_terminal: whether it is a terminal.
            has_markup: whether pytest would colour its output; elsewhere than on a terminal it does so only
                when asked to (``--color=yes``, ``FORCE_COLOR``).
        """
        plain = environment.get("CI") or environment.get("NO_COLOR")
        is_live = is_terminal and not plain and environment.get("TERM", "dumb") != "dumb"
        return cls(is_live, has_markup if not is_terminal else has_markup and is_live)

    @classmethod
    def of_reporter(cls, reporter: Any) -> Appearance:
        """What suits the output of pytest's terminal reporter."""
        has_markup = bool(getattr(reporter, "hasmarkup", False))
        return cls.of(os.environ, is_terminal=bool(reporter.isatty()), has_markup=has_markup)


def console(width: int, *, coloured: bool) -> Console:
    """A console that prints into a text; nothing in the environment has a say in how."""
    return Console(
        file=io.StringIO(),
        width=min(width, _WIDEST),
        force_terminal=coloured,
        color_system="standard" if coloured else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        _environ={},
    )


def text_of(console: Console) -> str:
    """What was printed to such a console, without the blanks that fill lines up."""
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def size_of(descriptor: int) -> Size:
    """The size of the terminal behind a descriptor; 80 columns and 24 rows where it is not told."""
    with suppress(OSError):
        size = os.get_terminal_size(descriptor)
        if size.columns > 0 and size.lines > 0:
            return Size(size.columns, size.lines)
    return Size(80, 24)
