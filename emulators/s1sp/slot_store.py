"""The virtual anchor slots in an S1SP's database [FIA 3.3.2, 4.2.2]: reading and replacing them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, insert, select

from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole
from duis.smki.certificate import OrganisationCertificate
from emulators.database import Database, Row, Transaction
from emulators.slots import AnchorSlot
from emulators.tables import ANCHOR_SLOTS, CERTIFICATES, SLOT_CHANGES

_COLUMNS: Final[Mapping[CertificateType, str]] = {
    CertificateType.DIGITAL_SIGNING: "digital_signing",
    CertificateType.KEY_AGREEMENT: "key_agreement",
    CertificateType.KEY_AGREEMENT_TOP_UP: "key_agreement_top_up",
}

_SLOT = select(ANCHOR_SLOTS).where(
    ANCHOR_SLOTS.c.estate == bindparam("in_estate"),
    ANCHOR_SLOTS.c.device_id == bindparam("device"),
    ANCHOR_SLOTS.c.remote_party_role == bindparam("role"),
)
_SLOTS_OF_DEVICE = select(ANCHOR_SLOTS).where(
    ANCHOR_SLOTS.c.estate == bindparam("in_estate"), ANCHOR_SLOTS.c.device_id == bindparam("device")
)
_SLOTS_TO_REPLACE = _SLOTS_OF_DEVICE.with_for_update()
_CERTIFICATE = select(CERTIFICATES.c.der).where(CERTIFICATES.c.sha256 == bindparam("fingerprint"))
_INSERT_SLOT = insert(ANCHOR_SLOTS)
_INSERT_CHANGE = insert(SLOT_CHANGES)
_CHANGES = (
    select(SLOT_CHANGES)
    .where(SLOT_CHANGES.c.estate == bindparam("in_estate"))
    .order_by(SLOT_CHANGES.c.changed_at)
)


class SlotStore:
    """Anchor slots, their certificates, and the record of what each request changed.

    Slots are written before their certificates, and these in the order of their fingerprints: the order of
    locks that `emulators.database` asks for.
    """

    def __init__(self, database: Database) -> None:
        self._replace_slot = database.upsert(ANCHOR_SLOTS)
        self._keep_certificate = database.insert_missing(CERTIFICATES)
        self._certificates: dict[str, OrganisationCertificate] = {}

    def slot(
        self, transaction: Transaction, estate: str, device_id: EUI64, role: RemotePartyRole
    ) -> AnchorSlot | None:
        """Return one slot; None when the device has no such slot."""
        parameters = {"in_estate": estate, "device": device_id, "role": role}
        row = transaction.first(_SLOT, parameters)
        return None if row is None else self._from_row(transaction, row)

    def slots_of(
        self, transaction: Transaction, estate: str, device_id: EUI64
    ) -> dict[RemotePartyRole, AnchorSlot]:
        """Return every slot of a device."""
        return self._slots(transaction, _SLOTS_OF_DEVICE, estate, device_id)

    def slots_to_replace(
        self, transaction: Transaction, estate: str, device_id: EUI64
    ) -> dict[RemotePartyRole, AnchorSlot]:
        """Return every slot of a device; no other writer changes them until the transaction ends."""
        return self._slots(transaction, _SLOTS_TO_REPLACE, estate, device_id)

    def put(
        self,
        transaction: Transaction,
        estate: str,
        slot: AnchorSlot,
        at: datetime,
        by: str,
        floor: int | None = None,
    ) -> None:
        """Write one slot as a whole."""
        transaction.execute(self._replace_slot, _to_row(estate, slot, at, by, floor))
        self._keep(transaction, slot.certificates.values())

    def create(
        self, transaction: Transaction, estate: str, slots: Iterable[AnchorSlot], at: datetime
    ) -> None:
        """Write the slots of a new estate."""
        rows = []
        certificates: dict[bytes, OrganisationCertificate] = {}
        for slot in slots:
            rows.append(_to_row(estate, slot, at, "population", None))
            certificates |= {each.sha256: each for each in slot.certificates.values()}
        if rows:
            transaction.execute_many(_INSERT_SLOT, rows)
        self._keep(transaction, certificates.values())

    def record_change(
        self,
        transaction: Transaction,
        estate: str,
        request_id: str,
        before: AnchorSlot,
        after: AnchorSlot,
        at: datetime,
    ) -> None:
        """Record what a request changed; the database refuses to record one twice."""
        transaction.execute(
            _INSERT_CHANGE,
            {
                "estate": estate,
                "request_id": request_id,
                "device_id": before.device_id,
                "remote_party_role": before.remote_party_role,
                "before": json.dumps(_fingerprints(before)),
                "after": json.dumps(_fingerprints(after)),
                "changed_at": at.isoformat(),
            },
        )

    def changes(self, transaction: Transaction, estate: str) -> list[dict[str, Any]]:
        """Return what requests changed in an estate, oldest first."""
        rows = transaction.rows(_CHANGES, {"in_estate": estate})
        return [
            {
                **{key: row[key] for key in ("request_id", "device_id", "remote_party_role", "changed_at")},
                "before": json.loads(row["before"]),
                "after": json.loads(row["after"]),
            }
            for row in rows
        ]

    def _slots(
        self, transaction: Transaction, statement: Select[Any], estate: str, device_id: EUI64
    ) -> dict[RemotePartyRole, AnchorSlot]:
        rows = transaction.rows(statement, {"in_estate": estate, "device": device_id})
        slots = (self._from_row(transaction, row) for row in rows)
        return {slot.remote_party_role: slot for slot in slots}

    def _keep(self, transaction: Transaction, certificates: Iterable[OrganisationCertificate]) -> None:
        # Also those that are known: a rollback of the data update removes certificates that no slot holds.
        kept = {each.sha256.hex(): each for each in sorted(certificates, key=lambda each: each.sha256)}
        if not kept:
            return
        rows = [{"sha256": sha256, "der": each.der} for sha256, each in kept.items()]
        transaction.execute_many(self._keep_certificate, rows)
        transaction.after_commit(lambda: self._certificates.update(kept))

    def _from_row(self, transaction: Transaction, row: Row) -> AnchorSlot:
        return AnchorSlot(
            EUI64(row["device_id"]),
            RemotePartyRole(row["remote_party_role"]),
            {
                use: self._certificate(transaction, row[column])
                for use, column in _COLUMNS.items()
                if row[column] is not None
            },
        )

    def _certificate(self, transaction: Transaction, fingerprint: str) -> OrganisationCertificate:
        certificate = self._certificates.get(fingerprint)
        if certificate is None:
            der = transaction.scalar(_CERTIFICATE, {"fingerprint": fingerprint})
            certificate = self._certificates[fingerprint] = OrganisationCertificate.from_der(der)
        return certificate


def _to_row(estate: str, slot: AnchorSlot, at: datetime, by: str, floor: int | None) -> dict[str, Any]:
    return {
        "estate": estate,
        "device_id": slot.device_id,
        "remote_party_role": slot.remote_party_role,
        "remote_party_id": slot.owner(),
        **dict.fromkeys(_COLUMNS.values()),
        **_fingerprints(slot),
        "floor_sequence_number": None if floor is None else f"{floor:020}",
        "updated_at": at.isoformat(),
        "updated_by": by,
    }


def _fingerprints(slot: AnchorSlot) -> dict[str, str]:
    return {
        _COLUMNS[use]: certificate.sha256.hex()
        for use, certificate in slot.certificates.items()
        if use in _COLUMNS
    }
