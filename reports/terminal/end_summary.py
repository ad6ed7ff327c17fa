"""The summary at the end of a run. What matters most stands last, where the reader's eye is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from reports.findings import findings, where
from reports.known_issues import outcome
from reports.results import ScenarioResult, Status
from reports.run_information import RunInformation
from reports.terminal.appearance import KNOWN_STYLE, STYLES
from reports.terminal.explained import explain
from reports.terminal.hanging import Said, labelled, listed
from reports.terminal.last_lines import print_last_lines
from reports.terminal.matrix_table import print_matrix

_ASSUMPTIONS_SHOWN = 5
_PLACES_SHOWN = 3
_ENDED_BEFORE = "the run ended before"


def print_end_summary(
    console: Console,
    run: RunInformation,
    results: Sequence[ScenarioResult],
    output: Path,
    *,
    verbosity: int,
    resume_command: str = "",
) -> None:
    """Print what a run has found.

    Args:
        console: to print to; its width is that of the summary.
        run: what holds for the whole run.
        results: every scenario that was selected.
        output: the folder for results, to which the paths of evidence are relative.
        verbosity: 1 and more: everything, with tracebacks; below 0: what went wrong, and the last lines.
        resume_command: how to go on with what was left undone; empty when nothing was.
    """
    verbose = verbosity > 0
    if verbosity >= 0:
        _observations(console, results)
        _devices(console, run)
        _assumptions(console, run, verbose=verbose)
        _without_verdict(console, results, Status.NOT_APPLICABLE, "Not applicable to this target")
        _without_verdict(console, results, Status.NOT_RUN, "Not run")
        if results:
            print_matrix(console, results)
            console.print()
        _known_issues(console, run, results)
    _wrong(console, _of(results, Status.ERROR), "Errors of the harness or the environment", verbose=verbose)
    failed = [result for result in _of(results, Status.FAILED) if not result.known_issue]
    _wrong(console, failed, "The target does not conform", verbose=verbose)
    print_last_lines(console, run, results, output, resume_command=resume_command)


def _of(results: Sequence[ScenarioResult], status: Status) -> list[ScenarioResult]:
    return [result for result in results if result.status is status]


def _heading(console: Console, text: str, number: int, style: str, note: str = "") -> None:
    counted = "1 scenario" if number == 1 else f"{number} scenarios"
    console.print(Text.assemble((text, f"bold {style}".strip()), f": {counted}{note}"))


def _wrong(console: Console, wrong: Sequence[ScenarioResult], heading: str, *, verbose: bool) -> None:
    if not wrong:
        return
    found = findings(wrong)
    same = ", the same observation in all" if len(wrong) > 1 else ""
    note = f", {len(found)} different observations" if len(found) > 1 else same
    _heading(console, heading, len(wrong), STYLES[wrong[0].status].removeprefix("bold "), note)
    for finding in found:
        explain(console, finding, verbose=verbose, is_only_one=len(found) == 1)


def _known_issues(console: Console, run: RunInformation, results: Sequence[ScenarioResult]) -> None:
    known = [result for result in results if result.known_issue]
    unmet = [issue for issue in run.known_issues if not issue.places]
    if not known and not unmet:
        return
    _heading(console, "Known issues, not counted as failures", len(known), KNOWN_STYLE)
    for finding in findings(known):
        first = finding.first
        entry = run.known_issue_of(first)
        console.print(Text.assemble("  ", (first.known_issue, "bold")))
        reason = first.reason
        lines: list[tuple[str, Said]] = [
            ("Reason", entry.reason if entry is not None else ""),
            ("Observed", reason.actual if reason is not None else ""),
            *(("Where" if not number else "", each) for number, each in enumerate(where(finding.results))),
            ("Review by", entry.review_by if entry is not None else ""),
        ]
        labelled(console, lines, indent=4)
    for issue in unmet:
        console.print(Text.assemble("  ", (issue.defect, "bold")))
        labelled(console, [("Listed is", issue.scenario_id), ("Came out", outcome(issue))], indent=4)
    console.print()


def _without_verdict(
    console: Console, results: Sequence[ScenarioResult], status: Status, heading: str
) -> None:
    without = _of(results, status)
    if not without:
        return
    _heading(console, heading, len(without), STYLES[status])
    for finding in findings(without):
        reason = finding.first.reason
        text = reason.requirement if reason is not None else _ENDED_BEFORE
        lines: list[tuple[str, Said]] = [(f"{len(finding.results)} x", text)]
        if not finding.worded_alike:
            lines.append(("", f"(so of {finding.first.place}; names differ in the others)"))
        lines += [("", Text(place, style="dim")) for place in where(finding.results)]
        labelled(console, lines, indent=2)
    console.print()


def _observations(console: Console, results: Sequence[ScenarioResult]) -> None:
    seen: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for name, values in result.observations.items():
            for value in values:
                seen.setdefault((name, value), []).append(result.place)
    if not seen:
        return
    console.print(Text("Observed, on record, no verdict", style="bold"))
    for (name, value), found in sorted(seen.items()):
        places = sorted(set(found))
        more = f", and {len(places) - _PLACES_SHOWN} more" if len(places) > _PLACES_SHOWN else ""
        shown = f"{', '.join(places[:_PLACES_SHOWN])}{more}"
        listed(console, Text.assemble(f"{name}: {value} ", (f"({shown})", "dim")))
    console.print()


def _devices(console: Console, run: RunInformation) -> None:
    if run.devices:
        title = Text("Devices", style="bold")
        console.print(title, "used up in this run, or in quarantine until they are mended")
        for sentence in run.devices:
            listed(console, sentence)
        console.print()


def _assumptions(console: Console, run: RunInformation, *, verbose: bool) -> None:
    if not run.assumptions:
        return
    shown = run.assumptions if verbose else run.assumptions[:_ASSUMPTIONS_SHOWN]
    title = Text("Assumptions in force", style="bold")
    console.print(title.append(" (settings of the target that the verdicts rest on)", style="not bold"))
    for assumption in shown:
        listed(console, assumption)
    left_out = len(run.assumptions) - len(shown)
    if left_out:
        console.print(f"  and {left_out} more; all are in the report, or shown with -v")
    console.print()
