"""What a run shows on the terminal: a line a scenario, and the summary at the end."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from reports.matrix import ANY, column_of, counts, matrix
from reports.progress import Progress, Wait
from reports.results import (
    COMPLETION_REPORT_FILE,
    EXIT_MEANINGS,
    ExitCode,
    RunInformation,
    SanityCheck,
    ScenarioResult,
    Status,
)
from reports.timing import timing_sentence

STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.ERROR: "magenta",
    Status.NOT_APPLICABLE: "cyan",
    Status.NOT_RUN: "yellow",
}
_CELLS = {
    Status.PASSED: "pass",
    Status.FAILED: "FAIL",
    Status.ERROR: "ERROR",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_RUN: "not run",
}
_TO_BE_EXPLAINED = (Status.FAILED, Status.ERROR, Status.NOT_RUN)
_PLAIN_WIDTH = 120
_ERRORS_IN_FULL = 20
_ASSUMPTIONS_SHOWN = 5


class Terminal:
    """Prints through pytest's terminal reporter, which respects capturing and colour settings.

    Attributes:
        progress: Shows what is waited for, once the run has begun.
    """

    def __init__(self, reporter: Any, verbosity: int) -> None:
        self._reporter = reporter
        self._verbosity = verbosity
        self.progress: Progress | None = None

    def begin(self, run: RunInformation) -> None:
        """Say how much there is to do."""
        console, text = self._console()
        taken = f"; the verdicts of {run.taken_over} were reached before" if run.taken_over else ""
        console.print(f"[bold]{run.selected}[/] of {run.written} scenarios selected{taken}")
        for name, value in run.environment.items():
            console.print(f"  [dim]{escape(name)}:[/] {escape(value)}")
        self._write(text)

    def sanity_check(self, check: SanityCheck) -> None:
        """One line for SRV 8.2 before the first scenario, or after the last one."""
        console, text = self._console()
        style = "green" if check.passed else "yellow"
        console.print(f"[bold]Sanity ({check.when})[/] [{style}]{escape(check.text)}[/]", soft_wrap=True)
        self._write(text)

    def ends_early(self, reason: str) -> None:
        """Why no further scenario is started, when that becomes known."""
        console, text = self._console()
        console.print(f"[bold yellow]incomplete:[/] {escape(reason)}", soft_wrap=True)
        self._write(text)

    def can_be_resumed(self, command: str) -> None:
        """How to go on with a run that was interrupted."""
        console, text = self._console()
        console.print("[bold]Go on[/]     with what was left undone:")
        console.print(f"  {escape(command)}", soft_wrap=True)
        self._write(text)

    def scenario_begun(self, result: ScenarioResult) -> None:
        """A scenario runs, in this process or in a worker."""

    def scenario_ended(self, result: ScenarioResult, number: int, total: int) -> None:
        """One line a scenario; what a failure is about follows it, indented."""
        console, text = self._console()
        width = len(str(total))
        place = " ".join(value for value in column_of(result) if value != ANY)
        status = f"[{STYLES[result.status]}]{result.status:<14}[/]"
        console.print(
            f"[dim]{number:>{width}}/{total}[/] {result.scenario_id or '-':<10} {escape(place):<11} "
            f"{status} [dim]{result.duration:6.2f} s[/]  {escape(result.title)}",
            overflow="ellipsis",
            no_wrap=True,
        )
        if result.status in (Status.FAILED, Status.ERROR):
            self._reason(console, result, indent="    ", traceback=self._verbosity > 0)
        self._write(text)

    def finish(self, run: RunInformation, results: list[ScenarioResult], output: Path) -> None:
        """The matrix, what went wrong, what was observed, and what the exit code means."""
        console, text = self._console()
        console.print()
        if results:
            self._matrix(console, results)
        self._failures(console, results)
        self._observations(console, results)
        self._devices(console, run)
        self._assumptions(console, run)
        self._counts(console, run, results)
        if run.callbacks:
            told = ", ".join(f"{number} {kind}" for kind, number in run.callbacks.items())
            console.print(f"[bold]Callbacks[/] that no verdict rests on: {told}; listed in the report")
        for problem in run.problems:
            console.print(f"[magenta]problem:[/] {escape(problem)}")
        if run.ended_early:
            console.print(f"[bold yellow]incomplete:[/] {escape(run.ended_early)}", soft_wrap=True)
        code = ExitCode(run.exit_code)
        style = "bold green" if code is ExitCode.CONFORMS else "bold red"
        console.print(f"[bold]Report[/]    {escape(str(output / COMPLETION_REPORT_FILE))}")
        console.print(f"[bold]Exit code[/] [{style}]{int(code)}[/]: {EXIT_MEANINGS[code]}")
        self._write(text)

    def _matrix(self, console: Console, results: list[ScenarioResult]) -> None:
        table_of = matrix(results)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")
        table.add_column("test case", no_wrap=True)
        table.add_column("", overflow="fold", ratio=1, min_width=24)
        for s1sp, device_type in table_of.columns:
            heading = s1sp if s1sp == device_type else f"{s1sp}\n{device_type}"
            table.add_column(heading, justify="center", no_wrap=True)
        for row in table_of.rows:
            cells = []
            for column in table_of.columns:
                status = row.cells.get(column)
                cells.append(f"[{STYLES[status]}]{_CELLS[status]}[/]" if status else "[dim]-[/]")
            table.add_row(row.scenario_id or "-", escape(row.title), *cells)
        console.print(table)

    def _failures(self, console: Console, results: list[ScenarioResult]) -> None:
        wrong = [result for result in results if result.status in _TO_BE_EXPLAINED]
        wrong.sort(key=lambda result: (result.scenario_id, column_of(result)))
        if not wrong:
            return
        console.print("[bold]What did not pass[/]")
        for result in wrong[:_ERRORS_IN_FULL]:
            place = " ".join(value for value in column_of(result) if value != ANY)
            style = STYLES[result.status]
            console.print(
                f"  {result.scenario_id or result.nodeid} {place} "
                f"[{style}]{result.status}[/]: {escape(result.title)}"
            )
            self._reason(console, result, indent="      ", traceback=False)
        if len(wrong) > _ERRORS_IN_FULL:
            console.print(f"  and {len(wrong) - _ERRORS_IN_FULL} more; all are in the report")
        console.print()

    def _reason(self, console: Console, result: ScenarioResult, indent: str, *, traceback: bool) -> None:
        reason = result.reason
        if reason is None:
            return
        lines = [
            ("Requirement", reason.requirement),
            ("Expected", reason.expected),
            ("Actual", reason.actual),
            ("Device", reason.device),
            ("Messages", ", ".join(reason.message_ids)),
            ("Clauses", ", ".join(result.clauses)),
        ]
        for name, value in lines:
            if value:
                console.print(f"{indent}[bold]{name + ':':<12}[/] {escape(value)}", soft_wrap=True)
        if traceback and reason.traceback:
            console.print(escape(reason.traceback), soft_wrap=True)

    def _observations(self, console: Console, results: list[ScenarioResult]) -> None:
        seen: dict[str, dict[str, list[str]]] = {}
        for result in results:
            place = " ".join(
                value for value in (result.scenario_id, result.s1sp, result.device_type) if value
            )
            for name, values in result.observations.items():
                for value in values:
                    seen.setdefault(name, {}).setdefault(value, []).append(place)
        if not seen:
            return
        console.print("[bold]Observed, on record, no verdict[/]")
        for name, by_value in sorted(seen.items()):
            for value, places in sorted(by_value.items()):
                shown = ", ".join(sorted(set(places))[:3]) + (
                    f" and {len(places) - 3} more" if len(places) > 3 else ""
                )
                console.print(f"  {escape(name)}: {escape(value)} [dim]({escape(shown)})[/]", soft_wrap=True)
        console.print()

    def _devices(self, console: Console, run: RunInformation) -> None:
        if not run.devices:
            return
        console.print("[bold]Devices[/] used up in this run, or in quarantine until they are mended")
        for sentence in run.devices:
            console.print(f"  - {escape(sentence)}", soft_wrap=True)
        console.print()

    def _assumptions(self, console: Console, run: RunInformation) -> None:
        if not run.assumptions:
            return
        shown = run.assumptions if self._verbosity > 0 else run.assumptions[:_ASSUMPTIONS_SHOWN]
        console.print("[bold]Assumptions in force[/] (settings of the target that the verdicts rest on)")
        for assumption in shown:
            console.print(f"  - {escape(assumption)}", soft_wrap=True)
        if len(shown) < len(run.assumptions):
            console.print(
                f"  and {len(run.assumptions) - len(shown)} more; all are in the report, or shown with -v"
            )
        console.print()

    def _counts(self, console: Console, run: RunInformation, results: list[ScenarioResult]) -> None:
        verdicts = ", ".join(
            f"[{STYLES[status]}]{number} {status}[/]" for status, number in counts(results).items() if number
        )
        console.print(
            f"[bold]Scenarios[/] {run.written} written, {run.selected} selected, {run.executed} executed"
            + (f": {verdicts}" if verdicts else "")
        )
        if run.timing is not None:
            console.print(f"[bold]Time[/]      {timing_sentence(run.timing)}", soft_wrap=True)

    def _console(self) -> tuple[Console, io.StringIO]:
        text = io.StringIO()
        coloured = bool(getattr(self._reporter, "hasmarkup", False))
        width = None
        if self._reporter is None or not self._reporter.isatty():
            width = _PLAIN_WIDTH
        console = Console(
            file=text,
            force_terminal=coloured,
            color_system="standard" if coloured else None,
            width=width,
            highlight=False,
            emoji=False,
        )
        return console, text

    def _write(self, text: io.StringIO) -> None:
        if self._reporter is not None:
            with self.progress.printing() if self.progress is not None else nullcontext():
                self._reporter.write_line(text.getvalue().removesuffix("\n"))

    def show_waits(self, waits: Callable[[], Sequence[Wait]]) -> None:
        """Show what is waited for from now on, until `end_waits`."""
        if self._reporter is not None and self.progress is None:
            self.progress = Progress(self._reporter, waits, quiet=self._verbosity < 0)

    def end_waits(self) -> None:
        """Show no more what is waited for."""
        if self.progress is not None:
            self.progress.end()
