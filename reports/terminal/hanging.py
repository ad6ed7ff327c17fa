"""Sentences beside their names, wrapped beneath themselves: nothing is cut off, however narrow it gets."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Said = str | Text
"""What is printed as it is: markup in it means nothing."""

_LABEL = 13


def labelled(console: Console, lines: Iterable[tuple[str, Said]], *, indent: int) -> None:
    """Print values with their names and a colon before them; a value that is empty is left out."""
    named = [(Text(f"{name}:" if name else "", style="bold"), value) for name, value in lines if value]
    hanging(console, named, before=_LABEL, indent=indent)


def listed(console: Console, sentence: Said) -> None:
    """Print a sentence of a list."""
    hanging(console, [("-", sentence)], before=2, indent=2)


def hanging(console: Console, lines: Iterable[tuple[Said, Said]], *, before: int, indent: int = 0) -> None:
    """Print texts in two columns.

    Args:
        console: to print to.
        lines: what stands before, and the text that is wrapped.
        before: columns of what stands before.
        indent: columns left of both.
    """
    table = Table.grid(padding=0)
    table.add_column(width=before, no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in lines:
        table.add_row(_as_it_is(name), _as_it_is(text))
    if table.row_count:
        console.print(Padding(table, (0, 0, 0, indent), expand=False))


def print_sentence(console: Console, *sentences: Text) -> None:
    """Print sentences from the first column on: wrapped on a terminal, unbroken in a log."""
    for sentence in sentences:
        console.print(sentence, soft_wrap=not console.is_terminal)


def _as_it_is(said: Said) -> Text:
    return said if isinstance(said, Text) else Text(said)
