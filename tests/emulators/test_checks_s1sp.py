"""The table of an S1SP: each row fails for its own reason; validation 3 decides who may write to a slot."""

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
from duis.roles import CertificateType, DeviceStatus, DeviceType, RemotePartyRole, UserRole
from duis.service_references import SERVICE_REFERENCE_VARIANTS
from duis.xml import SR, parse
from emulators.checks import first_failure, parse_outcome, with_removed
from emulators.s1sp.checks import EXECUTION_CHECKS, S1SP_CHECKS, S1SPContext
from emulators.slots import AnchorSlot, SlotOwnerRule
from tests.emulators.world import (
    NETWORK_OPERATOR,
    SUPPLIER,
    World,
    certificates_of,
    faulty,
    make_world,
    with_body,
    with_device,
    with_request,
    with_settings,
)

Mutation = Callable[[World, S1SPContext], S1SPContext]
ACB = "dsp"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world; minted once, as nothing in it changes."""
    return make_world(tmp_path_factory.mktemp("checks"))


def failing(context: S1SPContext) -> str | None:
    failure = first_failure(S1SP_CHECKS, context)
    return None if failure is None else failure.check.name


def held_by(world: World, party: str, device: DeviceType = DeviceType.ESME) -> dict[RemotePartyRole, str]:
    """The slots of a device whose Network Operator slot holds `party`."""
    supplier = world.registered("IS" if device is DeviceType.ESME else "GS")
    return {NETWORK_OPERATOR: party, SUPPLIER: supplier, RemotePartyRole.ACB: ACB}


def repair(world: World, device: DeviceType = DeviceType.ESME) -> S1SPContext:
    """The incorrect Network Operator, which is in the slot, places the correct one's certificates."""
    role = "ED" if device is DeviceType.ESME else "GT"
    incorrect = world.other(role)
    body = world.replacement(world.registered(role))
    return world.s1sp_context(incorrect, body, device, held_by(world, incorrect, device))


def _addressed_to(world: World, context: S1SPContext, party: str) -> S1SPContext:
    assert context.message is not None
    return replace(
        context, message=replace(context.message, s1sp_id=world.pki.party(party).entity_identifier)
    )


def _countersigned_by(world: World, context: S1SPContext, party: str) -> S1SPContext:
    return replace(context, countersigner=world.pki.party(party).xmlsign.certificate)


def _with_owner(world: World, context: S1SPContext, party: str) -> S1SPContext:
    device_id = context.known_device.device_id
    slot = world.slot(device_id, NETWORK_OPERATOR, party)
    return replace(context, slots={**context.slots, NETWORK_OPERATOR: slot})


def _misnamed(context: S1SPContext) -> S1SPContext:
    assert context.message is not None
    return replace(context, message=replace(context.message, srv="6.24.1"))


ROWS: dict[str, tuple[str, Mutation]] = {
    "S1SP document": ("HTTP 400", lambda w, c: replace(c, document_error="line 1: not well-formed")),
    "S1SP countersignature": (
        "HTTP 403",
        lambda w, c: replace(c, countersignature_error="the digest differs"),
    ),
    "S1SP countersigner": ("HTTP 403", lambda w, c: _countersigned_by(w, c, "s1sp2")),
    "S1SP addressee": ("HTTP 403", lambda w, c: _addressed_to(w, c, "s1sp2")),
    "S1SP service request": ("HTTP 400", lambda w, c: replace(c, request_error="line 1: not a Request")),
    "S1SP header": ("HTTP 400", lambda w, c: _misnamed(c)),
    "S1SP user signature": ("HTTP 403", lambda w, c: replace(c, signature_error="the digest differs")),
    "S1SP signer": (
        "HTTP 403",
        lambda w, c: replace(c, signer=w.pki.party(w.registered("ED")).xmlsign.certificate),
    ),
    "S1SP device": ("HTTP 404", lambda w, c: replace(c, device=None)),
    "S1SP device status": (
        "status other",
        lambda w, c: with_device(c, device_status=DeviceStatus.DECOMMISSIONED),
    ),
    "S1SP registration data": ("S1VE4", lambda w, c: replace(c, mp107=False)),
    "S1SP slot owner": ("S1VE64", lambda w, c: _with_owner(w, c, w.registered("ED"))),
    "S1SP certificate elements": (
        "status badCertificate",
        lambda w, c: with_body(c, key_agreement_top_up=w.pki.party(w.registered("ED")).key_agreement.der),
    ),
    "S1SP certificate role": (
        "status badCertificate",
        lambda w, c: with_body(c, **certificates_of(w, "is-a")),
    ),
    "S1SP certificate usage": (
        "status badCertificate",
        lambda w, c: with_body(c, key_agreement=w.pki.party(w.registered("ED")).digital_signing.der),
    ),
    "S1SP certificate party": (
        "status badCertificate",
        lambda w, c: with_body(c, key_agreement=w.pki.party(w.other("ED")).key_agreement.der),
    ),
    "S1SP certificate chain": (
        "status badCertificate",
        lambda w, c: with_body(c, **faulty(w, w.registered("ED"), "untrusted")),
    ),
    "S1SP certificate validity": (
        "status badCertificate",
        lambda w, c: with_body(c, **faulty(w, w.registered("ED"), "expired")),
    ),
    "S1SP partial replacement": (
        "status badCertificate",
        lambda w, c: with_settings(with_body(c, key_agreement=None), partial_replacement_accepted=False),
    ),
}

