"""``smets1-conformance data-update report``: what was planned, done and verified, as one HTML file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.commands.data_update.options import database_option, file_option, plan_argument, told

if TYPE_CHECKING:
    from data_update.report import Report


@click.command(short_help="Tell what was planned, done and verified, as HTML.")
@plan_argument
@database_option
@file_option(
    "--verified",
    metavar="JSON",
    help="What verify --json wrote, to be taken into the report.",
)
@file_option(
    "--output",
    "-o",
    metavar="HTML",
    help="The report.  [default: PLAN.html]",
)
@file_option(
    "--csv",
    "csv_file",
    metavar="CSV",
    help="Also every device of the plan, before and after, for a spreadsheet.",
)
def report(
    plan_file: Path, database: str, verified: Path | None, output: Path | None, csv_file: Path | None
) -> None:
    """Write what became of PLAN into one HTML file that needs no network and no script.

    Nothing is written to the database. A report can be made at any time: before the plan is applied,
    half-way, when it is done, and after a rollback.
    """
    from data_update.database import Database
    from data_update.plan_file import Plan
    from data_update.report import write_report
    from data_update.report_csv import write_csv
    from data_update.verification import Verification

    rows = None
    with told():
        plan = Plan(plan_file)
        verification = None if verified is None else Verification.load(verified)
        with Database(database, read_only=True) as opened:
            written = write_report(
                opened,
                plan,
                output or plan_file.with_name(f"{plan_file.name}.html"),
                made_at=datetime.now(UTC),
                verification=verification,
            )
            if csv_file is not None:
                rows = write_csv(opened, plan, csv_file)
    _tell(written)
    click.echo(f"report     {written.path}")
    if rows is not None:
        click.echo(f"devices    {csv_file}, {rows:,} rows")


def _tell(written: Report) -> None:
    total = written.figures.total
    click.echo(
        f"{written.state}: {total.examined:,} slots examined, {total.correct:,} correct, "
        f"{total.to_replace:,} to replace, {total.left_alone:,} left alone"
    )
    click.echo(
        f"{total.replaced:,} replaced, {total.skipped:,} skipped as changed since, "
        f"{total.waiting:,} still to be done, {total.restored:,} rolled back"
    )
