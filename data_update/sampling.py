"""Some devices of a plan that was applied, spread over it: to be looked at through the protocol."""

from __future__ import annotations

from typing import Final

from data_update.audit import AUDIT, Outcome
from data_update.comparing_devices import outcomes_of
from data_update.database import Database
from data_update.plan_file import Plan
from data_update.records import Replacement

_NEAR: Final = 50


def sample(database: Database, plan: Plan, number: int) -> list[Replacement]:
    """Return up to so many devices whose slot was replaced and not rolled back; always the same ones.

    Each is the first such device of an equal share of the plan, of those near the share's beginning.

    Args:
        database: open, and in no transaction.
        plan: the plan.
        number: how many, 1 or more.

    Raises:
        DataUpdateError: the audit cannot be read.
    """
    devices = plan.summary.devices
    chosen: list[Replacement] = []
    with database.explained("reading the audit"), database.transaction():
        if not database.has(AUDIT):
            return []
        shares = min(number, devices)
        for share in range(shares):
            start, end = share * devices // shares, (share + 1) * devices // shares
            rows = {row.device_id: row for row in plan.rows(start, min(end, start + _NEAR))}
            said = {device: rest for device, *rest in outcomes_of(database, plan, list(rows))}
            replaced = [row for row in rows.values() if said.get(row.device_id) == [Outcome.REPLACED, False]]
            chosen += replaced[:1]
    return chosen
