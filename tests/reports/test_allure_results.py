"""Allure results: each scenario once, whole, with labels, links, steps and evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.allure_report.environment import executor
from reports.allure_report.results import write_allure_results
from reports.results import Attachment, Reason, ScenarioResult, Status, StepResult
from reports.run_information import Assurance, KnownIssue, RunInformation, SanityCheck
from tests.reports.conftest import Suite, outline

RUN = RunInformation(
    started="2026-11-21T09:00:00+00:00",
    finished="2026-11-21T09:05:00+00:00",
    written=285,
    selected=2,
    executed=1,
    exit_code=1,
    environment={"target": "a tiny one"},
    assumptions=["N55 carries an S1SP Alert"],
    known_issues=[KnownIssue("MP107-T11", "", "", "E4", "mended in 2.1", "DEF-7", "minor", "2027-01-01")],
)


def scenario(**values: Any) -> ScenarioResult:
    row = {"s1sp": "S1SP2", "device_type": "ESME", "sender": "the Other User"}
    defaults: dict[str, Any] = {
        "scenario_id": "MP107-T11",
        "title": "A role that may not send SRV 6.15.1 is rejected by the DSP",
        "feature": "Only a Network Operator is exempt",
        "nodeid": "features/test_features.py::test_a_role[S1SP2-ESME-the Other User]",
        "s1sp": "S1SP2",
        "device_type": "ESME",
        "parameters": row,
        "severity": "critical",
        "clauses": ["FIA-5.2"],
        "status": Status.PASSED,
        "started": "2026-11-21T09:00:00.500+00:00",
        "duration": 1.25,
    }
    return ScenarioResult(**(defaults | values))


FAILED = scenario(
    status=Status.FAILED,
    reason=Reason("the DSP rejects the request [FIA 5.2]", "E2", "I99", "90-B3-D5-1F", ["A:B:1"]),
    steps=[
        StepResult("When", "it is sent", 3, "passed", 0.5),
        StepResult("Then", "the DSP rejects it", 4, "failed", 0.25),
        StepResult("And", "no slot has changed", 5),
    ],
)


def written(tmp_path: Path, *results: ScenarioResult, run: RunInformation = RUN) -> list[dict[str, Any]]:
    folder = write_allure_results(tmp_path, run, results)
    tests = [json.loads(file.read_text()) for file in folder.glob("*-result.json")]
    return sorted(tests, key=lambda test: str(test["fullName"]))


def labels(test: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in test["labels"] if label["name"] == name]


def test_a_scenario_is_named_so_that_no_other_has_its_name(tmp_path: Path) -> None:
    (test,) = written(tmp_path, scenario())
    assert test["name"] == (
        "MP107-T11 S1SP2 ESME (the Other User): A role that may not send SRV 6.15.1 is rejected by the DSP"
    )


@pytest.mark.parametrize(
    ("scenario_id", "epic"),
    [
        ("MP107-T11", "Requirement 1: SRV 6.15.1 without the Registered Data Provider validation step"),
        ("MP107-R2-01", "Requirement 2: one-off data update of incorrect certificates"),
    ],
)
def test_the_epic_is_the_requirement_of_the_impact_assessment(
    tmp_path: Path, scenario_id: str, epic: str
) -> None:
    (test,) = written(tmp_path, scenario(scenario_id=scenario_id))
    assert labels(test, "epic")[0].startswith(epic)
    assert labels(test, "story") == [f"{scenario_id} {scenario().title}"]


def test_a_reader_filters_by_clause_place_and_requirement(tmp_path: Path) -> None:
    (test,) = written(tmp_path, scenario(scenario_id="MP107-T01"))
    assert set(labels(test, "tag")) == {"MP107-T01", "S1SP2", "ESME", "FIA-5.2"}
    assert labels(test, "severity") == ["critical"]
    assert "FIA-4.1-01" in labels(test, "requirement")
    assert "**Clauses:** FIA 5.2 (SEC" in test["description"]
    assert "**Requirements:** " in test["description"]
    assert "FIA-4.1-01" in test["description"]
    assert {"name": "sender", "value": "the Other User"} in test["parameters"]


def test_a_failure_says_what_was_asked_for_and_what_was_seen(tmp_path: Path) -> None:
    (test,) = written(tmp_path, FAILED)
    assert test["status"] == "failed"
    assert test["statusDetails"] == {
        "message": "Requirement: the DSP rejects the request [FIA 5.2]\nExpected: E2\nObserved: I99\n"
        "Device: 90-B3-D5-1F\nMessages: A:B:1",
        "expected": "E2",
        "actual": "I99",
    }
    assert [(step["name"], step["status"]) for step in test["steps"]] == [
        ("When it is sent", "passed"),
        ("Then the DSP rejects it", "failed"),
        ("And no slot has changed", "skipped"),
    ]
    assert test["steps"][1]["start"] == test["start"] + 500


def test_a_known_issue_says_so_first_and_leads_to_its_defect(tmp_path: Path) -> None:
    (test,) = written(tmp_path, replace(FAILED, known_issue="DEF-7"))
    assert test["statusDetails"]["message"].startswith("Known issue DEF-7: mended in 2.1\nRequirement: ")
    assert labels(test, "defect") == ["DEF-7"]
    assert "links" not in test
    (test,) = written(tmp_path, replace(FAILED, known_issue="https://defects.example/7"))
    address = "https://defects.example/7"
    assert test["links"] == [{"type": "issue", "url": address, "name": address}]


def test_of_two_entries_for_one_defect_the_one_about_the_place_is_told(tmp_path: Path) -> None:
    (issue,) = RUN.known_issues
    issues = [
        replace(issue, s1sp="S1SP1", reason="of S1SP1"),
        replace(issue, s1sp="S1SP2", reason="of S1SP2"),
    ]
    folder = write_allure_results(
        tmp_path, replace(RUN, known_issues=issues), [replace(FAILED, known_issue="DEF-7")]
    )
    (file,) = folder.glob("*-result.json")
    assert json.loads(file.read_text())["statusDetails"]["message"].startswith("Known issue DEF-7: of S1SP2")


def test_links_lead_where_test_assurance_says(tmp_path: Path) -> None:
    addresses = {
        "test_case": "https://tms.example/{id}",
        "defect": "https://defects.example/?id={id}",
        "clause": "https://sec.example/{id}",
    }
    run = replace(RUN, assurance=Assurance(links=addresses))
    (test,) = written(tmp_path, replace(FAILED, known_issue="DEF 7"), run=run)
    assert [(link["type"], link["name"], link["url"]) for link in test["links"]] == [
        ("tms", "MP107-T11", "https://tms.example/MP107-T11"),
        ("link", "FIA-5.2", "https://sec.example/FIA-5.2"),
        ("issue", "DEF 7", "https://defects.example/?id=DEF%207"),
    ]


def test_failures_that_say_the_same_are_one_finding(tmp_path: Path) -> None:
    elsewhere = replace(FAILED, nodeid="z", s1sp="S1SP3", device_type="GPF")
    otherwise = replace(FAILED, nodeid="zz", reason=Reason("the slot is unchanged", "A", "B"))
    one, two, three = written(tmp_path, FAILED, elsewhere, otherwise)
    assert labels(one, "finding") == ["the DSP rejects the request [FIA 5.2]: expected E2, observed I99"]
    assert labels(two, "finding") == labels(one, "finding")
    assert labels(three, "finding") == ["the slot is unchanged: expected A, observed B"]


def test_each_verdict_belongs_to_one_category(tmp_path: Path) -> None:
    results = [
        scenario(nodeid="1"),
        replace(FAILED, nodeid="2"),
        replace(FAILED, nodeid="3", known_issue="DEF-7"),
        scenario(nodeid="4", status=Status.ERROR, reason=Reason("it runs", actual="no", traceback="at x")),
        scenario(nodeid="5", status=Status.NOT_RUN),
        scenario(nodeid="6", status=Status.NOT_APPLICABLE, reason=Reason("there is no GPF here")),
    ]
    tests = written(tmp_path, *results)
    statuses = [test["status"] for test in tests]
    assert statuses == ["passed", "failed", "failed", "broken", "unknown", "skipped"]
    assert tests[3]["statusDetails"]["trace"] == "at x"
    assert tests[4]["statusDetails"]["message"] == "the scenario was selected and did not run"
    categories = json.loads((tmp_path / "allure-results" / "categories.json").read_text())
    assert [category["name"] for category in categories] == [
        "The target does not conform",
        "Known issue of the target",
        "The harness or the environment broke",
        "Not run",
        "Not applicable",
    ]


def test_what_is_written_anew_is_the_same_test_and_nothing_is_left_over(tmp_path: Path) -> None:
    (first,) = written(tmp_path, FAILED)
    (second,) = written(tmp_path, FAILED, scenario(started="2026-11-21T09:03:00+00:00"))
    assert second["status"] == "passed"
    for name in ("uuid", "historyId", "testCaseId"):
        assert first[name] == second[name]
    assert len(list((tmp_path / "allure-results").glob("*-result.json"))) == 1


def test_rows_of_one_test_case_have_histories_of_their_own(tmp_path: Path) -> None:
    other = {"s1sp": "S1SP3", "device_type": "ESME", "sender": "the Other User"}
    one, two = written(tmp_path, scenario(), scenario(nodeid="other", s1sp="S1SP3", parameters=other))
    assert one["testCaseId"] == two["testCaseId"]
    assert one["historyId"] != two["historyId"]


def test_evidence_is_attached_to_the_step_that_produced_it(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "a-01-request.xml").write_bytes(b"<Request/>")
    step = StepResult("When", "it is sent", 3, "passed")
    step.attachments = [Attachment("SRV 6.15.1", "request", "application/xml", "a-01-request.xml")]
    (test,) = written(tmp_path, scenario(steps=[step]))
    (attached,) = test["steps"][0]["attachments"]
    assert attached["name"] == "request: SRV 6.15.1"
    assert (tmp_path / "allure-results" / attached["source"]).read_bytes() == b"<Request/>"


def test_what_went_wrong_beside_the_scenarios_is_there(tmp_path: Path) -> None:
    check = SanityCheck("last", "2026-11-21T09:05:00+00:00", passed=False, text="no answer to SRV 8.2")
    run = replace(RUN, problems=["a worker died"], ended_early="the DSP is dead", sanity=[check])
    folder = write_allure_results(tmp_path, run, [scenario()])
    (file,) = folder.glob("*-globals.json")
    messages = [error["message"] for error in json.loads(file.read_text())["errors"]]
    assert messages == ["a worker died", "the DSP is dead", "sanity check, last: no answer to SRV 8.2"]


def test_the_environment_begins_with_the_verdict(tmp_path: Path) -> None:
    folder = write_allure_results(tmp_path, RUN, [FAILED, scenario(nodeid="other")])
    lines = (folder / "environment.properties").read_text().splitlines()
    assert lines[0].startswith("Verdict = does not conform")
    assert lines[1] == "Scenarios = 285 written, 2 selected, 1 executed: 1 passed, 1 failed"
    assert "target = a tiny one" in lines
    assert lines[-1] == "Assumption\\ 1 = N55 carries an S1SP Alert"


def test_the_verdict_tells_of_known_issues(tmp_path: Path) -> None:
    run = replace(RUN, exit_code=0, exit_meaning="conforms but for 1 known issue")
    folder = write_allure_results(tmp_path, run, [scenario()])
    assert "Verdict = conforms but for 1 known issue\n" in (folder / "environment.properties").read_text()


def test_a_run_that_was_killed_is_incomplete(tmp_path: Path) -> None:
    folder = write_allure_results(tmp_path, replace(RUN, finished="", exit_code=0), [scenario()])
    assert (folder / "environment.properties").read_text().startswith("Verdict = incomplete")


def test_a_ci_is_named_with_its_build() -> None:
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKFLOW": "conformance",
        "GITHUB_RUN_NUMBER": "12",
        "GITHUB_RUN_ID": "345",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "a/b",
    }
    assert executor(variables) == {
        "name": "GitHub Actions",
        "type": "github",
        "buildName": "conformance #12",
        "buildOrder": 12,
        "buildUrl": "https://github.example/a/b/actions/runs/345",
    }
    assert executor({"HOME": "/root"}) == {}


ROWS = (("S1SP1", "ESME", "right"), ("S1SP1", "GPF", "wrong"))


def test_a_run_writes_them_with_its_steps_and_their_attachments(suite: Suite) -> None:
    suite.feature(outline(*ROWS))
    passed, failed = suite.run().allure
    assert [step["name"] for step in passed["steps"]] == [
        "Given a slot",
        "When the target does right",
        "Then it conforms",
    ]
    names = [[attachment["name"] for attachment in step.get("attachments", [])] for step in passed["steps"]]
    assert names == [[], ["request: 6.15.1"], ["response: answer"]]
    assert "attachments" not in passed
    assert "reading: any 6.15.1" in passed["description"]
    assert (passed["status"], failed["status"]) == ("passed", "failed")


def test_allure_pytest_tells_the_same_where_it_is_asked_to(suite: Suite) -> None:
    suite.feature(outline(*ROWS))
    own = {test["name"]: test for test in suite.run("--alluredir", "theirs").allure}
    theirs = [json.loads(file.read_text()) for file in (suite.folder / "theirs").glob("*-result.json")]
    assert len(theirs) == len(own) == 2
    for test in theirs:
        same = own[test["name"]]
        for name in ("epic", "feature", "story", "severity", "s1sp", "testCase"):
            assert labels(test, name) == labels(same, name)
        assert test["status"] == same["status"]
        assert [(step["name"], step["status"]) for step in test["steps"]] == [
            (step["name"], step["status"]) for step in same["steps"]
        ]
