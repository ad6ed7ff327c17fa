"""A run with known issues, from the file to the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.known_issues import KnownIssueLedger
from reports.logbook import Logbook
from reports.results_folder import ResultsError, read_results
from reports.run_information import KnownIssue, RunInformation
from tests.reports.conftest import Outcome, Suite, outline
from tests.reports.known_issues.made import issue, result

GOOD = ("S1SP1", "ESME", "right")
WRONG = ("S1SP1", "GPF", "wrong")
ALSO_WRONG = ("S1SP2", "GPF", "wrong")
BROKEN = ("S1SP2", "ESME", "break the harness")


def entry(device_type: str = "GPF", observed: str = "E4", review_by: str = "2999-12-31") -> str:
    return f"""
[[known_issue]]
scenario_id = "MP107-T01"
device_type = "{device_type}"
observed = "{observed}"
reason = "the code is corrected in release 5"
defect = "DEF-12"
severity = "3"
review_by = {review_by}
"""


def run(suite: Suite, ledger: str, *rows: tuple[str, str, str], options: tuple[str, ...] = ()) -> Outcome:
    suite.feature(outline(*rows))
    (suite.folder / "known-issues.toml").write_text(ledger, encoding="utf-8")
    return suite.run("--known-issues", "known-issues.toml", *options)


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_failures_as_listed_leave_the_rest_to_conform(suite: Suite, processes: tuple[str, ...]) -> None:
    outcome = run(suite, entry(), GOOD, WRONG, ALSO_WRONG, options=processes)
    assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
    assert outcome.statuses == ["passed", "failed", "failed"]
    assert [result.known_issue for result in outcome.results] == ["", "DEF-12", "DEF-12"]
    assert outcome.run.exit_meaning.startswith("conforms but for 1 known issue")
    (issue,) = outcome.run.known_issues
    assert sorted(issue.places) == ["MP107-T01 S1SP1 GPF", "MP107-T01 S1SP2 GPF"]


@pytest.mark.parametrize(
    ("ledger", "rows", "code", "said"),
    [
        (entry("ESME"), [GOOD], 1, "stale: MP107-T01 does not fail any more as listed"),
        (entry(observed="no answer within 3 s"), [GOOD, WRONG], 1, "fails, but not as listed"),
        (entry("ESME", observed="ConnectionError: refused"), [GOOD, BROKEN], 2, "ConnectionError: refused"),
        (entry("ESME"), [WRONG, ("S1SP1", "ESME", "nothing for us")], 1, "does not conform"),
    ],
    ids=["stale", "otherwise", "error", "not-met"],
)
def test_what_is_not_as_listed_fails_the_run(
    suite: Suite, ledger: str, rows: list[tuple[str, str, str]], code: int, said: str
) -> None:
    outcome = run(suite, ledger, *rows)
    assert (outcome.exit_code, outcome.run.exit_code) == (code, code), outcome.stdout
    assert said in " ".join(outcome.stdout.split())
    assert [result.known_issue for result in outcome.results] == [""] * len(rows)
    assert len(outcome.run.contradictions) == (said.startswith(("stale", "fails")))


def test_a_ledger_that_cannot_be_used_ends_the_run_before_anything_is_sent(suite: Suite) -> None:
    outcome = run(suite, entry("HCALCS") + entry(review_by="2020-01-01"), GOOD, WRONG)
    assert outcome.exit_code == 2
    assert "known-issues.toml:2: device_type: MP107-T01 is not carried out for HCALCS" in outcome.stderr
    assert "known-issues.toml:11: review_by: the review of DEF-12 was due on 2020-01-01" in outcome.stderr
    assert not outcome.output.exists()


def logbook(folder: Path, *issues: KnownIssue) -> Logbook:
    """A run that has not opened its folder."""
    ledger = KnownIssueLedger(folder / "known-issues.toml", issues)
    return Logbook(folder / "out", RunInformation(), ledger, pytest.fail)


def test_a_resumed_run_counts_what_was_judged_before_the_interruption(tmp_path: Path) -> None:
    first = logbook(tmp_path, issue())
    first.open()
    first.add(result())
    assert read_results(tmp_path / "out")[1][0].known_issue == "DEF-12"  # on record at once

    second = logbook(tmp_path, issue(review_by="2031-12-31"))  # a review may have taken place meanwhile
    second.open(resume=True)
    assert second.information.known_issues[0].places == ["MP107-T10 S1SP1 ESME"]
    assert read_results(tmp_path / "out")[0].known_issues[0].review_by == "2031-12-31"


def test_a_verdict_taken_over_from_elsewhere_is_judged_too(tmp_path: Path) -> None:
    """As from the journal of a run that was killed before the controller heard of the verdict."""
    logbook(tmp_path, issue()).open()
    second = logbook(tmp_path, issue())
    second.open(resume=True)
    second.take_over([result()])
    assert read_results(tmp_path / "out")[1][0].known_issue == "DEF-12"


@pytest.mark.parametrize(
    "now", [(), (issue("E2"),), (issue(s1sp="S1SP1"),)], ids=["gone", "other", "narrower"]
)
def test_a_run_is_not_gone_on_with_under_another_ledger(tmp_path: Path, now: tuple[KnownIssue, ...]) -> None:
    first = logbook(tmp_path, issue())
    first.open()
    first.add(result())
    before = {file: file.read_bytes() for file in (tmp_path / "out").iterdir() if file.is_file()}
    with pytest.raises(ResultsError, match=r"known-issues\.toml has changed since the run was started"):
        logbook(tmp_path, *now).open(resume=True)
    assert {file: file.read_bytes() for file in before} == before
