"""The SQL of the data update: for both databases, both actions and the script for an administrator.

A batch is a temporary table: for each device what its Network Operator slot must hold (else somebody has
changed it since, and it is left as it is) and what it is to hold. Applying a plan and rolling it back differ
only in what the batch is filled with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Executable,
    Insert,
    MetaData,
    Select,
    String,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from data_update.audit import AUDIT, BATCHES, Action, Outcome
from data_update.layout import Tables, as_column, as_text

BATCH: Final = Table(
    "data_update_batch",
    MetaData(),
    Column("device_id", String, primary_key=True),
    Column("expected_remote_party_id", String),
    Column("expected_digital_signing", String),
    Column("expected_key_agreement", String),
    Column("expected_updated_by", String),
    Column("new_remote_party_id", String),
    Column("new_digital_signing", String),
    Column("new_key_agreement", String),
    Column("new_updated_at", String),
    Column("new_updated_by", String),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
"""What is to be changed now, of one session only. A NULL in expected_updated_by is not compared."""

DONE_WORD: Final = {Action.APPLY: Outcome.REPLACED, Action.ROLLBACK: Outcome.RESTORED}


@dataclass(frozen=True)
class Statements:
    """The statements for one action; plan, batch and what is not given are bound when they are executed.

    Attributes:
        tables: of the database.
        action: applying or rolling back.
        at: when, for the audit.
        by: who, for the audit.
    """

    tables: Tables
    action: Action
    at: ColumnElement[Any] = field(default_factory=lambda: bindparam("at", type_=String))
    by: ColumnElement[Any] = field(default_factory=lambda: bindparam("by", type_=String))

    @cached_property
    def empty_batch(self) -> Delete:
        """Forget the batch before."""
        return delete(BATCH)

    @cached_property
    def drop_recorded(self) -> Delete:
        """Take out of the batch what was carried out before: no device is changed twice."""
        # A scalar subquery, so that no database goes through all that a plan has recorded, batch after batch.
        recorded = (
            select(AUDIT.c.device_id)
            .where(
                AUDIT.c.plan == bindparam("plan"),
                AUDIT.c.device_id == BATCH.c.device_id,
                AUDIT.c.action == literal(self.action.value),
            )
            .scalar_subquery()
        )
        return delete(BATCH).where(recorded.is_not(None))

    @cached_property
    def lock_waiting(self) -> Select[Any]:
        """PostgreSQL: lock the slots of the batch, wait for those that somebody holds, and count them."""
        return self._count_locked(skip_locked=False)

    @cached_property
    def lock_free(self) -> Select[Any]:
        """PostgreSQL: lock the slots of the batch that nobody holds, and count them.

        It keeps out Service Requests and other processes until the transaction ends.
        """
        return self._count_locked(skip_locked=True)

    @cached_property
    def drop_locked(self) -> Delete:
        """PostgreSQL: take the slots that somebody else holds out of the batch for later; lock the others."""
        there = exists().select_from(self.tables.slots).where(self._same_device)
        locked = self._lock(skip_locked=True).subquery()
        return delete(BATCH).where(there, BATCH.c.device_id.not_in(select(locked.c.device_id)))

    def _count_locked(self, *, skip_locked: bool) -> Select[Any]:
        locked = self._lock(skip_locked=skip_locked).cte("locked")
        return select(func.count().label("locked")).select_from(locked)

    def _lock(self, *, skip_locked: bool) -> Select[Any]:
        slots = self.tables.slots
        return (
            select(slots.c.device_id)
            .select_from(slots.join(BATCH, self._same_device))
            .order_by(slots.c.device_id)
            .with_for_update(of=slots, skip_locked=skip_locked)
        )

    @cached_property
    def record(self) -> Insert:
        """Write the audit row of each device of the batch, from the slot as it is now."""
        slots = self.tables.slots
        outcome = case(
            (slots.c.device_id.is_(None), Outcome.GONE.value),
            (self._as_expected, DONE_WORD[self.action].value),
            else_=Outcome.CHANGED.value,
        )
        source = select(
            bindparam("plan", type_=String),
            BATCH.c.device_id,
            literal(self.action.value),
            outcome,
            bindparam("batch", type_=BATCHES.c.number.type),
            self._text("remote_party_id"),
            slots.c.digital_signing,
            slots.c.key_agreement,
            self._text("updated_at"),
            self._text("updated_by"),
            case((self._as_expected, BATCH.c.new_remote_party_id), else_=self._text("remote_party_id")),
            case((self._as_expected, BATCH.c.new_digital_signing), else_=slots.c.digital_signing),
            case((self._as_expected, BATCH.c.new_key_agreement), else_=slots.c.key_agreement),
            self.at,
            self.by,
        ).select_from(BATCH.outerjoin(slots, self._same_device))
        return insert(AUDIT).from_select([column.name for column in AUDIT.columns], source)

    @cached_property
    def write(self) -> Update:
        """Write the slots of the batch that still hold what they must."""
        slots = self.tables.slots
        values: dict[Any, Any] = {
            slots.c.digital_signing: BATCH.c.new_digital_signing,
            slots.c.key_agreement: BATCH.c.new_key_agreement,
        }
        for name in ("remote_party_id", "updated_at", "updated_by"):
            if name in slots.c:
                values[slots.c[name]] = as_column(BATCH.c[f"new_{name}"], slots.c[name])
        return update(slots).values(values).where(self._same_device, self._as_expected)

    @cached_property
    def _same_device(self) -> ColumnElement[bool]:
        slots = self.tables.slots
        return and_(*self.tables.network_operator_slots(slots), slots.c.device_id == BATCH.c.device_id)

    @cached_property
    def _as_expected(self) -> ColumnElement[bool]:
        slots = self.tables.slots
        same = [
            slots.c.digital_signing.is_not_distinct_from(BATCH.c.expected_digital_signing),
            slots.c.key_agreement.is_not_distinct_from(BATCH.c.expected_key_agreement),
        ]
        if "remote_party_id" in slots.c:
            same.append(slots.c.remote_party_id.is_not_distinct_from(BATCH.c.expected_remote_party_id))
        if "updated_by" in slots.c:
            by = BATCH.c.expected_updated_by
            same.append(or_(by.is_(None), slots.c.updated_by == by))
        return and_(*same)

    def _text(self, name: str) -> ColumnElement[Any]:
        slots = self.tables.slots
        return as_text(slots.c[name]) if name in slots.c else null()


CHOSEN: Final = Table(
    "data_update_chosen",
    MetaData(),
    Column("device_id", String, primary_key=True),
    prefixes=["TEMPORARY"],
)
"""The devices a rollback is limited to; of one session only."""


def of_rollback(*, only_chosen: bool, done: bool) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that an audit row is what the rollback of `plan` has to do, or has done.

    Args:
        only_chosen: count only the chosen devices.
        done: the row of the rollback; otherwise that of the replacement it is to undo.
    """
    action = Action.ROLLBACK if done else Action.APPLY
    conditions = [AUDIT.c.plan == bindparam("plan"), AUDIT.c.action == literal(action.value)]
    if not done:
        conditions.append(AUDIT.c.outcome == literal(Outcome.REPLACED.value))
    if only_chosen:
        conditions.append(exists().where(CHOSEN.c.device_id == AUDIT.c.device_id))
    return tuple(conditions)


