"""The table of the DSP: each row fails for its own reason, and the rows about who may place what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from duis.requests import (
    ReadInstantaneousImportRegistersBody,
    RetrieveDeviceSecurityCredentialsKRPBody,
    UnknownBody,
)
from duis.requests.body import Body
from duis.roles import DeviceStatus, DeviceType, RemotePartyRole, UserRole
from duis.xml import SR, parse
from emulators.checks import Outcome, first_failure, parse_outcome, with_removed
from emulators.dsp.checks import DSP_CHECKS, DSPContext, Service, permitted_slots
from emulators.registration_check import ExemptionReading
from emulators.request_context import User
from emulators.settings import Settings
from tests.emulators.world import (
    NETWORK_OPERATOR,
    SUPPLIER,
    World,
    certificates_of,
    faulty,
    in_role,
    make_world,
    with_body,
    with_device,
    with_request,
    with_settings,
)

Mutation = Callable[["World", DSPContext], DSPContext]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world; minted once, as nothing in it changes."""
    return make_world(tmp_path_factory.mktemp("checks"))


def outcome(context: DSPContext) -> Outcome | None:
    failure = first_failure(DSP_CHECKS, context)
    return None if failure is None else failure.outcome


def failing(context: DSPContext) -> str | None:
    failure = first_failure(DSP_CHECKS, context)
    return None if failure is None else failure.check.name


ROWS: dict[str, tuple[str, Mutation]] = {
    "document": ("HTTP 400", lambda w, c: replace(c, document_error="line 1: not well-formed")),
    "body": ("HTTP 400", lambda w, c: with_request(c, service_reference="6.21")),
    "signature": ("HTTP 403", lambda w, c: replace(c, signature_error="the digest differs")),
    "signer": (
        "HTTP 403",
        lambda w, c: replace(c, signer=w.pki.party(w.registered("ED")).xmlsign.certificate),
    ),
    "user": ("E1", lambda w, c: replace(c, users={})),
    "user role": ("E2", lambda w, c: replace(c, users=in_role(c, UserRole.OTHER_USER))),
    "originator counter": ("HTTP 409", lambda w, c: replace(c, last_counter=1000)),
    "device": ("E19", lambda w, c: replace(c, device=None, devices_of_set=())),
    "device status": ("E5", lambda w, c: with_device(c, device_status=DeviceStatus.SUSPENDED)),
    "device type": ("E11", lambda w, c: with_settings(c, device_types={"6.15.1": ["GPF"]})),
    "command variant": ("E12", lambda w, c: with_request(c, command_variant=4)),
    "service URL": ("E13", lambda w, c: replace(c, service=Service.TRANSFORM)),
    "registration data": ("E4", lambda w, c: replace(c, mp107=False)),
    "remote party role": (
        "E2",
        lambda w, c: w.dsp_context(w.registered("IS"), w.replacement(w.registered("ED"))),
    ),
    "certificate elements": (
        "E1",
        lambda w, c: with_body(c, key_agreement_top_up=w.pki.party(w.registered("ED")).key_agreement.der),
    ),
    "certificate role": ("E1", lambda w, c: with_body(c, **certificates_of(w, "is-a"))),
    "certificate usage": (
        "E1",
        lambda w, c: with_body(c, key_agreement=w.pki.party(w.registered("ED")).digital_signing.der),
    ),
    "certificate party": (
        "E1",
        lambda w, c: with_body(c, key_agreement=w.pki.party(w.other("ED")).key_agreement.der),
    ),
    "certificate chain": ("E1", lambda w, c: with_body(c, **faulty(w, w.registered("ED"), "untrusted"))),
    "certificate validity": ("E1", lambda w, c: with_body(c, **faulty(w, w.registered("ED"), "expired"))),
    "Gas Transporter on ESME": (
        "E1",
        lambda w, c: with_settings(with_body(c, **certificates_of(w, "gt-north")), secmp0063=True),
    ),
    "registered Network Operator": (
        "E1",
        lambda w, c: w.dsp_context(
            w.registered("IS"), w.handover(w.other("ED")), settings=Settings(secmp0063=True)
        ),
    ),
}

