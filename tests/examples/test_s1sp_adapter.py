"""The example adapter as S1SP2: requests end to end, crashes, repeated deliveries, refusals."""

from __future__ import annotations

import ssl
import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64
from duis.requests import (
    ReadInstantaneousImportRegistersBody,
    RequestHandoverOfDCCControlledDeviceBody,
)
from duis.requests.body import Body
from duis.roles import UserRole
from duis.signature import VerifiedResponse, sign
from duis.smets1 import NETWORK_OPERATOR_BY_NETWORK_OPERATOR, DeviceAlert, S1SPAlert, SMETS1Response
from duis.smki.testpki import Party
from target.deadline import Deadline
from tests.emulators.running import NETWORK_OPERATOR
from tests.examples.running import READ_SLOT, Example


def _result(example: Example, sender: Party, device: dict[str, Any], body: Body) -> Any:
    """Send a request and return what S1SP2 says of it, both signatures verified at the user's callback."""
    request_id, code = example.estate.send(sender, device, body)
    assert code == "I99"
    user, message = example.estate.next_message()
    assert (user, message.response.request_id) == (sender.name, request_id)
    _assert_signed(example, message)
    return message.inner


def _assert_signed(example: Example, message: VerifiedResponse) -> None:
    assert message.outer_signer == example.pki.party("dsp").xmlsign.certificate
    assert message.inner_signer == example.pki.party("s1sp2").xmlsign.certificate


def _refusal(inner: Any) -> tuple[str, EUI64 | None]:
    assert isinstance(inner, S1SPAlert)
    return inner.s1sp_alert_code, inner.device_id


def test_an_incorrect_certificate_is_placed_seen_and_repaired(example: Example) -> None:
    device = example.device()
    right, wrong = example.operators(device)
    placed = _result(example, right, device, example.estate.replacement(wrong)).payload
    assert placed.message_success is True
    outcome = placed.execution_outcome
    assert outcome.credentials_replacement_mode == NETWORK_OPERATOR_BY_NETWORK_OPERATOR
    assert [
        (each.existing_remote_party_id, each.new_remote_party_id, each.new_certificate_hash)
        for each in outcome.replacement_outcomes
    ] == [
        (right.entity_identifier, wrong.entity_identifier, wrong.digital_signing.sha1),
        (right.entity_identifier, wrong.entity_identifier, wrong.key_agreement.sha1),
    ]
    # Validation 3: the right operator is shut out, until the wrong one repairs it under MP107.
    repair = example.estate.replacement(right)
    assert _refusal(_result(example, right, device, repair)) == ("S1VE64", device["device_id"])
    assert example.slot(device) == wrong.entity_identifier
    assert _result(example, wrong, device, repair).payload.message_success is True
    assert _refusal(_result(example, wrong, device, repair)) == ("S1VE64", device["device_id"])
    details = _result(example, right, device, READ_SLOT).payload.remote_party_details
    assert [each.existing_certificate_hash for each in details] == [
        right.digital_signing.sha1,
        right.key_agreement.sha1,
    ]


def test_a_handover_names_the_supplier_as_supplementary_party(example: Example) -> None:
    device = example.device("GSME")
    supplier = example.estate.registered(device, "GS")
    right, _ = example.operators(device)
    handover = RequestHandoverOfDCCControlledDeviceBody(
        NETWORK_OPERATOR,
        right.digital_signing.der,
        right.key_agreement.der,
        certification_path=example.pki.certification_path,
    )
    inner = _result(example, supplier, device, handover)
    assert inner.payload.message_success is True
    assert inner.header.business_target_id == example.pki.party("dsp").entity_identifier
    assert inner.header.supplementary_remote_party_id == supplier.entity_identifier
    assert inner.header.user_request_id().originator == supplier.entity_identifier
    assert example.slot(device) == right.entity_identifier
    # The slot is not under DCC control any more.
    assert _refusal(_result(example, supplier, device, handover)) == ("S1VE64", device["device_id"])


