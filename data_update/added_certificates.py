"""Removing, after a rollback, the certificates that an update added and nothing needs any more.

A slot that refers to a certificate must find it, so no slot may be written between the look and the removal.
On PostgreSQL that takes a lock on the slots, for no longer than two seconds in all: rather than hold up
Service Requests, the certificates stay, which does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, delete, exists, select, text, union
from sqlalchemy.exc import DBAPIError

from data_update.audit import AUDIT, BATCHES, CERTIFICATES_ADDED
from data_update.carrying_out import alone
from data_update.database import Database
from data_update.layout import Tables


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of the certificates that an update added.

    Attributes:
        removed: how many were removed.
        kept: how many stay.
        why_kept: why all of them stay; None where those that stay are in use.
    """

    removed: int
    kept: int
    why_kept: str | None = None


def remove_added(database: Database, tables: Tables, plan_id: str) -> Removed:
    """Remove the certificates that a plan added, but for those that a slot or another plan needs.

    Raises:
        DataUpdateError: the connection is lost.
    """
    table = tables.certificates
    added = select(CERTIFICATES_ADDED.c.sha256).where(CERTIFICATES_ADDED.c.plan == plan_id)
    of_plan = table.c.sha256.in_(added)
    with database.explained("removing the certificates of the update"):
        with database.transaction() as connection:
            there = len(connection.execute(select(table.c.sha256).where(of_plan)).all())
        if not there:
            return Removed(0, 0)
        try:
            with database.transaction() as connection:
                if not database.is_sqlite:
                    _hold_up_writers_briefly(connection, tables.slots)
                alone(database, connection)
                slots, others = tables.slots.c, AUDIT.c.plan != plan_id
                needed = union(
                    select(slots.digital_signing).where(slots.digital_signing.in_(added)),
                    select(slots.key_agreement).where(slots.key_agreement.in_(added)),
                    # another plan found it in a slot, and may put it back
                    select(AUDIT.c.before_digital_signing).where(
                        others, AUDIT.c.before_digital_signing.in_(added)
                    ),
                    select(AUDIT.c.before_key_agreement).where(
                        others, AUDIT.c.before_key_agreement.in_(added)
                    ),
                )
                is_needed = table.c.sha256.in_(select(needed.subquery().c[0]))
                still_placing = exists().where(BATCHES.c.plan != plan_id, BATCHES.c.done_at.is_(None))
                removal = delete(table).where(of_plan, ~is_needed, ~still_placing)
                removed = connection.execute(removal).rowcount
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            return Removed(0, there, str(error.orig).strip().splitlines()[0])
    return Removed(removed, there - removed)


def _hold_up_writers_briefly(connection: Connection, slots: Table) -> None:
    connection.execute(text("SET LOCAL lock_timeout = '1s'"))
    name = connection.dialect.identifier_preparer.format_table(slots)
    connection.execute(text(f"LOCK TABLE {name} IN SHARE MODE"))
    connection.execute(text("SET LOCAL statement_timeout = '1s'"))
