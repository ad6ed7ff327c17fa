"""The verdict at the head of the report, and that an incomplete run cannot be taken for a complete one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.results import ExitCode, ScenarioResult, Status
from reports.run_information import RunInformation
from tests.reports.completion import planted
from tests.reports.completion.conftest import report_of

_DEFAULTS: dict[str, Any] = {"selected": 2, "written": 2, "executed": 2, "known_issues": []}


def scenarios(*statuses: Status) -> list[ScenarioResult]:
    return [
        ScenarioResult(f"MP107-T0{number}", "a title", "a feature", f"n{number}", status=status)
        for number, status in enumerate(statuses, start=1)
    ]


@pytest.mark.parametrize(
    ("details", "statuses", "headline", "words"),
    [
        ({"exit_code": ExitCode.CONFORMS}, [Status.PASSED] * 2, "CONFORMS", "Exit code 0: conforms"),
        ({}, [Status.PASSED, Status.FAILED], "DOES NOT CONFORM", "1 passed, 1 failed"),
        ({"exit_code": ExitCode.HARNESS_ERROR}, [Status.PASSED, Status.ERROR], "NO VERDICT", "Exit code 2"),
        (
            {"exit_code": ExitCode.CONFORMS, "written": 5},
            [Status.PASSED] * 2,
            "INCOMPLETE",
            "Only 2 of the 5 scenarios that are written were selected",
        ),
        (
            {"exit_code": ExitCode.INCOMPLETE, "ended_early": "the budget was used up"},
            [Status.PASSED, Status.NOT_RUN],
            "INCOMPLETE",
            "The run ended early: the budget was used up",
        ),
        (
            {"exit_code": ExitCode.INCOMPLETE, "finished": ""},
            [Status.PASSED],
            "INCOMPLETE",
            "it is at work still, or it was killed",
        ),
        (
            {"exit_code": ExitCode.INCOMPLETE, "finished": ""},
            [Status.FAILED],
            "DOES NOT CONFORM, INCOMPLETE",
            "1 selected scenario left no result behind",
        ),
        ({"exit_code": ExitCode.INCOMPLETE}, [], "INCOMPLETE", "No scenario reached a verdict"),
        (
            {"written": 5},
            [Status.PASSED, Status.FAILED],
            "DOES NOT CONFORM, INCOMPLETE",
            "nothing is known of the other 3",
        ),
        (
            {"contradictions": ["MP107-T01 is listed and passed"]},
            [Status.PASSED] * 2,
            "DOES NOT CONFORM",
            "MP107-T01 is listed and passed",
        ),
    ],
    ids=[
        "conforms",
        "failed",
        "harness-error",
        "not-all-selected",
        "ended-early",
        "at-work",
        "failed-so-far",
        "nothing-ran",
        "failed-and-not-all-selected",
        "known-issue-that-is-none",
    ],
)
def test_the_verdict_is_the_first_thing_read(
    tmp_path: Path, details: dict[str, Any], statuses: list[Status], headline: str, words: str
) -> None:
    report = report_of(tmp_path, planted.run(**(_DEFAULTS | details)), scenarios(*statuses))
    assert report.text("//p[@class='word']") == headline
    verdict = report.text("//section[@aria-label='Verdict']")
    assert words in verdict
    assert ("Incomplete:" in verdict) == ("INCOMPLETE" in headline)
    assert headline in report.text("//title")
    assert f'content: "{headline}"' in report.source, "on every page of paper"


def test_a_run_that_only_has_known_issues_says_so(tmp_path: Path) -> None:
    results = scenarios(Status.PASSED, Status.FAILED)
    results[1].known_issue = "DEF-17"
    run = planted.run(**(_DEFAULTS | {"exit_code": ExitCode.CONFORMS}))
    report = report_of(tmp_path, run, results)
    assert report.text("//p[@class='word']") == "CONFORMS BUT FOR KNOWN ISSUES"
    assert "of the failed 1 is a known issue" in report.text("//header")


def test_nothing_on_record_is_still_a_report(tmp_path: Path) -> None:

    report = report_of(tmp_path, RunInformation(), [])
    assert report.text("//p[@class='word']") == "INCOMPLETE"
