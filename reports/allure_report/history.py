"""What the Allure report knows of earlier runs: a bounded file that outlives the runs it tells of.

Allure appends a line each time it renders. A run that is rendered twice would then count twice, so a copy is
handed to Allure, and the line of a run takes the place of the one it had.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from reports.replacing import replace_file
from reports.results_folder import ResultsError
from reports.run_information import RunInformation

HISTORY_FILE: Final = "allure-history.jsonl"
"""In the results folder; a new run leaves it there."""

MOST_RUNS: Final = 50
_RUN = "run"
_LEFT_OUT = ("labels", "trace")
"""Of each scenario: the page shows them for the run at hand only, and they would be most of the file."""


@dataclass(frozen=True)
class History:
    """Earlier runs, oldest first.

    Attributes:
        path: of the file.
        run: when the run at hand began, which tells it from every other.
        earlier: a record a run, without the one at hand.
    """

    path: Path
    run: str
    earlier: tuple[dict[str, Any], ...]

    def lend(self, folder: Path) -> Path:
        """Write the earlier runs where Allure reads them, and appends the run at hand.

        Returns:
            The file.
        """
        return replace_file(folder / HISTORY_FILE, _lines(self.earlier))

    def keep(self, lent: Path, run: RunInformation) -> None:
        """Take over what Allure has appended about a run that has ended; the oldest runs are dropped.

        Raises:
            OSError: the file cannot be written; what was there before is kept.
        """
        *_, last = lent.read_text(encoding="utf-8").splitlines()
        point = json.loads(last)
        point[_RUN] = self.run
        point["timestamp"] = round(datetime.fromisoformat(run.finished).timestamp() * 1000)
        for test in point["testResults"].values():
            for name in _LEFT_OUT:
                test.pop(name, None)
        replace_file(self.path, _lines([*self.earlier, point][-MOST_RUNS:]))


def read_history(path: Path, run: RunInformation) -> History:
    """Read what is known of the runs before this one; nothing where there is no file.

    Raises:
        ResultsError: a line is none of Allure's; the message names file and line.
    """
    earlier = []
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        try:
            point = json.loads(line)
        except ValueError:
            point = None
        if not isinstance(point, dict) or not isinstance(point.get("testResults"), dict):
            raise ResultsError(
                f"{path}:{number}: expected the record of a run, as Allure writes it; remove this line"
            )
        if point.get(_RUN) != run.started:
            earlier.append(point)
    return History(path, run.started, tuple(earlier[-MOST_RUNS:]))


def _lines(points: list[dict[str, Any]] | tuple[dict[str, Any], ...]) -> str:
    return "".join(json.dumps(point, ensure_ascii=False) + "\n" for point in points)
