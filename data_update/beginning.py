"""Noting a plan in the database before its first batch, so that it can be gone on with and rolled back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from data_update.audit import BATCHES, CERTIFICATES_ADDED, PLANS
from data_update.carrying_out import alone
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Tables
from data_update.plan_file import Plan


def begin(database: Database, plan: Plan, tables: Tables, *, by: str, batch_size: int, now: datetime) -> int:
    """Note the plan and its batches, and see that the certificates are there; once for each plan.

    Returns:
        The batch size that was decided when the plan was first applied.

    Raises:
        DataUpdateError: the plan was rolled back, or somebody has begun to.
    """
    with database.explained("noting the plan"), database.transaction() as connection:
        alone(database, connection)  # no rollback of another plan removes a certificate that is there
        row = plan_row(plan, by=by, batch_size=batch_size, started_at=now.isoformat())
        is_new = _insert_if_new(database, PLANS).returning(PLANS.c.plan)  # a rowcount is not told everywhere
        if connection.execute(is_new, row).first() is not None:
            _note_batches(connection, plan, batch_size)
            _add_certificates(database, connection, plan, tables)
        known = connection.execute(
            select(PLANS.c.batch_size, PLANS.c.rollback_started_at).where(PLANS.c.plan == plan.plan_id)
        ).one()
    if known.rollback_started_at is not None:
        raise DataUpdateError(
            f"{plan.path}: its rollback was begun at {known.rollback_started_at}; make the plan anew to "
            "update again"
        )
    return int(known.batch_size)


def plan_row(plan: Plan, *, by: str, batch_size: int, started_at: str) -> dict[str, Any]:
    """Return the row of PLANS that says that a plan was begun."""
    return {
        "plan": plan.plan_id,
        "digest": plan.digest,
        "scope": plan.header.scope,
        "made_at": plan.header.made_at,
        "started_at": started_at,
        "started_by": by,
        "devices": plan.summary.devices,
        "batch_size": batch_size,
        "layout": plan.header.layout.model_dump_json(),
        "rollback_started_at": None,
        "rolled_back_at": None,
    }


def certificates_to_place(plan: Plan) -> dict[str, bytes]:
    """Return the certificates that a plan places, DER by SHA-256, in the order all lock them: by SHA-256."""
    used = {group.new for group in plan.summary.groups}
    found = {}
    for pair in plan.header.pairs:
        if pair.party in used:
            found[pair.digital_signing_sha256] = pair.digital_signing
            found[pair.key_agreement_sha256] = pair.key_agreement
    return dict(sorted(found.items()))


def batch_count(plan: Plan, batch_size: int) -> int:
    """Return how many batches a plan has."""
    return -(-plan.summary.devices // batch_size)


def _note_batches(connection: Connection, plan: Plan, batch_size: int) -> None:
    rows = [
        {"plan": plan.plan_id, "number": number, "attempts": 0, "done_at": None}
        for number in range(batch_count(plan, batch_size))
    ]
    if rows:
        connection.execute(insert(BATCHES), rows)


def _add_certificates(database: Database, connection: Connection, plan: Plan, tables: Tables) -> None:
    names = tables.certificates.c
    for sha256, der in certificates_to_place(plan).items():
        add = _insert_if_new(database, tables.certificates).values({names.sha256: sha256, names.der: der})
        if connection.execute(add.returning(names.sha256)).first() is not None:
            connection.execute(insert(CERTIFICATES_ADDED), {"plan": plan.plan_id, "sha256": sha256})


def _insert_if_new(database: Database, table: Table) -> Any:
    dialect = sqlite if database.is_sqlite else postgresql
    return dialect.insert(table).on_conflict_do_nothing()
