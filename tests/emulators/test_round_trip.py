"""From a user's request through the DSP and an S1SP to the callback, over real sockets with mutual TLS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from duis.requests import (
    ReadInstantaneousImportRegistersBody,
    ReadNetworkDataBody,
    RequestHandoverOfDCCControlledDeviceBody,
    RetrieveDeviceSecurityCredentialsKRPBody,
)
from duis.response import Response, SecurityCredentialsUpdated
from duis.roles import RemotePartyRole
from duis.signature import verify
from duis.smets1 import (
    NETWORK_OPERATOR_BY_NETWORK_OPERATOR,
    SUPPLIER_BY_SUPPLIER,
    DeviceAlert,
    ElectricityRegisters,
    GasNetworkData,
    GasRegister,
    S1SPAlert,
    VoltageData,
)
from tests.emulators.running import NETWORK_OPERATOR, Estate

EVERYWHERE = [
    (s1sp, device, role)
    for s1sp in ("S1SP1", "S1SP2", "S1SP3")
    for device, role in (("ESME", "ED"), ("GPF", "GT"))
]


@pytest.mark.parametrize(("s1sp", "device_type", "role"), EVERYWHERE)
def test_the_incorrect_operator_places_the_correct_certificate(
    estate: Estate, s1sp: str, device_type: str, role: str
) -> None:
    device = estate.device(device_type, s1sp)
    correct, incorrect = estate.registered(device, role), estate.other(device, role)
    estate.put_slot(device, incorrect.entity_identifier)
    request_id, code = estate.send(incorrect, device, estate.replacement(correct))
    assert code == "I99"
    user, message = estate.next_message()
    assert user == incorrect.name
    assert message.response.request_id == request_id
    assert message.outer_signer == estate.pki.party("dsp").xmlsign.certificate
    assert message.inner_signer == estate.pki.party(s1sp.lower()).xmlsign.certificate
    outcome = message.inner.payload.execution_outcome
    assert message.inner.payload.message_success is True
    assert outcome.credentials_replacement_mode == NETWORK_OPERATOR_BY_NETWORK_OPERATOR
    assert outcome.authorising_remote_party_originator_counter == request_id.counter
    signing, agreement = outcome.replacement_outcomes
    for each in (signing, agreement):
        assert each.existing_remote_party_id == incorrect.entity_identifier
        assert each.new_remote_party_id == correct.entity_identifier
    assert signing.existing_certificate_hash == incorrect.digital_signing.sha1
    assert signing.new_certificate_hash == correct.digital_signing.sha1
    assert agreement.new_certificate_hash == correct.key_agreement.sha1
    assert estate.slot(device)["party"] == correct.entity_identifier


def test_the_owner_check_answers_with_a_signed_alert(estate: Estate) -> None:
    device = estate.device()
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    before = estate.slot(device)
    request_id, code = estate.send(incorrect, device, estate.replacement(incorrect))
    assert code == "I99"
    user, message = estate.next_message()
    assert (user, message.response.request_id) == (incorrect.name, request_id)
    assert message.response.message.dcc_alert_code == "N55"
    alert = message.inner
    assert isinstance(alert, S1SPAlert)
    assert (alert.s1sp_alert_code, alert.request_id) == ("S1VE64", request_id)
    assert alert.device_id == device["device_id"]
    assert estate.slot(device) == before
    assert before["party"] == correct.entity_identifier


def test_a_lagging_s1sp_rejects_what_the_dsp_acknowledged(estate: Estate) -> None:
    device = estate.device("GPF", "S1SP2")
    correct, incorrect = estate.registered(device, "GT"), estate.other(device, "GT")
    estate.put_slot(device, incorrect.entity_identifier)
    estate.manage("S1SP2", "PATCH", "", {"mp107": False})
    _, code = estate.send(incorrect, device, estate.replacement(correct))
    assert code == "I99"
    assert estate.result()[1].s1sp_alert_code == "S1VE4"
    assert estate.slot(device)["party"] == incorrect.entity_identifier


def test_the_switch_of_the_dsp(estate: Estate) -> None:
    device = estate.device()
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    estate.put_slot(device, incorrect.entity_identifier)
    estate.manage("DSP", "PATCH", "", {"mp107": False})
    assert estate.send(incorrect, device, estate.replacement(correct))[1] == "E4"
    estate.manage("DSP", "PATCH", "", {"mp107": True})
    assert estate.send(incorrect, device, estate.replacement(correct))[1] == "I99"


def test_reading_the_slots(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    supplier = estate.registered(device, "IS")
    roles = (NETWORK_OPERATOR, RemotePartyRole.SUPPLIER)
    estate.send(operator, device, RetrieveDeviceSecurityCredentialsKRPBody(roles))
    _, result = estate.result()
    found = {
        (each.remote_party_role, each.existing_remote_party_id, each.existing_certificate_hash)
        for each in result.remote_party_details
    }
    assert found == {
        (NETWORK_OPERATOR, operator.entity_identifier, operator.digital_signing.sha1),
        (NETWORK_OPERATOR, operator.entity_identifier, operator.key_agreement.sha1),
        (RemotePartyRole.SUPPLIER, supplier.entity_identifier, supplier.digital_signing.sha1),
        (RemotePartyRole.SUPPLIER, supplier.entity_identifier, supplier.key_agreement.sha1),
    }


@pytest.mark.parametrize(
    ("device_type", "role", "registers", "network_data"),
    [("ESME", "ED", ElectricityRegisters, VoltageData), ("GPF", "GT", GasRegister, GasNetworkData)],
)
def test_reading_meters(
    estate: Estate, device_type: str, role: str, registers: type, network_data: type
) -> None:
    device = estate.device(device_type)
    operator = estate.registered(device, role)
    now = datetime.now(UTC)
    estate.send(operator, device, ReadInstantaneousImportRegistersBody())
    assert isinstance(estate.result()[1].reading, registers)
    body = ReadNetworkDataBody(now - timedelta(days=1), now)
    assert estate.send(operator, device, body)[1] == "I99"
    assert isinstance(estate.result()[1].data, network_data)


def test_a_handover_by_the_supplier(estate: Estate) -> None:
    device = estate.device()
    supplier, incorrect = estate.registered(device, "IS"), estate.other(device, "ED")
    body = RequestHandoverOfDCCControlledDeviceBody(
        NETWORK_OPERATOR,
        incorrect.digital_signing.der,
        incorrect.key_agreement.der,
        certification_path=estate.pki.certification_path,
    )
    estate.send(supplier, device, body)
    assert estate.result()[1].s1sp_alert_code == "S1VE64"
    estate.put_slot(device, "ACB")
    request_id, _ = estate.send(supplier, device, body)
    _, message = estate.next_message()
    result = message.inner.payload
    # The DCC's certificate authorises it: the answer goes to the DCC and names the Supplier as supplementary.
    header = message.inner.header
    assert header.business_target_id == estate.pki.party("dsp").entity_identifier
    assert header.user_request_id() == request_id
    assert message.response.request_id == request_id
    assert result.ELEMENT == "RequestHandoverOfDCCControlledDeviceRsp"
    assert result.execution_outcome.credentials_replacement_mode == NETWORK_OPERATOR_BY_NETWORK_OPERATOR
    assert estate.slot(device)["party"] == incorrect.entity_identifier


def test_the_supplier_replaces_its_own_certificate(estate: Estate) -> None:
    device = estate.device("GPF", "S1SP3")
    supplier = estate.registered(device, "GS")
    _, code = estate.send(supplier, device, estate.replacement(supplier, RemotePartyRole.SUPPLIER))
    assert code == "I99"
    assert estate.result()[1].execution_outcome.credentials_replacement_mode == SUPPLIER_BY_SUPPLIER


def test_certificates_left_out_are_not_touched(estate: Estate) -> None:
    device = estate.device()
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    before = estate.slot(device)
    body = estate.replacement(incorrect)
    partial = type(body)(
        NETWORK_OPERATOR, incorrect.digital_signing.der, certification_path=estate.pki.certification_path
    )
    estate.send(correct, device, partial)
    assert len(estate.result()[1].execution_outcome.replacement_outcomes) == 1
    after = estate.slot(device)
    assert after["digital_signing"] != before["digital_signing"]
    assert after["key_agreement"] == before["key_agreement"]


def test_a_device_the_s1sp_will_not_serve_gives_an_unsuccessful_response(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    before = estate.slot(device)
    estate.manage("S1SP1", "PUT", f"/devices/{device['device_id']}", {"device_status": "Suspended"})
    estate.send(operator, device, estate.replacement(estate.other(device, "ED")))
    result = estate.result()[1]
    assert result.message_success is False
    statuses = {each.status_code.asn1_status for each in result.execution_outcome.replacement_outcomes}
    assert statuses == {"other"}
    assert estate.slot(device) == before


def test_device_alerts_follow_the_certificate(estate: Estate) -> None:
    device = estate.device("GPF", "S1SP2")
    correct, incorrect = estate.registered(device, "GT"), estate.other(device, "GT")
    for owner in (incorrect, correct):
        estate.put_slot(device, owner.entity_identifier)
        path = f"/devices/{device['device_id']}/alerts"
        raised = estate.manage("S1SP2", "POST", path, {"alert_code": "8F3F", "description": "tamper"})
        assert raised == {"recipient": owner.entity_identifier}
        user, alert = estate.result()
        assert user == owner.name
        assert isinstance(alert, DeviceAlert)
        assert (alert.alert_code, alert.description) == ("8F3F", "tamper")


def test_n42_tells_old_operator_new_operator_and_supplier(new_estate: Callable[..., Estate]) -> None:
    estate = new_estate()
    device = estate.device()
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    estate.send(correct, device, estate.replacement(incorrect))
    messages = [estate.next_message() for _ in range(4)]
    alerts = {user: message.response.message.alert for user, message in messages if message.inner is None}
    supplier = estate.registered(device, "IS")
    assert set(alerts) == {correct.name, incorrect.name, supplier.name}
    for alert in alerts.values():
        assert isinstance(alert, SecurityCredentialsUpdated)
        assert alert.device_id == device["device_id"]
        assert alert.remote_party_role is NETWORK_OPERATOR
        hashes = {each.certificate_hash for each in alert.certificates}
        assert hashes == {incorrect.digital_signing.sha1, incorrect.key_agreement.sha1}


def test_answers_are_signed_by_setting(new_estate: Callable[..., Estate]) -> None:
    estate = new_estate(settings={"sign_acknowledgements": True, "credentials_alert": False})
    device = estate.device()
    operator = estate.registered(device, "ED")
    _, document = estate.request(operator, device, ReadInstantaneousImportRegistersBody())
    answer = estate.post(operator.name, document)
    assert Response.parse(answer.content).response_code == "I99"
    assert verify(answer.content, estate.pki.trust_store()).signer.role == "89"


def test_whether_a_rejected_request_uses_its_counter_is_a_setting(new_estate: Callable[..., Estate]) -> None:
    for uses, second in ((False, "I99"), (True, "HTTP 409")):
        estate = new_estate(settings={"rejected_request_uses_counter": uses, "credentials_alert": False})
        device = estate.device()
        stranger = estate.other(device, "ED")
        first, code = estate.send(stranger, device, ReadInstantaneousImportRegistersBody())
        assert code == "E4"
        body = estate.replacement(stranger)
        assert estate.send(stranger, device, body, counter=first.counter)[1] == second


def test_counters_may_be_unique_only(new_estate: Callable[..., Estate]) -> None:
    estate = new_estate(settings={"counter_rule": "unique", "credentials_alert": False})
    device = estate.device()
    operator = estate.registered(device, "ED")
    body = ReadInstantaneousImportRegistersBody()
    first, _ = estate.send(operator, device, body)
    assert estate.send(operator, device, body, counter=first.counter - 10)[1] == "I99"
    assert estate.send(operator, device, body, counter=first.counter - 10)[1] == "HTTP 409"
    assert estate.send(operator, device, body, counter=first.counter)[1] == "HTTP 409"
