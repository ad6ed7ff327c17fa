"""What the database says of a plan as a whole: when it was begun, who worked on it, how far it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from data_update.audit import AUDIT, PLANS, Action
from data_update.database import Database
from data_update.plan_file import Plan
from data_update.recorded import has_audit

_POINTS: Final = 200
"""A curve has about so many points at most, whatever the number of batches."""


@dataclass(frozen=True, slots=True)
class Work:
    """What was done for one action, by all processes in all calls.

    Attributes:
        first: when the first batch was carried out, UTC; likewise `last`.
        batches: how many transactions wrote the audit.
        devices: devices whose audit row was written.
        by: who did it.
        curve: how many devices were done at a time, from the first batch to the last.
    """

    first: datetime
    last: datetime
    batches: int
    devices: int
    by: tuple[str, ...]
    curve: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class History:
    """What became of a plan in a database.

    Attributes:
        started_at: when it was first applied, ISO 8601 in UTC.
        started_by: who began it.
        batch_size: devices in a transaction.
        applied: the work of applying; None when there was none yet.
        rollback_started_at: when its rollback was begun; None when it was not.
        rolled_back_at: when its rollback was complete.
        rolled_back: the work of rolling back; None when there was none.
    """

    started_at: str
    started_by: str
    batch_size: int
    applied: Work | None
    rollback_started_at: str | None
    rolled_back_at: str | None
    rolled_back: Work | None


def read_history(database: Database, plan: Plan) -> History | None:
    """Read what became of a plan; None when it was never applied in this database.

    Raises:
        DataUpdateError: the database failed.
    """
    if not has_audit(database):
        return None
    with database.explained("reading what became of the plan"), database.transaction() as connection:
        noted = connection.execute(select(PLANS).where(PLANS.c.plan == plan.plan_id)).first()
    if noted is None:
        return None
    return History(
        started_at=noted.started_at,
        started_by=noted.started_by,
        batch_size=noted.batch_size,
        applied=_work(database, plan, Action.APPLY),
        rollback_started_at=noted.rollback_started_at,
        rolled_back_at=noted.rolled_back_at,
        rolled_back=_work(database, plan, Action.ROLLBACK),
    )


def _work(database: Database, plan: Plan, action: Action) -> Work | None:
    statement = (
        select(AUDIT.c.at, AUDIT.c.batch, AUDIT.c.by, func.count())
        .where(AUDIT.c.plan == plan.plan_id, AUDIT.c.action == action.value)
        .group_by(AUDIT.c.at, AUDIT.c.batch, AUDIT.c.by)
        .order_by(AUDIT.c.at)
    )
    step = max(1, plan.summary.devices // _POINTS)
    curve: list[tuple[datetime, int]] = []
    people: set[str] = set()
    devices = batches = 0
    at = None
    with database.explained("reading the audit"), database.transaction():
        for at, _, by, count in database.stream(statement):
            before, devices, batches = devices, devices + count, batches + 1
            people.add(by)
            if not curve or before // step != devices // step:
                curve.append((datetime.fromisoformat(at), devices))
    if at is None:
        return None
    last = datetime.fromisoformat(at)
    if curve[-1][1] != devices:
        curve.append((last, devices))
    return Work(curve[0][0], last, batches, devices, tuple(sorted(people)), tuple(curve))