NEEDS_A_DEVICE = {"S1SP device status", "S1SP registration data", "S1SP slot owner"}


def test_the_truth_table_covers_every_row() -> None:
    assert list(ROWS) == [check.name for check in S1SP_CHECKS]


@pytest.mark.parametrize("device", [DeviceType.ESME, DeviceType.GPF, DeviceType.GSME])
def test_the_request_mp107_is_about_passes_every_row(world: World, device: DeviceType) -> None:
    context = repair(world, device)
    assert [check.name for check in S1SP_CHECKS if not check.passes(context)] == []


@pytest.mark.parametrize("name", list(ROWS))
def test_each_row_fails_alone_and_for_its_own_reason(world: World, name: str) -> None:
    """All others hold, so nothing but this row stands between the request and the slot."""
    expected, mutate = ROWS[name]
    context = mutate(world, repair(world))
    failure = first_failure(S1SP_CHECKS, context)
    assert failure is not None
    assert failure.check.name == name
    assert failure.outcome == parse_outcome(expected)
    assert failure.detail
    skipped = NEEDS_A_DEVICE if name == "S1SP device" else set()
    others = with_removed(S1SP_CHECKS, name)
    assert [row.name for row in others if row.name not in skipped and not row.passes(context)] == []


def test_the_countersigner_needs_the_role_of_the_dsp(world: World) -> None:
    """The DSP's own slot certificate has its Entity Identifier, but not the role 89."""
    certificate = world.pki.party("dsp").digital_signing
    assert failing(replace(repair(world), countersigner=certificate)) == "S1SP countersigner"


def test_the_header_must_name_the_request_inside(world: World) -> None:
    context = repair(world)
    inner = context.readable_request.request_id
    assert failing(with_request(context, request_id=replace(inner, counter=1001))) == "S1SP header"


def test_the_story_of_mp107(world: World) -> None:
    """Who may write to a wrongly held slot, before and after the repair, with and without MP107."""
    correct, incorrect = world.registered("ED"), world.other("ED")
    for owner, sender, mp107, expected in (
        (incorrect, incorrect, False, "S1SP registration data"),
        (incorrect, correct, False, "S1SP slot owner"),  # today's deadlock: nobody can
        (incorrect, incorrect, True, None),
        (incorrect, correct, True, "S1SP slot owner"),
        (correct, correct, True, None),  # after the repair
        (correct, incorrect, True, "S1SP slot owner"),
        (correct, incorrect, False, "S1SP registration data"),
    ):
        body = world.replacement(correct)
        context = world.s1sp_context(sender, body, slots=held_by(world, owner), mp107=mp107)
        assert failing(context) == expected, (owner, sender, mp107)


@pytest.mark.parametrize("reading", ["slot", "sender"])
def test_a_network_operator_never_gets_into_the_supplier_slot(world: World, reading: str) -> None:
    """Tension 1: under either reading it is refused, by validation 2 or by validation 3."""
    body = world.replacement(world.registered("IS"), SUPPLIER)
    expected = {"slot": "S1SP registration data", "sender": "S1SP slot owner"}[reading]
    context = world.s1sp_context(world.other("ED"), body, slots=held_by(world, world.other("ED")))
    assert failing(with_settings(context, exemption_reading=reading)) == expected
    registered = world.s1sp_context(
        world.registered("ED"), body, slots=held_by(world, world.registered("ED"))
    )
    assert failing(with_settings(registered, exemption_reading=reading)) == "S1SP slot owner"


@pytest.mark.parametrize(
    ("slot", "holder", "expected"),
    [
        (NETWORK_OPERATOR, "ACB", None),
        (NETWORK_OPERATOR, "correct", "S1SP slot owner"),
        (NETWORK_OPERATOR, "incorrect", "S1SP slot owner"),
        (NETWORK_OPERATOR, None, "S1SP slot owner"),
        (SUPPLIER, "ACB", None),
        (SUPPLIER, "supplier", "S1SP slot owner"),
    ],
)
def test_a_handover_needs_a_slot_under_dcc_control(
    world: World, slot: RemotePartyRole, holder: str | None, expected: str | None
) -> None:
    supplier = world.registered("IS")
    parties = {
        "ACB": ACB,
        "correct": world.registered("ED"),
        "incorrect": world.other("ED"),
        "supplier": supplier,
    }
    placed = world.other("ED") if slot is NETWORK_OPERATOR else supplier
    slots = {} if holder is None else {slot: parties[holder]}
    assert failing(world.s1sp_context(supplier, world.handover(placed, slot), slots=slots)) == expected


