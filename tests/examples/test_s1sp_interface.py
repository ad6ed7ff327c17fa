"""What docs/s1sp-interface.md tells a vendor of the DSP emulator: how it delivers, and what it takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64, RequestID
from duis.schema import Schema, SchemaInvalid
from duis.signature import sign, verify
from duis.smets1 import (
    DeviceAlert,
    RetrieveDeviceSecurityCredentialsKRPRsp,
    S1SPAlert,
    SMETS1Header,
    SMETS1Response,
)
from duis.smki.certificate import DSP_XML_SIGN
from tests.examples.running import READ_SLOT, Example, Post


def _sent(example: Example, device: dict[str, Any]) -> RequestID:
    """A request the DSP has acknowledged, for a device of the stand-in."""
    request_id, code = example.estate.send(example.operators(device)[0], device, READ_SLOT)
    assert code == "I99"
    return request_id


def _request_id(post: Post) -> RequestID:
    return CountersignedServiceRequest.parse(post.body).request_id


def test_what_the_dsp_posts(example: Example) -> None:
    device = example.device(s1sp="S1SP1")
    sender, _ = example.operators(device)
    request_id, document = example.estate.request(sender, device, READ_SLOT)
    example.estate.post(sender.name, document)
    post = example.stand_in.next()
    assert (post.path, post.content_type) == ("/s1sp/v1/service-requests", "application/xml")
    Schema.bundled().validate(post.body)
    verified = verify(post.body, example.pki.trust_store(), roles={DSP_XML_SIGN})
    countersigned = CountersignedServiceRequest.parse(verified.root)
    assert verified.signer.entity_identifier == countersigned.dsp_id
    assert countersigned.s1sp_id == example.pki.party("s1sp1").entity_identifier
    assert (countersigned.request_id, countersigned.srv) == (request_id, "6.24.1")
    assert countersigned.user_role == "ED"
    assert countersigned.request == document
    assert countersigned.supplementary_remote_party_id is None


@pytest.mark.parametrize("status", [500, 503, 408, 425, 429])
def test_a_status_that_is_not_final_has_the_same_octets_repeated(example: Example, status: int) -> None:
    statuses = iter([status, status, 204])
    example.stand_in.answer = lambda _: next(statuses)
    request_id = _sent(example, example.device("GPF", "S1SP1"))
    posts = [example.stand_in.next() for _ in range(3)]
    assert {post.body for post in posts} == {posts[0].body}
    example.wait_until_taken_over(request_id)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413])
def test_any_other_4xx_is_final_and_kept_with_its_reason(example: Example, status: int) -> None:
    statuses = iter([status, 204])
    example.stand_in.answer = lambda _: next(statuses)
    device = example.device("GPF", "S1SP1")
    refused, following = _sent(example, device), _sent(example, device)
    assert [_request_id(example.stand_in.next()) for _ in range(2)] == [refused, following]
    example.wait_until_taken_over(following)
    assert example.traffic(refused)[0]["outcome"] == f"refused: HTTP {status}: the status is {status}"


@pytest.mark.parametrize("status", [200, 202])
def test_any_2xx_takes_a_request_over(example: Example, status: int) -> None:
    example.stand_in.answer = lambda _: status
    example.wait_until_taken_over(_sent(example, example.device("GSME", "S1SP1")))


def test_requests_for_one_device_keep_their_order_and_others_do_not_wait(example: Example) -> None:
    slow, other = example.device("ESME", "S1SP1"), example.device("GPF", "S1SP1")
    open_again = threading.Event()

    def answer(post: Post) -> int:
        return 503 if _request_id(post).target == slow["device_id"] and not open_again.is_set() else 204

    example.stand_in.answer = answer
    first, second = _sent(example, slow), _sent(example, slow)
    elsewhere = _sent(example, other)
    arrived = [_request_id(example.stand_in.next())]
    while arrived[-1] != elsewhere:
        arrived.append(_request_id(example.stand_in.next()))
    assert second not in arrived
    open_again.set()
    while arrived[-1] != second:
        arrived.append(_request_id(example.stand_in.next()))
    assert set(arrived[: arrived.index(second)]) == {first, elsewhere}


class Messages:
    """The S1SP's way to the DSP."""

    def __init__(self, example: Example, session: requests.Session) -> None:
        parts = urlsplit(example.estate.emulators.target["dsp"]["send_command"])
        self.url = f"https://{parts.netloc}/s1sp/v1/messages"
        self._session = session
        self._example = example

    def post(self, document: bytes) -> int:
        answer = self._session.post(self.url, data=document, timeout=5)
        assert answer.status_code == 204 or answer.headers["Content-Type"].startswith("text/plain")
        return answer.status_code

    def signed(self, document: SMETS1Response | S1SPAlert, signer: str = "s1sp1") -> bytes:
        return sign(document.to_xml(), self._example.pki.party(signer).xmlsign)


