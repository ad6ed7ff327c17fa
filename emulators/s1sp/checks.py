"""The rules of an S1SP, in the order they are asked.

The table has two parts. `RECEIPT_CHECKS` are asked when a Countersigned Service Request arrives; what fails
there is the DSP's or an intruder's fault, so no answer to the user follows. `EXECUTION_CHECKS` are asked when
the request takes effect, which for a future-dated one is later (SRPD 6.1(f)); what fails there the sender
gets told. Names differ from those of the DSP's table so that one `outcomes` setting can serve both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, RemotePartyRole
from duis.smki.certificate import DSP_XML_SIGN, XML_SIGN, OrganisationCertificate
from duis.xml import MessageError
from emulators import replacement_certificates
from emulators.checks import Alert, Check, HTTPRefusal, UnsuccessfulResponse
from emulators.request_context import RequestContext
from emulators.request_facts import body_belongs_to_srv
from emulators.slots import AnchorSlot


@dataclass(frozen=True, kw_only=True)
class S1SPContext(RequestContext):
    """What an S1SP knows when a Countersigned Service Request arrives or takes effect.

    Attributes:
        s1sp_id: the S1SP's own Entity Identifier.
        dsp_id: the Entity Identifier of the DSP.
        message: the Countersigned Service Request; None when it could not be read.
        document_error: why it could not be read; None when it could.
        countersigner: who countersigned; None when that signature does not verify.
        countersignature_error: why it does not verify.
        request_error: why the Service Request inside is not schema-valid or cannot be read.
        slots: the anchor slots of the device.
    """

    s1sp_id: EUI64
    dsp_id: EUI64
    message: CountersignedServiceRequest | None = None
    document_error: str | None = None
    countersigner: OrganisationCertificate | None = None
    countersignature_error: str | None = None
    request_error: str | None = None
    slots: Mapping[RemotePartyRole, AnchorSlot] = field(default_factory=dict)


def is_readable(context: S1SPContext) -> bool:
    """The countersigned document is well-formed and has our form."""
    return context.document_error is None and context.message is not None


def is_countersigned(context: S1SPContext) -> bool:
    """The countersignature verifies."""
    return context.countersignature_error is None and context.countersigner is not None


def countersigner_is_dsp(context: S1SPContext) -> bool:
    """The countersigner has the role dSPXmlSign (89) and is the DSP."""
    signer = context.countersigner
    return signer is not None and signer.role == DSP_XML_SIGN and signer.entity_identifier == context.dsp_id


def is_addressed_here(context: S1SPContext) -> bool:
    """The DSP addressed it to this S1SP."""
    return context.message is not None and context.message.s1sp_id == context.s1sp_id


def holds_a_service_request(context: S1SPContext) -> bool:
    """The Service Request inside is schema-valid, and its header and body name the same request."""
    if context.request_error is not None or context.request is None:
        return False
    try:
        _ = context.facts
    except MessageError:
        return False
    return body_belongs_to_srv(context.readable_request)


def header_names_the_request(context: S1SPContext) -> bool:
    """RequestID and SRV of the countersigned header are those of the Service Request inside."""
    message = context.message
    return message is not None and (message.request_id, message.srv) == (
        context.readable_request.request_id,
        context.srv,
    )


def is_signed_by_user(context: S1SPContext) -> bool:
    """The user's signature verifies."""
    return context.signature_error is None and context.signer is not None


def signer_is_originator(context: S1SPContext) -> bool:
    """The signer has the role xmlSign (87) and its Entity Identifier is the Business Originator ID."""
    signer = context.signer
    return signer is not None and signer.role == XML_SIGN and signer.entity_identifier == context.originator


def serves_device(context: S1SPContext) -> bool:
    """The Business Target ID is a device this S1SP serves."""
    return context.device is not None


def has_accepted_status(context: S1SPContext) -> bool:
    """The status of the device is one at which requests are carried out."""
    return context.known_device.device_status in context.settings.accepted_device_statuses


def passes_registration_data(context: S1SPContext) -> bool:
    """Validation 2: SRPD 6.1(f) and its exceptions again, through SRPD 16.1, with the S1SP's own switch."""
    return bool(context.admitted_roles)


def slot_of_sender(context: S1SPContext) -> RemotePartyRole | None:
    """The slot the sender must own: the one it writes to, or for other requests that of its kind of party."""
    if context.facts.remote_party_role is not None:
        return context.facts.remote_party_role
    if context.admitted_roles & SUPPLIERS:
        return RemotePartyRole.SUPPLIER
    if context.admitted_roles & NETWORK_OPERATORS:
        return RemotePartyRole.NETWORK_OPERATOR
    return None


