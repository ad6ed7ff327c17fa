"""A comparison on the terminal; plain text where there is none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from reports.comparison.changes import Kind
from reports.comparison.comparison import Comparison, Group, place
from reports.comparison.runs import ComparedRun
from reports.comparison.words import (
    COUNTED,
    DIFFERENCES,
    HEADINGS,
    NO_DIFFERENCES,
    OBSERVED_OTHERWISE,
    SLOWER,
    described,
    observed,
    seconds,
    verdict,
)

_STYLES = {
    Kind.BROKEN: "bold red",
    Kind.FIXED: "green",
    Kind.OTHER_VERDICT: "yellow",
    Kind.OTHER_REASON: "yellow",
    Kind.NEW: "cyan",
    Kind.GONE: "cyan",
    Kind.UNCHANGED: "dim",
}
_PLAIN_WIDTH = 120
_INDENT = "    "
_DIFFERENCES_SHOWN = 20


def comparison_console() -> Console:
    """A console on standard output; of a fixed width where that is no terminal."""
    console = Console(highlight=False, emoji=False, markup=False)
    return (
        console
        if console.is_terminal
        else Console(highlight=False, emoji=False, markup=False, width=_PLAIN_WIDTH)
    )


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Show a comparison: the conclusion first, then what differs, then every change."""
    for letter, run in (("A", comparison.before), ("B", comparison.after)):
        _print_run(console, letter, run)
    console.print()
    console.print(Text(comparison.conclusion, "bold red" if comparison.has_regressions else "bold green"))
    _print_counts(console, comparison)
    _print_differences(console, comparison)
    for kind, heading in HEADINGS.items():
        groups = comparison.groups(kind)
        if groups:
            _print_heading(console, f"{heading} ({comparison.counts[kind]})", _STYLES[kind])
        for group in groups:
            _print_group(console, group, _STYLES[kind])
    _print_observed_otherwise(console, comparison.observed_otherwise)
    if comparison.slower:
        _print_heading(console, SLOWER)
    for change in comparison.slower:
        _print_line(console, f"  {change.result.scenario_id}  {place(change)}: {seconds(change)}")


def _print_run(console: Console, letter: str, run: ComparedRun) -> None:
    console.print(Text.assemble((letter, "bold"), f"  {_printable(run.name)}"), soft_wrap=True)
    _print_line(console, f"   {described(run)}", "dim")
    for sentence in run.incomplete:
        _print_line(console, f"   incomplete: {sentence}", "yellow")


def _print_counts(console: Console, comparison: Comparison) -> None:
    told = Text(", ").join(
        Text(f"{number} {COUNTED[kind]}", _STYLES[kind] if number else "dim")
        for kind, number in comparison.counts.items()
    )
    console.print(told, soft_wrap=True)


def _print_differences(console: Console, comparison: Comparison) -> None:
    console.print()
    if not comparison.differences:
        _print_line(console, NO_DIFFERENCES, "dim")
        return
    _print_line(console, f"{DIFFERENCES} ({len(comparison.differences)})", "bold")
    for each in comparison.differences[:_DIFFERENCES_SHOWN]:
        name = " ".join(dict.fromkeys((each.area, each.name)))
        _print_line(console, f"  {name}: {each.before} → {each.after}")
    if len(comparison.differences) > _DIFFERENCES_SHOWN:
        more = len(comparison.differences) - _DIFFERENCES_SHOWN
        _print_line(console, f"  and {more} more, which the page of --html shows")


def _print_heading(console: Console, text: str, style: str = "") -> None:
    console.print()
    console.print(Text(text, f"bold {style}".strip()), soft_wrap=True)


def _print_group(console: Console, group: Group, style: str) -> None:
    change = group.change
    _print_title(console, group)
    verdicts = [verdict(each) for each in (change.before, change.after) if each is not None]
    told = " → ".join(dict.fromkeys(verdicts))
    console.print(
        Text.assemble(_INDENT, (_printable(told), style), f"  {_printable(group.places)}"),
        soft_wrap=True,
    )
    for letter, result in (("A", change.before), ("B", change.after)):
        if text := observed(result):
            _print_line(console, f"{_INDENT}{letter}: {text}")


def _print_observed_otherwise(console: Console, groups: Sequence[Group]) -> None:
    if groups:
        _print_heading(console, f"{OBSERVED_OTHERWISE} ({sum(len(group.changes) for group in groups)})")
    for group in groups:
        _print_title(console, group)
        _print_line(console, f"{_INDENT}{verdict(group.change.after)}  {group.places}")
        for detail in group.change.details:
            _print_line(console, f"{_INDENT}{detail.what}: {detail.before} → {detail.after}")


def _print_title(console: Console, group: Group) -> None:
    result = group.change.result
    title = result.written_title or result.title
    console.print(
        Text.assemble("  ", (_printable(result.scenario_id or "-"), "bold"), f"  {_printable(title)}"),
        soft_wrap=True,
    )


def _print_line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(_printable(text), style), soft_wrap=True)


def _printable(text: str) -> str:
    """A text in which nothing can steer the terminal: results may come from others."""
    return "".join(each if each.isprintable() else " " if each.isspace() else "�" for each in text)
