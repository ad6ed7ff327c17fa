"""The matrix of a run for a terminal: with titles, without them, or counted, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.matrix import Matrix, Row, column_of, matrix
from reports.results import ScenarioResult, Status
from reports.terminal.appearance import KNOWN_STYLE, STYLES
from reports.terminal.scenario_lines import SHORT, SHORT_KNOWN

_TITLE_LEAST = 24
_BETWEEN = 3


def print_matrix(console: Console, results: Sequence[ScenarioResult]) -> None:
    """Print test case by S1SP and device type."""
    arranged, known = matrix(results), _known(results)
    unbounded = console.options.update(width=1000)
    needed = console.measure(_table(arranged, known, with_titles=False), options=unbounded).maximum
    if needed <= console.width:
        with_titles = needed + _BETWEEN + _TITLE_LEAST <= console.width
        console.print(_table(arranged, known, with_titles=with_titles))
        return
    for row in arranged.rows:
        console.print(_counted(row, known))


def _table(arranged: Matrix, known: frozenset[tuple[str, str, str]], *, with_titles: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("test case", no_wrap=True)
    if with_titles:
        table.add_column("", overflow="fold", ratio=1, min_width=_TITLE_LEAST)
    for s1sp, device_type in arranged.columns:
        heading = s1sp if s1sp == device_type else f"{s1sp}\n{device_type}"
        table.add_column(heading, justify="center", no_wrap=True)
    for row in arranged.rows:
        cells = [_cell(row, column, known) for column in arranged.columns]
        title = [Text(row.title)] if with_titles else []
        table.add_row(row.scenario_id or "-", *title, *cells)
    return table


def _known(results: Iterable[ScenarioResult]) -> frozenset[tuple[str, str, str]]:
    """Where all that failed is known: test case, S1SP and device type."""
    known: dict[tuple[str, str, str], bool] = {}
    for result in results:
        if result.status is Status.FAILED:
            place = (result.scenario_id, *column_of(result))
            known[place] = known.get(place, True) and bool(result.known_issue)
    return frozenset(place for place, is_known in known.items() if is_known)


def _cell(row: Row, column: tuple[str, str], known: frozenset[tuple[str, str, str]]) -> Text:
    status = row.cells.get(column)
    if status is None:
        return Text("-", style="dim")
    if status is Status.FAILED and (row.scenario_id, *column) in known:
        return Text(SHORT_KNOWN, style=KNOWN_STYLE)
    return Text(SHORT[status], style=STYLES[status])


def _counted(row: Row, known: frozenset[tuple[str, str, str]]) -> Text:
    """A line for a terminal on which the columns have no room: "MP107-T01 4 pass, 2 FAIL"."""
    line = Text(f"{row.scenario_id or '-':<10}")
    cells = [_cell(row, column, known) for column in row.cells]
    for number, (plain, style) in enumerate(dict.fromkeys((cell.plain, str(cell.style)) for cell in cells)):
        line.append(", " if number else "")
        line.append(f"{sum(cell.plain == plain for cell in cells)} {plain}", style=style)
    return line
