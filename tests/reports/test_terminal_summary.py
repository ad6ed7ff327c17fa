"""The end summary: what it says of each kind of verdict, to whom it fits, and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.results import Attachment, ExitCode, Message, Reason, ScenarioResult, Status, StepResult
from reports.run_information import KnownIssue, RunInformation
from reports.terminal.appearance import console, text_of
from reports.terminal.end_summary import print_end_summary
from reports.terminal.scenario_lines import ScenarioLines

PLACES = [(s1sp, device_type) for s1sp in ("S1SP1", "S1SP2", "S1SP3") for device_type in ("ESME", "GPF")]
NOT_ACKNOWLEDGED = Reason(
    "the DSP accepts SRV 6.15.1 of ed-north [FIA 4.1]", "an acknowledgement (I99)", "a rejection with E4"
)


def scenario(
    scenario_id: str,
    place: tuple[str, str] = ("S1SP1", "ESME"),
    status: Status = Status.PASSED,
    reason: Reason | None = None,
    known_issue: str = "",
) -> ScenarioResult:
    s1sp, device_type = place
    name = f"{scenario_id}-{s1sp}-{device_type}"
    identifier = f"02-53-31-00-00-00-00-11:02-0{s1sp[-1]}-24-04-00-00-00-01:17952"
    facts = {"RequestID": identifier}
    sent = [
        Attachment("SRV 6.15.1 of ed-north", "request", "application/xml", f"{name}-1.xml", facts=facts),
        Attachment("answer: E4", "response", "application/xml", f"{name}-2.xml", facts=facts),
    ]
    return ScenarioResult(
        scenario_id=scenario_id,
        title="The correct Network Operator repairs the slot",
        feature="Repair",
        nodeid=name,
        s1sp=s1sp,
        device_type=device_type,
        clauses=["FIA-4.1"],
        status=status,
        reason=reason,
        steps=[StepResult("Then", "the DSP acknowledges", 3, str(status), attachments=sent)],
        labels={"device": [f"02-0{s1sp[-1]}-24-04-00-00-00-01"]},
        messages=[Message("ed-north", "DSP", "SRV 6.15.1")],
        known_issue=known_issue,
    )


def summary(
    results: list[ScenarioResult],
    code: ExitCode = ExitCode.CONFORMS,
    *,
    width: int = 120,
    verbosity: int = 0,
    resume_command: str = "",
    **information: object,
) -> str:
    run = RunInformation(
        finished="2026-11-21T09:00:00+00:00",
        written=285,
        selected=len(results),
        executed=sum(result.status in ("passed", "failed", "error") for result in results),
        exit_code=int(code),
        **information,  # type: ignore[arg-type]
    )
    out = console(width, coloured=False)
    output = Path.cwd() / "results"
    print_end_summary(out, run, results, output, verbosity=verbosity, resume_command=resume_command)
    return text_of(out)


def flowing(text: str) -> str:
    """Without its line ends and indents, to look for what may be wrapped."""
    return " ".join(text.split())


def test_a_failure_is_told_with_everything_needed_to_look_into_it() -> None:
    text = summary(
        [scenario("MP107-T01", status=Status.FAILED, reason=NOT_ACKNOWLEDGED)], ExitCode.DOES_NOT_CONFORM
    )
    assert (
        """\
The target does not conform: 1 scenario
  MP107-T01 S1SP1 ESME: The correct Network Operator repairs the slot
    Requirement: the DSP accepts SRV 6.15.1 of ed-north [FIA 4.1]
    Expected:    an acknowledgement (I99)
    Observed:    a rejection with E4
    Clauses:     FIA-4.1
    Device:      02-01-24-04-00-00-00-01
    Messages:    02-53-31-00-00-00-00-11:02-01-24-04-00-00-00-01:17952
    Evidence:    evidence/MP107-T01-S1SP1-ESME-2.xml  answer: E4
                 evidence/MP107-T01-S1SP1-ESME-1.xml  SRV 6.15.1 of ed-north
