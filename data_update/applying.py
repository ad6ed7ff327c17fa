"""Applying a plan: batch after batch, each one transaction with an audit row for each device [FIA 4.2.2].

Any number of processes can work on one plan in PostgreSQL: each takes a batch that nobody holds. A process
that dies leaves its batch as it was, and the same command goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select

from data_update.audit import PLANS, Action, Outcome
from data_update.beginning import begin
from data_update.carrying_out import (
    Carried,
    batch_of_plan,
    carry_out,
    outcome_counts,
    pause_after_batch,
    prepare,
    refresh_statistics,
)
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Tables
from data_update.pace import Rate, Stop, Window, pause_for_locks
from data_update.plan_file import Plan
from data_update.statements import BATCH, CLAIM, FINISH, OUTSTANDING, Statements
from data_update.still_matching import check_still_matching

DEFAULT_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an update is.

    Attributes:
        total: devices of the plan.
        done: devices with an audit row, as far as this process knows.
        skipped: those of them that somebody had changed, by this process.
        waiting: devices that this process found locked by others and will try again.
    """

    total: int
    done: int
    skipped: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of `apply`.

    Attributes:
        outcomes: devices by outcome, over all processes and all calls.
        left: devices without an audit row yet.
        recorded: devices whose audit row was written by this call.
        stopped: why it stopped before the end; None when it did not.
    """

    outcomes: dict[Outcome, int]
    left: int
    recorded: int
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Options:
    """How to apply a plan.

    Attributes:
        by: who does it, for the audit.
        batch_size: devices in a transaction; decided when a plan is first applied.
        rate: devices a second at most; None for no limit.
        window: stop when it closes; None for no window.
    """

    by: str
    batch_size: int = DEFAULT_BATCH
    rate: float | None = None
    window: Window | None = None


def _no_progress(_progress: Progress) -> None:
    return


def apply(
    database: Database,
    plan: Plan,
    options: Options,
    *,
    stop: Stop | None = None,
    progress: Callable[[Progress], None] = _no_progress,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Applied:
    """Apply a plan, or go on with one.

    Args:
        database: where to; not read-only.
        plan: the plan.
        options: how.
        stop: asked after each batch.
        progress: told after each batch.
        now: the time.

    Raises:
        DataUpdateError: the plan does not match the database, its window is closed, it was rolled back, or
            the database failed; what was committed before stays, and the same call goes on from there.
    """
    if options.window is not None and not options.window.is_open(now()):
        raise DataUpdateError(
            f"the maintenance window is {options.window}, and it is {now().isoformat(timespec='seconds')}; "
            "run the command when it is open"
        )
    tables = database.tables(
        plan.header.layout, plan.header.scope, registrations=plan.header.registrations_digest is None
    )
    if not _was_carried_out(database, plan):  # it is only told then, whatever has changed afterwards
        check_still_matching(database, plan, tables, now())
    prepare(database)
    batch_size = begin(database, plan, tables, by=options.by, batch_size=options.batch_size, now=now())
    work = _Work(database, plan, tables, options, batch_size, stop or Stop(), progress, now)
    return work.run()


def _was_carried_out(database: Database, plan: Plan) -> bool:
    """Whether the database knows the plan, and no batch of it is left."""
    with database.explained("looking for the plan"), database.transaction() as connection:
        if not database.has(PLANS):
            return False
        known = connection.execute(select(PLANS.c.plan).where(PLANS.c.plan == plan.plan_id)).first()
        return known is not None and not connection.execute(OUTSTANDING, {"plan": plan.plan_id}).scalar_one()


class _Work:
    """The batches one process carries out."""

    def __init__(
        self,
        database: Database,
        plan: Plan,
        tables: Tables,
        options: Options,
        batch_size: int,
        stop: Stop,
        progress: Callable[[Progress], None],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plan = plan
        self._options = options
        self._batch_size = batch_size
        self._stop = stop
        self._progress = progress
        self._now = now
        self._statements = Statements(tables, Action.APPLY)
        self._rate = Rate(options.rate)
        self._waiting: dict[int, int] = {}

    def run(self) -> Applied:
        """Carry out batches until none is left, or somebody wants to stop."""
        total = self._plan.summary.devices
        before = self._outcomes()
        begun_with = done = sum(before.values())
        skipped = 0
        self._progress(Progress(total, done, 0, 0))
        while not self._should_stop():
            begun = time.monotonic()
            number, attempts, carried = self._one_batch()
            if carried is None:
                if not self._outstanding():
                    break
                self._stop.pause(pause_for_locks(0))  # other processes hold what is left; one of them may die
                continue
            done += carried.recorded
            skipped += carried.recorded - carried.changed
            self._waiting[number] = carried.left
            self._progress(Progress(total, done, skipped, sum(self._waiting.values())))
            pause = pause_after_batch(self._database, self._rate, carried, time.monotonic() - begun)
            if carried.left:
                pause = max(pause, pause_for_locks(attempts))
            self._stop.pause(pause)
        if done > begun_with:
            refresh_statistics(self._database)
        after = self._outcomes()
        left = total - sum(after.values())
        if left and not self._stop.wanted:
            raise DataUpdateError(
                f"{self._plan.path}: its rollback was begun meanwhile; make the plan anew to update again"
            )
        return Applied(after, left, done - begun_with, self._stop.reason if left else None)

    def _should_stop(self) -> bool:
        window = self._options.window
        if window is not None and not window.is_open(self._now()):
            self._stop.request(f"the maintenance window ({window}) has closed")
        return self._stop.wanted

    def _one_batch(self) -> tuple[int, int, Carried | None]:
        key = {"plan": self._plan.plan_id}
        with self._database.explained("applying a batch"), self._database.transaction() as connection:
            claimed = connection.execute(CLAIM, key).first()
            if claimed is None:
                return 0, 0, None
            number, attempts = claimed
            at = self._now().isoformat()
            carried = carry_out(
                self._database,
                connection,
                self._statements,
                lambda: self._fill(number, at),
                plan=self._plan.plan_id,
                batch=number,
                at=at,
                by=self._options.by,
            )
            finished = {
                "in_plan": self._plan.plan_id,
                "of_number": number,
                "finished_at": None if carried.left else at,
            }
            connection.execute(FINISH, finished)
        return number, attempts, carried

    def _fill(self, number: int, at: str) -> int:
        start = number * self._batch_size
        rows = list(batch_of_plan(self._plan, start, start + self._batch_size, at))
        self._database.fill(BATCH, rows)
        return len(rows)

    def _outcomes(self) -> dict[Outcome, int]:
        return outcome_counts(self._database, self._plan.plan_id, Action.APPLY)

    def _outstanding(self) -> int:
        with self._database.explained("counting"), self._database.transaction() as connection:
            count: int = connection.execute(OUTSTANDING, {"plan": self._plan.plan_id}).scalar_one()
        return count
