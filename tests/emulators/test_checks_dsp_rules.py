"""Single rules of the DSP: counters, times, replacement certificates, SECMP0063."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from duis.requests import (
    JoinServiceCriticalBody,
    ReadInventoryBody,
    ReadNetworkDataBody,
    UnknownBody,
)
from duis.roles import DeviceType, UserRole
from duis.service_references import SERVICE_REFERENCE_VARIANTS
from duis.xml import SR, parse
from emulators.checks import first_failure
from emulators.dsp.checks import DSP_CHECKS, DSPContext, Service
from emulators.registration import Registration, RegistrationData
from emulators.request_facts import body_belongs_to_srv, facts_of
from tests.emulators.world import (
    SUPPLIER,
    World,
    faulty,
    make_world,
    with_body,
    with_request,
    with_settings,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world; minted once, as nothing in it changes."""
    return make_world(tmp_path_factory.mktemp("checks"))


def failing(context: DSPContext) -> str | None:
    failure = first_failure(DSP_CHECKS, context)
    return None if failure is None else failure.check.name


# Single rules


@pytest.mark.parametrize(
    ("last", "used", "rule", "passes"),
    [
        (None, False, "increasing", True),
        (999, False, "increasing", True),
        (1000, True, "increasing", False),
        (1001, False, "increasing", False),
        (1001, False, "unique", True),
        (1001, True, "unique", False),
    ],
)
def test_counter_rules(world: World, last: int | None, used: bool, rule: str, passes: bool) -> None:
    context = with_settings(world.repair(last_counter=last, counter_used=used), counter_rule=rule)
    assert (failing(context) is None) is passes


def test_a_signer_of_another_role_is_not_the_originator(world: World) -> None:
    party = world.pki.party(world.other("ED"))
    assert failing(world.repair(signer=party.digital_signing)) == "signer"


def test_header_and_body_must_be_one_request(world: World) -> None:
    """A body that is critical behind the header of a read would pass every rule about the read."""
    context = world.dsp_context(world.registered("IS"), world.replacement(world.registered("ED")))
    disguised = with_request(context, srv="6.24.1", service_reference="6.24")
    assert failing(disguised) == "body"
    unknown = UnknownBody("4.8.1", parse(f'<sr:ReadActiveImportProfileData xmlns:sr="{SR}"/>'.encode()))
    request = context.readable_request
    assert body_belongs_to_srv(replace(request, body=unknown, srv="4.8.1", service_reference="4.8"))
    assert not body_belongs_to_srv(replace(request, body=unknown, srv="4.8.3", service_reference="4.8"))


def test_an_unreadable_date_in_a_body_of_its_own_is_refused(world: World) -> None:
    document = (
        f'<sr:ReadActiveImportProfileData xmlns:sr="{SR}"><sr:ReadLogPeriod><sr:StartDateTime>then'
        "</sr:StartDateTime><sr:EndDateTime>now</sr:EndDateTime></sr:ReadLogPeriod>"
        "</sr:ReadActiveImportProfileData>"
    )
    body = UnknownBody("4.8.1", parse(document.encode()))
    assert failing(world.dsp_context(world.registered("IS"), body)) == "body"


def test_a_non_device_request_needs_no_device(world: World) -> None:
    for sender in ("ou-a", "es-a", world.other("ED")):
        asked = world.devices[DeviceType.ESME].device_id
        context = world.dsp_context(sender, ReadInventoryBody(device_id=asked), None)
        assert failing(context) is None
        assert failing(replace(context, service=Service.SEND_COMMAND)) == "service URL"
        assert failing(with_request(context, command_variant=1)) == "command variant"


def test_an_srv_without_an_entry_is_not_restricted_by_type(world: World) -> None:
    element = SERVICE_REFERENCE_VARIANTS["6.2.4"].body_element
    body = UnknownBody("6.2.4", parse(f'<sr:{element} xmlns:sr="{SR}"/>'.encode()))
    assert failing(world.dsp_context(world.registered("IS"), body, DeviceType.PPMID)) is None


def test_a_hub_takes_no_credentials(world: World) -> None:
    context = world.dsp_context(world.other("ED"), world.replacement(world.registered("ED")), DeviceType.CHF)
    assert failing(context) == "device type"


# Time

DAY = timedelta(days=1)


def test_a_future_dated_request_is_judged_at_its_execution(world: World) -> None:
    """The Supplier is replaced tomorrow: its request for the day after is refused, the successor's is not."""
    change = world.now + DAY
    leaving, coming = world.registered("IS"), world.other("IS")
    mpan = world.devices[DeviceType.ESME].mpxn
    assert mpan is not None
    role = UserRole.IMPORT_SUPPLIER
    rows = (
        *(row for row in world.registrations if row.role is not role),
        Registration(mpan, role, world.pki.party(leaving).entity_identifier, change - 900 * DAY, change),
        Registration(mpan, role, world.pki.party(coming).entity_identifier, change),
    )
    for sender, at, expected in (
        (leaving, None, None),
        (leaving, change - timedelta(seconds=1), None),
        (leaving, change, "registration data"),
        (coming, None, "registration data"),
        (coming, change, None),
        (leaving, change - 30 * DAY, None),  # has passed: executes now
        (coming, change - 30 * DAY, "registration data"),
    ):
        body = world.replacement(sender, SUPPLIER, execution_date_time=at)
        context = world.dsp_context(sender, body, registration_data=RegistrationData(rows))
        assert failing(context) == expected, (sender, at)


