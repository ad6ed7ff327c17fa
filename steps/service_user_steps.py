"""Sentences about what a Service User sends, and what it reads back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from pytest_bdd import parsers

from duis.requests import (
    Body,
    JoinServiceCriticalBody,
    JoinServiceNonCriticalBody,
    ReadInstantaneousImportRegistersBody,
    ReadNetworkDataBody,
    RestoreGPFDeviceLogBody,
    RetrieveDeviceSecurityCredentialsKRPBody,
)
from duis.roles import DeviceType, RemotePartyRole
from steps.actors import TYPES, one_of
from steps.context import Scenario, arrangeable
from steps.defects import DEFECTS
from steps.sentences import given, then, when
from steps.verdict import expect_acknowledged, expect_replacement
from target.credentials import Credentials, handover, update_credentials
from target.errors import NotArrangeable, TargetNonconformity
from target.estate import DeviceUnderTest
from target.exchange import Exchange
from target.service_user import ServiceUser

NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR
SUPPLIER = RemotePartyRole.SUPPLIER


def send(scenario: Scenario, sender: str, device: DeviceUnderTest, body: Body) -> Exchange:
    """Send a Service Request to a device, and remember it as the latest."""
    exchange = scenario.party(sender, device).send(body, device.device_id)
    scenario.exchanges[device.s1sp] = exchange
    return exchange


def update(scenario: Scenario, sender: str, owner: str, device: DeviceUnderTest) -> Exchange:
    """Send SRV 6.15.1 placing the owner's certificates in the Network Operator slot."""
    body = update_credentials(scenario.party(owner, device).credentials, NETWORK_OPERATOR)
    return send(scenario, sender, device, body)


@given(
    parsers.cfparse(
        "{sender:Actor} has placed {owner:Actor}'s certificate with SRV 6.15.1", extra_types=TYPES
    )
)
def has_placed(scenario: Scenario, sender: str, owner: str) -> None:
    """The update is carried out, by protocol means."""
    exchange = update(scenario, sender, owner, scenario.device)
    scenario.first_repair = scenario.first_repair or exchange
    _carried_out(scenario, exchange, owner)


@given(
    parsers.cfparse(
        "{sender:Actor} has placed {owner:Actor}'s renewed certificate with SRV 6.15.1", extra_types=TYPES
    )
)
def has_placed_renewed(scenario: Scenario, sender: str, owner: str) -> None:
    """The same with other certificates of the owner's."""
    with arrangeable():
        renewed = scenario.party(owner).renewed_credentials
    exchange = send(scenario, sender, scenario.device, update_credentials(renewed, NETWORK_OPERATOR))
    _carried_out(scenario, exchange, owner)


def _carried_out(scenario: Scenario, exchange: Exchange, owner: str) -> None:
    expect_acknowledged(exchange)
    expect_replacement(exchange, NETWORK_OPERATOR, scenario.party(owner))
    scenario.placed(scenario.device, NETWORK_OPERATOR, scenario.party(owner))


@when(parsers.cfparse("{sender:Actor} sends SRV 6.21 placing {owner:Actor}'s certificate", extra_types=TYPES))
def sends_handover(scenario: Scenario, sender: str, owner: str) -> None:
    """SRV 6.21 Request Handover Of DCC Controlled Device, for the Network Operator slot [FIA 3.2, 5.2]."""
    send(scenario, sender, scenario.device, handover(scenario.party(owner).credentials, NETWORK_OPERATOR))


@when(
    parsers.cfparse("{sender:Actor} sends SRV 6.15.1 placing {owner:Actor}'s certificate", extra_types=TYPES)
)
def sends_update(scenario: Scenario, sender: str, owner: str) -> None:
    """SRV 6.15.1 Update Security Credentials (KRP), for the Network Operator slot."""
    update(scenario, sender, owner, scenario.device)


@when(
    parsers.cfparse(
        "{sender:Actor} of each device sends SRV 6.15.1 placing {owner:Actor}'s certificate",
        extra_types=TYPES,
    )
)
def sends_update_to_each(scenario: Scenario, sender: str, owner: str) -> None:
    """The same at every S1SP."""
    for device in scenario.devices.values():
        update(scenario, sender, owner, device)