IMPLIED = {
    "user": {"user role", "registration data", "remote party role"},
    "user role": {"registration data", "remote party role"},
    "registration data": {"remote party role"},
}
"""Rows that cannot hold once another does not: without a role nothing else about roles can hold."""

NEEDS_A_DEVICE = {
    "device status",
    "device type",
    "registration data",
    "remote party role",
    "Gas Transporter on ESME",
    "registered Network Operator",
}


def test_the_truth_table_covers_every_row() -> None:
    assert list(ROWS) == [check.name for check in DSP_CHECKS]


def test_the_request_mp107_is_about_passes_every_row(world: World) -> None:
    for device in (DeviceType.ESME, DeviceType.GPF, DeviceType.GSME):
        context = world.repair(device)
        assert [check.name for check in DSP_CHECKS if not check.passes(context)] == []


@pytest.mark.parametrize("name", list(ROWS))
def test_each_row_fails_alone_and_for_its_own_reason(world: World, name: str) -> None:
    """All others hold, so nothing but this row stands between the request and the device."""
    expected, mutate = ROWS[name]
    context = mutate(world, world.repair())
    failure = first_failure(DSP_CHECKS, context)
    assert failure is not None
    assert failure.check.name == name
    assert failure.outcome == parse_outcome(expected)
    assert failure.detail
    others = with_removed(DSP_CHECKS, name)
    skipped = NEEDS_A_DEVICE if name == "device" else IMPLIED.get(name, set())
    assert [row.name for row in others if row.name not in skipped and not row.passes(context)] == []


@pytest.mark.parametrize("name", list(ROWS))
def test_each_outcome_is_a_setting(world: World, name: str) -> None:
    context = ROWS[name][1](world, world.repair())
    fields = {**context.settings.model_dump(), "outcomes": {name: "E30"}}
    assert outcome(replace(context, settings=Settings.parse(fields))) == parse_outcome("E30")


# Who may send what to which slot


@pytest.mark.parametrize("device", [DeviceType.ESME, DeviceType.GPF])
def test_only_the_exempt_request_changes_with_mp107(world: World, device: DeviceType) -> None:
    """Sender x request x switch: the code the sender sees. Only one line differs between on and off."""
    electricity = device is DeviceType.ESME
    supplier, operator = ("IS", "ED") if electricity else ("GS", "GT")
    correct, incorrect = world.registered(operator), world.other(operator)
    registered, unregistered = world.registered(supplier), world.other(supplier)
    own = world.replacement
    lines: list[tuple[str, Body, str | None, str | None]] = [
        # sender, request, with MP107, without MP107
        (incorrect, own(correct), None, "E4"),
        (correct, own(correct), None, None),
        (correct, own(incorrect), None, None),
        (registered, own(correct), "E2", "E2"),
        (registered, own(registered, SUPPLIER), None, None),
        (unregistered, own(unregistered, SUPPLIER), "E4", "E4"),
        (unregistered, own(correct), "E4", "E4"),
        (incorrect, own(registered, SUPPLIER), "E4", "E4"),
        (correct, own(registered, SUPPLIER), "E2", "E2"),
        ("rsa-a", own(correct), "E2", "E2"),
        ("ou-a", own(correct), "E2", "E2"),
        ("es-a", own(correct), "E2", "E2"),
        (registered, world.handover(incorrect), None, None),
        (registered, world.handover(registered, SUPPLIER), None, None),
        (unregistered, world.handover(correct), "E4", "E4"),
        (incorrect, world.handover(correct), "E2", "E2"),
        (correct, world.handover(correct), "E2", "E2"),
        (correct, RetrieveDeviceSecurityCredentialsKRPBody((NETWORK_OPERATOR,)), None, None),
        (incorrect, RetrieveDeviceSecurityCredentialsKRPBody((NETWORK_OPERATOR,)), "E4", "E4"),
        (incorrect, ReadInstantaneousImportRegistersBody(), "E4", "E4"),
        (correct, ReadInstantaneousImportRegistersBody(), None, None),
    ]
    for sender, body, with_mp107, without_mp107 in lines:
        for mp107, code in ((True, with_mp107), (False, without_mp107)):
            expected = None if code is None else parse_outcome(code)
            assert outcome(world.dsp_context(sender, body, device, mp107=mp107)) == expected, (
                sender,
                body.SRV,
            )


