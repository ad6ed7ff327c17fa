"""Statuses, reasons and exit codes of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from reports.exit_codes import exit_code_of, exit_sentence, meaning_of, without_outputs
from reports.results import EXIT_MEANINGS, ExitCode, Status
from reports.run_information import KnownIssue, RunInformation
from smets1_conformance.cli import group
from tests.reports.conftest import Suite, outline

GOOD = ("S1SP1", "ESME", "right")
WRONG = ("S1SP1", "GPF", "wrong")
BROKEN = ("S1SP2", "ESME", "break the harness")
NOT_HERE = ("S1SP2", "GPF", "nothing for us")


@pytest.mark.parametrize(
    ("rows", "statuses", "code"),
    [
        ([GOOD], ["passed"], 0),
        ([GOOD, NOT_HERE], ["passed", "not applicable"], 0),
        ([GOOD, WRONG], ["passed", "failed"], 1),
        ([GOOD, BROKEN], ["passed", "error"], 2),
        ([WRONG, BROKEN], ["failed", "error"], 1),
        ([NOT_HERE], ["not applicable"], 3),
    ],
    ids=["conforms", "with-not-applicable", "failed", "error", "failed-and-error", "nothing-ran"],
)
def test_status_and_exit_code(
    suite: Suite, rows: list[tuple[str, str, str]], statuses: list[str], code: int
) -> None:
    suite.feature(outline(*rows))
    outcome = suite.run()
    assert (outcome.statuses, outcome.exit_code) == (statuses, code), outcome.stdout + outcome.stderr
    assert outcome.run.exit_code == code
    assert f"Exit code {code}" in outcome.stdout


def test_reason_of_a_failure_is_told_in_the_words_of_the_field(suite: Suite) -> None:
    suite.feature(outline(WRONG))
    outcome = suite.run()
    reason = outcome.results[0].reason
    assert reason is not None
    assert (reason.requirement, reason.expected, reason.actual) == ("SRPD 6.2(d): no RDP check", "I99", "E4")
    assert (reason.device, reason.message_ids) == ("90-B3-D5-1F-30-01-00-01", ["A:B:1"])
    for line in ("Requirement: SRPD 6.2(d): no RDP check", "Expected:    I99", "Observed:    E4", "A:B:1"):
        assert line in outcome.stdout
    assert "Traceback" not in outcome.stdout
    assert "conftest.py:" not in outcome.stdout


def test_a_plain_assertion_names_the_sentence_that_was_not_met(suite: Suite) -> None:
    suite.feature(outline(("S1SP1", "ESME", "plainly wrong")))
    outcome = suite.run()
    reason = outcome.results[0].reason
    assert outcome.statuses == ["failed"]
    assert reason is not None
    assert reason.requirement == "Then it conforms"


def test_the_traceback_of_an_error_is_shown_only_when_asked_for(suite: Suite) -> None:
    suite.feature(outline(BROKEN))
    quiet, verbose = suite.run(), suite.run("-v")
    assert "ConnectionError: refused" in quiet.stdout
    assert "conftest.py:" not in quiet.stdout
    assert "conftest.py:" in verbose.stdout


def test_trouble_in_tearing_down_is_an_error(suite: Suite) -> None:
    suite.feature(outline(GOOD).replace("Given a slot", "Given something that cannot be cleaned up"))
    outcome = suite.run()
    assert (outcome.statuses, outcome.exit_code) == (["error"], 2)


def test_a_sentence_without_a_step_is_an_error(suite: Suite) -> None:
    suite.feature(outline(GOOD).replace("Then it conforms", "Then nobody wrote this"))
    outcome = suite.run()
    assert (outcome.statuses, outcome.exit_code) == (["error"], 2)
    assert "nobody wrote this" in outcome.stdout
    assert [step.status for step in outcome.results[0].steps] == ["passed", "passed", "error"]


def test_nothing_selected_is_incomplete(suite: Suite) -> None:
    suite.feature(outline(GOOD))
    outcome = suite.run("-k", "no_such_name")
    assert (outcome.exit_code, outcome.run.selected, outcome.run.written) == (3, 0, 1)


def test_what_was_deselected_is_not_missed(suite: Suite) -> None:
    suite.feature(outline(GOOD, WRONG))
    outcome = suite.run("-k", "ESME")
    assert (outcome.exit_code, outcome.statuses) == (0, ["passed"])
    assert "2 written, 1 selected, 1 executed" in outcome.stdout


def test_selection_by_scenario_id(suite: Suite) -> None:
    suite.feature(outline(GOOD))
    assert suite.run("-m", "MP107-T01").statuses == ["passed"]
    assert suite.run("-m", "not MP107-T01").exit_code == 3


def test_what_was_selected_and_did_not_run_is_incomplete(suite: Suite) -> None:
    suite.feature(outline(GOOD, WRONG, ("S1SP3", "GPF", "right")))
    outcome = suite.run("-x")
    assert outcome.statuses == ["passed", "failed", "not run"]
    assert outcome.exit_code == 1
    assert outcome.results[2].scenario_id == "MP107-T01"
    assert (outcome.results[2].s1sp, outcome.results[2].device_type) == ("S1SP3", "GPF")


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_run_that_is_stopped_says_why_once(suite: Suite, processes: tuple[str, ...]) -> None:
    suite.feature(outline(GOOD, ("S1SP1", "GPF", "stop it all"), ("S1SP2", "GPF", "right")))
    outcome = suite.run(*processes)
    assert outcome.exit_code == 2
    assert outcome.run.problems == ["the endpoint is not there"]
    assert "problem: the endpoint is not there" in outcome.stdout


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_run_that_cannot_start_says_why_once(suite: Suite, processes: tuple[str, ...]) -> None:
    suite.feature(outline(GOOD))
    with (suite.folder / "conftest.py").open("a") as conftest:
        conftest.write(
            "\ndef pytest_sessionstart(session):\n    pytest.exit('nobody answers', returncode=2)\n"
        )
    outcome = suite.run(*processes)
    assert outcome.exit_code == 2
    assert (outcome.stdout + outcome.stderr).count("nobody answers") == 1
    assert (outcome.run.exit_code, outcome.run.problems) == (2, ["nobody answers"])


def test_a_module_that_cannot_be_imported_is_a_harness_error(suite: Suite) -> None:
    suite.feature(outline(GOOD))
    (suite.features / "test_features.py").write_text("import no_such_module\n")
    outcome = suite.run()
    assert outcome.exit_code == 2
    assert "No module named 'no_such_module'" in outcome.stdout


def test_a_scenario_that_vanishes_from_a_run_of_all_is_named(suite: Suite) -> None:
    """A plugin that removes a test says nothing of it: the run would look whole."""
    suite.feature(outline(GOOD, ("S1SP2", "GPF", "right")))
    with (suite.folder / "conftest.py").open("a") as conftest:
        conftest.write(
            "\n@pytest.hookimpl(trylast=True)\ndef pytest_collection_modifyitems(items):\n    del items[1:]\n"
        )
    outcome = suite.run()
    assert (outcome.exit_code, outcome.statuses) == (3, ["passed"])
    assert "1 scenario came to no verdict: MP107-T01 S1SP2 GPF" in " ".join(outcome.stdout.split())


@pytest.mark.parametrize(
    ("hook", "statuses"),
    [
        ("pytest_bdd_before_scenario(scenario)", ["not run"]),
        ("pytest_runtest_logfinish(nodeid)", ["passed"]),
    ],
    ids=["within-the-scenario", "after-the-last-one"],
)
def test_an_interrupted_run_is_incomplete_even_with_every_verdict(
    suite: Suite, hook: str, statuses: list[str]
) -> None:
    suite.feature(outline(GOOD))
    with (suite.folder / "conftest.py").open("a") as conftest:
        conftest.write(f"\ndef {hook}:\n    raise KeyboardInterrupt\n")
    outcome = suite.run()
    assert (outcome.exit_code, outcome.statuses) == (3, statuses), outcome.stdout


@pytest.mark.parametrize("option", ["--collect-only", "--version"])
def test_the_command_is_never_green_where_nothing_ran(tmp_path: Path, option: str) -> None:
    output = tmp_path / "out"
    answer = CliRunner().invoke(group, ["run", "--output", str(output), "--", option, "-m", "MP107-T01"])
    assert answer.exit_code == 3
    assert not output.exists()


@pytest.mark.parametrize(
    ("statuses", "selected", "aborted", "code"),
    [
        ([], 0, False, ExitCode.INCOMPLETE),
        ([Status.PASSED], 1, False, ExitCode.CONFORMS),
        ([Status.PASSED], 2, False, ExitCode.INCOMPLETE),
        ([Status.PASSED, Status.NOT_RUN], 2, False, ExitCode.INCOMPLETE),
        ([Status.PASSED, Status.NOT_APPLICABLE], 2, False, ExitCode.CONFORMS),
        ([Status.NOT_APPLICABLE], 1, False, ExitCode.INCOMPLETE),
        ([Status.FAILED, Status.NOT_RUN], 2, False, ExitCode.DOES_NOT_CONFORM),
        ([Status.ERROR, Status.NOT_RUN], 2, False, ExitCode.HARNESS_ERROR),
        ([Status.FAILED], 1, True, ExitCode.HARNESS_ERROR),
    ],
)
def test_exit_code_of(statuses: list[Status], selected: int, aborted: bool, code: ExitCode) -> None:
    assert exit_code_of(statuses, selected=selected, aborted=aborted) is code


PASSED, FAILED, ERROR, NOT_RUN = Status.PASSED, Status.FAILED, Status.ERROR, Status.NOT_RUN


@pytest.mark.parametrize(
    ("statuses", "known_issues", "contradicted", "code"),
    [
        ([PASSED, FAILED, FAILED], 2, False, ExitCode.CONFORMS),
        ([PASSED, FAILED, FAILED], 1, False, ExitCode.DOES_NOT_CONFORM),
        ([FAILED], 1, False, ExitCode.CONFORMS),
        ([PASSED], 0, True, ExitCode.DOES_NOT_CONFORM),
        ([PASSED, NOT_RUN], 0, True, ExitCode.DOES_NOT_CONFORM),
        ([PASSED, FAILED, ERROR], 1, False, ExitCode.HARNESS_ERROR),
        ([PASSED, FAILED, NOT_RUN], 1, False, ExitCode.INCOMPLETE),
    ],
)
def test_exit_code_with_known_issues(
    statuses: list[Status], known_issues: int, contradicted: bool, code: ExitCode
) -> None:
    found = exit_code_of(
        statuses,
        selected=len(statuses),
        aborted=False,
        known_issues=known_issues,
        contradicted=contradicted,
    )
    assert found is code


@pytest.mark.parametrize(
    ("code", "after"),
    [
        (ExitCode.CONFORMS, ExitCode.HARNESS_ERROR),
        (ExitCode.DOES_NOT_CONFORM, ExitCode.DOES_NOT_CONFORM),
        (ExitCode.HARNESS_ERROR, ExitCode.HARNESS_ERROR),
        (ExitCode.INCOMPLETE, ExitCode.HARNESS_ERROR),
    ],
)
def test_exit_code_without_outputs(code: ExitCode, after: ExitCode) -> None:
    assert without_outputs(code) is after


def test_what_the_exit_code_says() -> None:
    def told(code: ExitCode, *statuses: Status, **known: list[str]) -> str:
        issue = KnownIssue("MP107-T01", "", "", "E4", "a reason", "DEF-12", "3", "2030-01-31", **known)
        run = RunInformation(finished="now", exit_code=code, known_issues=[issue])
        run.exit_meaning = meaning_of(run, statuses)
        return exit_sentence(run)

    assert told(ExitCode.CONFORMS, PASSED) == EXIT_MEANINGS[ExitCode.CONFORMS]
    assert told(ExitCode.CONFORMS, PASSED, FAILED, places=["T01"]).startswith(
        "conforms but for 1 known issue: every other selected scenario ran and passed"
    )
    assert "what is listed there does not fail any more" in told(
        ExitCode.DOES_NOT_CONFORM, PASSED, passed=["T01"]
    )
    assert (
        told(ExitCode.DOES_NOT_CONFORM, FAILED, FAILED, places=["T01"])
        == (EXIT_MEANINGS[ExitCode.DOES_NOT_CONFORM])
    )
    assert exit_sentence(RunInformation()).startswith("incomplete: the run has not ended")