def test_a_device_alert_reaches_the_party_in_the_slot(example: Example) -> None:
    device = example.device("GPF")
    right, wrong = example.operators(device)
    _result(example, right, device, example.estate.replacement(wrong))
    alert = {"device": device["device_id"], "alert_code": "8F3F", "description": "tamper"}
    example.vendor("POST", "/alerts", alert)
    user, message = example.estate.next_message()
    assert user == wrong.name
    _assert_signed(example, message)
    assert isinstance(message.inner, SMETS1Response)
    assert isinstance(message.inner.payload, DeviceAlert)
    assert message.inner.payload.alert_code == "8F3F"
    assert message.inner.header.business_originator_id == device["device_id"]


def test_a_lagging_vendor_system_refuses_at_once_through_validation_2(example: Example) -> None:
    device = example.device()
    right, wrong = example.operators(device)
    _result(example, right, device, example.estate.replacement(wrong))
    example.kill("vendor")  # and its memory: the slot is the right operator's again
    request_id, code = example.estate.send(wrong, device, example.estate.replacement(right))
    assert code == "I99"
    example.wait_until_taken_over(request_id)
    example.start("vendor", mp107=False, answers="at once")  # until now the adapter has tried in vain
    _, message = example.estate.next_message()
    assert message.response.request_id == request_id
    assert _refusal(message.inner) == ("S1VE4", device["device_id"])
    example.wait("vendor")
    example.kill("vendor")
    example.start("vendor")
    example.wait("vendor")


@pytest.mark.parametrize("forgetful", [False, True], ids=["job kept", "job forgotten"])
def test_kill_between_acknowledgement_and_outcome_loses_nothing(example: Example, forgetful: bool) -> None:
    device = example.device()
    right, wrong = example.operators(device)
    example.vendor("PUT", "/hold", {"hold": True})
    request_id, code = example.estate.send(right, device, example.estate.replacement(wrong))
    assert code == "I99"
    example.wait_until_taken_over(request_id)
    limit = Deadline(10)
    while str(request_id) not in example.vendor("GET", "/jobs")["jobs"]:
        assert not limit.passed
    example.kill("adapter")
    if forgetful:
        example.kill("vendor")
        example.start("vendor")
        example.wait("vendor")
    else:
        example.vendor("PUT", "/hold", {"hold": False})  # the outcome meets nobody
    example.start("adapter")
    _, message = example.estate.next_message()
    assert message.response.request_id == request_id
    _assert_signed(example, message)
    inner: Any = message.inner
    assert inner.payload.message_success is True
    example.wait("adapter")
    # Once only: the next message is that of the next request, and the slot changed hands once.
    following, _ = example.estate.send(wrong, device, example.estate.replacement(right))
    assert example.estate.next_message()[1].response.request_id == following
    assert example.callback.received.empty()
    assert example.vendor("GET", "/jobs")["jobs"].count(str(request_id)) == 1


def test_kill_with_an_outcome_the_dsp_has_not_taken_loses_nothing(example: Example) -> None:
    device = example.device()
    right, wrong = example.operators(device)
    example.vendor("PUT", "/hold", {"hold": True})
    request_id, _ = example.estate.send(right, device, example.estate.replacement(wrong))
    example.wait_until_taken_over(request_id)
    example.kill("dsp")
    example.vendor("PUT", "/hold", {"hold": False})
    limit = Deadline(10)
    while example.documents().get(str(request_id)) != "due":
        assert not limit.passed
    example.kill("adapter")
    example.start("dsp")
    example.start("adapter")
    _, message = example.estate.next_message(20)
    assert message.response.request_id == request_id
    _assert_signed(example, message)
    example.wait("dsp")
    example.wait("adapter")
    assert example.slot(device) == wrong.entity_identifier
    assert example.callback.received.empty()


@pytest.fixture
def session(example: Example) -> Any:
    with example.estate.emulators.session("dsp") as session:
        yield session


def _adapter(example: Example) -> dict[str, Any]:
    """The adapter's configuration."""
    return tomllib.loads((example.state / "adapter.toml").read_text())


def _adapter_url(example: Example) -> str:
    return f"https://127.0.0.1:{_adapter(example)['listen']['port']}/s1sp/v1/service-requests"


