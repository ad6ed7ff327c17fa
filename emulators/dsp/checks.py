"""The rules of the DSP, in the order they are asked: the first that does not hold decides the answer.

Where the public sources name no code, the outcome is ours [ASSUMED]: the estate setting `outcomes` replaces
it by the name of the check. No meaning is invented for codes whose meaning is not public.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from duis.roles import (
    NETWORK_OPERATORS,
    SUPPLIERS,
    DeviceType,
    RemotePartyRole,
    UserRole,
)
from duis.service_references import SERVICE_REFERENCE_VARIANTS
from duis.smki.certificate import XML_SIGN
from duis.xml import MessageError
from emulators import replacement_certificates
from emulators.checks import Check, HTTPRefusal, Rejection
from emulators.registration_check import ExemptionReading
from emulators.request_context import RequestContext
from emulators.request_facts import body_belongs_to_srv
from emulators.settings import CounterRule


class Service(StrEnum):
    """The web services of the DCC User Interface [CLIENT]."""

    SEND_COMMAND = "serviceS"
    TRANSFORM = "serviceT"
    NON_DEVICE = "serviceD"


@dataclass(frozen=True, kw_only=True)
class DSPContext(RequestContext):
    """What the DSP knows when a message arrives.

    Attributes:
        service: the web service the message came to.
        document_error: why the document is not well-formed or not schema-valid; None when it is.
        last_counter: the highest counter the originator has used; None before its first request.
        counter_used: whether the originator has used this very counter before.
    """

    service: Service
    document_error: str | None = None
    last_counter: int | None = None
    counter_used: bool = False


def is_schema_valid(context: DSPContext) -> bool:
    """The document is well-formed, valid under the schema and can be read."""
    return context.document_error is None and context.request is not None


def has_body_of_its_srv(context: DSPContext) -> bool:
    """Header and body name the same request, and its dates can be read."""
    try:
        _ = context.facts
    except MessageError:
        return False
    return body_belongs_to_srv(context.readable_request)


def is_signed(context: DSPContext) -> bool:
    """The user's signature verifies, with a certificate that is trusted and in date."""
    return context.signature_error is None and context.signer is not None


def signer_is_originator(context: DSPContext) -> bool:
    """The signer has the role xmlSign (87) and its Entity Identifier is the Business Originator ID."""
    signer = context.signer
    return signer is not None and signer.role == XML_SIGN and signer.entity_identifier == context.originator


def is_known_user(context: DSPContext) -> bool:
    """The Business Originator ID is the User ID of a Service User that has a role."""
    return context.user is not None and bool(context.user.roles)


def role_may_send(context: DSPContext) -> bool:
    """One of the sender's roles may send the SRV."""
    return bool(context.eligible_roles)


def counter_is_new(context: DSPContext) -> bool:
    """The Originator Counter is higher than the last or, by setting, only not used before."""
    if context.settings.counter_rule is CounterRule.UNIQUE:
        return not context.counter_used
    return context.last_counter is None or context.readable_request.request_id.counter > context.last_counter


def is_known_device(context: DSPContext) -> bool:
    """The Business Target ID is a device in the Smart Metering Inventory; a Non-Device request has none."""
    return context.is_non_device or context.device is not None


def has_accepted_status(context: DSPContext) -> bool:
    """The status of the device is one at which requests are accepted."""
    return (
        context.is_non_device
        or context.known_device.device_status in context.settings.accepted_device_statuses
    )


def srv_fits_device_type(context: DSPContext) -> bool:
    """The SRV may be sent to a device of this type."""
    device_types = context.settings.device_types.get(context.srv)
    return context.is_non_device or device_types is None or context.known_device.device_type in device_types


def has_expected_command_variant(context: DSPContext) -> bool:
    """1 for a request to a SMETS1 device, Critical or not; 8 for a Non-Device request."""
    settings = context.settings
    expected = settings.non_device_command_variant if context.is_non_device else settings.command_variant
    return context.readable_request.command_variant == expected


def came_to_the_right_service(context: DSPContext) -> bool:
    """A Non-Device request to Non-Device, any other to Send Command: SMETS1 has no Transform step."""
    expected = Service.NON_DEVICE if context.is_non_device else Service.SEND_COMMAND
    return context.service is expected


def passes_registration_data(context: DSPContext) -> bool:
    """Validation 1: SRPD 6.1(f) and its exceptions, see `emulators.registration_check`."""
    return bool(context.admitted_roles)


def permitted_slots(srv: str, role: UserRole, reading: ExemptionReading) -> frozenset[RemotePartyRole]:
    """The slots in which the DSP lets a role place certificates.

    6.15.1: a Supplier its own only; a Network Operator its own only under the reading "slot". Under the
    reading "sender" the legal text exempts a Network Operator whatever the slot, so this rule leaves every
    slot to validation 3 at the S1SP. 6.21: a Supplier the Supplier's and the Network Operator's [FIA 5.2].
    """
    if srv == "6.15.1" and role in SUPPLIERS:
        return frozenset({RemotePartyRole.SUPPLIER})
    if srv == "6.15.1" and role in NETWORK_OPERATORS:
        if reading is ExemptionReading.SENDER:
            return frozenset(RemotePartyRole)
        return frozenset({RemotePartyRole.NETWORK_OPERATOR})
    if srv == "6.21" and role in SUPPLIERS:
        return frozenset({RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR})
    return frozenset()


def may_place_in_slot(context: DSPContext) -> bool:
    """The sender, in a role that the Registration Data check admits, may place certificates in this slot."""
    slot = context.facts.remote_party_role
    reading = context.settings.exemption_reading
    return slot is None or any(
        slot in permitted_slots(context.srv, role, reading) for role in context.admitted_roles
    )