@pytest.fixture
def messages(example: Example) -> Iterator[Messages]:
    with example.estate.emulators.session("s1sp1") as session:
        yield Messages(example, session)


def _alert(request_id: RequestID | None, device: EUI64 | None) -> S1SPAlert:
    return S1SPAlert("S1VE64", datetime.now(UTC), request_id, device)


def _read(request_id: RequestID) -> SMETS1Response:
    header = SMETS1Header(request_id.target, request_id.originator, request_id.counter)
    return SMETS1Response(header, RetrieveDeviceSecurityCredentialsKRPRsp(True))


def _device_alert(device: str, party: EUI64) -> SMETS1Response:
    now = datetime.now(UTC)
    return SMETS1Response(SMETS1Header(EUI64(device), party, 1), DeviceAlert("8F3F", "tamper", now))


def test_what_the_dsp_refuses_of_an_s1sp(example: Example, messages: Messages) -> None:
    device, foreign = example.device(s1sp="S1SP1"), example.device()
    sender, _ = example.operators(device)
    request_id = _sent(example, device)
    unknown = RequestID(request_id.originator, request_id.target, request_id.counter + 10**6)
    good = messages.signed(_read(request_id))
    not_a_message = sign(b'<a xmlns="urn:b"><c/></a>', example.pki.party("s1sp1").xmlsign)
    no_code = sign(_alert(request_id, None).to_xml().replace(b"sr:S1SPAlertCode", b"sr:Code"), _s1sp(example))
    party = sender.entity_identifier
    for status, document in (
        (400, not_a_message),
        (400, no_code),
        (403, b"not XML"),
        (403, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
        (403, _read(request_id).to_xml()),
        (403, good.replace(b'"true"', b'"false"')),
        (403, messages.signed(_read(request_id), sender.name)),
        (403, messages.signed(_read(request_id), "s1sp2")),
        (403, messages.signed(_device_alert(foreign["device_id"], party))),
        (404, messages.signed(_read(unknown))),
        (404, messages.signed(_alert(unknown, None))),
        (404, messages.signed(_device_alert("02-FF-FF-FF-FF-FF-FF-FF", party))),
        (413, b" " * (1024 * 1024 + 1)),
    ):
        assert messages.post(document) == status, document[:2000]
    assert messages.post(good) == 204
    assert example.estate.next_message()[1].response.request_id == request_id
    assert example.callback.received.empty()


def _s1sp(example: Example) -> Any:
    return example.pki.party("s1sp1").xmlsign


def test_the_same_octets_are_passed_on_once_and_a_second_signature_makes_a_second_message(
    example: Example, messages: Messages
) -> None:
    request_id = _sent(example, example.device(s1sp="S1SP1"))
    document = messages.signed(_alert(request_id, request_id.target))
    assert [messages.post(document) for _ in range(3)] == [204] * 3
    assert example.estate.next_message()[1].response.request_id == request_id
    signed_again = messages.signed(_alert(request_id, request_id.target))
    assert signed_again != document
    assert messages.post(signed_again) == 204
    assert example.estate.next_message()[1].response.request_id == request_id
    assert example.callback.received.empty()


def test_an_s1sp_alert_without_request_id_goes_to_the_sender_of_the_unanswered_request(
    example: Example, messages: Messages
) -> None:
    device = example.device("GPF", "S1SP1")
    request_id = _sent(example, device)
    assert messages.post(messages.signed(_alert(None, request_id.target))) == 204
    user, message = example.estate.next_message()
    assert user == example.operators(device)[0].name
    assert isinstance(message.inner, S1SPAlert)
    # Nothing is unanswered now.
    assert (
        messages.post(messages.signed(S1SPAlert("S1VE4", datetime.now(UTC), None, request_id.target))) == 404
    )


def test_the_dsp_leaves_validation_under_the_schema_to_the_user(example: Example, messages: Messages) -> None:
    request_id = _sent(example, example.device(s1sp="S1SP1"))
    alert = S1SPAlert("S1VE64", datetime.now(UTC), request_id, request_id.target, utrn="twenty digits")
    document = messages.signed(alert)
    with pytest.raises(SchemaInvalid):
        Schema.bundled().validate(document)
    assert messages.post(document) == 204
    assert example.estate.next_message()[1].response.request_id == request_id


def test_a_device_alert_goes_to_its_business_target(example: Example, messages: Messages) -> None:
    device = example.device("GSME", "S1SP1")
    _, other = example.operators(device)
    assert messages.post(messages.signed(_device_alert(device["device_id"], other.entity_identifier))) == 204
    user, message = example.estate.next_message()
    assert user == other.name
    assert message.inner_signer == _s1sp(example).certificate


def test_other_methods_and_paths_of_the_dsp(example: Example, messages: Messages) -> None:
    with example.estate.emulators.session("s1sp1") as session:
        assert session.get(messages.url, timeout=5).status_code == 405
        assert session.post(f"{messages.url}/x", data=b"<a/>", timeout=5).status_code == 404
