"""Sentences about the DSP: its synchronous answers, and its one MP107 switch."""

from __future__ import annotations

from pytest_bdd import parsers

from steps.context import Scenario, arrangeable
from steps.sentences import given, then, when
from steps.verdict import expect_acknowledged, expect_refused, expect_rejected
from target.assumptions import ResponseCodes
from target.errors import TargetNonconformity
from target.observations import Acknowledged, Refused, Rejected, S1SPRejection, SMETS1Result


def _codes(scenario: Scenario) -> ResponseCodes:
    return scenario.session.target.assumptions.response_codes


def _switch(scenario: Scenario, states: dict[str, bool]) -> None:
    for component, on in states.items():
        with arrangeable():
            scenario.estate.set_mp107(component, on)


@given(parsers.re(r"MP107 is (?P<dsp>on|off) at the DSP and (?P<s1sp>on|off) at every S1SP"))
def mp107_everywhere(scenario: Scenario, dsp: str, s1sp: str) -> None:
    """The positions of the DSP's switch and of the S1SPs' [FIA 4.1]."""
    _switch(scenario, {"DSP": dsp == "on"} | dict.fromkeys(scenario.devices, s1sp == "on"))


@given(parsers.re(r"MP107 is on at the DSP and off at (?P<s1sp>S1SP\d) only"))
def one_s1sp_lags(scenario: Scenario, s1sp: str) -> None:
    """One S1SP has not yet released the change [FIA 4.1, 5.2]."""
    scenario.lagging = s1sp
    _switch(scenario, {"DSP": True} | {name: name != s1sp for name in scenario.devices})


@when("MP107 is switched on at the DSP")
def switched_on(scenario: Scenario) -> None:
    """The DSP's one feature switch [FIA 4.1]."""
    _switch(scenario, {"DSP": True})


@then("the DSP acknowledges the request")
def acknowledges(scenario: Scenario) -> None:
    """I99."""
    expect_acknowledged(scenario.exchange)


@then("the DSP acknowledges every request")
def acknowledges_every(scenario: Scenario) -> None:
    """I99 for each device."""
    for exchange in scenario.exchanges.values():
        expect_acknowledged(exchange)


@then("the DSP rejects the request")
def rejects(scenario: Scenario) -> None:
    """Which code a Supplier gets here is not public; a target file may name the ones its DSP uses."""
    allowed = scenario.session.target.assumptions.supplier_on_network_operator_slot_codes
    requirement = f"{scenario.exchange.title} is rejected by the DSP [FIA 5.2]"
    expect_rejected(scenario.exchange, requirement)
    answer = scenario.exchange.answer
    if isinstance(answer, Rejected):
        scenario.recorder.observe("code for a Supplier on the Network Operator slot", answer.code)
        if allowed and answer.code not in allowed:
            raise TargetNonconformity(requirement, f"one of {', '.join(allowed)}", answer.describe())


@then("the DSP rejects the request because the role may not send it")
def rejects_role(scenario: Scenario) -> None:
    """SRV 6.15.1 is open to IS, GS, ED and GT only [FIA 5.2]."""
    requirement = f"{scenario.exchange.title} is rejected: its User Role may not send SRV 6.15.1 [FIA 5.2]"
    expect_rejected(scenario.exchange, requirement, _codes(scenario).role_may_not_send)


@then("the DSP rejects the request because the sender is not eligible for the device")
def rejects_registration(scenario: Scenario) -> None:
    """Validation 1, SRPD 6.1(f)."""
    requirement = f"{scenario.exchange.title} is checked against Registration Data [SRPD 6.1(f)]"
    expect_rejected(scenario.exchange, requirement, _codes(scenario).not_eligible)


@then("the DSP rejects the request because the device is unknown")
def rejects_unknown_device(scenario: Scenario) -> None:
    """The device is not in the Smart Metering Inventory."""
    requirement = f"{scenario.exchange.title} to an unknown device is rejected [SRPD 6.1]"
    expect_rejected(scenario.exchange, requirement, _codes(scenario).unknown_device)


@then("the DSP rejects the request because of the Command Variant")
def rejects_command_variant(scenario: Scenario) -> None:
    """A SMETS1 Service Request has no Transform."""
    requirement = f"{scenario.exchange.title} with an unfit Command Variant is rejected [SRPD 6.1]"
    codes = _codes(scenario)
    expect_rejected(scenario.exchange, requirement, codes.command_variant, codes.wrong_service)


@then("the DSP rejects the request because of the service it was sent to")
def rejects_service(scenario: Scenario) -> None:
    """Each Service Request belongs to one of the three services."""
    requirement = f"{scenario.exchange.title} at the wrong URL is rejected [SRPD 6.1]"
    codes = _codes(scenario)
    expect_rejected(scenario.exchange, requirement, codes.wrong_service, codes.command_variant)


@then("the DSP rejects every request because the sender is not eligible for the device")
def rejects_every_for_registration(scenario: Scenario) -> None:
    """Validation 1 for each device."""
    for exchange in scenario.exchanges.values():
        requirement = f"{exchange.title} is checked against Registration Data [SRPD 6.1(f)]"
        expect_rejected(exchange, requirement, _codes(scenario).not_eligible)


@then("the DSP refuses the message")
def refuses(scenario: Scenario) -> None:
    """With an E code or with HTTP 4xx: the sources do not say which."""
    expect_refused(scenario.exchange, f"{scenario.exchange.title} is refused [SRPD 6.1]")
    scenario.recorder.observe("how the message was refused", scenario.exchange.answer.describe())


@then("the replacement certificate is refused")
def refuses_certificate(scenario: Scenario) -> None:
    """By the DSP, an S1SP Alert, or a response with MessageSuccess=false: the sources do not say which."""
    exchange = scenario.exchange
    seen = exchange.answer if not isinstance(exchange.answer, Acknowledged) else exchange.result()
    refused = (
        isinstance(seen, Rejected | S1SPRejection)
        or (isinstance(seen, Refused) and 400 <= seen.http_status < 500)
        or (isinstance(seen, SMETS1Result) and seen.success is False)
    )
    if not refused:
        raise TargetNonconformity(
            requirement=f"{exchange.title} is refused, all or nothing [S1SR 4.2]",
            expected="a rejection, an S1SP Alert, or a response with MessageSuccess=false",
            actual=seen.describe(),
        )
    scenario.recorder.observe("how an unfit certificate was refused", seen.describe())


@then("the reading of the exemption that the target shows is recorded")
def records_reading(scenario: Scenario) -> None:
    """SRPD 6.2(d) frees any 6.15.1 of ED and GT; FIA 4.2.1 and 4.5.1 only one for the NO certificate."""
    answer = scenario.exchange.answer
    assumptions = scenario.session.target.assumptions
    registered = scenario.exchange.sender.user_id in scenario.device.registered.values()
    if registered:
        reading = "not told by a registered sender"
    elif isinstance(answer, Rejected) and answer.code == assumptions.response_codes.not_eligible:
        reading = "network operator slot"
    elif isinstance(answer, Acknowledged):
        reading = "any slot"
    else:
        reading = f"not told apart: {answer.describe()}"
    scenario.recorder.observe("reading of SRPD 6.2(d)", reading)
    wanted = assumptions.network_operator_exception_reading
    if wanted != "recorded" and not registered and reading != wanted:
        raise TargetNonconformity(
            requirement="the exemption reaches as far as the target file says [SRPD 6.2(d), FIA 4.2.1]",
            expected=wanted,
            actual=reading,
        )
