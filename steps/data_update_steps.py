"""Sentences about the data update of an S1SP's database [FIA 3.3.2, 4.2.2]."""

from __future__ import annotations

from contextlib import suppress

from pytest_bdd import parsers

from duis.roles import DeviceType, RemotePartyRole, UserRole
from steps.actors import TYPES, one_of
from steps.context import Scenario, arrangeable
from steps.sentences import given, then, when
from steps.service_user_steps import send
from steps.slots import expect_holding
from steps.traffic_during_update import TrafficDuringUpdate
from steps.verdict import expect_acknowledged, expect_alert
from target.credentials import update_credentials
from target.data_update import Action, DataUpdate, Moment, Outcome
from target.errors import Rehearsed, TargetNonconformity
from target.observations import SMETS1Result

NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR
MOMENTS = {moment.value: moment for moment in Moment}


@given(
    parsers.re(
        r"another device of (?P<s1sp>S1SP\d) with the incorrect Network Operator's certificate "
        r"in its Network Operator slot"
    )
)
def another_device(scenario: Scenario, s1sp: str) -> None:
    """A device for the data update to correct beside the one under test: the GPF of its set, or the ESME."""
    scenario.data_update_of(s1sp)
    with arrangeable():
        other = DeviceType.GPF if scenario.device.device_type == DeviceType.ESME else DeviceType.ESME
        device = scenario.other_device = scenario.estate.device(s1sp, other)
        holder = scenario.party("the incorrect Network Operator", device)
        scenario.estate.arrange_slot(device, NETWORK_OPERATOR, holder)
    scenario.know_slots(device, held_by=holder)


@given("nobody is registered as its Network Operator any more")
def registration_has_ended(scenario: Scenario) -> None:
    """The registration has ended, and no other has begun."""
    role = UserRole.GAS_TRANSPORTER if scenario.device.is_gas else UserRole.ELECTRICITY_DISTRIBUTOR
    with arrangeable():
        scenario.estate.end_registration(scenario.device, role)


@given(parsers.parse("the data update of the database of {s1sp} has been planned"))
def is_planned(scenario: Scenario, s1sp: str) -> None:
    """The plan says of each incorrect slot what it must hold to be replaced."""
    scenario.data_update_of(s1sp).plan()


@given(parsers.re(r"the data update has been applied to the database of (?P<s1sp>S1SP\d)"))
@when(parsers.re(r"the data update is applied to the database of (?P<s1sp>S1SP\d)"))
def is_applied(scenario: Scenario, s1sp: str) -> None:
    """While the S1SP serves: nothing is stopped for it [FIA 4.2.2]."""
    scenario.data_update_of(s1sp).apply()


@when(
    parsers.re(
        r"the data update is applied slot by slot to the database of (?P<s1sp>S1SP\d), "
        r"with Service Requests before, during and after it"
    )
)
def is_applied_under_traffic(scenario: Scenario, s1sp: str) -> None:
    """Each slot in a transaction of its own, so that there is a moment between two."""
    with arrangeable():
        traffic = scenario.traffic = TrafficDuringUpdate(scenario)
    scenario.data_update_of(s1sp).apply(batch_size=1, meanwhile=traffic.at)


@when(
    parsers.cfparse(
        "the data update is applied to the database of {s1sp}, and {moment:Moment} {sender:Actor} sends "
        "SRV 6.15.1 placing {owner:Actor}'s renewed certificate",
        extra_types=TYPES | {"Moment": one_of(MOMENTS)},
    )
)
def is_applied_beside_an_update(scenario: Scenario, s1sp: str, moment: str, sender: str, owner: str) -> None:
    """A Service Request for a slot that the data update is about to replace."""
    with arrangeable():
        renewed = scenario.party(owner).renewed_credentials

    def meanwhile(now: Moment) -> None:
        if now is not MOMENTS[moment]:
            return
        exchange = send(scenario, sender, scenario.device, update_credentials(renewed, NETWORK_OPERATOR))
        if now is Moment.BEFORE:  # within a transaction nobody can answer
            with suppress(Rehearsed):
                exchange.result()

    scenario.data_update_of(s1sp).apply(meanwhile=meanwhile)


