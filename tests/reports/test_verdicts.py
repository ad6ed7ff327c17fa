"""Statuses, reasons and exit codes of a run."""

from __future__ import annotations

import pytest

from reports.exit_codes import exit_code_of
from reports.results import ExitCode, Status
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