def test_a_read_of_a_range_needs_registration_for_all_of_it(world: World) -> None:
    sender = world.registered("ED")
    since = next(row.effective_from for row in world.registrations if row.role == "ED")
    second = timedelta(seconds=1)
    for start, expected in ((since, None), (since - second, "registration data")):
        assert failing(world.dsp_context(sender, ReadNetworkDataBody(start, world.now))) == expected
        # the ends in the wrong order ask for the same range
        assert failing(world.dsp_context(sender, ReadNetworkDataBody(world.now, start))) == expected


def test_a_time_without_zone_is_utc(world: World) -> None:
    naive = (world.now + DAY).replace(tzinfo=None)
    context = world.repair()
    facts = facts_of(with_body(context, execution_date_time=naive).readable_request)
    assert facts.execution_date_time == world.now + DAY


def test_certificates_must_be_in_date_at_execution(world: World) -> None:
    expires = world.pki.party(world.registered("ED")).digital_signing.not_after
    for at, expected in ((expires, None), (expires + timedelta(seconds=1), "certificate validity")):
        assert failing(with_body(world.repair(), execution_date_time=at)) == expected


# Replacement certificates


def test_certificates_that_cannot_be_placed(world: World) -> None:
    valid = world.repair()
    assert failing(with_body(valid, digital_signing=b"no certificate")) == "certificate elements"
    assert failing(with_body(valid, digital_signing=None, key_agreement=None)) == "certificate elements"
    assert failing(with_body(valid, digital_signing=world.pki.root.der)) == "certificate role"
    signer = world.pki.party(world.registered("ED")).xmlsign.certificate
    assert failing(with_body(valid, digital_signing=signer.der)) == "certificate role"


def test_one_certificate_alone_may_be_placed(world: World) -> None:
    assert failing(with_body(world.repair(), key_agreement=None)) is None
    assert failing(with_body(world.repair(), digital_signing=None)) is None


def test_one_unfit_certificate_is_enough(world: World) -> None:
    party = world.registered("ED")
    for fault, expected in (("untrusted", "certificate chain"), ("expired", "certificate validity")):
        for element, der in faulty(world, party, fault).items():
            assert failing(with_body(world.repair(), **{element: der})) == expected


def test_the_path_in_the_request_is_no_anchor(world: World) -> None:
    """A path that a stranger supplies cannot make the stranger's certificates trusted."""
    certificates = faulty(world, world.registered("ED"), "untrusted")
    context = with_body(world.repair(), **certificates, certification_path=(b"rubbish", world.pki.root.der))
    assert failing(context) == "certificate chain"


def test_a_supplier_may_renew_its_top_up_certificate(world: World) -> None:
    sender = world.registered("IS")
    top_up = world.pki.party(sender).key_agreement.der
    body = world.replacement(sender, SUPPLIER, key_agreement_top_up=top_up)
    assert failing(world.dsp_context(sender, body)) is None


# SECMP0063


def test_secmp0063_is_off_by_default(world: World) -> None:
    for party in (world.other("ED"), "gt-north"):
        assert failing(world.dsp_context(world.registered("IS"), world.handover(party))) is None


@pytest.mark.parametrize(
    ("device", "placed", "expected"),
    [
        (DeviceType.ESME, ("registered", "ED"), None),
        (DeviceType.ESME, ("other", "ED"), "registered Network Operator"),
        (DeviceType.ESME, ("registered", "GT"), "Gas Transporter on ESME"),
        (DeviceType.GPF, ("registered", "GT"), None),
        (DeviceType.GPF, ("other", "GT"), "registered Network Operator"),
        (DeviceType.GPF, ("registered", "ED"), "registered Network Operator"),
    ],
)
def test_secmp0063_looks_at_what_a_supplier_places(
    world: World, device: DeviceType, placed: tuple[str, str], expected: str | None
) -> None:
    which, role = placed
    party = world.registered(role) if which == "registered" else world.other(role)
    supplier = world.registered("IS" if device is DeviceType.ESME else "GS")
    context = world.dsp_context(supplier, world.handover(party), device)
    assert failing(with_settings(context, secmp0063=True)) == expected


def test_secmp0063_leaves_the_network_operators_own_update_alone(world: World) -> None:
    context = world.dsp_context(world.registered("ED"), world.replacement(world.other("ED")))
    assert failing(with_settings(context, secmp0063=True)) is None


def test_a_join_by_the_import_supplier_of_the_set_is_excepted(world: World) -> None:
    body = JoinServiceCriticalBody(world.devices[DeviceType.GSME].device_id)
    assert failing(world.dsp_context(world.registered("IS"), body, DeviceType.GPF)) is None
    assert failing(world.dsp_context(world.other("IS"), body, DeviceType.GPF)) == "registration data"