@when(parsers.parse("the data update of the database of {s1sp} is rolled back"))
def is_rolled_back(scenario: Scenario, s1sp: str) -> None:
    """Every slot that still holds what the data update placed gets back what it held before."""
    scenario.data_update_of(s1sp).roll_back()


@then("the data update has corrected the device")
def has_corrected(scenario: Scenario) -> None:
    """The audit says so, and SRV 6.24.1 shows what the registered Network Operator shared."""
    with suppress(Rehearsed):  # a rehearsal goes on, to tell what is sent next
        expect_outcome(scenario, Outcome.REPLACED)
        scenario.corrected(scenario.device, scenario.party("the correct Network Operator"))
    expect_holding(scenario.known_slots(scenario.device), scenario.read_slots(scenario.device))


@then("the data update has corrected the other device")
def has_corrected_the_other(scenario: Scenario) -> None:
    """The same for the device beside the one under test."""
    device = scenario.other_device
    if device is None:
        raise LookupError("the scenario has no other device; a Given takes one")
    owner = scenario.party("the correct Network Operator", device)
    scenario.corrected(device, owner)
    expect_holding(scenario.known_slots(device), scenario.read_slots(device))


@then("the data update has left the device alone")
def has_left_alone(scenario: Scenario) -> None:
    """It was not in the plan, and the audit does not name it."""
    expect_outcome(scenario, None)


@then("the data update has skipped the device, as it had changed since the plan")
def has_skipped(scenario: Scenario) -> None:
    """What a Service User does between plan and application counts [FIA 4.2.2]."""
    expect_outcome(scenario, Outcome.CHANGED)


@then("the data update has put back what the slot held before")
def has_restored(scenario: Scenario) -> None:
    """The audit says so, and SRV 6.24.1 shows it."""
    with suppress(Rehearsed):
        expect_outcome(scenario, Outcome.RESTORED, Action.ROLLBACK)
    expect_holding(scenario.known_slots(scenario.device), scenario.read_slots(scenario.device))


@then("every Service Request got the answer it gets without the data update, before it or after it")
def no_impact(scenario: Scenario) -> None:
    """None is refused, lost, late, or answered with half a pair of certificates [FIA 3.3.2]."""
    if scenario.traffic is None:
        raise LookupError("nothing was sent while a data update ran")
    scenario.traffic.check()


@then("either the request or the data update has replaced the pair of certificates, and the other has not")
def one_of_them(scenario: Scenario) -> None:
    """Whichever came first: neither writes over what it has not seen [FIA 4.2.2, S1SR 4.2]."""
    with suppress(Rehearsed):
        _expect_one_of_them(scenario)
    expect_holding(scenario.known_slots(scenario.device), scenario.read_slots(scenario.device))


def _expect_one_of_them(scenario: Scenario) -> None:
    device, exchange = scenario.device, scenario.exchange
    expect_acknowledged(exchange)
    result = exchange.result()
    owner = scenario.party("the correct Network Operator")
    if isinstance(result, SMETS1Result):
        expect_outcome(scenario, Outcome.CHANGED)
        scenario.placed(device, NETWORK_OPERATOR, owner)
        first = "the request"
    else:
        assumptions = scenario.session.target.assumptions
        expect_alert(exchange, device, assumptions.s1sp_alert_codes.slot_owner, assumptions)
        expect_outcome(scenario, Outcome.REPLACED)
        scenario.corrected(device, owner)
        first = "the data update"
    scenario.recorder.observe("which came first", first)


def expect_outcome(scenario: Scenario, expected: Outcome | None, action: Action = Action.APPLY) -> None:
    """The audit of the data update says this of the device; nothing, when `None`.

    Raises:
        TargetNonconformity: It says something else.
    """
    device = scenario.device
    found = _update(scenario).outcome(device.device_id, action)
    if found is not expected:
        raise TargetNonconformity(
            f"the audit of the data update says what became of {device.device_id} [FIA 4.2.2]",
            expected.value if expected is not None else "nothing: the device was left alone",
            found.value if found is not None else "nothing",
        )


def _update(scenario: Scenario) -> DataUpdate:
    return scenario.data_update_of(scenario.device.s1sp)