def fill_from_audit(*, only_chosen: bool) -> Insert:
    """Fill the batch with the next `size` devices of `plan` to roll back after the device `after`."""
    rolled_back = AUDIT.alias("rolled_back")
    # A subquery for a value, which PostgreSQL looks up device by device; it would make a join of an EXISTS,
    # and judge by statistics of a time when there were few such rows.
    done = (
        select(rolled_back.c.outcome)
        .where(
            rolled_back.c.plan == AUDIT.c.plan,
            rolled_back.c.device_id == AUDIT.c.device_id,
            rolled_back.c.action == literal(Action.ROLLBACK.value),
        )
        .scalar_subquery()
    )
    source = (
        select(
            AUDIT.c.device_id,
            AUDIT.c.after_remote_party_id,
            AUDIT.c.after_digital_signing,
            AUDIT.c.after_key_agreement,
            bindparam("written_by", type_=String),
            AUDIT.c.before_remote_party_id,
            AUDIT.c.before_digital_signing,
            AUDIT.c.before_key_agreement,
            AUDIT.c.before_updated_at,
            AUDIT.c.before_updated_by,
        )
        .where(
            *of_rollback(only_chosen=only_chosen, done=False),
            done.is_(None),
            AUDIT.c.device_id > bindparam("after"),
        )
        .order_by(AUDIT.c.device_id)
        .limit(bindparam("size"))
    )
    return insert(BATCH).from_select([column.name for column in BATCH.columns], source)


CLAIM: Final = (
    select(BATCHES.c.number, BATCHES.c.attempts)
    .where(
        BATCHES.c.plan == bindparam("plan"),
        BATCHES.c.done_at.is_(None),
    )
    .order_by(BATCHES.c.attempts, BATCHES.c.number)
    .limit(1)
    .with_for_update(skip_locked=True)
)
"""The next batch that nobody works on. SQLite has one writer, and needs no lock."""

FINISH: Final = (
    update(BATCHES)
    .where(
        BATCHES.c.plan == bindparam("in_plan"),
        BATCHES.c.number == bindparam("of_number"),
    )
    .values(attempts=BATCHES.c.attempts + 1, done_at=bindparam("finished_at"))
)

OUTSTANDING: Final = (
    select(func.count())
    .select_from(BATCHES)
    .where(
        BATCHES.c.plan == bindparam("plan"),
        BATCHES.c.done_at.is_(None),
    )
)


def outcomes(plan: str, action: Action) -> Executable:
    """Return the SELECT that counts the audit rows of a plan by outcome."""
    return (
        select(AUDIT.c.outcome, func.count())
        .where(AUDIT.c.plan == plan, AUDIT.c.action == action.value)
        .group_by(AUDIT.c.outcome)
    )
