"""Why scenarios did not pass, in the field's words: Requirement, Expected, Observed, and where to look."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from reports.findings import Finding, where
from reports.results import Attachment, ScenarioResult
from reports.telling import path_of, reason_lines, telling
from reports.terminal.hanging import Said, labelled

_FILES_SHOWN = 3


def explain(console: Console, finding: Finding, *, verbose: bool, is_only_one: bool = False) -> None:
    """Print one finding: what is wrong, where, and the evidence of the first scenario that shows it.

    Args:
        console: to print to.
        finding: the scenarios of which the same was observed.
        verbose: whether to list every scenario and message, and tracebacks.
        is_only_one: whether it needs no heading to tell it from others.
    """
    first, others = finding.first, finding.results[1:]
    if others and not is_only_one:
        console.print(Text(f"  {len(finding.results)} scenarios, the same observation", style="bold"))
    elif not others:
        console.print(Padding(Text.assemble((first.place, "bold"), f": {first.title}"), (0, 0, 0, 2)))
    lines: list[tuple[str, Said]] = [*reason_lines(first)]
    if others:
        lines += [("Where" if not number else "", line) for number, line in enumerate(where(finding.results))]
    lines.append(("Clauses", ", ".join(finding.clauses)))
    if others:
        differs = "" if finding.worded_alike else "; names, devices or times differ in the others"
        lines.append(("Shown is", f"{first.place}{differs}"))
    lines += _evidence_lines(first, verbose=verbose)
    labelled(console, lines, indent=4)
    if verbose:
        print_traceback(console, first)
        for other in others:
            said = [] if finding.worded_alike else reason_lines(other)
            labelled(console, [("Likewise", Text(other.place, style="bold")), *said], indent=4)
            labelled(console, _evidence_lines(other, verbose=False), indent=4)
    console.print()


def print_traceback(console: Console, result: ScenarioResult) -> None:
    """Print the traceback of an error, where there is one."""
    if result.reason is not None and result.reason.traceback:
        console.print(Text(result.reason.traceback), soft_wrap=True)


def _evidence_lines(result: ScenarioResult, *, verbose: bool) -> list[tuple[str, Said]]:
    found = telling(result)
    shown = found.evidence if verbose else found.evidence[:_FILES_SHOWN]
    lines: list[tuple[str, Said]] = [
        ("Device", ", ".join(found.devices)),
        ("Messages", _few(found.message_ids, verbose=verbose)),
    ]
    lines += [("Evidence" if not number else "", _file(each)) for number, each in enumerate(shown)]
    left_out = len(found.evidence) - len(shown)
    if left_out:
        lines.append(("", f"and {left_out} more of this step, in the report"))
    return lines


def _few(message_ids: tuple[str, ...], *, verbose: bool) -> str:
    if verbose or len(message_ids) <= _FILES_SHOWN:
        return ", ".join(message_ids)
    return f"{', '.join(message_ids[:_FILES_SHOWN])} and {len(message_ids) - _FILES_SHOWN} more"


def _file(attachment: Attachment) -> Text:
    return Text.assemble(path_of(attachment), (f"  {attachment.title}", "dim"))
