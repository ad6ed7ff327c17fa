"""Whether a plan still matches the data: asked before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, MetaData, Select, String, Table, and_, delete, func, or_, select

from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Tables
from data_update.plan_file import Plan
from data_update.registered import in_effect, network_operator_role
from duis.smki.certificate import OrganisationCertificate

PLANNED: Final = Table(
    "data_update_planned",
    MetaData(),
    Column("device_id", String, primary_key=True),
    Column("device_type", String),
    Column("mpxn", String),
    Column("party", String),
    Column("market_participant_id", String),
    prefixes=["TEMPORARY"],
)
"""A part of the plan, to be compared with the database; of one session only."""

_PART: Final = 10_000
_SHOWN: Final = 5


def check_still_matching(database: Database, plan: Plan, tables: Tables, now: datetime) -> None:
    """Refuse a plan of another database, of other registrations, or with certificates that have expired.

    A slot that somebody has changed since is no reason to refuse: it is skipped when its turn comes.

    Raises:
        DataUpdateError: names up to five devices.
    """
    _check_certificates(plan, now)
    database.create_temporary(PLANNED)
    with database.explained("comparing it with the plan"), database.transaction() as connection:
        at = now.isoformat()
        for start in range(0, plan.summary.devices, _PART):
            connection.execute(delete(PLANNED))
            database.fill(PLANNED, list(_part(plan, start)))
            other = connection.execute(_other_devices(tables)).all()
            if other:
                raise DataUpdateError(_made_for_another(plan, database, other))
            if plan.header.registrations_digest is None:
                changed = connection.execute(_other_registrations(tables), {"now": at}).all()
                if changed:
                    raise DataUpdateError(_registrations_changed(plan, changed))
        connection.execute(delete(PLANNED))


def check_registration_file(plan: Plan, path: Path | None) -> bool:
    """See that a file of Registration Data is the one a plan was made with.

    Args:
        plan: the plan.
        path: the file of today; None when there is none.

    Returns:
        Whether Registration Data is compared: with this file now or, later, with the database.

    Raises:
        DataUpdateError: it is another file, or the plan was made without one.
    """
    digest = plan.header.registrations_digest
    if path is None:
        return digest is None
    if digest is None:
        raise DataUpdateError(
            f"{path}: {plan.path} was made with the Registration Data of the database; leave "
            "--registrations out"
        )
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataUpdateError(
            f"{path}: cannot be read: {error.strerror}; give the CSV file of Registration Data"
        ) from error
    if found != digest:
        raise DataUpdateError(
            f"{path}: not the Registration Data {plan.path} was made with: its SHA-256 is {found[:16]}…, the "
            f"plan's is {digest[:16]}…; make the plan anew with this file"
        )
    return True


def _part(plan: Plan, start: int) -> Iterator[tuple[str, str, str, str, str | None]]:
    pairs = plan.header.pairs
    for row in plan.rows(start, start + _PART):
        pair = pairs[row.pair]
        yield row.device_id, row.device_type, row.mpxn, pair.party, pair.market_participant_id


def _check_certificates(plan: Plan, now: datetime) -> None:
    used = {group.new for group in plan.summary.groups}
    lines = []
    for pair in plan.header.pairs:
        if pair.party not in used:
            continue
        begins = max(
            OrganisationCertificate.from_der(each).not_before
            for each in (pair.digital_signing, pair.key_agreement)
        )
        who = f"{plan.path}: the certificates of {pair.name or pair.party}"
        if datetime.fromisoformat(pair.not_after) < now:
            lines.append(
                f"{who} have expired on {pair.not_after}; make the plan anew with a list of valid ones"
            )
        elif now < begins:
            lines.append(f"{who} are valid from {begins.isoformat()} only; apply the plan then")
    if lines:
        raise DataUpdateError("\n".join(lines))


def _other_devices(tables: Tables) -> Select[Any]:
    devices = tables.devices
    same = and_(*tables.in_scope(devices), devices.c.device_id == PLANNED.c.device_id)
    return (
        select(PLANNED.c.device_id)
        .select_from(PLANNED.outerjoin(devices, same))
        .where(
            or_(
                devices.c.device_id.is_(None),
                devices.c.device_type != PLANNED.c.device_type,
                devices.c.mpxn.is_distinct_from(PLANNED.c.mpxn),
            )
        )
        .limit(_SHOWN)
    )


def _other_registrations(tables: Tables) -> Select[Any]:
    """A device whose registered party is another one now, or that has none, or several."""
    registrations = tables.registrations
    of_point = and_(
        registrations.c.mpxn == PLANNED.c.mpxn,
        registrations.c.role == network_operator_role(tables.layout.words, PLANNED.c.device_type),
        *in_effect(tables, registrations),
    )
    # Registration Data may name a party in lower case, as EUI-64s are written in either.
    party = func.upper(registrations.c.party)
    is_another = and_(
        party != PLANNED.c.party,
        party.is_distinct_from(PLANNED.c.market_participant_id),
    )
    return (
        select(PLANNED.c.device_id)
        .select_from(PLANNED.outerjoin(registrations, of_point))
        .where(or_(registrations.c.party.is_(None), is_another))
        .limit(_SHOWN)
    )


def _made_for_another(plan: Plan, database: Database, rows: Any) -> str:
    return (
        f"{plan.path}: does not match database {database.name}: there is no such device, or it has another "
        f"type or metering point: {_names(rows)}; the plan was made for {plan.header.database} (scope "
        f"{plan.header.scope}): give that database, or make the plan anew"
    )


def _registrations_changed(plan: Plan, rows: Any) -> str:
    return (
        f"{plan.path}: no longer matches Registration Data: since {plan.header.made_at} the registered "
        f"Network Operator has changed for {_names(rows)}; make the plan anew"
    )


def _names(rows: Any) -> str:
    names = [str(row[0]) for row in rows]
    return ", ".join(names) + (" and perhaps more" if len(names) == _SHOWN else "")
