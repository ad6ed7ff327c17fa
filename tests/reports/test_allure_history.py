"""What the Allure report knows of earlier runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.allure_report.history import HISTORY_FILE, MOST_RUNS, read_history
from reports.results_folder import ResultsError, ResultsWriter
from reports.run_information import RunInformation


def run(day: int) -> RunInformation:
    date = f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}"
    return RunInformation(started=f"{date}T09:00:00+00:00", finished=f"{date}T09:05:00+00:00")


def rendered(folder: Path, information: RunInformation, status: str = "passed") -> None:
    """What rendering does: Allure appends the run at hand to what it was lent."""
    history = read_history(folder / HISTORY_FILE, information)
    lent = history.lend(folder / "lent")
    point = {"uuid": "x", "testResults": {"a": {"status": status, "labels": [1], "trace": "at x"}}}
    with lent.open("a") as file:
        file.write(json.dumps(point) + "\n")
    history.keep(lent, information)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lent").mkdir()
    return tmp_path


def points(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / HISTORY_FILE).read_text().splitlines()]


def test_each_run_is_there_once_however_often_it_is_rendered(folder: Path) -> None:
    rendered(folder, run(1))
    rendered(folder, run(2), "failed")
    rendered(folder, run(2), "failed")
    assert [point["run"] for point in points(folder)] == [run(1).started, run(2).started]
    assert [point["testResults"]["a"]["status"] for point in points(folder)] == ["passed", "failed"]


def test_a_run_is_not_part_of_its_own_history(folder: Path) -> None:
    rendered(folder, run(1))
    rendered(folder, run(2))
    lent = read_history(folder / HISTORY_FILE, run(2)).lend(folder / "lent")
    assert [json.loads(line)["run"] for line in lent.read_text().splitlines()] == [run(1).started]


def test_the_time_is_that_of_the_run_and_what_would_fill_the_file_is_left_out(folder: Path) -> None:
    rendered(folder, run(0))
    (point,) = points(folder)
    assert point["timestamp"] == 1767258300000
    assert point["testResults"] == {"a": {"status": "passed"}}


def test_the_oldest_runs_are_dropped(folder: Path) -> None:
    for day in range(MOST_RUNS + 2):
        rendered(folder, run(day))
    started = [point["run"] for point in points(folder)]
    assert started == [run(day).started for day in range(2, MOST_RUNS + 2)]


def test_a_new_run_leaves_the_history_where_it_is(folder: Path) -> None:
    rendered(folder, run(1))
    ResultsWriter(folder).prepare()
    assert len(points(folder)) == 1


def test_a_line_that_is_none_of_allures_is_named(folder: Path) -> None:
    rendered(folder, run(1))
    with (folder / HISTORY_FILE).open("a") as file:
        file.write("{}\n")
    with pytest.raises(ResultsError, match=rf"{HISTORY_FILE}:2: expected the record of a run"):
        read_history(folder / HISTORY_FILE, run(2))
