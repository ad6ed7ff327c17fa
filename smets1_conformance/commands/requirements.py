"""``smets1-conformance requirements``: the ledger of requirements, its checks and its page."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from reports.gherkin_lint import LintReport, Problem
    from reports.ledger import Coverage, Ledger, Requirement

_PLAIN_WIDTH = 120
_MOST_MISSING = 10


@click.command()
@click.option("--check", "is_check", is_flag=True, help="Check the ledger against itself and the features.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="TAG=FILE",
    help="With --check: that no normative sentence of this source, as text, is missing; may be repeated.",
)
@click.option(
    "--write",
    "page_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the page of coverage, in Markdown.",
)
@click.option(
    "--results",
    "results_folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder that a run wrote: show its verdict on each requirement.",
)
def requirements(
    is_check: bool, sources: tuple[str, ...], page_file: Path | None, results_folder: Path | None
) -> None:
    """Show what the sources ask for and how much of it is tested.

    With --check each problem is printed with file and line, and the exit code is 2 when there is one.
    """
    from reports.ledger import LedgerError, features_of, load_ledger

    if sources and not is_check:
        raise UserError("--source: only together with --check")
    try:
        ledger = load_ledger()
    except LedgerError as error:
        raise UserError(str(error)) from None
    written = features_of(ledger)
    if is_check or page_file is not None:
        _check(ledger, written, sources)
    if page_file is not None:
        _write(ledger, written, page_file)
    if results_folder is not None:
        _show_results(ledger, written, results_folder)
    if not (is_check or page_file or results_folder):
        _show(ledger, written)


def _check(ledger: Ledger, written: LintReport, sources: Sequence[str]) -> None:
    from reports.ledger.checks import check

    problems = [*written.problems, *check(ledger, written.scenarios)]
    for source in sources:
        problems += _check_source(ledger, source)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise SystemExit(UserError.exit_code)
    tested = sum(entry.is_tested for entry in ledger.requirements)
    click.echo(
        f"{ledger.path}: {len(ledger.requirements)} requirements, {tested} tested by "
        f"{len(written.scenarios)} scenarios, {ledger.excluded.total()} excluded with a reason; no problem"
    )


def _check_source(ledger: Ledger, source: str) -> list[Problem]:
    from reports.ledger.completeness import check_source

    tag, _, name = source.partition("=")
    documents = {document.tag: document for document in ledger.documents}
    if tag not in documents or not name:
        known = ", ".join(documents)
        raise UserError(f"--source {source}: expected TAG=FILE with one of the tags {known}")
    try:
        return check_source(ledger, documents[tag], Path(name))
    except OSError as error:
        raise UserError(f"--source {source}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"--source {source}: expected plain text in UTF-8; convert it") from None


def _write(ledger: Ledger, written: LintReport, file: Path) -> None:
    from reports.ledger.page import page
    from reports.replacing import replace_file

    try:
        click.echo(replace_file(file, page(ledger, written.scenarios, file.parent)))
    except OSError as error:
        raise UserError(f"--write {file}: {error.strerror or error}") from None


def _show(ledger: Ledger, written: LintReport) -> None:
    from rich.markup import escape

    from reports.ledger import Kind

    console, table = _console(), _table()
    tags = [document.tag for document in ledger.documents]
    table.add_column("")
    for name in (*tags, "all"):
        table.add_column(name, justify="right")
    table.add_row("requirements", *_counts(tags, ledger.requirements))
    table.add_row("tested", *_counts(tags, (each for each in ledger.requirements if each.is_tested)))
    for kind in (kind for kind in Kind if ledger.excluded[kind]):
        excluded = (each for each in ledger.requirements if each.exclusion and each.exclusion.kind is kind)
        table.add_row(f"excluded: {kind}", *_counts(tags, excluded))
    console.print(table)
    gaps = [each for each in ledger.requirements if each.exclusion and each.exclusion.kind is Kind.NOT_TESTED]
    if gaps:
        console.print("[bold yellow]Gaps[/]: could be tested and is not")
        for entry in gaps:
            console.print(f"  {entry.id}  {escape(entry.quote)}", soft_wrap=True)
    tested = sum(entry.is_tested for entry in ledger.requirements)
    console.print(
        f"[bold]Requirements[/]  {len(ledger.requirements)}, of which {tested} are tested by "
        f"{len(written.scenarios)} scenarios ({written.count} with their rows); {escape(str(ledger.path))}",
        soft_wrap=True,
    )


def _counts(tags: Sequence[str], entries: Iterable[Requirement]) -> list[str]:
    """How many of them each source has, and how many there are."""
    counted = Counter(entry.document for entry in entries)
    return [str(number or "-") for number in (*(counted[tag] for tag in tags), counted.total())]


def _show_results(ledger: Ledger, written: LintReport, folder: Path) -> None:
    from reports.ledger import coverage, missing
    from reports.results_folder import ResultsError, read_results

    try:
        run, results = read_results(folder)
    except ResultsError as error:
        raise UserError(str(error)) from None
    found = coverage(ledger, results, written.scenarios)
    console = _console()
    console.print(_verdicts(found))
    lacking = missing(results, written.scenarios)
    if lacking:
        console.print(f"[bold]Not executed[/]: {len(lacking)} of {written.count} scenarios")
        for each in lacking[:_MOST_MISSING]:
            console.print(f"  {each}", markup=False, soft_wrap=True)
        if len(lacking) > _MOST_MISSING:
            console.print(f"  and {len(lacking) - _MOST_MISSING} more")
    counts = ", ".join(f"{number} {status}" for status, number in found.counts.items() if number)
    state = "" if run.ended else "; the run is at work or was killed"
    console.print(f"[bold]Requirements[/]  {counts}; {ledger.excluded.total()} have no scenario{state}")


def _verdicts(found: Coverage) -> Table:
    from rich.markup import escape

    from reports.results import Status

    colours = {
        Status.PASSED: "green",
        Status.FAILED: "bold red",
        Status.ERROR: "bold magenta",
        Status.NOT_APPLICABLE: "cyan",
        Status.NOT_RUN: "bold yellow",
    }
    table = _table()
    table.add_column("requirement", no_wrap=True)
    table.add_column("", overflow="fold", ratio=1)
    table.add_column("verdict", no_wrap=True)
    table.add_column("scenarios", overflow="fold")
    for row in found.rows:
        if row.verdict is None:
            continue
        statuses = Counter(result.status for result in row.results)
        statuses[Status.NOT_RUN] += len(row.lacking)
        counted = ", ".join(f"{statuses[status]} {status}" for status in Status if statuses[status])
        names = ", ".join(each.removeprefix("MP107-") for each in row.requirement.scenarios)
        table.add_row(
            row.requirement.id,
            escape(row.requirement.quote),
            f"[{colours[row.verdict]}]{row.verdict}[/]",
            f"{counted}: {names}",
        )
    return table


def _table() -> Table:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
