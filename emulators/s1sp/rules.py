"""The rules and other named parts of an S1SP; a deviation replaces or wraps one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from duis.roles import CertificateType
from duis.smets1 import ReplacementOutcome, S1SPAlert, StatusCode
from duis.smki.certificate import OrganisationCertificate
from emulators.checks import Check
from emulators.registration_check import EXCEPTIONS, RegistrationException
from emulators.s1sp.checks import EXECUTION_CHECKS, RECEIPT_CHECKS, S1SPContext
from emulators.slots import AnchorSlot

Replacements: TypeAlias = Mapping[CertificateType, OrganisationCertificate]


def slot_after(slot: AnchorSlot, replacements: Replacements, rejected: bool) -> AnchorSlot:
    """Return the slot after a 6.15.1 or 6.21: all of the replacements or, after a rejection, none."""
    return slot if rejected else slot.with_certificates(replacements)


def replacement_outcomes(slot: AnchorSlot, replacements: Replacements) -> tuple[ReplacementOutcome, ...]:
    """Say of each certificate what was there before and what is there now [XSD ExecutionOutcome]."""
    outcomes = []
    for use, certificate in replacements.items():
        existing = slot.certificates.get(use)
        outcomes.append(
            ReplacementOutcome(
                StatusCode(),
                use,
                slot.remote_party_role,
                None if existing is None else existing.entity_identifier,
                certificate.entity_identifier,
                None if existing is None else existing.sha1,
                certificate.sha1,
            )
        )
    return tuple(outcomes)


def as_in_the_database(slot: AnchorSlot, mp107: bool) -> AnchorSlot:  # noqa: ARG001 (it makes no difference)
    """An S1SP goes by the slot as its database has it now, whoever wrote it [FIA 4.2.2]."""
    return slot


def as_it_is(alert: S1SPAlert) -> S1SPAlert:
    """An S1SP Alert names request and device, and the code of the check that failed [FIA 4.2.1]."""
    return alert


@dataclass(frozen=True, slots=True)
class S1SPRules:
    """What decides the behaviour of an S1SP.

    Attributes:
        receipt_checks: asked when a Countersigned Service Request arrives.
        execution_checks: asked when it takes effect.
        registration_exceptions: the exceptions of SRPD 6.2.
        slot_read: from the slot in the database, and whether MP107 is on, to the slot requests go by.
        slot_of_alerts: the same for the slot that decides who gets a device alert.
        slot_after: from slot, replacements and whether the request was rejected to what the slot then holds.
        replacement_outcomes: from the slot before and the replacements to what the answer says of them.
        s1sp_alert: what becomes of an S1SP Alert before it is signed.
    """

    receipt_checks: tuple[Check[S1SPContext], ...] = RECEIPT_CHECKS
    execution_checks: tuple[Check[S1SPContext], ...] = EXECUTION_CHECKS
    registration_exceptions: tuple[RegistrationException, ...] = EXCEPTIONS
    slot_read: Callable[[AnchorSlot, bool], AnchorSlot] = as_in_the_database
    slot_of_alerts: Callable[[AnchorSlot, bool], AnchorSlot] = as_in_the_database
    slot_after: Callable[[AnchorSlot, Replacements, bool], AnchorSlot] = slot_after
    replacement_outcomes: Callable[[AnchorSlot, Replacements], tuple[ReplacementOutcome, ...]] = (
        replacement_outcomes
    )
    s1sp_alert: Callable[[S1SPAlert], S1SPAlert] = as_it_is
