"""Reading every Network Operator slot with its device and with who is registered, and the certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Select, String, Table, and_, exists, literal, null, or_, select

from data_update.classification import Held, SlotRow
from data_update.database import Database
from data_update.layout import Tables, Words, as_text
from data_update.registered import in_effect, network_operator_role
from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate

ROWS_AT_ONCE: Final = 5000


def slots_with_registered(tables: Tables, registrations: Table, device_types: tuple[str, ...]) -> Select[Any]:
    """Each device that has a Network Operator slot, or should have one, with each registered party."""
    devices, slots = tables.devices, tables.slots
    words = tables.layout.words
    role_words = words if registrations is tables.registrations else Words()  # a file has ED and GT
    same_device = and_(*tables.network_operator_slots(slots), slots.c.device_id == devices.c.device_id)
    of_point = and_(
        registrations.c.mpxn == devices.c.mpxn,
        registrations.c.role == network_operator_role(role_words, devices.c.device_type),
        *in_effect(tables, registrations),
    )
    optional = {
        name: devices.c[name] if name in devices.c else literal("", String) for name in ("s1sp", "cohort")
    }
    party = as_text(slots.c.remote_party_id) if "remote_party_id" in slots.c else null()
    statement = (
        select(
            devices.c.device_id,
            devices.c.device_type,
            devices.c.device_status,
            optional["s1sp"],
            optional["cohort"],
            devices.c.mpxn,
            slots.c.device_id.is_not(None),
            party,
            slots.c.digital_signing,
            slots.c.key_agreement,
            registrations.c.party,
        )
        .select_from(devices.outerjoin(slots, same_device).outerjoin(registrations, of_point))
        .where(
            *tables.in_scope(devices),
            or_(slots.c.device_id.is_not(None), devices.c.device_type.in_(words.device_types_with_slot)),
        )
        .order_by(devices.c.device_id)
    )
    if device_types:
        statement = statement.where(devices.c.device_type.in_(device_types))
    return statement


def slot_rows(database: Database, statement: Select[Any], at: datetime) -> Iterator[SlotRow]:
    """Bring the rows of one device together: one for each registered party."""
    rows = database.stream(statement.params(now=at.isoformat()), ROWS_AT_ONCE)
    for _, group in groupby(rows, key=itemgetter(0)):
        same = list(group)
        first = same[0]
        registered = dict.fromkeys(row[10] for row in same)
        registered.pop(None, None)
        yield SlotRow(
            first[0],
            first[1],
            first[2],
            first[3] or "",
            first[4] or "",
            first[5],
            bool(first[6]),
            first[7],
            first[8],
            first[9],
            tuple(registered),
        )


def slots_of_unknown_devices(tables: Tables) -> Select[Any]:
    """Network Operator slots of devices that are in no inventory."""
    slots, devices = tables.slots, tables.devices
    known = exists().where(*tables.in_scope(devices), devices.c.device_id == slots.c.device_id)
    return select(slots.c.device_id).where(*tables.network_operator_slots(slots), ~known)


def held_certificates(database: Database, tables: Tables) -> dict[str, Held]:
    """Read every certificate of the database once; there are few, whatever the number of devices."""
    held = {}
    for sha256, der in database.stream(select(tables.certificates.c.sha256, tables.certificates.c.der)):
        try:
            certificate = OrganisationCertificate.from_der(bytes(der))
        except CertificateUnreadable:
            held[sha256] = Held(None, "")
            continue
        identifier = certificate.entity_identifier
        held[sha256] = Held(None if identifier is None else str(identifier), certificate.role)
    return held
