"""The matrix of a run: test case by S1SP and device type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reports.results import ScenarioResult, Status

ANY = "any"
"""Column of scenarios that name neither S1SP nor device type."""

_WORST_FIRST = [Status.FAILED, Status.ERROR, Status.NOT_RUN, Status.PASSED, Status.NOT_APPLICABLE]


@dataclass(frozen=True)
class Row:
    """One test case: its title and, by column, its verdict."""

    scenario_id: str
    title: str
    feature: str
    cells: dict[tuple[str, str], Status]


@dataclass(frozen=True)
class Matrix:
    """Columns are (S1SP, device type), in the order of their names."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def matrix(results: Iterable[ScenarioResult]) -> Matrix:
    """Arrange results; where several scenarios share a cell, the worst verdict counts."""
    cells: dict[tuple[str, str, str], dict[tuple[str, str], Status]] = {}
    for result in sorted(results, key=lambda result: (result.scenario_id or "~", result.feature)):
        key = (result.scenario_id, plain_title(result), result.feature)
        column = column_of(result)
        known = cells.setdefault(key, {}).get(column)
        cells[key][column] = worst((known or result.status, result.status))
    columns = sorted({column for row in cells.values() for column in row})
    rows = tuple(Row(*key, row) for key, row in cells.items())
    return Matrix(tuple(columns), rows)


def worst(statuses: Iterable[Status]) -> Status:
    """The verdict on several scenarios together; one that did not run weighs more than one that passed.

    Raises:
        ValueError: there are none.
    """
    return min(statuses, key=_WORST_FIRST.index)


def column_of(result: ScenarioResult) -> tuple[str, str]:
    """Where a result stands in the matrix."""
    return (result.s1sp or ANY, result.device_type or ANY)


def plain_title(result: ScenarioResult) -> str:
    """The title that all Examples rows of an outline share."""
    title = result.written_title or result.title
    return title.replace("<device_type>", "device").replace("<s1sp>", "S1SP")


def counts(results: Iterable[ScenarioResult]) -> dict[Status, int]:
    """How many scenarios have each status; every status is listed."""
    counted = Counter(result.status for result in results)
    return {status: counted[status] for status in Status}
