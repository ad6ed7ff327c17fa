"""What can be done to a database behind the back of an update, and the checks that must tell of it."""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNTED = "every device of the plan is accounted for"
AGREES = "the audit agrees with the plan"
HOLDS = "replaced slots hold the registered Network Operator's certificates"
NO_INCORRECT = "no incorrect slot remains, but for those left alone or changed since"
SLOTS = "nothing else changed in the slots"
AUDIT_BEFORE = "the audit says what each replaced slot held when the plan was made"
DEVICES = "devices are as they were"
REGISTRATIONS = "Registration Data is as it was"
CERTIFICATES = "certificates are as they were, but for added ones"

OF_SLOT = "device_id = :device AND remote_party_role = 'NetworkOperator'"
OF_SUPPLIER = "device_id = :device AND remote_party_role = 'Supplier'"


@dataclass(frozen=True)
class Manipulation:
    """A statement that changes one row, the checks that must tell of it, and a part of an example."""

    statement: str
    found_by: set[str]
    example: str


MANIPULATIONS = {
    "a slot is put back": Manipulation(
        "UPDATE anchor_slots SET (remote_party_id, digital_signing, key_agreement, updated_at, updated_by) ="
        " (SELECT before_remote_party_id, before_digital_signing, before_key_agreement, before_updated_at,"
        " before_updated_by FROM data_update_audit WHERE device_id = :device) WHERE " + OF_SLOT,
        {HOLDS, NO_INCORRECT},
        "{device}: holds what it held before the update",
    ),
    "half of a slot is put back": Manipulation(
        "UPDATE anchor_slots SET key_agreement = (SELECT before_key_agreement FROM data_update_audit"
        " WHERE device_id = :device) WHERE " + OF_SLOT,
        {HOLDS, NO_INCORRECT},
        "{device}: holds neither what the plan placed nor what was there before",
    ),
    "another column of an updated slot": Manipulation(
        "UPDATE anchor_slots SET floor_sequence_number = '5' WHERE " + OF_SLOT,
        {SLOTS},
        "{device} NetworkOperator (last written by data-update {plan}",
    ),
    "a slot of another role": Manipulation(
        "UPDATE anchor_slots SET key_agreement = digital_signing WHERE " + OF_SUPPLIER,
        {SLOTS},
        "{device} Supplier (last written by population at 2023-01-01T00:00:00+00:00): changed",
    ),
    "a slot of another role is removed": Manipulation(
        "DELETE FROM anchor_slots WHERE " + OF_SUPPLIER, {SLOTS}, "{device} Supplier: removed"
    ),
    "an updated slot is removed": Manipulation(
        "DELETE FROM anchor_slots WHERE " + OF_SLOT,
        {SLOTS, HOLDS},
        "{device} NetworkOperator: removed",
    ),
    "a slot is added": Manipulation(
        "INSERT INTO anchor_slots (estate, device_id, remote_party_role, digital_signing, updated_at,"
        " updated_by) SELECT estate, device_id, 'Recovery', digital_signing, '2023-01-01T00:00:00+00:00', 'x'"
        " FROM anchor_slots WHERE " + OF_SUPPLIER,
        {SLOTS},
        "{device} Recovery (last written by x at 2023-01-01T00:00:00+00:00): added",
    ),
    "a device has another point": Manipulation(
        "UPDATE devices SET mpxn = '1' WHERE device_id = :device",
        {DEVICES},
        "{device}: changed",
    ),
    "a device is removed": Manipulation(
        "DELETE FROM devices WHERE device_id ="
        " (SELECT max(device_id) FROM devices WHERE device_type = 'CHF')",
        {DEVICES},
        "a row that is no longer there: removed",
    ),
    "a registration is another party's": Manipulation(
        "UPDATE registrations SET user_id = '02-53-31-00-00-00-00-EE' WHERE position = (SELECT min(position)"
        " FROM registrations WHERE role IN ('IS', 'GS') AND mpxn = (SELECT mpxn FROM devices WHERE"
        " device_id = :device))",
        {REGISTRATIONS},
        "{mpxn} {supplier}: changed",
    ),
    "a certificate is another one": Manipulation(
        "UPDATE certificates SET der = (SELECT der FROM certificates WHERE sha256 = :other) WHERE sha256 ="
        " (SELECT digital_signing FROM anchor_slots WHERE " + OF_SUPPLIER + ")",
        {CERTIFICATES},
        ": changed",
    ),
    "a row of the audit is removed": Manipulation(
        "DELETE FROM data_update_audit WHERE device_id = :device",
        {ACCOUNTED, SLOTS},
        "{device}: no row of the audit",
    ),
    "a row is added to the audit": Manipulation(
        "INSERT INTO data_update_audit (plan, device_id, action, outcome, batch, at, by) SELECT plan, 'x',"
        " action, outcome, batch, at, by FROM data_update_audit WHERE device_id = :device",
        {ACCOUNTED},
        "x: a row of the audit, and not in the plan",
    ),
    "the audit says otherwise what was placed": Manipulation(
        "UPDATE data_update_audit SET after_key_agreement = after_digital_signing WHERE device_id = :device",
        {AGREES},
        "{device}: what the audit says was placed is not what the plan says",
    ),
    "the audit says otherwise what was there": Manipulation(
        "UPDATE data_update_audit SET before_digital_signing = before_key_agreement"
        " WHERE device_id = :device",
        {AGREES, AUDIT_BEFORE},
        "{device}: what the audit says was there before is not what the plan says",
    ),
    "the audit says otherwise who wrote the slot before": Manipulation(
        "UPDATE data_update_audit SET before_updated_by = 'x' WHERE device_id = :device",
        {AUDIT_BEFORE},
        "{device} NetworkOperator",
    ),
    "the audit says another outcome": Manipulation(
        "UPDATE data_update_audit SET outcome = 'skipped: changed since' WHERE device_id = :device",
        {AGREES},
        "{device}: the audit says skipped: changed since, and its columns say otherwise",
    ),
}