def slot_is_owned(context: S1SPContext) -> bool:
    """Validation 3 (S1SR 4.2): the Business Originator ID is the Entity Identifier of the slot's certificate.

    It applies to Critical requests, and to others only by setting. For 6.21 the authorising party is the DCC,
    so the slot must hold its certificate [ASSUMED]. A slot that does not exist is owned by nobody.
    """
    rule = context.settings.slot_owner_rule
    handover = context.srv == "6.21"
    if not (handover or context.is_critical or context.settings.owner_check_applies_to_reads):
        return True
    role = slot_of_sender(context)
    if role is None:
        return True
    slot = context.slots.get(role)
    if slot is None:
        return False
    return slot.under_dcc_control(rule) if handover else slot.owner(rule) == context.originator


def replaces_what_the_setting_demands(context: S1SPContext) -> bool:
    """By setting, a replacement must cover every certificate the slot holds."""
    slot = context.facts.remote_party_role
    if slot is None or context.settings.partial_replacement_accepted:
        return True
    held = context.slots[slot].certificates if slot in context.slots else {}
    return set(held) <= set(context.facts.replacements)


def _owner_detail(context: S1SPContext) -> str:
    role = slot_of_sender(context)
    slot = context.slots.get(role) if role is not None else None
    owner = slot.owner(context.settings.slot_owner_rule) if slot is not None else None
    return f"{context.originator} for the {role} slot, which is owned by {owner or 'nobody'}"


def _registration_detail(context: S1SPContext) -> str:
    roles = ", ".join(sorted(context.eligible_roles)) or "no role"
    return f"{context.originator} as {roles} is not registered for {context.known_device.device_id}"


RECEIPT_CHECKS: tuple[Check[S1SPContext], ...] = (
    Check("S1SP document", "SRPD 16", is_readable, HTTPRefusal(400), lambda c: str(c.document_error)),
    Check(
        "S1SP countersignature",
        "SRPD 16",
        is_countersigned,
        HTTPRefusal(403),
        lambda c: c.countersignature_error or "unsigned",
    ),
    Check("S1SP countersigner", "SRPD 16", countersigner_is_dsp, HTTPRefusal(403)),
    Check("S1SP addressee", "SRPD 16", is_addressed_here, HTTPRefusal(403)),
    Check(
        "S1SP service request",
        "XSD Request",
        holds_a_service_request,
        HTTPRefusal(400),
        lambda c: c.request_error or "header and body do not belong together",
    ),
    Check("S1SP header", "SRPD 16", header_names_the_request, HTTPRefusal(400)),
    Check(
        "S1SP user signature",
        "SRPD 16.1",
        is_signed_by_user,
        HTTPRefusal(403),
        lambda c: c.signature_error or "unsigned",
    ),
    Check("S1SP signer", "SRPD 16.1", signer_is_originator, HTTPRefusal(403)),
    Check("S1SP device", "SRPD 16.1", serves_device, HTTPRefusal(404)),
)
"""Asked on receipt. The HTTP statuses are ours, as the interface is [ASSUMED]."""

EXECUTION_CHECKS: tuple[Check[S1SPContext], ...] = (
    Check("S1SP device status", "SRPD 16.1", has_accepted_status, UnsuccessfulResponse("other")),
    Check(
        "S1SP registration data",
        "SRPD 16.1, SRPD 6.1(f)",
        passes_registration_data,
        Alert("S1VE4"),
        _registration_detail,
    ),
    Check("S1SP slot owner", "S1SR 4.2", slot_is_owned, Alert("S1VE64"), _owner_detail),
    Check(
        "S1SP certificate elements",
        "XSD",
        replacement_certificates.are_readable,
        UnsuccessfulResponse("badCertificate"),
    ),
    Check(
        "S1SP certificate role",
        "CERT",
        replacement_certificates.have_the_role_of_the_slot,
        UnsuccessfulResponse("badCertificate"),
    ),
    Check(
        "S1SP certificate usage",
        "CERT",
        replacement_certificates.have_the_usage_of_the_element,
        UnsuccessfulResponse("badCertificate"),
    ),
    Check(
        "S1SP certificate party",
        "CERT",
        replacement_certificates.are_of_one_party,
        UnsuccessfulResponse("badCertificate"),
    ),
    Check(
        "S1SP certificate chain",
        "CERT",
        replacement_certificates.chain_to_an_anchor,
        UnsuccessfulResponse("badCertificate"),
        replacement_certificates.chain_detail,
    ),
    Check(
        "S1SP certificate validity",
        "CERT",
        replacement_certificates.are_in_date,
        UnsuccessfulResponse("badCertificate"),
        replacement_certificates.chain_detail,
    ),
    Check(
        "S1SP partial replacement",
        "ASSUMED",
        replaces_what_the_setting_demands,
        UnsuccessfulResponse("badCertificate"),
    ),
)
"""Asked when the request takes effect. Public: S1VE4 and S1VE64 [FIA 4.2.1]; the rest is ours [ASSUMED]."""

S1SP_CHECKS: tuple[Check[S1SPContext], ...] = RECEIPT_CHECKS + EXECUTION_CHECKS
"""The whole table, for a request that takes effect at once."""
