"""A long run makes a page that can still be opened and sent."""

from __future__ import annotations

from pathlib import Path

from benchmarks.report import DOCUMENT, write_run
from reports.completion import write_completion_report
from reports.completion.failures import in_full
from reports.completion.laid_out import Desk
from reports.completion.requirements import RequirementCoverage
from reports.results import Reason, Status
from reports.results_folder import EVIDENCE_DIRECTORY, read_results

FEW, MANY = 6, 36
MOST = 15_000
"""Octets of the page for one scenario that passed, with 14 messages."""


def size(folder: Path, scenarios: int) -> int:
    write_run(folder, scenarios)
    return write_completion_report(folder, *read_results(folder)).stat().st_size


def test_a_scenario_that_passed_takes_little_room(tmp_path: Path) -> None:
    few, many = size(tmp_path / "few", FEW), size(tmp_path / "many", MANY)
    assert (many - few) / (MANY - FEW) < MOST
    page = (tmp_path / "many" / "completion-report.html").read_text()
    assert "x" * DOCUMENT not in page, "messages of tests that passed are in the evidence folder only"
    assert "Filling" not in page


def test_many_failures_do_not_fill_the_page_without_end(tmp_path: Path) -> None:
    write_run(tmp_path, FEW)
    _, results = read_results(tmp_path)
    desk = Desk(tmp_path / EVIDENCE_DIRECTORY, room=2_000)
    laid_out = 0
    for result in results:
        result.status, result.steps[-1].status = Status.FAILED, "failed"
        result.reason = Reason("it is so", "so", "otherwise")
        failure = in_full(result, RequirementCoverage(), desk)
        assert len(failure.messages) + len(failure.others) == 14, "each message is named"
        laid_out += sum(bool(each.text) for each in (*failure.messages, *failure.others))
    assert 0 < laid_out < 14 * FEW / 2
