"""How Allure 3 is to lay the page out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from reports.allure_report.environment import verdict
from reports.allure_report.history import MOST_RUNS
from reports.allure_report.wording import CATEGORIES
from reports.run_information import RunInformation

_TITLE: Final = "MP107 (CR4296) conformance"

_GROUPED_BY_FINDING: Final = {"groupBy": [{"label": "finding"}], "groupByMessage": False}

_CHARTS: Final = (
    {"type": "currentStatus", "title": "Verdicts of this run"},
    {"type": "statusDynamics", "title": "Verdicts from run to run", "limit": MOST_RUNS},
    {"type": "statusTransitions", "title": "What changed from run to run", "limit": MOST_RUNS},
    {"type": "testResultSeverities", "title": "Verdicts by severity"},
)
_SHOWN_ELSEWHERE: Final = ("requirement", "testCase", "verdict")
"""Labels that other programs read. What the tree and the line below the title show cannot be hidden."""


def configuration(run: RunInformation, history: Path) -> dict[str, Any]:
    """The configuration of Allure for the page of a run.

    Args:
        run: what holds for the whole run.
        history: file that Allure reads, and appends the run to.
    """
    title = f"{run.assurance.title or _TITLE}: {verdict(run)}"
    return {
        "name": title,
        "categories": {"rules": [_category(rule) for rule in CATEGORIES]},
        "hideLabels": list(_SHOWN_ELSEWHERE),
        "historyPath": str(history),
        "historyLimit": MOST_RUNS,
        "plugins": {
            "awesome": {
                "options": {
                    "singleFile": True,
                    "reportName": title,
                    "reportLanguage": "en",
                    "groupBy": ["epic", "feature", "story"],
                    "defaultSortBy": "name,asc",
                    "sections": ["charts"],
                    "charts": list(_CHARTS),
                }
            }
        },
    }


def write_configuration(path: Path, run: RunInformation, history: Path) -> Path:
    """Write it as the module that ``allure --config`` takes."""
    text = f"export default {json.dumps(configuration(run, history), indent=2)};\n"
    path.write_text(text, encoding="utf-8")
    return path


def _category(rule: dict[str, Any]) -> dict[str, Any]:
    """With what only Allure 3 knows: failures are grouped by what they say."""
    return rule | {"expand": True} | (_GROUPED_BY_FINDING if rule["matchedStatuses"] == ["failed"] else {})