def _is_suppliers_network_operator_certificate(context: DSPContext) -> bool:
    return (
        context.settings.secmp0063
        and context.facts.remote_party_role is RemotePartyRole.NETWORK_OPERATOR
        and bool(context.admitted_roles & SUPPLIERS)
    )


def is_registered_network_operators(context: DSPContext) -> bool:
    """SECMP0063: a Supplier places no Network Operator's certificate but the registered one's [WG63]."""
    if not _is_suppliers_network_operator_certificate(context):
        return True
    device = context.known_device
    role = (
        UserRole.ELECTRICITY_DISTRIBUTOR
        if device.device_type is DeviceType.ESME
        else UserRole.GAS_TRANSPORTER
    )
    certificates = (context.replacement_certificates or {}).values()
    return device.mpxn is not None and all(
        certificate.entity_identifier is not None
        and context.registration_data.is_registered(
            certificate.entity_identifier, device.mpxn, role, context.period
        )
        for certificate in certificates
    )


def is_no_gas_transporter_on_electricity(context: DSPContext) -> bool:
    """SECMP0063: no Gas Transporter's certificate on an ESME [WG63].

    Both kinds of Network Operator have the role code 03, so the party tells them apart, not the certificate.
    """
    if not context.settings.secmp0063 or context.is_non_device:
        return True
    if (
        context.known_device.device_type is not DeviceType.ESME
        or context.facts.remote_party_role is not RemotePartyRole.NETWORK_OPERATOR
    ):
        return True
    for certificate in (context.replacement_certificates or {}).values():
        party = certificate.entity_identifier
        user = None if party is None else context.users.get(party)
        if user is not None and UserRole.ELECTRICITY_DISTRIBUTOR not in user.roles:
            return False
    return True


def _device_detail(context: DSPContext) -> str:
    device = context.known_device
    return f"{context.srv} to {device.device_type} {device.device_id}, {device.device_status}"


def _slot_detail(context: DSPContext) -> str:
    roles = ", ".join(sorted(context.admitted_roles))
    slot = context.facts.remote_party_role
    return f"{roles} may not place a certificate in the {slot} slot with {context.srv}"


def _registration_detail(context: DSPContext) -> str:
    roles = ", ".join(sorted(context.eligible_roles))
    return f"{context.originator} as {roles} is not registered for {_device_detail(context)}"


def _role_detail(context: DSPContext) -> str:
    variant = SERVICE_REFERENCE_VARIANTS.get(context.srv)
    allowed = ", ".join(sorted(variant.eligible_user_roles)) if variant is not None else "nobody"
    return f"{context.srv} may be sent by {allowed}"


DSP_CHECKS: tuple[Check[DSPContext], ...] = (
    Check("document", "XSD Request", is_schema_valid, HTTPRefusal(400), lambda c: str(c.document_error)),
    Check("body", "XSD ServiceReferenceVariant", has_body_of_its_srv, HTTPRefusal(400)),
    Check("signature", "SRPD 6.1", is_signed, HTTPRefusal(403), lambda c: c.signature_error or "unsigned"),
    Check("signer", "SRPD 6.1", signer_is_originator, HTTPRefusal(403)),
    Check("user", "SRPD 6.1", is_known_user, Rejection("E1")),
    Check("user role", "SRPD 6.1", role_may_send, Rejection("E2"), _role_detail),
    Check("originator counter", "SRPD 6.1", counter_is_new, HTTPRefusal(409)),
    Check("device", "SRPD 6.1", is_known_device, Rejection("E19")),
    Check("device status", "SRPD 6.1", has_accepted_status, Rejection("E5"), _device_detail),
    Check("device type", "SRPD 6.1", srv_fits_device_type, Rejection("E11"), _device_detail),
    Check("command variant", "SRPD 6.1", has_expected_command_variant, Rejection("E12")),
    Check("service URL", "SRPD 6.1", came_to_the_right_service, Rejection("E13")),
    Check(
        "registration data", "SRPD 6.1(f)", passes_registration_data, Rejection("E4"), _registration_detail
    ),
    Check("remote party role", "FIA 5.2", may_place_in_slot, Rejection("E2"), _slot_detail),
    Check("certificate elements", "XSD", replacement_certificates.are_readable, Rejection("E1")),
    Check("certificate role", "CERT", replacement_certificates.have_the_role_of_the_slot, Rejection("E1")),
    Check(
        "certificate usage", "CERT", replacement_certificates.have_the_usage_of_the_element, Rejection("E1")
    ),
    Check("certificate party", "CERT", replacement_certificates.are_of_one_party, Rejection("E1")),
    Check(
        "certificate chain",
        "CERT",
        replacement_certificates.chain_to_an_anchor,
        Rejection("E1"),
        replacement_certificates.chain_detail,
    ),
    Check(
        "certificate validity",
        "CERT",
        replacement_certificates.are_in_date,
        Rejection("E1"),
        replacement_certificates.chain_detail,
    ),
    Check("Gas Transporter on ESME", "WG63", is_no_gas_transporter_on_electricity, Rejection("E1")),
    Check("registered Network Operator", "WG63", is_registered_network_operators, Rejection("E1")),
)
"""The table of the DSP.

Public codes [WEB]: E1, E2, E4, E5, E11, E12, E13, E19. Ours [ASSUMED]: HTTP 400, 403 and 409 without a
Response for what has no public code and names nobody who could be answered safely; E2 for a slot the role may
not write to; E1, the most general of the public codes, for an unfit replacement certificate.
"""
