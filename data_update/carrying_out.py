"""Carrying out one batch: in one transaction, an audit row for each device, and the slots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, text

from data_update.audit import AUDIT, Action, Outcome, updated_by
from data_update.audit import METADATA as AUDIT_TABLES
from data_update.database import Database
from data_update.pace import Rate, pause_for_other_writers
from data_update.plan_file import Plan
from data_update.statements import BATCH, Statements, outcomes

BEGINNING_AND_ENDING: Final = 0x4D503107
"""A number that only the data update takes an advisory lock on."""

Fill = Callable[[], int]
"""Fills the batch, and returns how many devices it has; called inside the transaction."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a batch.

    Attributes:
        recorded: devices whose audit row was written now.
        changed: devices whose slot was written now.
        left: devices that somebody else held locked; they are to be tried again.
    """

    recorded: int
    changed: int
    left: int


def prepare(database: Database) -> None:
    """Create the tables of the data update, and the session's batch.

    Raises:
        DataUpdateError: the database does not permit it.
    """
    with database.explained("creating the tables of the data update"), database.transaction() as connection:
        alone(database, connection)  # two processes that begin at once must not both create them
        AUDIT_TABLES.create_all(connection)
    database.create_temporary(BATCH)


def alone(database: Database, connection: Connection) -> None:
    """Wait until no other process of the data update begins or ends a plan; until the transaction ends."""
    if not database.is_sqlite:  # which has one writer anyway
        connection.execute(select(func.pg_advisory_xact_lock(BEGINNING_AND_ENDING)))


def refresh_statistics(database: Database) -> None:
    """Tell PostgreSQL how large the audit has become; it would do so by itself, but some minutes later.

    Until then whatever joins the audit may be a hundred times as slow.
    """
    if not database.is_sqlite:
        with database.explained("looking at the audit"), database.transaction() as connection:
            columns = ", ".join(column.name for column in (*AUDIT.primary_key, AUDIT.c.outcome))
            connection.execute(text(f"ANALYZE {AUDIT.name} ({columns})"))


def carry_out(
    database: Database,
    connection: Connection,
    statements: Statements,
    fill: Fill,
    *,
    plan: str,
    batch: int,
    at: str,
    by: str,
) -> Carried:
    """Carry out one batch inside a transaction of the caller's."""
    if database.is_sqlite:  # PostgreSQL empties it at the end of each transaction
        connection.execute(statements.empty_batch)
    wanted = fill() - connection.execute(statements.drop_recorded, {"plan": plan}).rowcount
    left = 0
    if not database.is_sqlite and connection.execute(statements.lock_free).scalar_one() < wanted:
        left = connection.execute(statements.drop_locked).rowcount
    values = {"plan": plan, "batch": batch, "at": at, "by": by}
    recorded = connection.execute(statements.record, values, execution_options=_COUNTED).rowcount
    changed = connection.execute(statements.write).rowcount
    return Carried(recorded, changed, left)


def pause_after_batch(database: Database, rate: Rate, carried: Carried, seconds: float) -> float:
    """Return how many seconds to leave to others after a batch that took so many."""
    pause = rate.pause_after(carried.recorded)
    return max(pause, pause_for_other_writers(seconds)) if database.is_sqlite else pause


def batch_of_plan(plan: Plan, start: int, stop: int, at: str | None) -> Iterator[tuple[str | None, ...]]:
    """Return the rows of BATCH that carry out the rows `start` until before `stop` of a plan.

    Args:
        plan: the plan.
        start: the first row is 0.
        stop: likewise.
        at: when the slots are written, ISO 8601 in UTC; None where a script says so itself.
    """
    pairs, written_by = plan.header.pairs, updated_by(plan.plan_id)
    for row in plan.rows(start, stop):
        pair = pairs[row.pair]
        yield (
            row.device_id,
            row.before_party,
            row.before_digital_signing,
            row.before_key_agreement,
            None,
            pair.party,
            pair.digital_signing_sha256,
            pair.key_agreement_sha256,
            at,
            written_by,
        )


def outcome_counts(database: Database, plan_id: str, action: Action) -> dict[Outcome, int]:
    """Return how many devices of a plan came to which end, by the audit.

    Raises:
        DataUpdateError: the database failed.
    """
    with database.explained("counting"), database.transaction() as connection:
        rows = connection.execute(outcomes(plan_id, action)).all()
    return {Outcome(word): count for word, count in rows}


_COUNTED: Final = {"preserve_rowcount": True}
"""SQLAlchemy tells how many rows an INSERT wrote only when asked beforehand."""
