"""``junit.xml``: what Jenkins, GitLab and others make of a run agrees with its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from reports.exports.junit import write_junit
from reports.results import ScenarioResult, Status
from reports.run_information import RunInformation
from tests.reports.exports.conftest import Folder, ended, known_issue, reason, row, under_the_rule

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
EVERY_STATUS = [
    row(0),
    row(1, Status.FAILED),
    row(2, Status.ERROR),
    under_the_rule(Status.NOT_APPLICABLE),  # it did not begin
]


def junit(folder: Folder, results: list[ScenarioResult], run: RunInformation | None = None) -> etree._Element:
    document = etree.parse(folder.written(write_junit, results, run))
    SCHEMA.assertValid(document)
    return document.getroot()


def case(root: etree._Element, name: str) -> etree._Element:
    (found,) = (each for each in root.iter("testcase") if each.get("name", "").startswith(name))
    return found


def test_a_suite_for_each_feature_and_a_case_for_each_scenario(folder: Folder) -> None:
    root = junit(folder, EVERY_STATUS)
    suite = root[0]
    assert (suite.get("name"), suite.get("file")) == ("Repair", "features/repair.feature")
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    assert suite.get("timestamp") == "2026-11-21T09:00:10", "when its first scenario began"
    assert suite.get("time") == "1.500"
    first = suite.find("testcase")
    assert first is not None
    assert first.get("classname") == "features.repair"
    assert first.get("name") == "MP107-T01 S1SP1 ESME: The ESME of S1SP1 is repaired (sender=one)"
    assert (first.get("file"), first.get("line")) == ("features/repair.feature", "13")
    properties = {each.get("name"): each.get("value") for each in first.iter("property")}
    assert properties == {
        "scenario_id": "MP107-T01",
        "clauses": "FIA-5.2",
        "s1sp": "S1SP1",
        "device_type": "ESME",
        "severity": "critical",
        "target": "SIT-A",
    }


def test_a_failure_tells_requirement_expected_observed_and_evidence(folder: Folder) -> None:
    failed = case(
        junit(folder, EVERY_STATUS), "MP107-T01 S1SP1 ESME: The ESME of S1SP1 is repaired (sender=two)"
    )
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("type") == "target does not conform"
    assert failure.get("message") == "target does not conform: SRPD 6.2(d): no RDP check"
    assert (failure.text or "").splitlines() == [
        "Requirement: SRPD 6.2(d): no RDP check",
        "Expected:    I99",
        "Observed:    E4",
        "Device:      D-1",
        "Messages:    A:B:1",
        "Clauses:     FIA-5.2",
        "Evidence:    evidence/MP107-T01-S1SP1-ESME-two-01-response.xml",
    ]


def test_attachments_are_files_below_the_working_directory(folder: Folder) -> None:
    failed = case(
        junit(folder, EVERY_STATUS), "MP107-T01 S1SP1 ESME: The ESME of S1SP1 is repaired (sender=two)"
    )
    attached = (failed.findtext("system-out") or "").removeprefix("[[ATTACHMENT|").removesuffix("]]")
    assert attached == "output/evidence/MP107-T01-S1SP1-ESME-two-01-response.xml"
    assert (folder.root / attached).is_file()


def test_an_error_of_the_harness_is_no_failure(folder: Folder) -> None:
    error = case(junit(folder, EVERY_STATUS), "MP107-T01 S1SP2 GPF").find("error")
    assert error is not None
    assert error.get("type") == "harness error"
    assert "Traceback: here" in (error.text or "")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (Status.NOT_APPLICABLE, "not applicable: there is no GPF here"),
        (Status.NOT_RUN, "not run: no device is left"),
    ],
)
def test_what_did_not_run_is_skipped_with_its_reason(folder: Folder, status: Status, message: str) -> None:
    skipped = case(junit(folder, [row(0), row(2, status)]), "MP107-T01 S1SP2 GPF").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == message


def test_a_known_issue_is_skipped_and_says_why_it_is_tolerated(folder: Folder) -> None:
    results = [row(0), row(1, Status.FAILED, known_issue="D-7")]
    root = junit(folder, results, ended(results, known_issues=[known_issue()]))
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "known issue D-7: SRPD 6.2(d): no RDP check"
    assert skipped.text == "agreed with S1SP1\nSeverity normal, to be reviewed by 2027-01-31"
    tolerated = skipped.getparent()
    assert tolerated is not None
    assert "Observed:    E4" in (tolerated.findtext("system-out") or "")


RUNS = {
    "all passed": ([row(0), row(1)], {}),
    "one failed": ([row(0), row(1, Status.FAILED)], {}),
    "an error": ([row(0), row(1, Status.ERROR)], {}),
    "a failure and an error": ([row(0, Status.FAILED), row(1, Status.ERROR)], {}),
    "not applicable beside one that passed": ([row(0), row(1, Status.NOT_APPLICABLE)], {}),
    "all not applicable": ([row(0, Status.NOT_APPLICABLE)], {}),
    "one did not run": ([row(0), row(1, Status.NOT_RUN)], {}),
    "a failure, and one did not run": ([row(0, Status.FAILED), row(1, Status.NOT_RUN)], {}),
    "a known issue": ([row(0), row(1, Status.FAILED, known_issue="D-7")], {"known_issues": [known_issue()]}),
    "a known issue and a failure": (
        [row(0, Status.FAILED), row(1, Status.FAILED, known_issue="D-7")],
        {"known_issues": [known_issue()]},
    ),
    "a known issue that does not fail any more": ([row(0)], {"contradictions": ["D-7 passed"]}),
    "nothing ran": ([], {}),
    "stopped by its configuration": ([], {"problems": ["features/x.feature:1: no id"]}),
    "stopped after one passed": ([row(0)], {"problems": ["the counts differ"]}),
    "ended early": ([row(0)], {"ended_early": "the endpoint does not answer"}),
    "a scenario is missing": ([row(0)], {"selected": 2}),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_green_exactly_when_it_ends_with_0(folder: Folder, name: str) -> None:
    results, more = RUNS[name]
    run = ended(results, **more)
    root = junit(folder, results, run)
    red = sum(1 for _ in root.iter("failure", "error"))
    assert (red == 0) == (run.exit_code == 0)
    assert int(root.get("failures", "")) + int(root.get("errors", "")) == red
    assert bool(int(root.get("failures", ""))) == (run.exit_code == 1)


def test_a_run_that_was_killed_is_not_green(folder: Folder) -> None:
    root = junit(folder, [row(0)], RunInformation(started="2026-11-21T09:00:00+00:00", selected=1))
    (error,) = root.iter("error")
    assert "has not ended" in error.get("message", "")


def test_what_the_configuration_did_wrong_is_told(folder: Folder) -> None:
    root = junit(folder, [], ended([], problems=["features/x.feature:1: no id"]))
    (error,) = root.iter("error")
    assert error.text == "features/x.feature:1: no id"


def test_what_xml_forbids_is_shown_and_the_file_can_be_read(folder: Folder) -> None:
    hostile = reason(actual="\x1b[31m]]><failure/>\x00\ufffe\nnext & last")
    root = junit(folder, [row(0, Status.FAILED, reason=hostile)])
    (failure,) = root.iter("failure")
    assert "Observed:    \\x1b[31m]]><failure/>\\x00\\xfffe\nnext & last" in (failure.text or "")
