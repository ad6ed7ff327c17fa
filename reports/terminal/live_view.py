"""The picture of a run at work, drawn into so many columns and rows; no terminal or clock is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.text import Text

from reports.results import Status
from reports.terminal.appearance import KNOWN_STYLE, STYLES, Size
from reports.terminal.live_run import KNOWN, Picture, Running, Wait

_HEADINGS: Final[Mapping[str, tuple[str, str]]] = {
    Status.PASSED: ("passed", "pass"),
    Status.FAILED: ("failed", "fail"),
    Status.ERROR: ("error", "err"),
    Status.NOT_APPLICABLE: ("n/a", "n/a"),
    Status.NOT_RUN: ("not run", "not run"),
    KNOWN: ("known", "known"),
}
"""What is above the columns, and its short form."""

_STYLES: Final[Mapping[str, str]] = {**STYLES, KNOWN: KNOWN_STYLE}

_NARROW = 72
_BAR_WIDEST, _BAR_NARROWEST = 40, 8
_LEAST_RUNNING = 2
_RULE_WIDEST = 60
"""What is not wider than a terminal that is made narrower is not broken into two rows."""


def live_lines(picture: Picture, size: Size) -> list[Text]:
    """Draw the picture of a run at work.

    Never wider than the terminal, and at least a row lower: the cursor stays below. Two thirds of the rows at
    most are taken, so that scenarios that have ended can be seen above. What does not fit gives way in this
    order: all but the longest-running scenarios, the table of counts, the line above everything.
    """
    rows = max(1, min(size.height - 1, max(4, size.height * 2 // 3)))
    bar = _bar(picture, size.width)
    running = _running(picture, size.width)
    table = _table(picture, size.width)
    rule = [Text("─" * min(size.width, _RULE_WIDEST), style="dim")]
    while True:
        left = rows - len(rule) - len(table) - len(bar)
        if left >= min(len(running), _LEAST_RUNNING) or not (rule or table):
            break
        if len(table) > 1:
            table = _totals(picture, size.width)
        elif table:
            table = []
        else:
            rule = []
    bar = bar[-rows:]
    lines = [*rule, *table, *_some(running, max(0, left)), *bar]
    for line in lines:
        line.truncate(size.width, overflow="ellipsis")
    return lines[-rows:]


def span(seconds: float) -> str:
    """A time for a reader, in whole seconds: "8 s", "2 min 5 s", "1 h 2 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def about(seconds: float) -> str:
    """An estimated time, no more exact than an estimate is."""
    if seconds < 60:
        return f"about {max(5, 5 * round(seconds / 5))} s left"
    return f"about {span(60 * round(seconds / 60)).removesuffix(' 0 s')} left"


def _table(picture: Picture, width: int) -> list[Text]:
    """Counts by S1SP; the sum below, where there is more than one row."""
    if not picture.counts:
        return []
    is_narrow = width < _NARROW
    shown = [verdict for verdict in _HEADINGS if verdict != KNOWN or _sums(picture)[KNOWN]]
    headings = [_HEADINGS[verdict][is_narrow] for verdict in shown]
    columns = [max(len(heading), 4) + (1 if is_narrow else 2) for heading in headings]
    first = max(6, *(len(s1sp) + 1 for s1sp in picture.counts))
    lines = [Text(" " * first + _row(headings, columns), style="dim")]
    rows = list(picture.counts.items())
    if len(rows) > 1:
        rows.append(("all", _sums(picture)))
    for name, by_status in rows:
        line = Text(f"{name:<{first}}", style="bold" if name == "all" else "")
        for verdict, column in zip(shown, columns, strict=True):
            number = by_status.get(verdict, 0)
            line.append(f"{number or '-':>{column}}", style=_STYLES[verdict] if number else "dim")
        lines.append(line)
    return lines


def _row(cells: Sequence[str], columns: Sequence[int]) -> str:
    return "".join(f"{cell:>{column}}" for cell, column in zip(cells, columns, strict=True))


def _totals(picture: Picture, width: int) -> list[Text]:
    sums = _sums(picture)
    line = Text()
    for verdict, names in _HEADINGS.items():
        if sums[verdict]:
            line.append(", " if line else "")
            line.append(f"{sums[verdict]} {names[width < _NARROW]}", style=_STYLES[verdict])
    return [line] if line else []


def _sums(picture: Picture) -> dict[str, int]:
    return {verdict: sum(each.get(verdict, 0) for each in picture.counts.values()) for verdict in _HEADINGS}


def _running(picture: Picture, width: int) -> list[list[Text]]:
    """A block of lines for each scenario that runs, then one for each wait outside of these."""
    waits = {wait.scenario: wait for wait in reversed(picture.waits) if wait.scenario}
    running = {each.place for each in picture.running}
    places = max((len(each.place) for each in picture.running), default=0)
    blocks = [_block(each, waits.get(each.place), places, width) for each in picture.running]
    for wait in picture.waits:
        if wait.scenario not in running:
            who = f"{wait.scenario} " if wait.scenario else ""
            blocks.append([Text(f"{who}{waits_for(wait)}", style="dim")])
    return blocks


def _block(running: Running, wait: Wait | None, places: int, width: int) -> list[Text]:
    line = Text(f"{running.place:<{places}} {span(running.seconds):>9}")
    if wait is None:
        return [line]
    told = waits_for(wait)
    if width < _NARROW:
        return [line, Text(f"  {told}", style="dim")]
    line.append(f"  {told}", style="dim")
    return [line]


def waits_for(wait: Wait) -> str:
    """How long already, of how long at most, and for what, which may be cut off."""
    limit = f" of {span(wait.within)}" if wait.within is not None else ""
    return f"waits {span(wait.seconds)}{limit} for {wait.what}"


def _some(blocks: Sequence[Sequence[Text]], rows: int) -> list[Text]:
    """As many blocks as there is room for; the rest is counted."""
    if sum(len(block) for block in blocks) <= rows:
        return [line for block in blocks for line in block]
    lines: list[Text] = []
    for number, block in enumerate(blocks):
        if len(lines) + len(block) + 1 > rows:
            left_out = len(blocks) - number
            more = f"and {left_out} more" if lines else f"{left_out} running"
            return [*lines, Text(more, style="dim")][:rows]
        lines.extend(block)
    return lines


def _bar(picture: Picture, width: int) -> list[Text]:
    """How far the run is: a bar with figures; where both are too wide, the bar above the figures."""
    done, selected = picture.done, max(picture.selected, 1)
    figures = [f"{done} of {picture.selected}", span(picture.elapsed)]
    if picture.is_ending:
        figures.append("ending")
    elif picture.left is not None:
        figures.append(about(picture.left))
    text = Text(", ".join(figures), style="bold")
    columns = min(_BAR_WIDEST, width - len(text) - 2)
    beside = columns >= _BAR_NARROWEST
    columns = columns if beside else min(_BAR_WIDEST, width)
    filled = min(columns, columns * done // selected)
    bar = Text("━" * filled, style="green" if not _sums(picture)[Status.FAILED] else "red")
    bar.append("─" * (columns - filled), style="dim")
    if beside:
        return [Text.assemble(bar, "  ", text)]
    return [bar, text]
