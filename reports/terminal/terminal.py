"""Prints a run through pytest's terminal reporter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from reports.results import ScenarioResult, Status
from reports.run_information import RunInformation, SanityCheck
from reports.terminal.appearance import PLAIN_WIDTH, Appearance, console, size_of, text_of
from reports.terminal.end_summary import print_end_summary
from reports.terminal.hanging import print_sentence
from reports.terminal.live_run import LiveRun, Wait
from reports.terminal.progress import Progress
from reports.terminal.scenario_lines import ScenarioLines


class Terminal:
    """What a person sees of a run.

    Args:
        reporter: pytest's terminal reporter, which knows where to print; `None` where nothing is printed.
        verbosity: as counted by pytest: 1 for -v, -1 for -q.
    """

    def __init__(self, reporter: Any, verbosity: int) -> None:
        self._reporter = reporter
        self._verbosity = verbosity
        self._appearance = (
            Appearance.of_reporter(reporter) if reporter is not None else Appearance(False, False)
        )
        self._run = LiveRun()
        self._lines = ScenarioLines(verbosity)
        self._progress: Progress | None = None
        self._is_ending = False

    def begin(self, run: RunInformation, taken_over: Sequence[ScenarioResult]) -> None:
        """Say how much there is to do, and what is tested.

        Args:
            run: what is known of the run.
            taken_over: verdicts that were reached before an interruption.
        """
        self._run.begin(run.selected, taken_over)
        taken = f"; the verdicts of {run.taken_over} were reached before" if run.taken_over else ""
        lines = [Text.assemble((str(run.selected), "bold"), f" of {run.written} scenarios selected{taken}")]
        for name, value in run.environment.items():
            lines.append(Text.assemble("  ", (f"{name}:", "dim"), f" {value}"))
        self._print_unless_quiet(*lines)

    def sanity_check(self, check: SanityCheck) -> None:
        """One line for SRV 8.2 before the first scenario, or after the last one."""
        style = "green" if check.passed else "yellow"
        line = Text.assemble((f"Sanity ({check.when})", "bold"), " ", (check.text, style))
        if check.passed:
            self._print_unless_quiet(line)
        else:
            self._print(line)

    def ends_early(self, reason: str) -> None:
        """Why no further scenario is started, when that becomes known."""
        self._is_ending = True
        self._run.ends_early()
        self._print(Text.assemble(("incomplete:", "bold yellow"), f" {reason}"))

    def say_at_once(self, text: str) -> None:
        """Show a text whatever is being captured, also out of a signal handler.

        Args:
            text: ends with a new line.
        """
        if self._progress is not None:
            self._progress.print(text, on_a_line_of_its_own=True)

    def scenario_begun(self, result: ScenarioResult) -> None:
        """A scenario runs, in this process or in a worker."""
        self._run.scenario_begun(result)

    def scenario_ended(self, result: ScenarioResult, number: int, total: int) -> None:
        """One line a scenario; what a failure is about follows it, indented, the first time it is met."""
        self._run.scenario_ended(result)
        if self._is_ending and result.status is Status.NOT_RUN and not result.steps_taken:
            return  # said once, with the reason
        self._with_console(lambda out: self._lines.print(out, result, number, total))

    def finish(
        self,
        run: RunInformation,
        results: Sequence[ScenarioResult],
        output: Path,
        resume_command: str = "",
    ) -> None:
        """The summary at the end.

        Args:
            run: what holds for the whole run.
            results: every scenario that was selected.
            output: the folder for results.
            resume_command: how to go on with what was left undone; empty when nothing was.
        """
        self._with_console(
            lambda out: print_end_summary(
                out, run, results, output, verbosity=self._verbosity, resume_command=resume_command
            )
        )

    def show_waits(self, waits: Callable[[], Sequence[Wait]]) -> None:
        """Show from now on, until `end_waits`, what the run is at.

        Args:
            waits: tells what the processes of the run wait for, the longest wait first.
        """
        if self._reporter is not None and self._progress is None:
            self._progress = Progress(
                self._reporter, self._run, waits, quiet=self._verbosity < 0, appearance=self._appearance
            )

    def end_waits(self) -> None:
        """Show no more what the run is at."""
        if self._progress is not None:
            self._progress.end()

    def _print_unless_quiet(self, *lines: Text) -> None:
        if self._verbosity >= 0:
            self._print(*lines)

    def _print(self, *lines: Text) -> None:
        self._with_console(lambda out: print_sentence(out, *lines))

    def _with_console(self, fill: Callable[[Console], None]) -> None:
        if self._reporter is None:
            return
        out = console(self._width, coloured=self._appearance.is_coloured)
        fill(out)
        text = text_of(out)
        if text and self._progress is not None and not self._progress.has_ended:
            self._progress.print(text, on_a_line_of_its_own=True)
        elif text:
            self._reporter.write_line(text.removesuffix("\n"))

    @property
    def _width(self) -> int:
        if not self._reporter.isatty():
            return PLAIN_WIDTH
        return size_of(self._reporter._tw._file.fileno()).width
