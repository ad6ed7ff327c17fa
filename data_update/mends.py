"""What puts right a slot that the data update left alone: for the report, and for whoever plans anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from data_update.reasons import Reason

MENDS: Final[Mapping[Reason, str]] = {
    Reason.UNKNOWN_DEVICE: "Find out why the slot has no device; remove the slot, or add the device.",
    Reason.NO_SLOT: "Let the registered Supplier place certificates with SRV 6.21.",
    Reason.EMPTY_SLOT: "Let the registered Supplier place certificates with SRV 6.21.",
    Reason.UNDER_DCC_CONTROL: (
        "Not incorrect: no Network Operator's certificate was ever placed. Let the registered Supplier do so "
        "with SRV 6.21."
    ),
    Reason.NOT_ENROLLED: (
        "Nothing, if the device has left for good; otherwise plan again once its status is that of an "
        "enrolled device."
    ),
    Reason.NO_METERING_POINT: "Correct the device in the inventory, and plan again.",
    Reason.NO_REGISTRATION: "Correct Registration Data, and plan again.",
    Reason.AMBIGUOUS: (
        "Correct Registration Data so that one Network Operator is registered, or the certificate list so "
        "that one certificate is the latest; plan again."
    ),
    Reason.NO_SMKI_PRESENCE: "Ask the party to obtain SMKI organisation certificates, and plan again.",
    Reason.NO_CERTIFICATE_SHARED: "Ask the party for both certificates, add them to the list; plan again.",
    Reason.CERTIFICATE_EXPIRED: "Ask the party for certificates that are valid, and plan again.",
    Reason.CERTIFICATE_UNTRUSTED: (
        "See whether the root given as trust is the right one; otherwise ask the party for certificates that "
        "SMKI issued. Plan again."
    ),
    Reason.UNREADABLE_CERTIFICATE: (
        "Find out what is in the certificates table under this SHA-256; once the owner of the slot can be "
        "told, plan again."
    ),
}
"""One sentence or two for each reason."""
