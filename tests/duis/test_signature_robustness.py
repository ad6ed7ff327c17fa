"""Whatever arrives, verify either names a signer or raises SignatureError; the seed makes it repeatable."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from lxml import etree

from duis.alerts import S1SPAlertDSP
from duis.identifiers import EUI64, RequestID
from duis.response import DCCAlertMessage, Response
from duis.signature import SignatureError, sign, verify, verify_response
from duis.smets1 import S1SPAlert
from duis.smki.testpki import TestPKI, mint

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PIECES = [
    b"<!--x-->",
    b"<?p?>",
    b"<![CDATA[x]]>",
    b"&amp;",
    b"&#13;",
    b"\r",
    b" ",
    b"\n",
    b"'",
    b'"',
    b"<x/>",
    b"<ds:Signature/>",
    b"<ds:SignatureValue>",
    b'xmlns:q="u"',
    b'xmlns:ds="u"',
    b"\xff",
    b"\x00",
    b">",
    b"=",
    b"A",
]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("robustness") / "pki")


@pytest.fixture(scope="module")
def document(pki: TestPKI) -> bytes:
    device = EUI64("00-DB-12-34-56-78-90-A0")
    request_id = RequestID(pki.party("ed-north").entity_identifier, device, 1)
    alert = sign(S1SPAlert("S1VE64", NOW, request_id, device).to_xml(), pki.party("s1sp1").xmlsign)
    response = Response(
        request_id, request_id.response_id(), "I0", NOW, DCCAlertMessage("N55", S1SPAlertDSP(alert))
    )
    return sign(response.to_xml(), pki.party("dsp").xmlsign)


def content(document: bytes) -> bytes:
    """What a reader of a verified document sees: the canonical document without its signature."""
    root = etree.fromstring(document, etree.XMLParser(remove_comments=True))
    root.remove(root[-1])
    return etree.tostring(root, method="c14n")


@pytest.mark.parametrize("seed", range(4))
def test_random_edits(pki: TestPKI, document: bytes, seed: int) -> None:
    chance, trust, expected = random.Random(seed), pki.trust_store(), content(document)
    verified = 0
    for _ in range(2000):
        start = chance.randrange(len(document))
        end = min(len(document), start + chance.choice([0, 0, 1, 1, 2, 20]))
        changed = document[:start] + chance.choice(PIECES) + document[end:]
        for check in (verify, verify_response):
            try:
                check(changed, trust)
            except SignatureError:
                continue
            verified += 1
            assert content(changed) == expected, changed
    assert verified < 1000, "edits that change nothing, such as a comment, are few"


def test_every_shortened_document_is_refused(pki: TestPKI, document: bytes) -> None:
    trust = pki.trust_store()
    for end in range(len(document)):
        with pytest.raises(SignatureError):
            verify_response(document[:end], trust)
