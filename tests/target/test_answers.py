from __future__ import annotations

import pytest

from duis.identifiers import RequestID
from duis.schema import Schema
from duis.signature import sign
from duis.smki.testpki import TestPKI
from target.answers import AnswerReader
from target.assumptions import Assumptions
from target.errors import NonconformingAnswer
from target.gateway import HttpAnswer
from target.observations import Acknowledged, Refused, Rejected
from tests.target import messages


@pytest.fixture(scope="module")
def reader(pki: TestPKI) -> AnswerReader:
    return AnswerReader(Schema.bundled(), pki.trust_store(), Assumptions())


@pytest.fixture(scope="module")
def about(pki: TestPKI) -> RequestID:
    return messages.request_id(pki, 1)


def http(document: bytes, status: int = 200, media_type: str = "application/xml") -> HttpAnswer:
    return HttpAnswer(status, media_type, document, 0.01)


def test_an_acknowledgement_may_be_signed_or_not(
    reader: AnswerReader, pki: TestPKI, about: RequestID
) -> None:
    unsigned = messages.acknowledgement(about)
    for document in (unsigned, sign(unsigned, pki.party("dsp").xmlsign)):
        assert isinstance(reader.read(http(document), "it", about, "6.15.1"), Acknowledged)


@pytest.mark.parametrize("status", [200, 400])
def test_a_rejection_is_read_at_any_http_status(reader: AnswerReader, about: RequestID, status: int) -> None:
    answer = reader.read(http(messages.acknowledgement(about, "E4"), status), "it", about, "6.15.1")
    assert isinstance(answer, Rejected)
    assert answer.code == "E4"


def test_http_4xx_without_a_response_is_a_refusal(reader: AnswerReader, about: RequestID) -> None:
    answer = reader.read(http(b"signature", 403, "text/plain"), "it", about, "6.15.1")
    assert answer == Refused(403, "signature")
    assert answer.describe() == "HTTP 403 without a Response (signature)"


NONCONFORMING = {
    "a server error": (lambda pki, about: http(b"oops", 500, "text/plain"), "HTTP 500 (oops)"),
    "a redirection": (lambda pki, about: http(b"", 302, ""), "HTTP 302"),
    "nothing": (lambda pki, about: http(b"", 200, ""), "Content-Type (none)"),
    "a web page": (lambda pki, about: http(b"<html/>", 200, "text/html"), "Content-Type text/html"),
    "not XML": (lambda pki, about: http(b"hello"), "Start tag expected"),
    "schema-invalid": (
        lambda pki, about: http(messages.acknowledgement(about).replace(b"ResponseDateTime", b"Time")),
        "sr:Time",
    ),
    "another request": (
        lambda pki, about: http(messages.acknowledgement(messages.request_id(pki, 2))),
        ":2",
    ),
    "another Service Reference Variant": (
        lambda pki, about: http(messages.acknowledgement(about, srv="6.24.1")),
        "6.24.1",
    ),
    "an unknown kind of code": (
        lambda pki, about: http(sign(messages.acknowledgement(about, "I0"), pki.party("dsp").xmlsign)),
        "response code I0",
    ),
    "a result in place of an answer": (
        lambda pki, about: http(messages.result(pki, about)),
        "a SMETS1ResponseMessage",
    ),
    "signed by a user": (
        lambda pki, about: http(sign(messages.acknowledgement(about), pki.party("is-a").xmlsign)),
        "role 87",
    ),
    "altered after signing": (
        lambda pki, about: http(
            sign(messages.acknowledgement(about, "E4"), pki.party("dsp").xmlsign).replace(b">E4<", b">I99<")
        ),
        "signature",
    ),
}


@pytest.mark.parametrize("case", NONCONFORMING)
def test_what_is_no_proper_answer_fails_the_target(
    reader: AnswerReader, pki: TestPKI, about: RequestID, case: str
) -> None:
    make, words = NONCONFORMING[case]
    with pytest.raises(NonconformingAnswer) as caught:
        reader.read(make(pki, about), "SRV 6.15.1 of ed-north", about, "6.15.1")
    assert words in caught.value.actual
    assert "SRV 6.15.1 of ed-north" in caught.value.requirement
    assert caught.value.expected


def test_only_what_cannot_be_read_may_be_answered_without_a_request_id(
    reader: AnswerReader, about: RequestID
) -> None:
    document = messages.acknowledgement(about, "E4")
    begin, end = (
        document.index(b"<sr:RequestID>"),
        document.index(b"</sr:RequestID>") + len(b"</sr:RequestID>"),
    )
    silent = document[:begin] + document[end:]
    assert isinstance(reader.read(http(silent), "it", about, None), Rejected)
    with pytest.raises(NonconformingAnswer, match="RequestID None"):
        reader.read(http(silent), "it", about, "6.15.1")
