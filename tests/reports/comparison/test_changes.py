"""What became of each scenario from one run to another."""

from __future__ import annotations

from typing import Any

import pytest

from reports.comparison import Comparison, compare, read_run
from reports.comparison.changes import Detail, Kind
from reports.results import Reason, ScenarioResult, Status
from reports.results_folder import ResultsError
from reports.run_information import Assurance, KnownIssue
from tests.reports.comparison.conftest import Folder, scenario, talking

PASSED, FAILED, ERROR = Status.PASSED, Status.FAILED, Status.ERROR
NOT_APPLICABLE, NOT_RUN = Status.NOT_APPLICABLE, Status.NOT_RUN


def told(comparison: Comparison) -> dict[str, int]:
    """The kinds that something has."""
    return {str(kind): number for kind, number in comparison.counts.items() if number}


def between(folder: Folder, before: ScenarioResult, after: ScenarioResult) -> Comparison:
    return compare(read_run(folder("a", before)), read_run(folder("b", after)))


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (PASSED, PASSED, "unchanged"),
        (FAILED, FAILED, "unchanged"),
        (NOT_APPLICABLE, NOT_APPLICABLE, "unchanged"),
        (PASSED, FAILED, "broken"),
        (PASSED, ERROR, "broken"),
        (PASSED, NOT_APPLICABLE, "broken"),
        (PASSED, NOT_RUN, "broken"),
        (FAILED, PASSED, "fixed"),
        (ERROR, PASSED, "fixed"),
        (NOT_APPLICABLE, PASSED, "other verdict"),
        (NOT_RUN, PASSED, "other verdict"),
        (NOT_APPLICABLE, FAILED, "other verdict"),
        (FAILED, ERROR, "other verdict"),
    ],
)
def test_each_pair_of_verdicts_has_its_kind(folder: Folder, before: Status, after: Status, kind: str) -> None:
    comparison = between(folder, scenario(status=before), scenario(status=after))
    assert told(comparison) == {kind: 1}
    assert comparison.has_regressions == (kind == "broken")


def test_a_failure_for_another_reason_is_no_regression_and_is_told(folder: Folder) -> None:
    comparison = between(
        folder, scenario(status=FAILED, actual="code E4"), scenario(status=FAILED, actual="code E1")
    )
    assert (told(comparison), comparison.has_regressions) == ({"other reason": 1}, False)


def test_what_is_different_in_every_run_is_no_change(folder: Folder) -> None:
    texts = (
        "02-53-31-00-00-00-00-42:02-03-24-04-00-00-00-02:1795218052137 refused at 2026-03-02T10:00:01+00:00 "
        "by https://127.0.0.1:34723/estates/test-1-a15e/api, {} did not answer within 30 s",
        "02-53-31-00-00-00-00-42:02-03-24-04-00-00-00-09:1795999999999 refused at 2026-04-12T11:30:00+00:00 "
        "by https://127.0.0.1:40001/estates/test-9-bbbb/api, {} did not answer within 60.5 s",
    )
    devices = ("02-03-24-04-00-00-00-02", "02-03-24-04-00-00-00-09")
    one, other = (
        scenario(status=FAILED, reason=Reason("SRPD 6.1", "I99", text.format(device), device))
        for text, device in zip(texts, devices, strict=True)
    )
    assert told(between(folder, one, other)) == {"unchanged": 1}


def test_a_slot_that_holds_another_party_is_a_change(folder: Folder) -> None:
    one, other = (
        scenario(status=FAILED, actual=f"the slot holds {party}")
        for party in ("02-53-31-00-00-00-00-11", "02-53-31-00-00-00-00-12")
    )
    assert told(between(folder, one, other)) == {"other reason": 1}


def test_scenarios_are_matched_by_id_and_parameters_not_by_node_id(folder: Folder) -> None:
    before = scenario(others={"sender": "the Supplier"})
    after = scenario(others={"sender": "the Supplier"})
    after.nodeid = "elsewhere.py::test_renamed[9]"
    after.parameters = dict(reversed(after.parameters.items()))
    assert told(between(folder, before, after)) == {"unchanged": 1}


def test_new_and_gone_scenarios_are_told_apart_by_every_parameter(folder: Folder) -> None:
    before = folder(
        "a", scenario(1), scenario(2, others={"sender": "the Supplier"}), scenario(3, device_type="GPF")
    )
    after = folder(
        "b",
        scenario(1),
        scenario(2, others={"sender": "another"}),
        scenario(3, s1sp="S1SP2", device_type="GPF"),
    )
    comparison = compare(read_run(before), read_run(after))
    assert told(comparison) == {"new": 2, "gone": 2, "unchanged": 1}
    assert not comparison.has_regressions
    assert [group.places for group in comparison.groups(Kind.NEW)] == ["S1SP1 ESME (another)", "S1SP2 GPF"]


def test_the_same_change_of_a_test_case_is_told_once_with_all_its_places(folder: Folder) -> None:
    places = [("S1SP1", "ESME"), ("S1SP1", "GPF"), ("S1SP2", "ESME")]
    before = folder("a", *(scenario(1, PASSED, *place) for place in places))
    after = folder(
        "b", *(scenario(1, FAILED, *place, actual="E4" if place != places[1] else "E1") for place in places)
    )
    groups = compare(read_run(before), read_run(after)).groups(Kind.BROKEN)
    assert [
        (group.places, group.change.result.reason.actual) for group in groups if group.change.result.reason
    ] == [
        ("S1SP1 ESME, S1SP2 ESME", "E4"),
        ("S1SP1 GPF", "E1"),
    ]


