"""The devices of a plan that were not changed: what their slot holds instead, and who wrote it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from data_update.audit import AUDIT, Action, Outcome
from data_update.database import Database


class Skipped(NamedTuple):
    """A device whose slot was not as the plan has it when its turn came.

    Attributes:
        outcome: changed since, or gone.
        party: remote_party_id of the slot as it was found.
        updated_by: who had changed it, as far as the slot says; likewise `updated_at`.
    """

    device_id: str
    outcome: Outcome
    party: str | None
    updated_at: str | None
    updated_by: str | None


def skipped(database: Database, plan_id: str, action: Action, at_most: int) -> list[Skipped]:
    """Return the first devices, in their order, that an action left as it found them."""
    columns = AUDIT.c
    statement = (
        select(
            columns.device_id,
            columns.outcome,
            columns.before_remote_party_id,
            columns.before_updated_at,
            columns.before_updated_by,
        )
        .where(
            columns.plan == plan_id,
            columns.action == action.value,
            columns.outcome.in_([Outcome.CHANGED.value, Outcome.GONE.value]),
        )
        .order_by(columns.device_id)
        .limit(at_most)
    )
    with database.explained("reading the audit"), database.transaction() as connection:
        rows = connection.execute(statement).all()
    return [Skipped(row[0], Outcome(row[1]), row[2], row[3], row[4]) for row in rows]