def test_a_read_needs_no_ownership_unless_the_setting_says_so(world: World) -> None:
    correct, incorrect = world.registered("ED"), world.other("ED")
    bodies: tuple[Body, ...] = (
        RetrieveDeviceSecurityCredentialsKRPBody((NETWORK_OPERATOR,)),
        ReadInstantaneousImportRegistersBody(),
    )
    for body in bodies:
        for owner, strict in ((incorrect, "S1SP slot owner"), (correct, None)):
            context = world.s1sp_context(correct, body, slots=held_by(world, owner))
            assert failing(context) is None
            assert failing(with_settings(context, owner_check_applies_to_reads=True)) == strict


def test_another_critical_request_needs_ownership_of_the_senders_slot(world: World) -> None:
    variant = SERVICE_REFERENCE_VARIANTS["1.5"]
    assert variant.critical
    body = UnknownBody("1.5", parse(f'<sr:{variant.body_element} xmlns:sr="{SR}"/>'.encode()))
    sender = world.registered("IS")
    context = world.s1sp_context(sender, body, slots={SUPPLIER: sender})
    assert failing(context) is None
    device_id = context.known_device.device_id
    others = {SUPPLIER: world.slot(device_id, SUPPLIER, world.other("IS"))}
    assert failing(replace(context, slots=others)) == "S1SP slot owner"


def test_a_request_that_owns_no_kind_of_slot_is_left_to_the_other_rules(world: World) -> None:
    body = UnknownBody("4.8.1", parse(f'<sr:ReadActiveImportProfileData xmlns:sr="{SR}"/>'.encode()))
    context = world.s1sp_context("ou-a", body)
    assert failing(with_settings(context, owner_check_applies_to_reads=True)) is None
    assert context.admitted_roles == {UserRole.OTHER_USER}


@pytest.mark.parametrize(
    ("rule", "digital_signing", "key_agreement", "owner"),
    [
        ("digital signing", "ed-north", "ed-south", "ed-north"),
        ("key agreement", "ed-north", "ed-south", "ed-south"),
        ("all", "ed-north", "ed-south", None),
        ("all", "ed-north", "ed-north", "ed-north"),
        ("digital signing", None, "ed-south", None),
        ("all", None, "ed-south", "ed-south"),
        ("all", None, None, None),
    ],
)
def test_who_owns_a_slot_that_holds_two_parties(
    world: World, rule: str, digital_signing: str | None, key_agreement: str | None, owner: str | None
) -> None:
    certificates = {}
    if digital_signing is not None:
        certificates[CertificateType.DIGITAL_SIGNING] = world.pki.party(digital_signing).digital_signing
    if key_agreement is not None:
        certificates[CertificateType.KEY_AGREEMENT] = world.pki.party(key_agreement).key_agreement
    slot = AnchorSlot(world.devices[DeviceType.ESME].device_id, NETWORK_OPERATOR, certificates)
    expected = None if owner is None else world.pki.party(owner).entity_identifier
    assert slot.owner(SlotOwnerRule(rule)) == expected
    assert not slot.under_dcc_control(SlotOwnerRule(rule))


def test_ownership_compares_entity_identifiers_not_certificates(world: World) -> None:
    """The certificate in the slot may have expired or been renewed: it is still the party's slot."""
    incorrect = world.other("ED")
    expired = world.pki.faulty(f"{incorrect}-ds-expired").certificate
    context = repair(world)
    slot = context.slots[NETWORK_OPERATOR].with_certificates({CertificateType.DIGITAL_SIGNING: expired})
    assert failing(replace(context, slots={NETWORK_OPERATOR: slot})) is None


def test_a_replacement_keeps_what_it_leaves_out(world: World) -> None:
    correct, incorrect = (world.pki.party(name) for name in (world.registered("ED"), world.other("ED")))
    before = world.slot(world.devices[DeviceType.ESME].device_id, NETWORK_OPERATOR, incorrect.name)
    after = before.with_certificates({CertificateType.DIGITAL_SIGNING: correct.digital_signing})
    assert after.certificates == {
        CertificateType.DIGITAL_SIGNING: correct.digital_signing,
        CertificateType.KEY_AGREEMENT: incorrect.key_agreement,
    }
    assert before.certificates[CertificateType.DIGITAL_SIGNING] == incorrect.digital_signing


def test_a_dcc_slot_is_under_dcc_control(world: World) -> None:
    slot = world.slot(world.devices[DeviceType.ESME].device_id, RemotePartyRole.ACB, ACB)
    assert all(slot.under_dcc_control(rule) for rule in SlotOwnerRule)
    operator = world.pki.party("ed-north")
    half = slot.with_certificates({CertificateType.KEY_AGREEMENT: operator.key_agreement})
    assert half.under_dcc_control()
    assert not half.under_dcc_control(SlotOwnerRule.KEY_AGREEMENT)
    assert not half.under_dcc_control(SlotOwnerRule.ALL)


def test_what_changes_until_execution_is_judged_at_execution(world: World) -> None:
    """A future-dated 6.15.1 whose slot has a new owner by then: receipt was right, execution is refused."""
    context = repair(world)
    assert first_failure(S1SP_CHECKS, context) is None
    later = _with_owner(world, context, world.registered("ED"))
    failure = first_failure(EXECUTION_CHECKS, later)
    assert failure is not None
    assert failure.outcome == parse_outcome("S1VE64")
