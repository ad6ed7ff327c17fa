"""The devices of a plan with what the audit says of them, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, bindparam, select

from data_update.audit import AUDIT, Action, Outcome
from data_update.database import Database
from data_update.plan_file import Plan
from data_update.records import Replacement

_PART: Final = 1000
"""So many devices are looked up at once; neither database takes many more parameters."""


class Recorded(NamedTuple):
    """One row of the audit.

    Attributes:
        outcome: what became of the device.
        before_party: remote_party_id of the slot as it was found; None where it held none.
        before_digital_signing: SHA-256 of the certificate, in hexadecimal; likewise the following.
        before_updated_at: when the slot had been written; None where the database does not say.
        before_updated_by: by whom.
        at: when the row was written, ISO 8601 in UTC.
        by: who carried out the action.
    """

    outcome: Outcome
    before_party: str | None
    before_digital_signing: str | None
    before_key_agreement: str | None
    before_updated_at: str | None
    before_updated_by: str | None
    after_party: str | None
    after_digital_signing: str | None
    after_key_agreement: str | None
    at: str
    by: str


class DeviceRecord(NamedTuple):
    """One device of a plan.

    Attributes:
        planned: what the plan says of it.
        applied: what became of it when the plan was applied; None when its turn has not come.
        rolled_back: what became of it when that was rolled back; None when it was not.
    """

    planned: Replacement
    applied: Recorded | None
    rolled_back: Recorded | None


def has_audit(database: Database) -> bool:
    """Whether any plan was ever begun in the database.

    Raises:
        DataUpdateError: the database failed.
    """
    with database.explained("looking for the audit"), database.transaction():
        return database.has(AUDIT)


def device_records(database: Database, plan: Plan) -> Iterator[DeviceRecord]:
    """Read the devices of a plan in its order.

    They are looked up by name, as the order of names may differ between plan and database, and in
    transactions of their own, so that a SQLite file is never locked for long.

    Raises:
        DataUpdateError: the database failed.
    """
    known = has_audit(database)
    for start in range(0, plan.summary.devices, _PART):
        rows = list(plan.rows(start, start + _PART))
        audit = _look_up(database, plan.plan_id, [row.device_id for row in rows]) if known else {}
        for row in rows:
            yield DeviceRecord(
                row, audit.get((row.device_id, Action.APPLY)), audit.get((row.device_id, Action.ROLLBACK))
            )


def _look_up(database: Database, plan_id: str, devices: Sequence[str]) -> dict[tuple[str, str], Recorded]:
    with database.explained("reading the audit"), database.transaction() as connection:
        rows = connection.execute(_ROWS, {"in_plan": plan_id, "devices": devices}).all()
    return {(row[0], row[1]): Recorded(Outcome(row[2]), *row[3:]) for row in rows}


_ROWS: Final[Select[Any]] = select(
    AUDIT.c.device_id,
    AUDIT.c.action,
    AUDIT.c.outcome,
    AUDIT.c.before_remote_party_id,
    AUDIT.c.before_digital_signing,
    AUDIT.c.before_key_agreement,
    AUDIT.c.before_updated_at,
    AUDIT.c.before_updated_by,
    AUDIT.c.after_remote_party_id,
    AUDIT.c.after_digital_signing,
    AUDIT.c.after_key_agreement,
    AUDIT.c.at,
    AUDIT.c.by,
).where(AUDIT.c.plan == bindparam("in_plan"), AUDIT.c.device_id.in_(bindparam("devices", expanding=True)))
