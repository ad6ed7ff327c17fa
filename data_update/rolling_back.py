"""Rolling a plan back: each slot the update replaced gets back what it held, by the audit [FIA 4.2.2].

There is no state but the audit itself: what is to do is what was replaced and not looked at since. So the
same call goes on after an interruption, and devices that somebody holds locked are simply found again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, bindparam, delete, func, select, update

from data_update.added_certificates import Removed, remove_added
from data_update.applying import DEFAULT_BATCH, Progress
from data_update.audit import AUDIT, BATCHES, PLANS, Action, Outcome, updated_by
from data_update.carrying_out import (
    Carried,
    carry_out,
    outcome_counts,
    pause_after_batch,
    refresh_statistics,
)
from data_update.chosen import choose
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Layout, Tables
from data_update.pace import Rate, Stop, pause_for_locks
from data_update.statements import BATCH, Statements, fill_from_audit, of_rollback


@dataclass(frozen=True, slots=True)
class Options:
    """How to roll back.

    Attributes:
        by: who does it, for the audit.
        batch_size: devices in a transaction.
        rate: devices a second at most; None for no limit.
        remove_certificates: whether certificates that the update added, and nothing needs any more, are
            removed in the end; not where an S1SP at work may have them in memory.
    """

    by: str
    batch_size: int = DEFAULT_BATCH
    rate: float | None = None
    remove_certificates: bool = False


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What came of `rollback`.

    Attributes:
        outcomes: devices of the plan by outcome, over all processes and all calls.
        left: devices that were to be rolled back and are not yet.
        recorded: devices whose audit row was written by this call.
        certificates: what became of those the update added; None where they were not to be removed, or the
            plan is not wholly rolled back.
        stopped: why it stopped before the end; None when it did not.
    """

    outcomes: dict[Outcome, int]
    left: int
    recorded: int
    certificates: Removed | None
    stopped: str | None


def _no_progress(_progress: Progress) -> None:
    return


