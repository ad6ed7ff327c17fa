"""``smets1-conformance data-update rollback``: put back what an update replaced."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.commands.data_update.options import (
    INCOMPLETE,
    batch_option,
    by_option,
    database_option,
    file_option,
    rate_option,
    told,
)
from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from data_update.added_certificates import Removed
    from data_update.database import Database
    from data_update.rolling_back import RolledBack

_PLAN_ID = re.compile(r"[0-9a-f]{16}")


@click.command(short_help="Put back what an update replaced.")
@click.argument("plan", metavar="PLAN")
@database_option
@click.option("--device", "named", multiple=True, metavar="ID", help="Only this device; may be repeated.")
@file_option(
    "--devices",
    "devices_file",
    metavar="FILE",
    help="Only the devices of this file, one on a line.",
)
@batch_option("Devices in a transaction.")
@rate_option
@click.option(
    "--remove-certificates",
    is_flag=True,
    help="Remove the certificates that the update added and no slot needs; where nobody else is at work.",
)
@by_option
def rollback(
    plan: str,
    database: str,
    named: tuple[str, ...],
    devices_file: Path | None,
    batch: int,
    rate: float | None,
    remove_certificates: bool,
    by: str,
) -> None:
    """Put back what applying PLAN replaced: its file, or the 16 digits by which the database knows it.

    A slot that somebody has changed since is left as it is. A plan that was applied half-way can be rolled
    back too; once its rollback was begun it is not applied any more, unless only some devices are named.
    Ctrl-C ends after the batch at work, once more ends at once; the same command goes on.
    """
    from data_update import rolling_back
    from data_update.database import Database
    from data_update.pace import Stop
    from smets1_conformance.commands.data_update.progress_line import ProgressLine, shown_on
    from smets1_conformance.commands.data_update.stop_signals import EndedAtOnce, heeding_signals

    stop = Stop()
    options = rolling_back.Options(by, batch, rate, remove_certificates)
    try:
        with told(), heeding_signals(stop):
            plan_id = _plan_id(plan)
            devices = _devices(named, devices_file)
            with Database(database) as opened:
                with ProgressLine("rolling back") as line:
                    done = rolling_back.rollback(
                        opened, plan_id, options, devices=devices, stop=stop, progress=shown_on(line)
                    )
                _tell(opened, plan_id, done)
    except EndedAtOnce:
        click.echo("Ended at once; the batch at work was undone. The same command goes on.", err=True)
        raise SystemExit(INCOMPLETE) from None
    if done.left:
        raise SystemExit(INCOMPLETE)


def _plan_id(plan: str) -> str:
    from data_update.plan_file import Plan

    if _PLAN_ID.fullmatch(plan) and not Path(plan).exists():
        return plan
    if not Path(plan).exists():
        raise UserError(
            f"{plan}: there is no such file; give the plan, or the 16 digits its digest begins with"
        )
    return Plan(Path(plan)).plan_id


def _devices(named: tuple[str, ...], devices_file: Path | None) -> dict[str, str] | None:
    from data_update.chosen import read_devices

    if not named and devices_file is None:
        return None
    from_file = {} if devices_file is None else read_devices(devices_file)
    return dict.fromkeys(named, "--device") | from_file


def _tell(database: Database, plan_id: str, done: RolledBack) -> None:
    """Say what came of it."""
    from data_update.audit import Action, Outcome
    from smets1_conformance.commands.data_update.skipped_devices import tell_skipped

    if not done.left and not done.recorded:
        click.echo("Rolled back before; nothing was left to do.")
    restored, changed, gone = (
        done.outcomes.get(each, 0) for each in (Outcome.RESTORED, Outcome.CHANGED, Outcome.GONE)
    )
    click.echo(
        f"Plan {plan_id}: {restored:,} devices restored, {changed:,} skipped as changed since, "
        f"{gone:,} skipped as no longer there, {done.left:,} left"
    )
    tell_skipped(database, plan_id, Action.ROLLBACK, changed + gone)
    if done.certificates is not None:
        _tell_of_certificates(done.certificates)
    if done.left:
        click.echo(f"{done.stopped or 'stopped'}; the same command goes on.")


def _tell_of_certificates(certificates: Removed) -> None:
    if certificates.removed:
        click.echo(f"{certificates.removed:,} certificates that the update had added were removed.")
    if certificates.why_kept is not None:
        click.echo(
            f"{certificates.kept:,} certificates that the update had added stay, which does no harm "
            f"({certificates.why_kept}); the same command tries again."
        )
    elif certificates.kept:
        click.echo(f"{certificates.kept:,} certificates that the update had added stay: they are in use.")
