"""What results make of the entries: as listed, otherwise, stale, not met."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.known_issues import KnownIssueLedger, is_as_listed, outcome
from reports.results import Reason, ScenarioResult, Status
from reports.run_information import KnownIssue
from tests.reports.known_issues.made import LISTED, REASON, issue, result


def judged(entry: KnownIssue, *results: ScenarioResult) -> KnownIssueLedger:
    ledger = KnownIssueLedger(Path("known-issues.toml"), [entry])
    for each in results:
        ledger.judge(each)
    return ledger


@pytest.mark.parametrize(
    ("listed", "actual", "matches"),
    [
        (LISTED, LISTED, True),
        ("rejection with response code E4", LISTED, True),
        ("rejection  with\n response code E4", LISTED, True),
        ("rejection with response code E4", "a synchronous rejection with response code E42", False),
        ("response code E1", "a rejection with response code E11", False),
        ("response code E", LISTED, False),
        ("response code e4", LISTED, False),
        ("S1SP Alert S1VE64 in DCC Alert", "S1SP Alert S1VE63 in DCC Alert N55 for A:B:1", False),
        ("E4", LISTED, False),  # too short to be a part
        ("E4", "E4", True),
        ("Supplier", " Supplier ", True),
        (LISTED, "", False),
    ],
)
def test_a_failure_is_as_listed_when_what_is_listed_was_observed(
    listed: str, actual: str, matches: bool
) -> None:
    assert is_as_listed(issue(listed), Reason(requirement="any", actual=actual)) is matches


def test_the_requirement_that_was_not_met_can_be_listed_too() -> None:
    assert is_as_listed(issue(requirement="the DSP accepts SRV 6.15.1"), REASON)
    assert not is_as_listed(issue(requirement="the S1SP rejects SRV 6.15.1"), REASON)


def test_a_failure_as_listed_stays_a_failure_and_names_the_defect() -> None:
    entry, failed = issue(), result()
    ledger = judged(entry, failed)
    assert (failed.status, failed.known_issue) == (Status.FAILED, "DEF-12")
    assert (entry.places, ledger.failures) == (["MP107-T10 S1SP1 ESME"], 1)
    assert ledger.contradictions() == []


def test_another_failure_is_told_with_both_observations() -> None:
    failed = result(reason=Reason(requirement="the slot holds the new party", actual="the old one"))
    again = result(s1sp="S1SP2", reason=Reason(requirement="the slot holds it", actual="another"))
    ledger = judged(issue(), failed, again)
    (told,) = ledger.contradictions()
    assert (failed.known_issue, ledger.failures) == ("", 0)
    assert "MP107-T10 fails, but not as listed at S1SP1 ESME, S1SP2 ESME: " in told
    assert LISTED in told
    assert "'the old one' where 'the slot holds the new party'" in told


def test_an_entry_that_does_not_fail_any_more_is_stale() -> None:
    (told,) = judged(issue(), result(Status.PASSED)).contradictions()
    assert told.startswith("known-issues.toml:0 (DEF-12): stale: MP107-T10 does not fail any more as listed")
    assert told.endswith("it passed at S1SP1 ESME. Remove the entry")


def test_an_entry_that_is_met_at_one_place_is_not_stale_but_could_be_narrower() -> None:
    entry = issue()
    assert judged(entry, result(Status.PASSED, s1sp="S1SP2"), result()).contradictions() == []
    assert outcome(entry).startswith("fails as listed in 1 scenario, passed in 1 scenario; say with s1sp")


@pytest.mark.parametrize("status", [Status.ERROR, Status.NOT_RUN])
def test_an_entry_is_not_stale_while_one_of_its_scenarios_has_no_verdict(status: Status) -> None:
    assert judged(issue(), result(Status.PASSED), result(status, s1sp="S1SP2")).contradictions() == []


@pytest.mark.parametrize("status", [Status.NOT_APPLICABLE, Status.NOT_RUN, Status.ERROR])
def test_an_entry_whose_scenarios_came_to_no_verdict_is_not_met(status: Status) -> None:
    entry = issue()
    assert judged(entry, result(status)).contradictions() == []
    assert outcome(entry).startswith("not met in this run")


def test_an_entry_says_nothing_of_other_places() -> None:
    entry, elsewhere = issue(s1sp="S1SP2"), result()
    assert judged(entry, elsewhere).failures == 0
    assert (elsewhere.known_issue, outcome(entry)[:7]) == ("", "not met")


def test_an_error_of_the_harness_is_never_a_known_issue() -> None:
    broken = result(Status.ERROR)
    ledger = judged(issue(), broken)
    assert (broken.known_issue, ledger.failures) == ("", 0)