def rollback(
    database: Database,
    plan_id: str,
    options: Options,
    *,
    devices: Mapping[str, str] | None = None,
    stop: Stop | None = None,
    progress: Callable[[Progress], None] = _no_progress,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> RolledBack:
    """Put back what a plan replaced, or go on with it; a slot changed since stays as it is.

    A plan that was applied half-way can be rolled back too. As a whole, it can then no longer be applied.

    Args:
        database: where; not read-only.
        plan_id: the plan.
        options: how.
        devices: only these, each with where the user named it, such as "devices.txt:12"; None for the whole
            plan.
        stop: asked after each batch.
        progress: told after each batch.
        now: the time.

    Raises:
        DataUpdateError: the plan was never begun here, it replaced nothing in one of the devices, or the
            database failed; what was committed before stays, and the same call goes on from there.
    """
    tables = _tables_of(database, plan_id)
    if devices is None:
        _end_applying(database, plan_id, now())
    else:
        choose(database, plan_id, devices)
    refresh_statistics(database)
    database.create_temporary(BATCH)
    only_chosen = devices is not None
    work = _Work(database, plan_id, tables, options, only_chosen, stop or Stop(), progress, now)
    recorded, left, stopped = work.run()
    certificates = None
    if not only_chosen and not left:
        if options.remove_certificates:
            certificates = remove_added(database, tables, plan_id)
        _mark_rolled_back(database, plan_id, now())
    return RolledBack(
        outcome_counts(database, plan_id, Action.ROLLBACK), left, recorded, certificates, stopped
    )


class _Work:
    """The batches one process rolls back."""

    def __init__(
        self,
        database: Database,
        plan_id: str,
        tables: Tables,
        options: Options,
        only_chosen: bool,
        stop: Stop,
        progress: Callable[[Progress], None],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plan_id = plan_id
        self._options = options
        self._stop = stop
        self._progress = progress
        self._now = now
        self._statements = Statements(tables, Action.ROLLBACK)
        self._fill = fill_from_audit(only_chosen=only_chosen)
        count = select(func.count()).select_from(AUDIT)
        self._count_all = count.where(*of_rollback(only_chosen=only_chosen, done=False))
        self._count_done = count.where(*of_rollback(only_chosen=only_chosen, done=True))
        self._rate = Rate(options.rate)
        self._last: str | None = None

    def run(self) -> tuple[int, int, str | None]:
        """Roll back batches until none is left, or somebody wants to stop.

        Returns:
            The devices recorded by this call, those left, and why it stopped.
        """
        total = self._count(self._count_all)
        begun_with = done = self._count(self._count_done)
        skipped = waiting = rounds = 0
        batch = self._next_number()
        after = ""
        self._progress(Progress(total, done, 0, 0))
        while not self._stop.wanted:
            begun = time.monotonic()
            carried = self._one_batch(batch, after)
            if self._last is None:
                if not waiting:
                    break
                self._stop.pause(pause_for_locks(rounds))
                after, waiting, rounds = "", 0, rounds + 1
                continue
            after, batch = self._last, batch + 1
            done += carried.recorded
            skipped += carried.recorded - carried.changed
            waiting += carried.left
            self._progress(Progress(total, done, skipped, waiting))
            seconds = time.monotonic() - begun
            self._stop.pause(pause_after_batch(self._database, self._rate, carried, seconds))
        left = total - self._count(self._count_done)
        return done - begun_with, left, self._stop.reason if left else None

    def _one_batch(self, batch: int, after: str) -> Carried:
        with self._database.explained("rolling back a batch"), self._database.transaction() as connection:
            # One process at a time: two of them would find the same devices.
            connection.execute(_HOLD_PLAN, {"plan": self._plan_id})

            def fill() -> int:
                values = {
                    "plan": self._plan_id,
                    "written_by": updated_by(self._plan_id),
                    "after": after,
                    "size": self._options.batch_size,
                }
                connection.execute(self._fill, values)
                self._last, devices = connection.execute(_LAST).one()
                return int(devices)

            return carry_out(
                self._database,
                connection,
                self._statements,
                fill,
                plan=self._plan_id,
                batch=batch,
                at=self._now().isoformat(),
                by=self._options.by,
            )

    def _count(self, statement: Select[int]) -> int:
        with self._database.explained("counting"), self._database.transaction() as connection:
            count: int = connection.execute(statement, {"plan": self._plan_id}).scalar_one()
        return count

    def _next_number(self) -> int:
        of_rollback = (AUDIT.c.plan == self._plan_id, AUDIT.c.action == Action.ROLLBACK.value)
        return self._count(select(func.coalesce(func.max(AUDIT.c.batch) + 1, 0)).where(*of_rollback))


_HOLD_PLAN = select(PLANS.c.plan).where(PLANS.c.plan == bindparam("plan")).with_for_update()
_LAST = select(func.max(BATCH.c.device_id), func.count())


def _tables_of(database: Database, plan_id: str) -> Tables:
    wanted = select(PLANS.c.layout, PLANS.c.scope).where(PLANS.c.plan == plan_id)
    with database.explained("looking for the plan"), database.transaction() as connection:
        known = connection.execute(wanted).first() if database.has(PLANS) else None
    if known is None:
        raise DataUpdateError(
            f"database {database.name}: plan {plan_id} was never begun here; give the plan and the database "
            "that `data-update apply` was called with"
        )
    return database.tables(Layout.model_validate_json(known.layout), known.scope, registrations=False)


def _end_applying(database: Database, plan_id: str, now: datetime) -> None:
    """See that no process goes on to apply the plan; waits for the batches at work."""
    begun = update(PLANS).where(PLANS.c.plan == plan_id, PLANS.c.rollback_started_at.is_(None))
    outstanding = delete(BATCHES).where(BATCHES.c.plan == plan_id, BATCHES.c.done_at.is_(None))
    with database.explained("ending the update"), database.transaction() as connection:
        connection.execute(begun.values(rollback_started_at=now.isoformat()))
        connection.execute(outstanding)


def _mark_rolled_back(database: Database, plan_id: str, now: datetime) -> None:
    at_first = update(PLANS).where(PLANS.c.plan == plan_id, PLANS.c.rolled_back_at.is_(None))
    with database.explained("noting the rollback"), database.transaction() as connection:
        connection.execute(at_first.values(rolled_back_at=now.isoformat()))
