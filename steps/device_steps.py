"""Sentences about a device: which one is under test, how its slots stand, and the alerts it raises."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pytest_bdd import parsers

from duis.roles import RemotePartyRole
from steps.actors import TYPES
from steps.context import S1SPS, Scenario, arrangeable
from steps.sentences import given, then, when
from steps.slots import expect_unchanged
from target.errors import Rehearsed, TargetNonconformity
from target.estate import DCC

ALERT_CODE = "8F3F"
ALERT_DESCRIPTION = "Unauthorised Physical Access - Tamper Detect"


def _arrange(scenario: Scenario, device_type: str, holder: str, *s1sps: str) -> None:
    """Take devices, put the holder's certificates in their Network Operator slots, and see."""
    for device in scenario.take(device_type, *s1sps, under_dcc_control=holder == DCC):
        party = DCC if holder == DCC else scenario.party(holder, device)
        with arrangeable():
            scenario.estate.arrange_slot(device, RemotePartyRole.NETWORK_OPERATOR, party)
        scenario.know_slots(device, held_by=None if isinstance(party, str) else party)


@given(
    parsers.re(
        r"the (?P<device_type>ESME|GPF) served by (?P<s1sp>S1SP\d) "
        r"whose Network Operator slot is under DCC control"
    )
)
def slot_under_dcc_control(scenario: Scenario, s1sp: str, device_type: str) -> None:
    """The slot holds the DCC's own (ACB) certificate: migration placed none [FIA 3.2]."""
    _arrange(scenario, device_type, DCC, s1sp)


@given(
    parsers.cfparse(
        "the {device_type} served by {s1sp} with {holder:Actor}'s certificate in its Network Operator slot",
        extra_types=TYPES,
    )
)
def slot_held_by(scenario: Scenario, s1sp: str, device_type: str, holder: str) -> None:
    """The slot holds the certificates of this party."""
    _arrange(scenario, device_type, holder, s1sp)


@given(
    parsers.cfparse(
        "the {device_type} of every S1SP with {holder:Actor}'s certificate in its Network Operator slot",
        extra_types=TYPES,
    )
)
def slot_held_by_at_every_s1sp(scenario: Scenario, device_type: str, holder: str) -> None:
    """One device of each S1SP, all in the same state."""
    _arrange(scenario, device_type, holder, *S1SPS)


@given(parsers.cfparse("the registration of {party:Actor} ends in two days", extra_types=TYPES))
def registration_ends(scenario: Scenario, party: str) -> None:
    """It is registered now and for two days to come; nobody is after it."""
    _register(scenario, party, until=datetime.now(UTC) + timedelta(days=2))


@given(parsers.cfparse("the registration of {party:Actor} began two days ago", extra_types=TYPES))
def registration_began(scenario: Scenario, party: str) -> None:
    """It has been registered for two days; nobody was before it."""
    _register(scenario, party, since=datetime.now(UTC) - timedelta(days=2))


def _register(
    scenario: Scenario, party: str, since: datetime | None = None, until: datetime | None = None
) -> None:
    device, user = scenario.device, scenario.party(party)
    (role,) = (role for role in user.roles if device.registered.get(role) == user.user_id)
    with arrangeable():
        scenario.estate.arrange_registration(device, role, user, since, until)


@then("no slot has changed")
def no_slot_has_changed(scenario: Scenario) -> None:
    """Supplier and Network Operator slot hold what was last seen or placed in them."""
    for device in scenario.devices.values():
        expect_unchanged(scenario.known_slots(device), scenario.read_slots(device), "FIA 3.2")


@then(parsers.parse("no slot of the device of {s1sp} has changed"))
def no_slot_of_one_device_has_changed(scenario: Scenario, s1sp: str) -> None:
    """The same for one device of several."""
    device = scenario.devices[s1sp]
    expect_unchanged(scenario.known_slots(device), scenario.read_slots(device), "FIA 4.1")


@then("the Network Operator slot has not changed")
def network_operator_slot_has_not_changed(scenario: Scenario) -> None:
    """An update of another slot leaves this one alone."""
    known = scenario.known_slots(scenario.device, RemotePartyRole.NETWORK_OPERATOR)
    expect_unchanged(known, scenario.read_slots(scenario.device), "FIA 4.2.1")


@when("the device raises an alert")
def device_raises_alert(scenario: Scenario) -> None:
    """The S1SP has an alert of the device to deliver."""
    scenario.mark_mailboxes()
    with arrangeable():
        scenario.estate.raise_device_alert(scenario.device, ALERT_CODE, ALERT_DESCRIPTION)


@then(parsers.cfparse("the alert reaches {receiver:Actor} and nobody else", extra_types=TYPES))
def alert_reaches(scenario: Scenario, receiver: str) -> None:
    """The alert goes to the party whose certificate is in the slot [FIA 1].

    A later answer about the same device is awaited before the other mailboxes are searched: what was sent to
    them about this device has arrived by then, or by the end of the target's quiet time.
    """
    device = scenario.device
    expected = scenario.party(receiver)
    marks = scenario.marks
    with suppress(Rehearsed):  # a rehearsal goes on, to tell what is sent next
        expected.wait_for_device_alert(device.device_id, ALERT_CODE, after=marks.get(expected.name, 0))
    scenario.read_slots(device)
    for user, alert in scenario.estate.device_alerts_elsewhere(device, ALERT_CODE, expected, marks):
        raise TargetNonconformity(
            requirement="a device alert goes to the Network Operator that holds the slot [FIA 1]",
            expected=f"the alert reaches {expected.name} only",
            actual=f"{user.name} received it too: {alert.describe()}",
        )