def test_under_the_reading_sender_the_slot_is_left_to_the_s1sp(world: World) -> None:
    """Tension 1: an ED aiming at the Supplier slot passes the DSP, and validation 3 has to refuse it."""
    aimed_at_supplier = world.replacement(world.registered("IS"), SUPPLIER)
    for sender in (world.other("ED"), world.registered("ED")):
        context = world.dsp_context(sender, aimed_at_supplier)
        assert failing(with_settings(context, exemption_reading="sender")) is None
    refused = world.dsp_context(world.other("ED"), aimed_at_supplier, mp107=False)
    assert failing(with_settings(refused, exemption_reading="sender")) == "registration data"


def test_the_reading_makes_no_difference_to_anybody_else(world: World) -> None:
    correct = world.registered("ED")
    for sender in ("IS", "ES", "RSA", "OU"):
        name = {"RSA": "rsa-a", "OU": "ou-a", "ES": "es-a"}.get(sender) or world.registered(sender)
        context = world.dsp_context(name, world.replacement(correct))
        assert failing(context) == failing(with_settings(context, exemption_reading="sender")) is not None


@pytest.mark.parametrize("slot", [each for each in RemotePartyRole if each is not NETWORK_OPERATOR])
def test_the_exemption_is_for_one_slot_only(slot: RemotePartyRole) -> None:
    for role in (UserRole.ELECTRICITY_DISTRIBUTOR, UserRole.GAS_TRANSPORTER):
        assert slot not in permitted_slots("6.15.1", role, ExemptionReading.SLOT)
        assert slot in permitted_slots("6.15.1", role, ExemptionReading.SENDER)
        assert not permitted_slots("6.21", role, ExemptionReading.SENDER)


def test_a_smets2_device_is_checked_as_before(world: World) -> None:
    assert failing(with_device(world.repair(), smets_version="5.1")) == "registration data"


def test_a_network_operator_of_the_other_fuel_is_exempt_too(world: World) -> None:
    """6.2(d) names the role, not the fuel: a GT's certificate on an ESME can be put right by that GT."""
    context = world.dsp_context(world.registered("GT"), world.replacement(world.registered("ED")))
    assert failing(context) is None


def test_a_user_acts_in_the_role_that_gets_it_past_the_registration_check(world: World) -> None:
    """An Other User that is also a Supplier: reads as Other User what it may not read as Supplier."""
    sender = world.other("IS")
    user_id = world.pki.party(sender).entity_identifier
    users = {user_id: User(user_id, frozenset({UserRole.IMPORT_SUPPLIER, UserRole.OTHER_USER}))}
    profile = UnknownBody("4.8.1", parse(f'<sr:ReadActiveImportProfileData xmlns:sr="{SR}"/>'.encode()))
    context = world.dsp_context(sender, profile, users=users)
    assert failing(context) is None
    assert context.admitted_roles == {UserRole.OTHER_USER}
    assert context.acting_role is UserRole.OTHER_USER
    own_slot = world.replacement(sender, SUPPLIER)
    assert failing(world.dsp_context(sender, own_slot, users=users)) == "registration data"


def test_exempt_as_network_operator_is_not_exempt_as_supplier(world: World) -> None:
    """The slot rule asks about the roles the Registration Data check admits, not about all roles."""
    sender = world.other("IS")
    user_id = world.pki.party(sender).entity_identifier
    both = frozenset({UserRole.IMPORT_SUPPLIER, UserRole.ELECTRICITY_DISTRIBUTOR})
    users = {user_id: User(user_id, both)}
    assert failing(world.dsp_context(sender, world.replacement(world.registered("ED")), users=users)) is None
    supplier_slot = world.dsp_context(sender, world.replacement(sender, SUPPLIER), users=users)
    assert failing(supplier_slot) == "registration data"