def test_a_run_compared_with_itself_shows_no_change(folder: Folder) -> None:
    path = folder(
        "a",
        talking(("6.15.1", ["I99", "I0"]), number=1, observations={"N42 received by": ["nobody"]}),
        talking(("6.15.1", ["E4"]), number=2, status=FAILED),
        scenario(3, ERROR),
        scenario(4, NOT_APPLICABLE, duration=50.0),
        assurance=Assurance(phase="SIT", limits={"errors": 2}),
        known_issues=[KnownIssue("MP107-T02", "", "", "E4", "agreed", "DEF-1", "minor", "2026-09-01")],
    )
    comparison = compare(read_run(path), read_run(path))
    assert told(comparison) == {"unchanged": 4}
    assert (comparison.differences, comparison.observed_otherwise, comparison.slower) == ((), (), ())


def test_the_other_way_round_fixed_is_broken_and_new_is_gone(folder: Folder) -> None:
    before = read_run(folder("a", scenario(1), scenario(2, FAILED), scenario(3), scenario(4)))
    after = read_run(folder("b", scenario(1), scenario(2), scenario(3, FAILED), scenario(5)))
    there, back = told(compare(before, after)), told(compare(after, before))
    assert there == {"broken": 1, "fixed": 1, "new": 1, "gone": 1, "unchanged": 1}
    assert there == back


def test_other_codes_and_observations_are_told_although_the_verdict_stayed(folder: Folder) -> None:
    comparison = between(
        folder,
        talking(("6.24.1", ["I99", "I0"]), ("6.15.1", ["E2"]), observations={"code": ["E2"], "same": ["x"]}),
        talking(("6.24.1", ["I99", "I0"]), ("6.15.1", ["I99", "S1VE64"]), observations={"same": ["x"]}),
    )
    assert told(comparison) == {"unchanged": 1}
    (group,) = comparison.observed_otherwise
    assert group.change.details == (
        Detail("code", "E2", "not observed"),
        Detail("answers to SRV 6.15.1", "E2", "I99, S1VE64"),
    )


def test_requests_that_only_one_run_has_sent_are_told(folder: Folder) -> None:
    comparison = between(
        folder,
        talking(("6.24.1", ["I99"]), ("6.15.1", ["I99"])),
        talking(("6.15.1", ["I99"]), ("6.21", [])),
    )
    (group,) = comparison.observed_otherwise
    assert group.change.details == (
        Detail("answers to SRV 6.24.1", "I99", "not sent"),
        Detail("answers to SRV 6.21", "not sent", "nothing"),
    )


def test_an_alert_that_belongs_to_no_request_and_comes_by_chance_is_no_change(folder: Folder) -> None:
    one, other = talking(("6.15.1", ["I99"])), talking(("6.15.1", ["I99"]))
    del other.messages[-1]
    assert one.messages[-1].code == "N42"
    assert between(folder, one, other).observed_otherwise == ()


@pytest.mark.parametrize(
    ("before", "after", "status", "is_slower"),
    [
        (2.0, 10.0, PASSED, True),
        (2.0, 10.0, NOT_RUN, False),
        (0.1, 4.9, PASSED, False),
        (60.0, 90.0, PASSED, False),
    ],
)
def test_only_what_is_much_slower_is_told_and_is_no_regression(
    folder: Folder, before: float, after: float, status: Status, is_slower: bool
) -> None:
    comparison = between(
        folder, scenario(status=status, duration=before), scenario(status=status, duration=after)
    )
    assert [change.result.duration for change in comparison.slower] == ([after] if is_slower else [])
    assert not comparison.has_regressions


def s1sps(**other: Any) -> tuple[ScenarioResult, ...]:
    """A test case at two S1SPs, whose devices are registered with other Users."""
    there = {"user": "ed-south", "s1sp": "S1SP2", "observations": {"sent by ed-south": ["ed-south of S1SP2"]}}
    return (
        talking(("6.15.1", ["I99"]), observations={"sent by ed-north": ["ed-north of S1SP1"]}),
        talking(("6.15.1", ["I99"]), **{**there, **other}),
        scenario(9, s1sp=""),
    )


def test_one_s1sp_is_compared_with_another_of_the_same_run(folder: Folder) -> None:
    path = folder("a", *s1sps())
    comparison = compare(read_run(path, "S1SP1"), read_run(path, "S1SP2"))
    assert told(comparison) == {"unchanged": 1}
    assert comparison.observed_otherwise == ()


def test_what_another_s1sp_does_not_pass_is_told(folder: Folder) -> None:
    path = folder("a", *s1sps(status=FAILED))
    comparison = compare(read_run(path, "S1SP1"), read_run(path, "S1SP2"))
    assert told(comparison) == {"broken": 1}
    assert [group.places for group in comparison.groups(Kind.BROKEN)] == ["S1SP1 / S1SP2 ESME"]


def test_runs_without_a_common_scenario_are_no_comparison(folder: Folder) -> None:
    with pytest.raises(ResultsError, match="no scenario in common: there is nothing to compare"):
        between(folder, scenario(1), scenario(2))


def test_what_passed_and_is_missing_from_a_run_that_was_killed_is_not_taken_for_a_pass(
    folder: Folder,
) -> None:
    before = read_run(folder("a", scenario(1), scenario(2)))
    selected_less = compare(before, read_run(folder("b", scenario(1))))
    assert not selected_less.has_regressions
    killed = compare(before, read_run(folder("c", scenario(1), selected=2, finished="")))
    assert killed.has_regressions
    assert killed.conclusion == "Not known: 1 of what passed in A left no record in B, which did not end."


def test_a_run_without_versions_on_record_is_told_in_one_line(folder: Folder) -> None:
    comparison = compare(read_run(folder("a", scenario(), software={})), read_run(folder("b", scenario())))
    (difference,) = comparison.differences
    assert (difference.before, difference.after) == ("0 on record", "2 on record")
