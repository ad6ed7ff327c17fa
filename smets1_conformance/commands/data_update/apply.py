"""``smets1-conformance data-update apply``: carry a plan out, batch after batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.commands.data_update.options import (
    INCOMPLETE,
    batch_option,
    by_option,
    database_option,
    file_option,
    plan_argument,
    rate_option,
    told,
)

if TYPE_CHECKING:
    from data_update.applying import Applied
    from data_update.database import Database
    from data_update.pace import Window
    from data_update.plan_file import Plan


class WindowType(click.ParamType["Window"]):
    """A daily maintenance window."""

    name = "window"

    def convert(
        self, value: str | Window, param: click.Parameter | None, ctx: click.Context | None
    ) -> Window:
        """Read it; click tells of a mistake."""
        from data_update.pace import Window

        if isinstance(value, Window):
            return value
        try:
            return Window.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(short_help="Carry a plan out, in batches.")
@plan_argument
@database_option
@batch_option("Devices in a transaction; decided when a plan is first applied.")
@rate_option
@click.option(
    "--window",
    type=WindowType(),
    metavar="HH:MM-HH:MM [ZONE]",
    help='Stop when the window closes: "22:00-05:00 Europe/London"; UTC without a zone.',
)
@by_option
@file_option(
    "--registrations",
    metavar="CSV",
    help="The file of Registration Data of today, which must be the one the plan was made with.",
)
def apply(
    plan_file: Path,
    database: str,
    batch: int,
    rate: float | None,
    window: Window | None,
    by: str,
    registrations: Path | None,
) -> None:
    """Carry PLAN out in the database, while Service Users work.

    Each batch is one transaction, with an audit row for each device. A slot that somebody has changed since
    the plan was made is left as it is. Ctrl-C ends after the batch at work, once more ends at once; the same
    command goes on. In PostgreSQL several processes may work on one plan.
    """
    from data_update import applying
    from data_update.database import Database
    from data_update.pace import Stop
    from data_update.plan_file import Plan
    from data_update.still_matching import check_registration_file
    from smets1_conformance.commands.data_update.progress_line import ProgressLine, shown_on
    from smets1_conformance.commands.data_update.stop_signals import EndedAtOnce, heeding_signals

    stop = Stop()
    options = applying.Options(by, batch, rate, window)
    try:
        with told(), heeding_signals(stop):
            plan = Plan(plan_file)
            compared = check_registration_file(plan, registrations)
            if not compared:
                click.echo(
                    f"Not compared with Registration Data of today: {plan.header.registrations} was not "
                    "given (--registrations)",
                    err=True,
                )
            with Database(database) as opened:
                with ProgressLine("applying") as line:
                    applied = applying.apply(opened, plan, options, stop=stop, progress=shown_on(line))
                _tell(opened, plan, applied)
    except EndedAtOnce:
        click.echo("Ended at once; the batch at work was rolled back. The same command goes on.", err=True)
        raise SystemExit(INCOMPLETE) from None
    if applied.left:
        raise SystemExit(INCOMPLETE)


def _tell(database: Database, plan: Plan, applied: Applied) -> None:
    """Say what came of it."""
    from data_update.audit import Action, Outcome
    from smets1_conformance.commands.data_update.skipped_devices import tell_skipped

    if not plan.summary.devices:
        click.echo("Nothing is to be replaced.")
        return
    if not applied.left and not applied.recorded:
        click.echo(f"{plan.path} was applied before; nothing was left to do.")
    replaced, changed, gone = (
        applied.outcomes.get(each, 0) for each in (Outcome.REPLACED, Outcome.CHANGED, Outcome.GONE)
    )
    click.echo(
        f"{plan.summary.devices:,} devices: {replaced:,} replaced, {changed:,} skipped as changed since, "
        f"{gone:,} skipped as no longer there, {applied.left:,} left"
    )
    tell_skipped(database, plan.plan_id, Action.APPLY, changed + gone)
    if applied.left:
        click.echo(f"{applied.stopped or 'stopped'}; the same command goes on.")
    else:
        click.echo(f"Next:  smets1-conformance data-update verify {plan.path} --database …")
