"""``cucumber.json``: of the form that importers ask for, and no scenario better than its verdict."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reports.exports.cucumber import EMBEDDINGS_ALTOGETHER, LARGEST_EMBEDDING, write_cucumber
from reports.results import Attachment, ScenarioResult, Status
from reports.results_folder import read_results
from tests.reports.exports.conftest import EVIDENCE, FEATURE, Folder, row, under_the_rule

SCHEMA = Draft202012Validator(json.loads(Path(__file__).with_name("cucumber.schema.json").read_text()))


def features(folder: Folder, results: list[ScenarioResult]) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = json.loads(folder.written(write_cucumber, results).read_text())
    SCHEMA.validate(document)
    return document


def element(folder: Folder, result: ScenarioResult) -> dict[str, Any]:
    (feature,) = features(folder, [result])
    (found,) = feature["elements"]
    return dict(found)


def statuses(scenario: dict[str, Any]) -> list[str]:
    return [step["result"]["status"] for step in scenario["steps"]]


def test_a_feature_is_told_as_it_is_written(folder: Folder) -> None:
    (feature,) = features(folder, [row(0)])
    assert feature["uri"] == "features/repair.feature"
    assert (feature["name"], feature["line"]) == ("Repair", 2)
    assert feature["description"] == "What holds for all of it."
    assert feature["tags"] == [{"name": "@MP107", "line": 1}, {"name": "@requirement-1", "line": 1}]


def test_each_row_of_the_examples_is_an_element_of_its_own(folder: Folder) -> None:
    (feature,) = features(folder, [row(2), row(0), row(1)])
    told = [(scenario["id"], scenario["line"], scenario["name"]) for scenario in feature["elements"]]
    outline = "repair;the-device-type-of-s1sp-is-repaired;;"
    assert told == [
        (f"{outline}2", 13, "The ESME of S1SP1 is repaired"),
        (f"{outline}3", 14, "The ESME of S1SP1 is repaired"),
        (f"{outline}4", 15, "The GPF of S1SP2 is repaired"),
    ]
    assert {scenario["keyword"] for scenario in feature["elements"]} == {"Scenario Outline"}


def test_tags_hold_ids_clauses_and_keys_of_test_management(folder: Folder) -> None:
    names = [tag["name"] for tag in element(folder, row(0))["tags"]]
    assert names == [
        "@MP107", "@requirement-1", "@MP107-T01", "@FIA-5.2", "@severity-critical", "@TEST_ABC-7"
    ]  # fmt: skip


def test_a_scenario_under_a_rule_has_its_tags_and_its_place_in_the_id(folder: Folder) -> None:
    scenario = element(folder, under_the_rule())
    assert scenario["id"] == "repair;nobody-else;another-sender-is-refused"
    assert (scenario["line"], scenario["keyword"]) == (21, "Scenario")
    assert "@under-a-rule" in [tag["name"] for tag in scenario["tags"]]


def test_a_step_has_its_keyword_its_line_and_nanoseconds(folder: Folder) -> None:
    step = element(folder, row(0))["steps"][1]
    assert step["keyword"] == "When "
    assert step["name"] == "SRV 6.15.1 is sent by one"
    assert step["line"] == 8
    assert step["result"] == {"status": "passed", "duration": 250_000_000}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.PASSED, ["passed", "passed", "passed"]),
        (Status.FAILED, ["passed", "failed", "skipped"]),
        (Status.ERROR, ["passed", "pending", "skipped"]),
        (Status.NOT_APPLICABLE, ["skipped", "skipped", "skipped"]),
        (Status.NOT_RUN, ["pending", "pending", "pending"]),
    ],
)
def test_the_verdict_is_that_of_the_step_that_decides(
    folder: Folder, status: Status, told: list[str]
) -> None:
    assert statuses(element(folder, row(0, status))) == told


def test_only_a_target_that_does_not_conform_is_failed(folder: Folder) -> None:
    results = [row(0, Status.ERROR), row(1, Status.NOT_RUN), row(2, Status.NOT_APPLICABLE)]
    (feature,) = features(folder, results)
    assert "failed" not in {status for scenario in feature["elements"] for status in statuses(scenario)}


@pytest.mark.parametrize("status", [Status.ERROR, Status.FAILED, Status.NOT_APPLICABLE, Status.NOT_RUN])
def test_a_scenario_whose_steps_all_passed_is_not_taken_for_passed(folder: Folder, status: Status) -> None:
    """Tearing down went wrong: every sentence was carried out before."""
    result = row(0, status)
    result.steps = row(0).steps
    scenario = element(folder, result)
    assert statuses(scenario)[:2] == ["passed", "passed"]
    assert statuses(scenario)[2] != "passed"
    first = {Status.FAILED: "Requirement: SRPD", Status.ERROR: "While:       tearing down"}
    expected = first.get(status, "Reason:      ")
    assert scenario["steps"][2]["result"]["error_message"].splitlines()[1].startswith(expected)


@pytest.mark.parametrize("status", [Status.ERROR, Status.NOT_RUN])
def test_a_scenario_that_did_not_begin_has_the_steps_as_written(folder: Folder, status: Status) -> None:
    scenario = element(folder, row(2, status, steps=[]))
    assert [step["name"] for step in scenario["steps"]] == [
        "a GPF", "SRV 6.15.1 is sent by one", "it conforms"
    ]  # fmt: skip
    assert statuses(scenario)[0] == "pending"


def test_a_failure_tells_what_is_wrong_and_has_its_evidence(folder: Folder) -> None:
    step = element(folder, row(1, Status.FAILED))["steps"][1]
    assert step["result"]["error_message"].splitlines()[:4] == [
        "target does not conform",
        "Requirement: SRPD 6.2(d): no RDP check",
        "Expected:    I99",
        "Observed:    E4",
    ]
    (embedded,) = step["embeddings"]
    assert base64.b64decode(embedded["data"]) == EVIDENCE
    assert (embedded["mime_type"], embedded["name"]) == ("application/xml", "answer to SRV 6.15.1")


def test_a_known_issue_is_told_as_one_and_stays_failed(folder: Folder) -> None:
    """Test management keeps what was observed; the gate is another matter."""
    step = element(folder, row(0, Status.FAILED, known_issue="D-7"))["steps"][1]
    assert step["result"]["status"] == "failed"
    assert step["result"]["error_message"].startswith("known issue D-7\n")


def test_large_and_missing_evidence_is_named_and_left_out(folder: Folder) -> None:
    result = row(0, Status.FAILED)
    result.steps[1].attachments = [
        Attachment(name, "response", "application/xml", f"{name}.xml")
        for name in ("large", "missing", "small")
    ]
    folder.written(write_cucumber, [result])
    (folder.output / "evidence" / "large.xml").write_bytes(b"x" * (LARGEST_EMBEDDING + 1))
    (folder.output / "evidence" / "missing.xml").unlink()
    write_cucumber(folder.output, *read_results(folder.output))
    (feature,) = json.loads((folder.output / "cucumber.json").read_text())
    step = feature["elements"][0]["steps"][1]
    assert [embedded["name"] for embedded in step["embeddings"]] == ["small"]
    for name in ("large", "missing", "small"):
        assert f"evidence/{name}.xml" in step["result"]["error_message"]


def test_all_evidence_together_is_limited(folder: Folder) -> None:
    result = row(0, Status.FAILED)
    files = EMBEDDINGS_ALTOGETHER // LARGEST_EMBEDDING + 3
    result.steps[1].attachments = [
        Attachment(str(number), "response", "application/xml", f"{number}.xml") for number in range(files)
    ]
    folder.written(write_cucumber, [result])
    for number in range(files):
        (folder.output / "evidence" / f"{number}.xml").write_bytes(b"x" * LARGEST_EMBEDDING)
    path = write_cucumber(folder.output, *read_results(folder.output))
    (feature,) = json.loads(path.read_text())
    assert len(feature["elements"][0]["steps"][1]["embeddings"]) == files - 3


@pytest.mark.parametrize(
    "now",
    [
        FEATURE.replace("    When SRV", "    # a line more\n    When SRV"),
        FEATURE.replace("Repair", "Mend"),
        None,
    ],
    ids=["other lines", "another name", "gone"],
)
def test_a_feature_file_that_changed_since_is_not_taken_for_that_of_the_run(
    folder: Folder, now: str | None
) -> None:
    file = folder.root / "features" / "repair.feature"
    file.unlink() if now is None else file.write_text(now)
    (feature,) = features(folder, [row(0)])
    (scenario,) = feature["elements"]
    assert feature["name"] == "Repair"
    assert [step["line"] for step in scenario["steps"]] == [7, 8, 9]
    assert [tag["name"] for tag in scenario["tags"]] == ["@MP107-T01", "@severity-critical", "@FIA-5.2"]