"""
        in text
    )
    assert "1 failed" in text
    assert "Report    results/completion-report.html\n" in text
    assert text.endswith("Exit code 1: does not conform: at least one requirement was checked and not met\n")


def test_a_deviation_that_hits_sixty_rows_is_one_finding() -> None:
    wrong = [
        scenario(f"MP107-T{number}", place, Status.FAILED, NOT_ACKNOWLEDGED)
        for number in range(10, 20)
        for place in PLACES
    ]
    other = scenario("MP107-T30", status=Status.FAILED, reason=Reason("a slot", "unchanged", "changed"))
    text = summary([*wrong, other], ExitCode.DOES_NOT_CONFORM)
    assert "The target does not conform: 61 scenarios, 2 different observations" in text
    assert text.count("Requirement:") == 2
    everywhere = ", ".join(f"MP107-T{number}" for number in range(10, 20))
    assert f"Where: {everywhere}: S1SP1, S1SP2, S1SP3 (ESME, GPF)" in flowing(text)
    assert text.index("60 scenarios") < text.index("MP107-T30 S1SP1 ESME:")
    every_one = summary(wrong, ExitCode.DOES_NOT_CONFORM, verbosity=1)
    assert all(f"evidence/MP107-T13-{s1sp}-{kind}-2.xml" in every_one for s1sp, kind in PLACES)


def test_known_issues_are_no_failures() -> None:
    known = scenario("MP107-T01", status=Status.FAILED, reason=NOT_ACKNOWLEDGED, known_issue="DEF-7")
    issue = KnownIssue(
        "MP107-T01", "S1SP1", "", "E4", "mended in release 2", "DEF-7", "minor", "2027-01-31", [known.place]
    )
    text = summary([known, scenario("MP107-T02")], known_issues=[issue], exit_meaning="conforms but for 1")
    assert (
        """\
Known issues, not counted as failures: 1 scenario
  DEF-7
    Reason:      mended in release 2
    Observed:    a rejection with E4
    Where:       MP107-T01: S1SP1 (ESME)
    Review by:   2027-01-31
"""
        in text
    )
    assert "2 executed: 1 passed, 1 known issue\n" in text
    assert "MP107-T01" in (row := next(line for line in text.splitlines() if "known" in line))
    assert "FAIL" not in row
    assert "does not conform" not in text
    assert text.endswith("Exit code 0: conforms but for 1\n")


def test_what_contradicts_the_known_issues_is_told() -> None:
    text = summary(
        [scenario("MP107-T01")], ExitCode.DOES_NOT_CONFORM, contradictions=["DEF-7: stale: remove the entry"]
    )
    assert "known issue: DEF-7: stale: remove the entry\n" in text


def test_errors_of_the_harness_stand_apart_with_their_traceback_on_demand() -> None:
    broken = Reason("setting up the scenario", actual="ConnectionError: refused", traceback="conftest.py:7")
    results = [
        scenario("MP107-T01", status=Status.ERROR, reason=broken),
        scenario("MP107-T02", status=Status.FAILED, reason=NOT_ACKNOWLEDGED),
    ]
    text = summary(results, ExitCode.DOES_NOT_CONFORM)
    errors, failures = text.split("The target does not conform")
    assert "Errors of the harness or the environment: 1 scenario" in errors
    assert "While:       setting up the scenario" in errors
    assert "Observed:    ConnectionError: refused" in errors
    assert "MP107-T01" not in failures
    assert "conftest.py:7" not in text
    assert "conftest.py:7" in summary(results, ExitCode.DOES_NOT_CONFORM, verbosity=1)


def test_what_has_no_verdict_is_counted_by_reason() -> None:
    switched = Reason("an endpoint cannot be switched off")
    results = [scenario("MP107-T21", place, Status.NOT_APPLICABLE, switched) for place in PLACES]
    results += [
        scenario("MP107-T11", place, Status.NOT_APPLICABLE, Reason(f"no second User for {place[0]}"))
        for place in PLACES[:2]
    ]
    results += [scenario("MP107-T01", place, Status.NOT_RUN) for place in PLACES[:4]]
    text = summary([*results, scenario("MP107-T02")], ExitCode.INCOMPLETE, resume_command="run --resume")
    assert (
        """\
Not applicable to this target: 8 scenarios
  6 x:         an endpoint cannot be switched off
               MP107-T21: S1SP1, S1SP2, S1SP3 (ESME, GPF)
  2 x:         no second User for S1SP1
               MP107-T11: S1SP1 (ESME, GPF)
