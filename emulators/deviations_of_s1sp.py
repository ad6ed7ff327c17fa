"""Deviations of an S1SP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from duis.identifiers import EUI64
from duis.roles import CertificateType, DeviceType, RemotePartyRole, UserRole
from duis.smets1 import ReplacementOutcome, S1SPAlert
from emulators.checks import named, with_removed, with_replaced, with_wrapped
from emulators.deviation_parts import (
    ALERTS,
    REPAIRS,
    REPAIRS_BESIDE_THE_UPDATE,
    Deviation,
    s1sp_also_passes,
    s1sp_without,
)
from emulators.s1sp.checks import S1SPContext
from emulators.s1sp.rules import Replacements, S1SPRules
from emulators.slots import AnchorSlot

_SWAPPED: Mapping[str, str] = {"S1VE4": "S1VE64", "S1VE64": "S1VE4"}


def _keeps_rdp_check(rules: S1SPRules) -> S1SPRules:
    return replace(rules, registration_exceptions=with_removed(rules.registration_exceptions, "MP107"))


def _is_registered_operator(context: S1SPContext) -> bool:
    device = context.known_device
    role = (
        UserRole.ELECTRICITY_DISTRIBUTOR
        if device.device_type is DeviceType.ESME
        else UserRole.GAS_TRANSPORTER
    )
    if device.mpxn is None:
        return False
    return context.registration_data.registered(device.mpxn, role, context.now) == context.originator


def _checks_owner_against_registration(rules: S1SPRules) -> S1SPRules:
    check = named(rules.execution_checks, "S1SP slot owner")

    def passes(context: S1SPContext) -> bool:
        if context.srv != "6.15.1" or context.user is None:
            return check.passes(context)
        if context.user.roles.isdisjoint({UserRole.ELECTRICITY_DISTRIBUTOR, UserRole.GAS_TRANSPORTER}):
            return check.passes(context)
        return _is_registered_operator(context)

    checks = with_replaced(rules.execution_checks, "S1SP slot owner", replace(check, passes=passes))
    return replace(rules, execution_checks=checks)


def _former_owner_keeps_access(rules: S1SPRules) -> S1SPRules:
    owners: dict[EUI64, set[EUI64]] = {}

    def wrap(passes: Callable[[S1SPContext], bool]) -> Callable[[S1SPContext], bool]:
        def passes_as_ever(context: S1SPContext) -> bool:
            known = owners.setdefault(context.known_device.device_id, set())
            if context.is_critical and passes(context):
                known.add(context.originator)
            return context.originator in known or passes(context)

        return passes_as_ever

    return replace(rules, execution_checks=with_wrapped(rules.execution_checks, "S1SP slot owner", wrap))


def _updates_only_digital_signing(slot: AnchorSlot, replacements: Replacements, rejected: bool) -> AnchorSlot:
    if rejected:
        return slot
    signing = CertificateType.DIGITAL_SIGNING
    return slot.with_certificates({use: each for use, each in replacements.items() if use is signing})


def _changes_nothing(slot: AnchorSlot, replacements: Replacements, rejected: bool) -> AnchorSlot:  # noqa: ARG001
    return slot


def _changes_whatever_the_verdict(
    slot: AnchorSlot,
    replacements: Replacements,
    rejected: bool,  # noqa: ARG001
) -> AnchorSlot:
    return slot.with_certificates(replacements)


def _changes_network_operator_slots(
    slot: AnchorSlot, replacements: Replacements, rejected: bool
) -> AnchorSlot:
    is_operators = slot.remote_party_role is RemotePartyRole.NETWORK_OPERATOR
    return slot if rejected or not is_operators else slot.with_certificates(replacements)


def _sends_one_more_alert_to_the_former_owner(rules: S1SPRules) -> S1SPRules:
    former: dict[tuple[EUI64, RemotePartyRole], AnchorSlot] = {}

    def slot_after(slot: AnchorSlot, replacements: Replacements, rejected: bool) -> AnchorSlot:
        former[slot.device_id, slot.remote_party_role] = slot
        return rules.slot_after(slot, replacements, rejected)

    def slot_of_alerts(slot: AnchorSlot, _mp107: bool) -> AnchorSlot:
        return former.pop((slot.device_id, slot.remote_party_role), slot)

    return replace(rules, slot_after=slot_after, slot_of_alerts=slot_of_alerts)


def _says_wrong_new_party(rules: S1SPRules) -> S1SPRules:
    def outcomes(slot: AnchorSlot, replacements: Replacements) -> tuple[ReplacementOutcome, ...]:
        return tuple(
            replace(each, new_remote_party_id=each.existing_remote_party_id)
            for each in rules.replacement_outcomes(slot, replacements)
        )

    return replace(rules, replacement_outcomes=outcomes)


def _without_request_id(alert: S1SPAlert) -> S1SPAlert:
    return replace(alert, request_id=None)


def _with_the_other_code(alert: S1SPAlert) -> S1SPAlert:
    return replace(alert, s1sp_alert_code=_SWAPPED.get(alert.s1sp_alert_code, alert.s1sp_alert_code))


S1SP_DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "s1sp-keeps-rdp-check",
        "the S1SP checks Registration Data for every 6.15.1, whatever its switch says",
        (*REPAIRS, *REPAIRS_BESIDE_THE_UPDATE),
        s1sp=_keeps_rdp_check,
    ),
    Deviation(
        "s1sp-never-had-the-rdp-check",
        "the S1SP does not check Registration Data at all, even with its switch off",
        ("T20",),
        s1sp=s1sp_without("S1SP registration data"),
    ),
    Deviation(
        "s1sp-skips-owner-check",
        "whoever passes the Registration Data check may write to the slot",
        ("T02", "T04", "T22", "T43", "R2-01", "R2-04", "R2-20", "R2-21"),
        s1sp=s1sp_without("S1SP slot owner"),
    ),
    Deviation(
        "s1sp-owner-check-against-registration",
        "validation 3 asks who is registered instead of whose certificate is in the slot",
        (*REPAIRS, "T22", "R2-04", "R2-12", "R2-13", "R2-20"),
        s1sp=_checks_owner_against_registration,
    ),
    Deviation(
        "s1sp-former-owner-keeps-access",
        "a party that once owned the slot still passes validation 3",
        ("T02",),
        s1sp=_former_owner_keeps_access,
    ),
    Deviation(
        "s1sp-lifts-owner-check-for-registered-operator",
        "with MP107 on, the registered Network Operator need not own the slot",
        ("T04", "R2-04", "R2-20"),
        s1sp=s1sp_also_passes(
            lambda context: context.mp107 and context.srv == "6.15.1" and _is_registered_operator(context),
            "S1SP slot owner",
        ),
    ),
    Deviation(
        "s1sp-skips-owner-check-while-mp107-is-off",
        "validation 3 came with MP107: with the switch off it is not made",
        ("T22",),
        s1sp=s1sp_also_passes(
            lambda context: not context.mp107 and context.srv == "6.15.1", "S1SP slot owner"
        ),
    ),
    Deviation(
        "s1sp-accepts-handover-when-not-under-dcc-control",
        "6.21 is carried out on a slot that holds a Network Operator's certificate",
        ("T43",),
        s1sp=s1sp_also_passes(lambda context: context.srv == "6.21", "S1SP slot owner"),
    ),
    Deviation(
        "s1sp-alert-without-request-id",
        "S1SP Alerts do not say which request they reject",
        ALERTS,
        s1sp=lambda rules: replace(rules, s1sp_alert=_without_request_id),
    ),
    Deviation(
        "s1sp-wrong-alert-code",
        "S1VE4 and S1VE64 are taken for one another",
        (*ALERTS, "T16"),
        s1sp=lambda rules: replace(rules, s1sp_alert=_with_the_other_code),
    ),
    Deviation(
        "s1sp-reports-success-without-change",
        "the answer is a success, and the slot is as it was",
        ("T01", "T02", "T03", "T05", "T12", "T34", "R2-10", "R2-13", "R2-21"),
        s1sp=lambda rules: replace(rules, slot_after=_changes_nothing),
    ),
    Deviation(
        "s1sp-changes-slot-despite-rejection",
        "the slot changes although the sender is told of a rejection",
        tuple(each for each in ALERTS if each != "R2-20"),
        s1sp=lambda rules: replace(rules, slot_after=_changes_whatever_the_verdict),
    ),
    Deviation(
        "s1sp-changes-network-operator-slots-only",
        "the answer to a Supplier's 6.15.1 for its own slot is a success, and the slot is as it was",
        ("T12",),
        s1sp=lambda rules: replace(rules, slot_after=_changes_network_operator_slots),
    ),
    Deviation(
        "s1sp-sends-one-more-alert-to-the-former-owner",
        "the first device alert after a 6.15.1 still goes to the former owner",
        ("T03",),
        s1sp=_sends_one_more_alert_to_the_former_owner,
    ),
    Deviation(
        "s1sp-updates-only-digital-signing",
        "of a pair of certificates only the digital signing one is placed",
        ("T01", "T02", "T03", "T12", "R2-10", "R2-13", "R2-21"),
        s1sp=lambda rules: replace(rules, slot_after=_updates_only_digital_signing),
    ),
    Deviation(
        "s1sp-says-wrong-new-party",
        "the answer names the former party as the new one",
        (*REPAIRS, "R2-04", "R2-11", "R2-12", "R2-13"),
        s1sp=_says_wrong_new_party,
    ),
)
