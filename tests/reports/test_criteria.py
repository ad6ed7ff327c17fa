"""The entry and exit criteria that a board reads, measured from a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reports.criteria import LIMITS, Criterion, evaluate
from reports.results import Reason, ScenarioResult, Status
from reports.run_information import Assurance, KnownIssue, RunInformation, SanityCheck

NONE = ": none"
LIMIT_TEXTS = {
    "failed_blocker": "Failed scenarios of severity blocker",
    "failed_critical": "Failed scenarios of severity critical",
    "failed_normal": "Failed scenarios of severity normal or lower",
    "errors": "Scenarios that ended in an error of the harness or the environment",
    "not_run": "Selected scenarios that did not run",
    "not_selected": "Written scenarios that were not selected",
    "known_issues": "Scenarios that failed as a known issue",
    "known_issues_past_review": "Known issues whose review is overdue",
}


def scenario(
    number: int = 1, status: Status = Status.PASSED, severity: str = "critical", **more: Any
) -> ScenarioResult:
    reason = None if status is Status.PASSED else Reason(requirement="SRPD 6.1(f)")
    return ScenarioResult(
        f"MP107-T{number:02}",
        "a title",
        "a feature",
        f"features/test_features.py::test_{number}",
        "S1SP1",
        "ESME",
        status=status,
        severity=severity,
        **{"reason": reason, **more},
    )


def sane(when: str, passed: bool = True) -> SanityCheck:
    return SanityCheck(when, "2026-03-02T10:00:00+00:00", passed, "answered" if passed else "silence")


def whole_run(**changes: Any) -> RunInformation:
    """A run of one scenario that nothing is wrong with."""
    run = RunInformation(
        started="2026-03-02T10:00:00+00:00",
        finished="2026-03-02T10:05:00+00:00",
        written=1,
        collected=1,
        selected=1,
        executed=1,
        exit_code=0,
        environment={"target": "SIT-A", "DSP": "endpoint"},
        sanity=[sane("first"), sane("last")],
        software={"Python": "CPython 3.12.3", "smets1-conformance": "0.1.0"},
    )
    return replace(run, **changes)


def not_met(run: RunInformation, *results: ScenarioResult) -> dict[str, str]:
    return {each.text: each.observed for each in evaluate(run, results).not_met}


def named(run: RunInformation, text: str, *results: ScenarioResult) -> Criterion:
    criteria = evaluate(run, results)
    (found,) = (each for each in (*criteria.entry, *criteria.exit) if each.text == text)
    return found


def test_a_run_that_nothing_is_wrong_with_meets_every_criterion() -> None:
    criteria = evaluate(whole_run(), [scenario()])
    assert [each for each in (*criteria.entry, *criteria.exit) if each.met is not True] == []
    assert all(each.observed for each in (*criteria.entry, *criteria.exit))


def test_what_people_judge_comes_after_what_is_measured_and_is_not_judged() -> None:
    agreed = Assurance(entry_criteria=["Devices are commissioned"], exit_criteria=["Defects are triaged"])
    criteria = evaluate(whole_run(assurance=agreed), [scenario()])
    assert criteria.entry[-1] == Criterion("Devices are commissioned", None, "")
    assert criteria.exit[-1] == Criterion("Defects are triaged", None, "")
    assert criteria.not_met == ()


def test_every_limit_is_a_criterion() -> None:
    texts = [each.text for each in evaluate(whole_run(), [scenario()]).exit]
    assert set(LIMIT_TEXTS) == set(LIMITS)
    assert [text for text in LIMIT_TEXTS.values() if text + NONE not in texts] == []


@pytest.mark.parametrize(
    ("limit", "result", "observed"),
    [
        ("failed_blocker", scenario(7, Status.FAILED, "blocker"), "1: MP107-T07 S1SP1 ESME"),
        ("failed_critical", scenario(7, Status.FAILED, "critical"), "1: MP107-T07 S1SP1 ESME"),
        ("failed_normal", scenario(7, Status.FAILED, "normal"), "1: MP107-T07 S1SP1 ESME"),
        ("failed_normal", scenario(7, Status.FAILED, "trivial"), "1: MP107-T07 S1SP1 ESME"),
        ("errors", scenario(7, Status.ERROR), "1: MP107-T07 S1SP1 ESME"),
        ("not_run", scenario(7, Status.NOT_RUN), "1: MP107-T07 S1SP1 ESME"),
        (
            "known_issues",
            scenario(7, Status.FAILED, "blocker", known_issue="DEF-12"),
            "1: MP107-T07 S1SP1 ESME (DEF-12)",
        ),
    ],
)
def test_one_more_than_the_limit_is_told_with_its_place(
    limit: str, result: ScenarioResult, observed: str
) -> None:
    run = whole_run(written=2, collected=2, selected=2)
    assert not_met(run, scenario(), result) == {LIMIT_TEXTS[limit] + NONE: observed}
    run.assurance = Assurance(limits={limit: 1})
    assert not_met(run, scenario(), result) == {}
    assert named(run, f"{LIMIT_TEXTS[limit]}: at most 1", scenario(), result).observed == observed


def test_what_was_not_selected_is_a_matter_of_what_was_agreed() -> None:
    run = whole_run(written=285, collected=285)
    assert not_met(run, scenario()) == {LIMIT_TEXTS["not_selected"] + NONE: "284"}
    run.assurance = Assurance(limits={"not_selected": 284})
    assert not_met(run, scenario()) == {}


@pytest.mark.parametrize(("review_by", "overdue"), [("2026-03-01", True), ("2026-03-02", False)])
def test_a_review_is_overdue_on_the_day_of_the_run_not_of_the_reading(review_by: str, overdue: bool) -> None:
    issue = KnownIssue("MP107-T10", "", "", "E4", "agreed", "DEF-12", "critical", review_by)
    expected = {LIMIT_TEXTS["known_issues_past_review"] + NONE: f"1: DEF-12 ({review_by})"}
    assert not_met(whole_run(known_issues=[issue]), scenario()) == (expected if overdue else {})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"sanity": [sane("last")]}, "The target answered SRV 8.2 before the first scenario"),
        (
            {"sanity": [sane("first", passed=False), sane("last")]},
            "The target answered SRV 8.2 before the first scenario",
        ),
        ({"sanity": [sane("first")]}, "The target answered SRV 8.2 after the last scenario"),
        ({"environment": {}}, "The target is identified"),
        (
            {"software": {"Python": "CPython 3.12.3"}},
            "The harness and the software it rests on are identified by version",
        ),
        ({"collected": 0}, "Every written scenario was there to be selected"),
        ({"finished": ""}, "The run came to its end"),
        ({"ended_early": "the endpoint is dead"}, "The run came to its end"),
        ({"problems": ["internal error"]}, "The harness met no problem"),
    ],
)
def test_each_measured_criterion_can_be_missed(changes: dict[str, Any], text: str) -> None:
    missed = not_met(whole_run(**changes), scenario())
    assert text in missed
    assert missed[text]


def test_a_run_that_was_resumed_is_judged_by_its_latest_answer() -> None:
    run = whole_run(sanity=[sane("first", passed=False), sane("first"), sane("last")])
    assert not_met(run, scenario()) == {}


def test_a_run_without_any_verdict_meets_no_exit() -> None:
    left_out = scenario(status=Status.NOT_APPLICABLE)
    assert not_met(whole_run(), left_out) == {
        "At least one scenario reached a verdict on the target": "0 of 1 scenarios passed or failed"
    }


def test_what_was_not_carried_out_needs_a_reason() -> None:
    text = "Every selected scenario was carried out, or the reason why not is on record"
    silent = scenario(2, Status.NOT_APPLICABLE, reason=None)
    run = whole_run(written=2, collected=2, selected=2)
    assert not_met(run, scenario(), silent) == {
        text: "1 not carried out, 0 of them with a reason; without one: MP107-T02 S1SP1 ESME"
    }
    assert not_met(run, scenario(), scenario(2, Status.NOT_APPLICABLE)) == {}


def test_a_killed_run_tells_what_has_no_record() -> None:
    run = whole_run(written=9, collected=9, selected=9, finished="", sanity=[sane("first")])
    missed = not_met(run, scenario())
    assert missed[LIMIT_TEXTS["not_run"] + NONE] == "8"
    assert missed["The run came to its end"] == "the run is at work, or was killed"
    assert (
        "8 without a record"
        in missed["Every selected scenario was carried out, or the reason why not is on record"]
    )


def test_many_places_are_shortened() -> None:
    failed = [scenario(number, Status.FAILED) for number in range(1, 9)]
    run = whole_run(written=8, collected=8, selected=8)
    observed = not_met(run, *failed)[LIMIT_TEXTS["failed_critical"] + NONE]
    assert observed.startswith("8: MP107-T01 S1SP1 ESME, ")
    assert observed.endswith("MP107-T05 S1SP1 ESME and 3 more")
