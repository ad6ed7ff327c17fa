"""The tables the data update keeps of its own, in the database it updates.

`data_update_audit` is what remains: one row for each device of a plan and each action, with the slot before
and after, never changed once written. Its primary key makes carrying out an action twice impossible.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

from data_update.outcomes import Action as Action
from data_update.outcomes import Outcome as Outcome

METADATA = MetaData()

PLAN_ID_LENGTH = 16


PLANS = Table(
    "data_update_plans",
    METADATA,
    Column("plan", String(PLAN_ID_LENGTH), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("scope", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("started_by", String, nullable=False),
    Column("devices", Integer, nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("layout", String, nullable=False),
    Column("rollback_started_at", String),
    Column("rolled_back_at", String),
)
"""Each plan ever begun here, its layout as JSON; the batches are its rows in the order of the file."""

CERTIFICATES_ADDED = Table(
    "data_update_certificates",
    METADATA,
    Column("plan", String(PLAN_ID_LENGTH), primary_key=True),
    Column("sha256", String(64), primary_key=True),
)
"""The certificates that were not in the database before a plan was begun; rolling back removes them."""

BATCHES = Table(
    "data_update_batches",
    METADATA,
    Column("plan", String(PLAN_ID_LENGTH), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("attempts", Integer, nullable=False),
    Column("done_at", String),
)
"""What is still to do. Who works on a batch holds its row; a process that dies lets go of it."""

_OUTSTANDING = BATCHES.c.done_at.is_(None)
Index(
    "data_update_batches_outstanding",
    BATCHES.c.plan,
    BATCHES.c.attempts,
    BATCHES.c.number,
    sqlite_where=_OUTSTANDING,
    postgresql_where=_OUTSTANDING,
)

AUDIT = Table(
    "data_update_audit",
    METADATA,
    Column("plan", String(PLAN_ID_LENGTH), primary_key=True),
    Column("device_id", String, primary_key=True),
    Column("action", String, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("before_remote_party_id", String),
    Column("before_digital_signing", String),
    Column("before_key_agreement", String),
    Column("before_updated_at", String),
    Column("before_updated_by", String),
    Column("after_remote_party_id", String),
    Column("after_digital_signing", String),
    Column("after_key_agreement", String),
    Column("at", String, nullable=False),
    Column("by", String, nullable=False),
    sqlite_with_rowid=False,
)
"""One row for each device and action: the Network Operator slot before and after, when, and by whom."""


def updated_by(plan: str) -> str:
    """Return what the update writes into a slot as the one who changed it."""
    return f"data-update {plan}"
