"""What a plan says of one device, and of a pair of certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Replacement(NamedTuple):
    """One slot to change: a line of the plan file, in this order.

    Attributes:
        device_id: the device.
        s1sp: the S1SP that serves it; empty when the database does not say.
        cohort: its enrolment cohort; empty when the database does not say.
        device_type: ESME, GPF and so on.
        mpxn: its MPAN or MPRN.
        before_party: remote_party_id of the slot at the time of the plan; None where it holds none.
        before_digital_signing: SHA-256 of the certificate in the slot, in hexadecimal.
        before_key_agreement: likewise.
        pair: index of the certificates to place, in the plan's list of pairs.
    """

    device_id: str
    s1sp: str
    cohort: str
    device_type: str
    mpxn: str
    before_party: str | None
    before_digital_signing: str | None
    before_key_agreement: str | None
    pair: int


class LeftAlone(NamedTuple):
    """One slot that the update does not touch although it cannot be called correct."""

    device_id: str
    s1sp: str
    cohort: str
    device_type: str
    mpxn: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """The certificates of the registered Network Operator, as the plan carries them.

    Attributes:
        party: its Entity Identifier.
        market_participant_id: how Registration Data may name it instead; None where the list does not say.
        name: its name in the certificate list.
        digital_signing: DER.
        key_agreement: DER.
        digital_signing_sha256: in hexadecimal.
        key_agreement_sha256: in hexadecimal.
        not_after: ISO 8601, UTC: the earlier end of the two.
    """

    party: str
    market_participant_id: str | None
    name: str
    digital_signing: bytes
    key_agreement: bytes
    digital_signing_sha256: str
    key_agreement_sha256: str
    not_after: str