@when(
    parsers.cfparse(
        "{sender:Actor} sends SRV 6.15.1 placing its own certificate in the Supplier slot", extra_types=TYPES
    )
)
def sends_update_of_supplier_slot(scenario: Scenario, sender: str) -> None:
    """SRV 6.15.1 with RemotePartyRole Supplier."""
    body = update_credentials(scenario.party(sender).credentials, SUPPLIER)
    send(scenario, sender, scenario.device, body)


@when(
    parsers.cfparse(
        "{sender:Actor} sends SRV 6.15.1 placing {owner:Actor}'s certificate in the Supplier slot",
        extra_types=TYPES,
    )
)
def sends_others_certificate_to_supplier_slot(scenario: Scenario, sender: str, owner: str) -> None:
    """SRV 6.15.1 with RemotePartyRole Supplier and certificates that would fit that slot."""
    body = update_credentials(scenario.party(owner).credentials, SUPPLIER)
    send(scenario, sender, scenario.device, body)


@when(parsers.cfparse("{sender:Actor} sends SRV 6.15.1 renewing its own certificate", extra_types=TYPES))
def renews_own_certificate(scenario: Scenario, sender: str) -> None:
    """SRV 6.15.1 of the owner of the Supplier slot, with other certificates of the same party."""
    with arrangeable():
        renewed = scenario.party(sender).renewed_credentials
    send(scenario, sender, scenario.device, update_credentials(renewed, SUPPLIER))


def _until_midnight(days: int) -> ReadNetworkDataBody:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return ReadNetworkDataBody(start=midnight - timedelta(days=days), end=midnight)


READS: Mapping[str, Callable[[], Body]] = {
    "4.1.1": ReadInstantaneousImportRegistersBody,
    "4.10": lambda: _until_midnight(1),
    "6.24.1": lambda: RetrieveDeviceSecurityCredentialsKRPBody((NETWORK_OPERATOR,)),
}
"""Service Requests that change nothing, with the least each needs; a Network Operator may send them."""


@when(parsers.cfparse("{sender:Actor} sends SRV {srv:Read}", extra_types=TYPES | {"Read": one_of(READS)}))
def sends_read(scenario: Scenario, sender: str, srv: str) -> None:
    """An ordinary non-critical Service Request."""
    send(scenario, sender, scenario.device, READS[srv]())


RANGES = {"yesterday": 1, "the last three days": 3}
"""Whole days up to last midnight."""


@when(
    parsers.cfparse(
        "{sender:Actor} sends SRV 4.10 for {days:Range}", extra_types=TYPES | {"Range": one_of(RANGES)}
    )
)
def sends_read_of_range(scenario: Scenario, sender: str, days: str) -> None:
    """Read Network Data, with the range of dates it asks for."""
    send(scenario, sender, scenario.device, _until_midnight(RANGES[days]))


EXECUTIONS = {"tomorrow": 1, "in three days": 3}
"""Days from now."""