"""
        in text
    )
    assert (
        """\
Not run: 4 scenarios
  4 x:         the run ended before
               MP107-T01: S1SP1, S1SP2 (ESME, GPF)
"""
        in text
    )
    assert "Next      run --resume  # go on with what was left undone\n" in text


def test_a_run_that_conforms_tells_what_to_hand_over() -> None:
    text = summary([scenario("MP107-T01", place) for place in PLACES])
    assert "smets1-conformance evidence bundle --output results " in text
    assert "smets1-conformance compare EARLIER results " in text
    assert "conform:" not in text
    assert "6 passed" in text


def test_quiet_is_what_went_wrong_and_the_last_lines() -> None:
    results = [
        scenario("MP107-T01", status=Status.FAILED, reason=NOT_ACKNOWLEDGED),
        scenario("MP107-T02", status=Status.NOT_APPLICABLE, reason=Reason("no GPF")),
    ]
    text = summary(results, ExitCode.DOES_NOT_CONFORM, verbosity=-1, assumptions=["N55 carries an alert"])
    assert text.startswith("The target does not conform")
    assert "no GPF" not in text
    assert "N55" not in text
    assert "Exit code 1" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_nothing_is_cut_off_however_narrow_it_is(width: int) -> None:
    long = Reason(
        "the DSP accepts SRV 6.15.1 " + "of the incorrect Network Operator " * 4 + "<end>", "E4", "x" * 300
    )
    results = [scenario("MP107-T01", place, Status.FAILED, long) for place in PLACES]
    text = summary(results, ExitCode.DOES_NOT_CONFORM, width=width, assumptions=["assumed " * 30 + "<last>"])
    assert "…" not in text
    assert "<end>" in flowing(text)
    assert "<last>" in flowing(text)
    assert text.count("x") >= 300
    wrapped, last_lines = text.split("\nScenarios ")
    assert all(len(line) <= width for line in wrapped.splitlines())
    assert last_lines.count("\n") == 6  # in a log each stays on one line
    assert "MP107-T01 6 FAIL" in flowing(text) if width < 60 else text.count(" FAIL") == 6


def test_the_matrix_has_titles_where_there_is_room() -> None:
    results = [scenario("MP107-T01", place) for place in PLACES]
    assert "The correct Network Operator repairs the slot" in flowing(summary(results, width=120))
    assert "repairs the slot" not in summary(results, width=80)


def lines_of(results: list[ScenarioResult], width: int = 120, verbosity: int = 0) -> list[str]:
    out, lines = console(width, coloured=False), ScenarioLines(verbosity)
    for number, result in enumerate(results, start=1):
        lines.print(out, result, number, len(results))
    return text_of(out).splitlines()


def test_what_goes_wrong_again_is_not_explained_again() -> None:
    first, again = (scenario("MP107-T01", place, Status.FAILED, NOT_ACKNOWLEDGED) for place in PLACES[:2])
    assert lines_of([first, again, scenario("MP107-T02")]) == [
        "1/3 MP107-T01  S1SP1 ESME  failed           0.00 s  The correct Network Operator repairs the slot",
        "    Requirement: the DSP accepts SRV 6.15.1 of ed-north [FIA 4.1]",
        "    Expected:    an acknowledgement (I99)",
        "    Observed:    a rejection with E4",
        "2/3 MP107-T01  S1SP1 GPF   failed           0.00 s  as MP107-T01 S1SP1 ESME",
        "3/3 MP107-T02  S1SP1 ESME  passed           0.00 s  The correct Network Operator repairs the slot",
    ]
    assert lines_of([first, again], 40)[-1] == "2/2 MP107-T01 S1SP1 GPF  FAIL"
    assert len(lines_of([first, again, scenario("MP107-T02")], verbosity=-1)) == 2


def test_a_known_issue_is_named_by_its_defect() -> None:
    (line,) = lines_of([scenario("MP107-T01", PLACES[0], Status.FAILED, NOT_ACKNOWLEDGED, "DEF-7")])
    assert line == "1/1 MP107-T01  S1SP1 ESME  known issue      0.00 s  DEF-7"
