"""What is said of the devices that were left as they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from data_update.audit import Action
    from data_update.database import Database

_MOST: Final = 20


def tell_skipped(database: Database, plan_id: str, action: Action, count: int) -> None:
    """Say of the first devices that were skipped what they hold, and who wrote it.

    Args:
        database: where.
        plan_id: the plan.
        action: what they were skipped by.
        count: how many were.
    """
    from data_update.audit import Outcome
    from data_update.skipped import skipped

    if not count:
        return
    for each in skipped(database, plan_id, action, _MOST):
        if each.outcome is Outcome.CHANGED:
            holder = f"holds {each.party or 'nothing'}"
            since = f", written {each.updated_at or 'at an unknown time'} by {each.updated_by or 'unknown'}"
            click.echo(f"  {each.device_id}  {holder}{since}")
        else:
            click.echo(f"  {each.device_id}  has no Network Operator slot any more")
    if count > _MOST:
        click.echo(f"  and {count - _MOST:,} more: see smets1-conformance data-update report")
