"""What the results of a run say of each requirement, and which written scenarios were not executed."""

from __future__ import annotations

import pytest

from reports.ledger import coverage, missing
from reports.results import Attachment, Reason, ScenarioResult, Status, StepResult
from tests.reports.ledger.conftest import Folder, entry

PASSED, FAILED, ERROR = Status.PASSED, Status.FAILED, Status.ERROR
NOT_RUN, NOT_APPLICABLE = Status.NOT_RUN, Status.NOT_APPLICABLE


def result(scenario_id: str, device_type: str, status: Status = PASSED, reason: str = "") -> ScenarioResult:
    name = f"{scenario_id}-{device_type}"
    return ScenarioResult(
        scenario_id,
        title=name,
        feature="repair",
        nodeid=name,
        device_type=device_type,
        parameters={"device_type": device_type},
        status=status,
        reason=Reason(reason) if reason else None,
        steps=[StepResult("When", "sent", 7, attachments=[_attachment(f"{name}-01.xml")])],
        attachments=[_attachment(f"{name}-02.xml")],
    )


def _attachment(file: str) -> Attachment:
    return Attachment("6.15.1", "request", "application/xml", file)


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([PASSED, PASSED], PASSED),
        ([PASSED, NOT_APPLICABLE], PASSED),
        ([NOT_APPLICABLE, NOT_APPLICABLE], NOT_APPLICABLE),
        ([PASSED, NOT_RUN], NOT_RUN),
        ([ERROR, NOT_RUN], ERROR),
        ([FAILED, ERROR], FAILED),
    ],
)
def test_the_verdict_is_the_worst_of_the_scenarios(
    folder: Folder, statuses: list[Status], verdict: Status
) -> None:
    ledger = folder.ledger(entry(scenarios=["MP107-T01", "MP107-T02"]))
    first, second = statuses
    results = [result("MP107-T01", "ESME", first), result("MP107-T02", "ESME", second)]
    found = coverage(ledger, results)
    assert found.rows[0].verdict is verdict
    assert found.counts[verdict] == sum(found.counts.values()) == 1


def test_a_scenario_without_a_result_is_not_run(folder: Folder) -> None:
    ledger = folder.ledger(entry(scenarios=["MP107-T01", "MP107-T02"]))
    (row,) = coverage(ledger, [result("MP107-T01", "ESME")]).rows
    assert (row.verdict, row.lacking) == (NOT_RUN, ("MP107-T02",))


def test_with_the_features_each_row_must_have_a_result(folder: Folder) -> None:
    ledger = folder.ledger(entry(scenarios=["MP107-T01"]))
    written, half = folder.written(ledger), [result("MP107-T01", "ESME")]
    assert coverage(ledger, half).rows[0].verdict is PASSED
    (row,) = coverage(ledger, half, written).rows
    assert (row.verdict, row.lacking) == (NOT_RUN, ("MP107-T01 GPF",))
    (row,) = coverage(ledger, [*half, result("MP107-T01", "GPF", NOT_APPLICABLE)], written).rows
    assert (row.verdict, row.lacking) == (PASSED, ())


def test_what_no_scenario_tests_has_no_verdict(folder: Folder) -> None:
    ledger = folder.ledger(entry(exclusion__kind="commercial", exclusion__reason="A cost."))
    found = coverage(ledger, [result("MP107-T01", "ESME", FAILED)])
    assert (found.rows[0].verdict, found.rows[0].results) == (None, ())
    assert sum(found.counts.values()) == 0


def test_evidence_and_both_directions(folder: Folder) -> None:
    ledger = folder.ledger(
        entry("FIA-4-01", scenarios=["MP107-T01"]), entry("FIA-4-02", scenarios=["MP107-T02"])
    )
    found = coverage(ledger, [result("MP107-T01", "ESME"), result("MP107-T02", "GPF", FAILED)])
    assert found.rows[0].evidence == ("MP107-T01-ESME-02.xml", "MP107-T01-ESME-01.xml")
    (row,) = found.of_scenario("MP107-T02")
    assert (row.requirement.id, row.verdict) == ("FIA-4-02", FAILED)


def test_fewer_executed_than_written(folder: Folder) -> None:
    folder.feature("repair.feature", ("MP107-T01", "Repair"), ("MP107-T02", "Another"))
    written = folder.written(folder.ledger(entry(scenarios=["MP107-T01"])))
    results = [
        result("MP107-T01", "ESME"),
        result("MP107-T01", "GPF", NOT_APPLICABLE, "the target has no GPF"),
        result("MP107-T02", "ESME", NOT_RUN),
    ]
    assert [str(each) for each in missing(results, written)] == [
        "MP107-T01 GPF: not applicable: the target has no GPF",
        "MP107-T02 ESME: not run",
        "MP107-T02 GPF: no result: it was not selected, or the run ended before it",
    ]
    every = [result(f"MP107-T0{number}", kind) for number in (1, 2) for kind in ("ESME", "GPF")]
    assert missing(every, written) == ()
