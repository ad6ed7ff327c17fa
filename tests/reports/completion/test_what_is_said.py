"""From the file alone: what failed, where, against which sentence, and what was observed."""

from __future__ import annotations

import pytest

from tests.reports.completion.conftest import Report


@pytest.mark.parametrize(
    ("place", "requirement", "source", "expected", "observed", "evidence"),
    [
        (
            "MP107-T01 S1SP2 ESME",
            "the DSP accepts SRV 6.15.1 of ed-north [FIA 4.1]",
            "FIA 4.1: “",
            "an acknowledgement (I99)",
            "a synchronous rejection with response code E4",
            "MP107-T01-S1SP2-ESME-02-response.xml",
        ),
        (
            "MP107-T02 S1SP3 GPF",
            "SRV 6.15.1 of ed-north is carried out [FIA 4.2.1]",
            "FIA 4.2.1: “",
            "a signed success of S1SP3",
            "N55 with S1SP Alert S1VE4",
            "MP107-T02-S1SP3-GPF-03-response.xml",
        ),
        (
            "MP107-T13 S1SP1 ESME",
            "it is checked against Registration Data [SRPD 6.1(f)]",
            "FIA ",
            "response code E4",
            "response code E1",
            "MP107-T13-S1SP1-ESME-02-response.xml",
        ),
        (
            "MP107-T36 S1SP1 GPF",
            "a refused request leaves the NetworkOperator slot as it was [FIA 3.2]",
            "FIA ",
            "the NetworkOperator slot holds 02-53-31-00-00-00-00-11",
            "the NetworkOperator slot holds 02-53-31-00-00-00-00-12",
            "MP107-T36-S1SP1-GPF-05-response.xml",
        ),
    ],
    ids=["at-the-dsp", "at-one-s1sp", "wrong-code", "slot-changed"],
)
def test_a_failure_is_told_in_full(
    report: Report, place: str, requirement: str, source: str, expected: str, observed: str, evidence: str
) -> None:
    told = report.scenario(place)
    assert f"✗ failed {place}" in told
    assert f"Requirement {requirement} Source " in told
    assert source in told
    assert f"Expected {expected} Observed {observed} Where {place.partition(' ')[2]}; device 02-02-" in told
    assert evidence in told.partition("Evidence")[2].partition("Severity")[0]
    assert "✗ failed here" in told
    assert "▲ failure observed after this message" in told
    assert f"raw {evidence}" in told, "the message is laid out"
    short = report.section("summary")
    assert requirement in short
    assert observed in short


def test_the_failing_step_and_its_messages_are_marked(report: Report) -> None:
    told = report.scenario("MP107-T02 S1SP3 GPF")
    assert "And S1SP3 answers with a signed success ✗ failed here (message 3)" in told
    assert "N55/S1VE4 refused by the S1SP" in told
    assert "answers 1" in told


def test_a_known_issue_is_told_with_its_defect(report: Report) -> None:
    assert "known issue DEF-17" in report.scenario("MP107-T10 S1SP2 GPF")
    defects = report.section("defects")
    for words in ("DEF-17", "major", "agreed with the DSP", "2026-09-30", "MP107-T10 S1SP2 GPF"):
        assert words in defects
    assert "critical 3 1 MP107-T02, MP107-T13, MP107-T36" in defects, "a known issue is not to be raised"


def test_an_error_of_the_harness_is_no_failure_of_the_target(report: Report) -> None:
    told = report.scenario("MP107-T03 S1SP1 ESME")
    assert "! error MP107-T03" in told
    assert "What broke Given a device" in told
    assert "Observed EndpointUnreachable: refused" in told
    assert "Traceback: in gateway.py" in told
    assert "failure observed" not in told


def test_what_was_left_out_has_its_reason(report: Report) -> None:
    told = report.section("left-out")
    assert "n/a" not in told
    assert (
        "not applicable 1 scenario MP107 cannot be switched off at an endpoint MP107-T21 S1SP1 ESME" in told
    )
    assert "not run 1 scenario the run ended before it began MP107-T22 S1SP1 ESME" in told


def test_a_test_that_passed_is_told_briefly_without_its_messages(report: Report) -> None:
    told = report.scenario("MP107-T01 S1SP1 ESME")
    assert "Expected: the DSP acknowledges the request; S1SP1 answers with a signed success." in told
    assert "Observed: so; 1 I99 acknowledged, 1 I0 success." in told
    assert "MP107-T01-S1SP1-ESME-03-response.xml" in told
    assert "raw MP107-T01-S1SP1-ESME" not in report.source


def test_requirements_lead_to_tests_and_back(report: Report) -> None:
    rows = report.tree.xpath("//section[@aria-labelledby='requirements']//tbody/tr")
    verdicts = [row.xpath("string(td[3])").split()[-1] for row in rows]
    assert verdicts[0] == "failed"
    assert verdicts == sorted(verdicts, key=["failed", "error", "run", "passed", "applicable"].index)
    of_t01 = [row for row in rows if "MP107-T01: S1SP2 (ESME)" in row.text_content()]
    assert of_t01
    links = report.tree.xpath("//section[@aria-labelledby='passed']//h3/following-sibling::p[1]/a/@href")
    assert {f"#{row.get('id')}" for row in of_t01} <= set(links)


def test_the_matrix_says_the_verdict_in_words(report: Report) -> None:
    cells = report.tree.xpath("//table[@class='matrix']//a/@aria-label")
    assert "MP107-T01 S1SP2 ESME: failed" in cells
    assert "MP107-T21 S1SP1 ESME: not applicable" in cells
    assert len(cells) == 9


def test_what_surrounds_the_verdict_is_told(report: Report) -> None:
    assert "Phase SIT" in report.text("//header")
    assert "SRV 6.15.1 at three S1SPs" in report.section("scope")
    assert "release 12.3" in report.section("target")
    assert "[ASSUMED]" in report.section("assumptions")
    criteria = report.section("criteria")
    assert "PIT was accepted to be judged by people" in criteria
    assert "✗ not met" in criteria
    conduct = report.section("conduct")
    for words in (
        "SRV 8.2 was answered as expected",
        "2 late",
        "late: I0 for nobody",
        "was used up by MP107-T01",
    ):
        assert words in conduct
    assert "some-package 9.9" in report.section("software")
    assert "some-package" not in report.section("target")
    signed = report.section("sign-off")
    for words in (
        "Accept with observations",
        "Reject",
        "Head of Test",
        "DCC Test Assurance Board",
        "Signature",
    ):
        assert words in signed
