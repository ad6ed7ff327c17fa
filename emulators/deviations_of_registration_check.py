"""Deviations of the Registration Data check: SRPD 6.1(f), the exceptions of 6.2, and the switch of 6.2(d).

Some need both the DSP and the S1SP to be wrong, as each asks the same (SRPD 16.1).
"""

from __future__ import annotations

from dataclasses import replace

from duis.roles import NETWORK_OPERATORS, SUPPLIERS, RemotePartyRole
from emulators.checks import Rejection, with_outcome, with_removed, with_replaced
from emulators.deviation_parts import (
    REPAIRS,
    REPAIRS_BESIDE_THE_UPDATE,
    Deviation,
    DSPChange,
    dsp_also_passes,
    exempting,
    s1sp_also_passes,
)
from emulators.dsp.rules import DSPRules
from emulators.inventory import Device
from emulators.registration import Period
from emulators.registration_check import RegistrationException, RegistrationQuestion, is_registered
from emulators.request_context import RequestContext
from emulators.s1sp.rules import S1SPRules


def _is_6_15_1_under_mp107(question: RegistrationQuestion) -> bool:
    return question.mp107 and question.device.is_smets1 and question.srv == "6.15.1"


def _exempts_every_sender(rules: DSPRules) -> DSPRules:
    wrong = exempting(_is_6_15_1_under_mp107)
    exceptions = with_replaced(rules.registration_exceptions, "MP107", wrong)
    return replace(rules, registration_exceptions=exceptions)


def _exempts_every_srv(rules: DSPRules) -> DSPRules:
    wrong = exempting(
        lambda question: question.mp107 and question.device.is_smets1 and question.role in NETWORK_OPERATORS
    )
    exceptions = with_replaced(rules.registration_exceptions, "MP107", wrong)
    return replace(rules, registration_exceptions=exceptions)


def _is_network_operator_at_supplier_slot(context: RequestContext) -> bool:
    return (
        context.srv == "6.15.1"
        and bool(context.eligible_roles & NETWORK_OPERATORS)
        and context.facts.remote_party_role is RemotePartyRole.SUPPLIER
    )


def _knows_no_exception(name: str) -> DSPChange:
    return lambda rules: replace(
        rules, registration_exceptions=with_removed(rules.registration_exceptions, name)
    )


def _knows_mp107_alone(rules: S1SPRules) -> S1SPRules:
    only = tuple(each for each in rules.registration_exceptions if each.name == "MP107")
    return replace(rules, registration_exceptions=only)


def _is_registered_now_for_later(context: RequestContext) -> bool:
    now = Period.instant(context.now)
    return context.facts.execution_date_time is not None and _is_registered(context, now)


def _is_registered_at_the_end_of_a_range(context: RequestContext) -> bool:
    wanted = context.facts.read_period
    return wanted is not None and _is_registered(context, Period.instant(wanted.end))


def _is_registered(context: RequestContext, period: Period) -> bool:
    return any(
        is_registered(replace(context.registration_question(role), period=period))
        for role in context.eligible_roles
    )


def _exempts_suppliers_but_from_6_15_1(rules: DSPRules) -> DSPRules:
    wrong = RegistrationException(
        "Supplier",
        "SRPD 6.2",
        lambda question: question.role in SUPPLIERS and question.srv != "6.15.1",
    )
    return replace(rules, registration_exceptions=(*rules.registration_exceptions, wrong))


def _cannot_be_switched_on_again(rules: DSPRules) -> DSPRules:
    was_off = False

    def mp107(switch: bool, _device: Device | None) -> bool:
        nonlocal was_off
        was_off = was_off or not switch
        return not was_off

    return replace(rules, mp107=mp107)


REGISTRATION_CHECK_DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "dsp-keeps-rdp-check",
        "the DSP checks Registration Data for every 6.15.1, as if MP107 had never come",
        (*REPAIRS, *REPAIRS_BESIDE_THE_UPDATE),
        _knows_no_exception("MP107"),
    ),
    Deviation(
        "dsp-exempts-every-sender",
        "the exemption does not look at the sender's role",
        ("T13",),
        _exempts_every_sender,
    ),
    Deviation(
        "dsp-exempts-every-srv",
        "the exemption covers whatever a Network Operator sends",
        ("T14",),
        _exempts_every_srv,
    ),
    Deviation(
        "dsp-exempts-any-remote-party-role",
        "a Network Operator may replace the Supplier's certificate, and no owner check stops it",
        ("T15",),
        dsp_also_passes(
            _is_network_operator_at_supplier_slot,
            "registration data",
            "remote party role",
            "certificate role",
        ),
        s1sp_also_passes(
            _is_network_operator_at_supplier_slot,
            "S1SP registration data",
            "S1SP slot owner",
            "S1SP certificate role",
        ),
    ),
    Deviation(
        "dsp-checks-suppliers-only-for-6-15-1",
        "a Supplier that is not registered is let through with whatever else it sends",
        ("T16", "T17", "T18", "T19", "T24"),
        _exempts_suppliers_but_from_6_15_1,
    ),
    Deviation(
        "dsp-refuses-gas-join-by-import-supplier",
        "the exception for the Import Supplier that joins a gas meter has been lost",
        ("T16",),
        _knows_no_exception("gas join by Import Supplier"),
    ),
    Deviation(
        "dsp-refuses-log-restore-by-import-supplier",
        "the exception for the Import Supplier that restores the log of a GPF has been lost",
        ("T17",),
        _knows_no_exception("GPF log restore by Import Supplier"),
    ),
    Deviation(
        "dsp-refuses-other-users",
        "the exception for Other Users has been lost",
        ("T18",),
        _knows_no_exception("Other User"),
    ),
    Deviation(
        "dsp-checks-future-dated-requests-as-of-now",
        "whoever is registered when a request arrives may have it carried out when it no longer is",
        ("T19",),
        dsp_also_passes(_is_registered_now_for_later, "registration data"),
    ),
    Deviation(
        "dsp-checks-a-range-of-dates-by-its-end",
        "whoever is registered at the end of a range of dates may ask for all of it",
        ("T24",),
        dsp_also_passes(_is_registered_at_the_end_of_a_range, "registration data"),
    ),
    Deviation(
        "s1sp-knows-no-exception-but-mp107",
        "the S1SP's registration check has MP107 in place of the exceptions there were before",
        ("T16", "T17", "T18"),
        s1sp=_knows_mp107_alone,
    ),
    Deviation(
        "dsp-wrong-rejection-code",
        "a sender that is not eligible for the device is told E1 instead of E4",
        ("T13", "T14", "T16", "T17", "T18", "T19", "T21", "T22", "T23", "T24"),
        lambda rules: replace(rules, checks=with_outcome(rules.checks, "registration data", Rejection("E1"))),
    ),
    Deviation(
        "dsp-switch-covers-only-s1sp1",
        "the DSP's switch works for devices of S1SP1 only",
        (*REPAIRS, *REPAIRS_BESIDE_THE_UPDATE),
        lambda rules: replace(
            rules, mp107=lambda switch, device: switch and device is not None and device.s1sp == "S1SP1"
        ),
    ),
    Deviation(
        "dsp-ignores-its-switch",
        "MP107 is on at the DSP whatever its switch says",
        ("T21", "T22", "T23"),
        lambda rules: replace(rules, mp107=lambda _switch, _device: True),
    ),
    Deviation(
        "dsp-cannot-be-switched-on-again",
        "once its switch was off, the DSP behaves as if it always were",
        ("T23",),
        _cannot_be_switched_on_again,
    ),
)
