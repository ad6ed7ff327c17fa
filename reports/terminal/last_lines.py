"""The last lines of a run: counts, time, where the report is, what to do next, what the exit code means."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from reports.exit_codes import exit_sentence
from reports.matrix import counts
from reports.results import ExitCode, ScenarioResult, Status
from reports.results_folder import COMPLETION_REPORT_FILE
from reports.run_information import RunInformation
from reports.terminal.appearance import KNOWN_STYLE, STYLES
from reports.terminal.hanging import Said, hanging, print_sentence
from reports.timing import timing_sentence

_BEFORE = 9


def print_last_lines(
    console: Console,
    run: RunInformation,
    results: Sequence[ScenarioResult],
    output: Path,
    *,
    resume_command: str = "",
) -> None:
    """Print how many scenarios there were, how long it took, and where to go from here."""
    code = ExitCode(run.exit_code)
    lines: list[tuple[str, Said]] = [("Scenarios", _counts(run, results))]
    if run.timing is not None:
        lines.append(("Time", timing_sentence(run.timing)))
    if run.callbacks:
        told = ", ".join(f"{number} {kind}" for kind, number in run.callbacks.items())
        lines.append(("Callbacks", f"that no verdict rests on: {told}; listed in the report"))
    for name, text in lines:
        _line(console, _bold(name), text)
    for problem in run.problems:
        print_sentence(console, Text.assemble(("problem:", "magenta"), f" {problem}"))
    for contradiction in run.contradictions:
        print_sentence(console, Text.assemble(("known issue:", "bold red"), f" {contradiction}"))
    if run.ended_early:
        print_sentence(console, Text.assemble(("incomplete:", "bold yellow"), f" {run.ended_early}"))
    # What is copied stays on one line, however long.
    console.print(_bold("Report"), _shown(output / COMPLETION_REPORT_FILE), soft_wrap=True)
    for number, (command, why) in enumerate(_next(code, output, resume_command)):
        heading, remark = _bold("" if number else "Next"), Text(f"# {why}", style="dim")
        if console.is_terminal and _BEFORE + len(command) + len(remark) + 3 > console.width:
            console.print(heading, remark)
            heading, remark = _bold(""), Text()
        console.print(heading, Text.assemble(command, "  ", remark), soft_wrap=True)
    style = "bold green" if code is ExitCode.CONFORMS else "bold red"
    before = Text.assemble(("Exit code", "bold"), " ", (str(int(code)), style), ":")
    _line(console, before, exit_sentence(run))


def _line(console: Console, before: Text, text: Said) -> None:
    """A sentence beside what it is about; in a log it stays on one line, to be searched."""
    if console.is_terminal:
        hanging(console, [(before, text)], before=len(before) + 1)
    else:
        print_sentence(console, Text.assemble(before, " ", text))


def _bold(name: str) -> Text:
    return Text(f"{name:<{_BEFORE}}", style="bold")


def _counts(run: RunInformation, results: Sequence[ScenarioResult]) -> Text:
    known = sum(bool(result.known_issue) for result in results)
    line = Text(f"{run.written} written, {run.selected} selected, {run.executed} executed")
    counted = [
        (number - (known if status is Status.FAILED else 0), str(status), STYLES[status])
        for status, number in counts(results).items()
    ]
    counted.append((known, "known issue" if known == 1 else "known issues", KNOWN_STYLE))
    for position, (number, name, style) in enumerate(each for each in counted if each[0]):
        line.append(", " if position else ": ")
        line.append(f"{number} {name}", style=style)
    return line


def _next(code: ExitCode, output: Path, resume_command: str) -> list[tuple[str, str]]:
    """What somebody would want to do now: commands, and what for."""
    folder = shlex.quote(_shown(output))
    report = shlex.quote(_shown(output / COMPLETION_REPORT_FILE))
    commands = [(f"{'open' if sys.platform == 'darwin' else 'xdg-open'} {report}", "read the report")]
    if resume_command:
        return [(resume_command, "go on with what was left undone"), *commands]
    if code in (ExitCode.CONFORMS, ExitCode.DOES_NOT_CONFORM):
        commands += [
            (f"smets1-conformance evidence bundle --output {folder}", "all evidence in one signed file"),
            (f"smets1-conformance compare EARLIER {folder}", "what changed since an earlier run"),
        ]
    return commands


def _shown(path: Path) -> str:
    """A path as a person would write it: from the working directory, where it is below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
