"""The summary of a job of GitHub Actions: Markdown, in which whatever comes from outside is HTML text."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

from markupsafe import Markup, escape

from reports.exit_codes import exit_sentence
from reports.exports.wording import (
    KNOWN_ISSUE,
    counted,
    counts_as,
    evidence,
    explanation,
    fails,
    from_here,
    kind,
    unexplained,
    why,
)
from reports.findings import Finding, findings, where
from reports.matrix import ANY, Row, column_of, matrix
from reports.page_templates import page_templates
from reports.results import ScenarioResult, Status
from reports.results_folder import EVIDENCE_DIRECTORY, OUTPUT_FILES
from reports.run_information import RunInformation

LIMIT = 1024 * 1024
"""Octets of the summaries of one step; GitHub shows nothing of a longer one."""

_CELLS = {
    Status.PASSED: "pass",
    Status.FAILED: Markup("<b>FAIL</b>"),
    Status.ERROR: Markup("<b>ERROR</b>"),
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_RUN: "not run",
}


def summary(
    directory: Path,
    run: RunInformation,
    results: Sequence[ScenarioResult],
    *,
    address: str = "",
    taken: int = 0,
    limit: int = LIMIT,
) -> str:
    """The summary of a run, within the limit of GitHub.

    Args:
        directory: the results folder.
        run: what holds for the whole run.
        results: of its scenarios.
        address: of the artefacts of the workflow run; empty where it is not known.
        taken: octets that the summaries of the step have already.
        limit: octets that they may have together.

    Returns:
        Markdown; findings that there is no room for are counted, the most frequent are kept.
    """
    wrong = findings(result for result in results if fails(result) or result.status is Status.ERROR)
    shown = len(wrong)
    while True:
        text = _rendered(directory, run, results, wrong[:shown], len(wrong) - shown, address)
        if len(text.encode()) + taken <= limit:
            return text
        if not shown:
            return ""
        shown //= 2


def _rendered(
    directory: Path,
    run: RunInformation,
    results: Sequence[ScenarioResult],
    wrong: Sequence[Finding],
    left_out: int,
    address: str,
) -> str:
    environment = page_templates("reports.exports")
    environment.filters["one_line"] = _one_line
    passed_over = [
        ("Known issues", [result for result in results if counts_as(result) == KNOWN_ISSUE]),
        ("Not run", [result for result in results if result.status is Status.NOT_RUN]),
        ("Not applicable", [result for result in results if result.status is Status.NOT_APPLICABLE]),
    ]
    tolerated = {_where(result) for result in results if counts_as(result) == KNOWN_ISSUE}
    tolerated -= {_where(result) for result in results if fails(result)}
    files = [*OUTPUT_FILES, EVIDENCE_DIRECTORY]
    return environment.get_template("github_summary.md.j2").render(
        run=run,
        verdict=exit_sentence(run),
        counted=counted(results),
        unexplained=unexplained(run, results),
        wrong=wrong,
        left_out=left_out,
        passed_over=[(title, len(group), findings(group)) for title, group in passed_over if group],
        matrix=matrix(results),
        cell=lambda row, column: _cell(row, column, tolerated),
        any=ANY,
        address=address,
        files=[from_here(directory / name) for name in files if (directory / name).exists()],
        evidence=lambda result: [from_here(directory / path) for path in evidence(result)],
        explanation=explanation,
        kind=kind,
        why=why,
        where=where,
    )


def _where(result: ScenarioResult) -> tuple[str, tuple[str, str]]:
    return result.scenario_id, column_of(result)


def _cell(row: Row, column: tuple[str, str], tolerated: Set[tuple[str, tuple[str, str]]]) -> Markup | str:
    status = row.cells.get(column)
    if status is None:
        return "-"
    if status is Status.FAILED and (row.scenario_id, column) in tolerated:
        return KNOWN_ISSUE
    return _CELLS[status]


def _one_line(text: str) -> Markup:
    """Text as HTML on one line: after a blank line GitHub would read Markdown again."""
    return Markup("<br>").join(escape(line) for line in text.splitlines() if line.strip())
