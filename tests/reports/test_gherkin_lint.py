"""Whatever could hide a scenario stops the run, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.gherkin_lint import feature_files, lint
from tests.reports.conftest import ROOT, Suite, outline

GOOD = ("S1SP1", "ESME", "right")
SECOND = "\n  @MP107-T02\n  Scenario: {title}\n    Given a slot\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            outline(GOOD) + SECOND.format(title="The <device_type> of <s1sp> is repaired"),
            16,
            "already used at line 6",
        ),
        (
            outline(GOOD) + SECOND.format(title="Other").replace("T02", "T01"),
            16,
            "@MP107-T01 is already used",
        ),
        (outline(GOOD) + SECOND.format(title="Other").replace("@MP107-T02", "@FIA-1"), 16, "found none"),
        (outline(GOOD, GOOD), 14, "the same Examples row twice: S1SP1 | ESME | right"),
        (outline(), 6, "its Examples hold no row"),
        (outline(GOOD).replace("Given a slot", "Giving a slot"), 6, "'Giving a slot' is no step"),
        (outline(GOOD).replace("Then it", "Than it"), 9, "not valid Gherkin"),
        (outline(GOOD) + "      | S1SP1 | one cell too few |\n", 14, "not valid Gherkin"),
        ("", 1, "expected 'Feature:'"),
        ("Feature: Nothing\n", 1, "holds no scenario"),
    ],
    ids=[
        "title",
        "id",
        "no-id",
        "row",
        "no-row",
        "first-keyword",
        "keyword",
        "cells",
        "empty",
        "no-scenario",
    ],
)
def test_one_message_with_file_and_line(suite: Suite, text: str, line: int, message: str) -> None:
    suite.feature(text)
    outcome = suite.run()
    assert outcome.exit_code == 2, outcome.stdout
    complaints = [text for text in outcome.stderr.splitlines() if text]
    assert len(complaints) == 1, outcome.stderr
    assert f"features/repair.feature:{line}: " in complaints[0]
    assert message in complaints[0]
    assert "Traceback" not in outcome.stdout + outcome.stderr


def test_duplicate_ids_are_found_across_files(suite: Suite) -> None:
    suite.feature(outline(GOOD), "a.feature")
    suite.feature(outline(GOOD), "b.feature")
    outcome = suite.run("-n", "2")
    assert outcome.exit_code == 2
    assert (
        "features/b.feature:6: scenario id @MP107-T01 is already used at features/a.feature:6"
        in outcome.stderr
    )


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_scenario_that_was_not_collected_stops_the_run(suite: Suite, processes: tuple[str, ...]) -> None:
    suite.feature(outline(GOOD), "a.feature")
    suite.feature(outline(GOOD).replace("T01", "T02").replace("is repaired", "stays"), "b.feature")
    (suite.features / "test_features.py").write_text(
        "from pytest_bdd import scenarios\nscenarios('a.feature')\n"
    )
    outcome = suite.run(*processes)
    assert outcome.exit_code == 2
    assert outcome.results == []
    assert "2 scenarios are written in the feature files, 1 were collected" in outcome.stdout


def test_one_test_named_by_its_node_id_runs_alone(suite: Suite) -> None:
    suite.feature(outline(GOOD, ("S1SP2", "GPF", "right")))
    name = "features/test_features.py::test_the_device_type_of_s1sp_is_repaired[S1SP2-GPF-right]"
    outcome = suite.run(paths=(name,))
    assert (outcome.exit_code, outcome.statuses) == (0, ["passed"])


def test_every_tag_is_a_known_marker(suite: Suite) -> None:
    """The suite runs with --strict-markers; Examples may have tags as well."""
    suite.feature(outline(GOOD).replace("    Examples:", "    @S1SR-4.2\n    Examples:"))
    assert suite.run().statuses == ["passed"]


def test_rows_count_as_scenarios(tmp_path: Path) -> None:
    path = tmp_path / "a.feature"
    path.write_text(outline(GOOD, ("S1SP2", "GPF", "right")) + SECOND.format(title="Other"))
    assert lint([path]).count == 3


def test_the_features_of_the_project_are_in_order() -> None:
    report = lint(feature_files(["features"], ROOT))
    assert [str(problem) for problem in report.problems] == []
    assert report.count > 0


@pytest.mark.parametrize("identifier", ["MP107-T01", "MP107-T12a", "MP107-R2-01", "MP107-R2-13a"])
def test_ids_of_both_requirements(suite: Suite, identifier: str) -> None:
    (scenario,) = lint([suite.feature(outline(GOOD).replace("MP107-T01", identifier))]).scenarios
    assert scenario.scenario_id == identifier