@when(
    parsers.cfparse(
        "{sender:Actor} sends SRV 4.1.1 to be carried out {time:Execution}",
        extra_types=TYPES | {"Execution": one_of(EXECUTIONS)},
    )
)
def sends_future_dated_read(scenario: Scenario, sender: str, time: str) -> None:
    """Read Instantaneous Import Registers, with an ExecutionDateTime."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=EXECUTIONS[time])
    send(scenario, sender, scenario.device, ReadInstantaneousImportRegistersBody(at))


JOINS = {body.SRV: body for body in (JoinServiceCriticalBody, JoinServiceNonCriticalBody)}
"""Join Service, by Service Reference Variant."""


@when(
    parsers.cfparse(
        "{sender:Actor} sends SRV {srv:Join} joining it with the {other_type:DeviceType} of its premises",
        extra_types=TYPES | {"Join": one_of(JOINS), "DeviceType": one_of(dict.fromkeys(DeviceType))},
    )
)
def sends_join(scenario: Scenario, sender: str, srv: str, other_type: str) -> None:
    """Join Service; the other device is on the same Communications Hub Function [SRPD 6.2(a)]."""
    with arrangeable():
        _no_real_device(scenario, "a Join Service")
        _not_registered(scenario, sender)
        other = scenario.estate.on_same_hub(scenario.device, other_type)
    send(scenario, sender, scenario.device, JOINS[srv](other.device_id))


@when(parsers.cfparse("{sender:Actor} sends SRV 8.12.2 restoring its Device Log", extra_types=TYPES))
def sends_restore(scenario: Scenario, sender: str) -> None:
    """Restore GPF Device Log; from which GPF is no matter of the registration check [SRPD 6.2(b)]."""
    with arrangeable():
        _no_real_device(scenario, "a Restore GPF Device Log")
        _not_registered(scenario, sender)
    send(scenario, sender, scenario.device, RestoreGPFDeviceLogBody(scenario.device.device_id))


def _no_real_device(scenario: Scenario, request: str) -> None:
    """Slots are put back after a scenario; what devices are joined with is not."""
    s1sp = scenario.device.s1sp
    if scenario.session.target.kind_of(s1sp) == "endpoint":
        raise NotArrangeable(f"{s1sp} is an endpoint: nothing would undo there what {request} does")


def _not_registered(scenario: Scenario, sender: str) -> None:
    """Whoever is registered for the device needs no exception, and proves none."""
    device, user = scenario.device, scenario.party(sender)
    if user.user_id == scenario.estate.supplier_of(device).user_id:
        raise NotArrangeable(
            f"{user.name}, {sender}, is the registered Supplier of the {device.device_type} "
            f"{device.device_id} as well: it is eligible without an exception"
        )


@when(
    parsers.cfparse(
        "the incorrect Network Operator sends SRV 6.15.1 {flaw:Defect}",
        extra_types={"Defect": one_of(DEFECTS)},
    )
)
def sends_defective_update(scenario: Scenario, flaw: str) -> None:
    """The repair, with one thing wrong."""
    with arrangeable():
        scenario.exchanges[scenario.device.s1sp] = DEFECTS[flaw](scenario)


@when("the first request is sent again unchanged")
def sends_again(scenario: Scenario) -> None:
    """The same octets, the same Originator Counter."""
    first = scenario.first_repair
    if first is None:
        raise LookupError("no request was sent before that could be sent again")
    sender = scenario.party("the incorrect Network Operator")
    scenario.exchanges[scenario.device.s1sp] = sender.submit(first.document, first.request_id)


@then(
    parsers.cfparse(
        "SRV 6.24.1 by {reader:Actor} shows {owner:Actor}'s certificates in the slot", extra_types=TYPES
    )
)
def reads_certificates(scenario: Scenario, reader: str, owner: str) -> None:
    """The Network Operator slot holds the owner's certificates."""
    expect_credentials(
        scenario, reader, NETWORK_OPERATOR, scenario.party(owner).credentials, scenario.party(owner)
    )


@then(
    parsers.cfparse(
        "SRV 6.24.1 by {reader:Actor} shows the renewed certificates in the Supplier slot", extra_types=TYPES
    )
)
def reads_renewed_certificates(scenario: Scenario, reader: str) -> None:
    """The Supplier slot holds the renewed certificates."""
    renewed = scenario.party(reader).renewed_credentials
    expect_credentials(scenario, reader, SUPPLIER, renewed, scenario.party(reader))


def expect_credentials(
    scenario: Scenario,
    reader: str,
    role: RemotePartyRole,
    credentials: Credentials,
    owner: ServiceUser,
) -> None:
    """SRV 6.24.1 names the party and, where it tells hashes, those of its certificates."""
    (reading,) = scenario.party(reader).read_slots(scenario.device.device_id, (role,))
    requirement = f"SRV 6.24.1 shows the new certificates in the {role} slot [FIA 4.2.1]"
    if reading.party != owner.user_id:
        raise TargetNonconformity(requirement, f"{owner.user_id} ({owner.name})", reading.describe())
    expected = credentials.hashes(scenario.session.target.assumptions.certificate_hash)
    differing = {usage for usage, value in reading.hashes.items() if expected.get(usage) != value}
    if differing:
        raise TargetNonconformity(
            requirement,
            "the hashes of the certificates that were sent",
            f"other certificates for {', '.join(sorted(differing))}: {reading.describe()}",
        )
