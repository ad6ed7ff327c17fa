"""What is printed of a scenario when it has ended: a line, and what is wrong where that is new."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from reports.findings import essence
from reports.results import ScenarioResult, Status
from reports.telling import reason_lines
from reports.terminal.appearance import KNOWN_STYLE, STYLES
from reports.terminal.explained import print_traceback
from reports.terminal.hanging import labelled

SHORT = {
    Status.PASSED: "pass",
    Status.FAILED: "FAIL",
    Status.ERROR: "ERROR",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_RUN: "not run",
}
"""A verdict where there is little room."""

SHORT_KNOWN = "known"
"""A failure that is a known issue, where there is little room."""

_NARROW = 72
_WENT_WRONG = (Status.FAILED, Status.ERROR)


class ScenarioLines:
    """Prints scenarios that have ended. What goes wrong in the same way is explained the first time.

    Args:
        verbosity: 1 and more: with tracebacks; below 0: only what went wrong.
    """

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity
        self._explained: dict[tuple[str, ...], ScenarioResult] = {}

    def print(self, console: Console, result: ScenarioResult, number: int, total: int) -> None:
        """Print one scenario.

        Args:
            console: to print to.
            result: the scenario.
            number: how many have ended.
            total: how many there are to do.
        """
        went_wrong = result.status in _WENT_WRONG and not result.known_issue
        if self._verbosity < 0 and not went_wrong:
            return
        same_as = self._same_as(result) if went_wrong else ""
        told = f"as {same_as}" if same_as else result.known_issue or result.title
        line = _line(result, told, number, total, is_narrow=console.width < _NARROW)
        line.truncate(console.width, overflow="ellipsis")
        console.print(line)
        if went_wrong and not same_as and self._verbosity >= 0:
            labelled(console, reason_lines(result), indent=4)
            if self._verbosity > 0:
                print_traceback(console, result)

    def _same_as(self, result: ScenarioResult) -> str:
        """The scenario that was the first to go wrong in the same way; empty when it is this one."""
        first = self._explained.setdefault(essence(result), result)
        return first.place if first is not result else ""


def _line(result: ScenarioResult, told: str, number: int, total: int, *, is_narrow: bool) -> Text:
    counted = f"{number:>{len(str(total))}}/{total}"
    place = " ".join(filter(None, (result.s1sp, result.device_type)))
    style = KNOWN_STYLE if result.known_issue else STYLES[result.status]
    if is_narrow:
        verdict = (SHORT_KNOWN if result.known_issue else SHORT[result.status], style)
        return Text.assemble((counted, "dim"), f" {result.scenario_id or '-':<9} {place:<10} ", verdict)
    return Text.assemble(
        (counted, "dim"),
        f" {result.scenario_id or '-':<10} {place:<11} ",
        (f"{'known issue' if result.known_issue else result.status:<14}", style),
        (f" {result.duration:6.2f} s", "dim"),
        f"  {told}",
    )
