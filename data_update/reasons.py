"""What becomes of a Network Operator slot, and why one is left alone [FIA 4.2.2]."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why the data update leaves a slot alone although it cannot be called correct."""

    UNKNOWN_DEVICE = "device not in the inventory"
    NO_SLOT = "no Network Operator slot"
    EMPTY_SLOT = "slot without certificates"
    UNDER_DCC_CONTROL = "slot under DCC control"
    NOT_ENROLLED = "device not enrolled"
    NO_METERING_POINT = "device without MPAN or MPRN"
    NO_REGISTRATION = "no registration today"
    AMBIGUOUS = "ambiguous"
    NO_SMKI_PRESENCE = "registered party has no SMKI presence"
    NO_CERTIFICATE_SHARED = "no certificate shared"
    CERTIFICATE_EXPIRED = "shared certificate expired or not yet valid"
    CERTIFICATE_UNTRUSTED = "shared certificate not trusted"
    UNREADABLE_CERTIFICATE = "certificate in the slot unreadable"


class Verdict(StrEnum):
    """What is true of a Network Operator slot at the time of the plan."""

    CORRECT = "correct"
    REPLACE = "replace"
    LEFT_ALONE = "left alone"
