"""Deviations of the DSP, and those that need both the DSP and the S1SP to be wrong."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from duis import values
from duis.identifiers import EUI64
from duis.request import ServiceRequest
from duis.requests import UnknownBody
from duis.requests.body import sr
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, RemotePartyRole
from duis.signature import SignatureReason
from duis.smki.trust import ChainReason
from duis.xml import Children, Element, MessageError
from emulators.checks import Rejection, with_outcome, with_wrapped
from emulators.deviation_parts import (
    ALERTS,
    Deviation,
    dsp_also_passes,
    dsp_without,
    s1sp_without,
)
from emulators.dsp.checks import DSPContext
from emulators.dsp.rules import DSPRules
from emulators.registration_check import is_registered


def _is_supplier_at_network_operator_slot(context: DSPContext) -> bool:
    return (
        bool(context.admitted_roles & SUPPLIERS)
        and context.facts.remote_party_role is RemotePartyRole.NETWORK_OPERATOR
    )


def _refuses_supplier_on_own_slot(rules: DSPRules) -> DSPRules:
    def own_slot(context: DSPContext) -> bool:
        slot = context.facts.remote_party_role
        return bool(context.admitted_roles & SUPPLIERS) and slot is RemotePartyRole.SUPPLIER

    checks = with_wrapped(
        rules.checks, "remote party role", lambda passes: lambda each: passes(each) and not own_slot(each)
    )
    return replace(rules, checks=checks)


def _has_no_eligible_role(context: DSPContext) -> bool:
    return not context.eligible_roles


def _is_unsigned(context: DSPContext) -> bool:
    return (context.signature_error or "").startswith(SignatureReason.MISSING)


def _is_tampered(context: DSPContext) -> bool:
    return (context.signature_error or "").startswith(SignatureReason.DIGEST)


def _signer_has_expired(context: DSPContext) -> bool:
    expired = f"{SignatureReason.CHAIN}: {ChainReason.EXPIRED}"
    return (context.signature_error or "").startswith(expired)


def _read_leniently(root: Element) -> ServiceRequest:
    """Where a document cannot be read as a request, read the header and take any body for granted."""
    with suppress(MessageError):
        return ServiceRequest.parse(root)
    header = root.find(sr("Header"))
    body = root.find(sr("Body"))
    if header is None or body is None or not len(body):
        return ServiceRequest.parse(root)
    children = Children(header)
    request_id = values.request_id_of(children.required(sr("RequestID")))
    srv = values.text_of(header.findall(sr("ServiceReferenceVariant"))[0])
    return ServiceRequest(request_id, 1, UnknownBody(srv, body[0]), srv)


def _skips_schema(rules: DSPRules) -> DSPRules:
    invalid = dsp_also_passes(
        lambda context: context.document_error is not None and context.request is not None,
        "document",
        "body",
        "signature",
        "signer",
        "registration data",
        "remote party role",
    )
    return replace(invalid(rules), read_request=_read_leniently)


def _refuses_handover(rules: DSPRules) -> DSPRules:
    checks = with_wrapped(
        rules.checks, "remote party role", lambda passes: lambda each: passes(each) and each.srv != "6.21"
    )
    return replace(rules, checks=checks)


def _refuses_handover_to_another(rules: DSPRules) -> DSPRules:
    def to_another(context: DSPContext) -> bool:
        if context.srv != "6.21":
            return False
        point, at = context.known_device.mpxn or "", context.now
        registered = {context.registration_data.registered(point, role, at) for role in NETWORK_OPERATORS}
        parties = {each.entity_identifier for each in (context.replacement_certificates or {}).values()}
        return not parties <= registered

    checks = with_wrapped(
        rules.checks, "certificate party", lambda passes: lambda each: passes(each) and not to_another(each)
    )
    return replace(rules, checks=checks)


def _refuses_another_operators_certificate(rules: DSPRules) -> DSPRules:
    def others(context: DSPContext) -> bool:
        return (
            context.srv == "6.15.1"
            and bool(context.admitted_roles & NETWORK_OPERATORS)
            and any(is_registered(context.registration_question(each)) for each in context.admitted_roles)
            and any(
                each.entity_identifier != context.originator
                for each in (context.replacement_certificates or {}).values()
            )
        )

    checks = with_wrapped(
        rules.checks, "certificate party", lambda passes: lambda each: passes(each) and not others(each)
    )
    return replace(rules, checks=checks)


def _registered_operator(named: EUI64, registered: EUI64 | None) -> tuple[EUI64, ...]:
    return (named,) if registered is None else (registered,)


def _both_operators(named: EUI64, registered: EUI64 | None) -> tuple[EUI64, ...]:
    return tuple(dict.fromkeys(each for each in (named, registered) if each is not None))


DSP_DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "dsp-accepts-supplier-on-network-operator-slot",
        "the registered Supplier's 6.15.1 for the Network Operator slot is acknowledged",
        ("T10",),
        dsp_also_passes(_is_supplier_at_network_operator_slot, "remote party role"),
    ),
    Deviation(
        "dsp-ignores-role-eligibility",
        "roles that may not send the SRV are let through",
        ("T11",),
        dsp_also_passes(_has_no_eligible_role, "user role", "registration data", "remote party role"),
    ),
    Deviation(
        "dsp-refuses-handover",
        "a Supplier's 6.21 for the Network Operator slot is rejected",
        ("T01", "R2-11"),
        _refuses_handover,
    ),
    Deviation(
        "dsp-refuses-handover-to-another-than-the-registered-operator",
        "a Supplier's 6.21 with a Network Operator's certificate that is not registered is rejected",
        ("T01",),
        _refuses_handover_to_another,
    ),
    Deviation(
        "dsp-lets-a-registered-operator-place-its-own-certificate-only",
        "the registered Network Operator's 6.15.1 with another's certificate is rejected",
        ("T05", "T34"),
        _refuses_another_operators_certificate,
    ),
    Deviation(
        "dsp-refuses-supplier-on-own-slot",
        "the registered Supplier's 6.15.1 for its own slot is rejected",
        ("T12", "R2-20"),
        _refuses_supplier_on_own_slot,
    ),
    Deviation(
        "dsp-loses-s1sp-alerts",
        "S1SP Alerts do not reach the sender of the request",
        ALERTS,
        lambda rules: replace(rules, passes_on=lambda _alert: False),
    ),
    Deviation(
        "dsp-routes-device-alerts-to-registered-operator",
        "device alerts go to the registered Network Operator, whoever is in the slot",
        ("T03", "R2-02"),
        lambda rules: replace(rules, alert_recipients=_registered_operator),
    ),
    Deviation(
        "dsp-copies-device-alerts-to-both",
        "device alerts go to the registered Network Operator as well as to the one in the slot",
        ("T03", "R2-02"),
        lambda rules: replace(rules, alert_recipients=_both_operators),
    ),
    Deviation(
        "dsp-accepts-unsigned",
        "a request without a signature is acknowledged",
        ("T30",),
        dsp_also_passes(_is_unsigned, "signature", "signer"),
    ),
    Deviation(
        "dsp-skips-digest",
        "a request altered after signing is acknowledged",
        ("T31",),
        dsp_also_passes(_is_tampered, "signature", "signer"),
    ),
    Deviation(
        "dsp-accepts-foreign-signer",
        "a request signed by another party is acknowledged and carried out",
        ("T32",),
        dsp_without("signer"),
        s1sp_without("S1SP signer"),
    ),
    Deviation(
        "dsp-accepts-expired-signer",
        "a request signed with an expired certificate is acknowledged",
        ("T33",),
        dsp_also_passes(_signer_has_expired, "signature", "signer"),
    ),
    Deviation(
        "dsp-accepts-replayed-counter",
        "a request that was accepted before is acknowledged again",
        ("T34",),
        dsp_without("originator counter"),
    ),
    Deviation(
        "dsp-acknowledges-unknown-device",
        "a request for a device that is not in the inventory is acknowledged",
        ("T35",),
        lambda rules: replace(rules, checks=with_outcome(rules.checks, "device", Rejection("I99"))),
    ),
    Deviation(
        "dsp-skips-certificate-role",
        "a replacement certificate of another role is placed",
        ("T36",),
        dsp_without("certificate role"),
        s1sp_without("S1SP certificate role"),
    ),
    Deviation(
        "dsp-skips-certificate-chain",
        "a replacement certificate that does not chain to the root is placed",
        ("T37",),
        dsp_without("certificate chain"),
        s1sp_without("S1SP certificate chain"),
    ),
    Deviation(
        "dsp-skips-certificate-validity",
        "an expired replacement certificate is placed",
        ("T38",),
        dsp_without("certificate validity"),
        s1sp_without("S1SP certificate validity"),
    ),
    Deviation(
        "dsp-skips-certificate-party",
        "a pair of certificates of two parties is placed",
        ("T39",),
        dsp_without("certificate party"),
        s1sp_without("S1SP certificate party"),
    ),
    Deviation(
        "dsp-skips-schema",
        "a document that is not valid under the schema is acknowledged",
        ("T40",),
        _skips_schema,
    ),
    Deviation(
        "dsp-ignores-command-variant",
        "any Command Variant is acknowledged",
        ("T41",),
        dsp_without("command variant"),
    ),
    Deviation(
        "dsp-accepts-any-service",
        "a request is acknowledged at whichever service it arrives",
        ("T42",),
        dsp_without("service URL"),
    ),
)