def test_a_repeated_delivery_is_carried_out_and_answered_once(
    example: Example, session: requests.Session
) -> None:
    device = example.device()
    right, wrong = example.operators(device)
    request_id, _ = example.estate.send(right, device, example.estate.replacement(wrong))
    example.estate.next_message()
    delivered = example.wait_until_taken_over(request_id)["document"].encode()
    _result(example, wrong, device, example.estate.replacement(right))
    assert session.post(_adapter_url(example), data=delivered, timeout=5).status_code == 204
    assert example.slot(device) == right.entity_identifier
    following, _ = example.estate.send(right, device, READ_SLOT)
    assert example.estate.next_message()[1].response.request_id == following
    assert len(example.traffic(request_id)) == 2  # one to the S1SP, one to the user
    # The adapter has said again what came of it, in the same octets.
    received = example.estate.manage("DSP", "GET", "/traffic")
    assert "received before" in {each["outcome"] for each in received}


def test_outcomes_that_are_not_needed_or_not_understood(example: Example) -> None:
    device = example.device("GPF")
    right, _ = example.operators(device)
    request_id, _ = example.estate.send(right, device, READ_SLOT)
    example.estate.next_message()
    url = f"http://127.0.0.1:{_adapter(example)['vendor']['port']}/outcomes"
    with requests.Session() as vendor:
        vendor.trust_env = False
        for status, outcome in (
            (204, {"request_id": str(request_id), "outcome": "failed"}),  # a second one changes nothing
            (404, {"request_id": "nobody's", "outcome": "failed"}),
            (400, {"request_id": str(request_id), "outcome": "perhaps"}),
            (400, {"request_id": str(request_id), "outcome": "refused"}),
        ):
            assert vendor.post(url, json=outcome, timeout=5).status_code == status
    following, _ = example.estate.send(right, device, READ_SLOT)
    assert example.estate.next_message()[1].response.request_id == following


def test_what_is_not_for_this_s1sp_is_refused(example: Example, session: requests.Session) -> None:
    device = example.device()
    right, wrong = example.operators(device)
    dsp, url = example.pki.party("dsp").xmlsign, _adapter_url(example)
    request_id, request = example.estate.request(right, device, example.estate.replacement(wrong))
    _, unserved = example.estate.request(right, device, ReadInstantaneousImportRegistersBody())

    def countersigned(inside: bytes, addressee: str = "s1sp2", srv: str = "6.15.1") -> bytes:
        to = example.pki.party(addressee).entity_identifier
        role, now = UserRole.ELECTRICITY_DISTRIBUTOR, datetime.now(UTC)
        document = CountersignedServiceRequest(
            inside, request_id, example.pki.party("dsp").entity_identifier, to, role, srv, now
        )
        return document.to_xml()

    for status, document in (
        (400, b"not XML"),
        (400, request),
        (403, countersigned(request)),
        (403, sign(countersigned(request), right.xmlsign)),
        (403, sign(countersigned(request), dsp).replace(b">ED<", b">IS<")),
        (403, sign(countersigned(request, "s1sp1"), dsp)),
        (400, sign(countersigned(b"<a/>"), dsp)),
        (400, sign(countersigned(request, srv="6.21"), dsp)),
        (403, sign(countersigned(request.replace(b">true<", b">false<")), dsp)),
        (400, sign(countersigned(unserved, srv="4.1.1"), dsp)),
    ):
        answer = session.post(url, data=document, timeout=5)
        assert answer.status_code == status, (answer.text, document)
    assert session.post(url, data=b" " * (1024 * 1024 + 1), timeout=5).status_code == 413
    assert session.post(f"{url}/x", data=b"<a/>", timeout=5).status_code == 404
    assert str(request_id) not in example.vendor("GET", "/jobs")["jobs"]


def test_a_client_without_a_certificate_is_not_let_in(example: Example) -> None:
    with requests.Session() as stranger:
        stranger.trust_env = False
        stranger.verify = str(example.pki.tls("dsp").ca)
        with pytest.raises((requests.ConnectionError, ssl.SSLError)):
            stranger.post(_adapter_url(example), data=b"<a/>", timeout=5)
