"""What we sign, DCC's tool accepts; what it signs, we accept, and nothing changed afterwards.

The tool's Validate checks the schema (DUIS 5.1) and one signature. It skips a Response without a signature
and a doubly signed one, so it is an oracle for requests and singly signed responses only.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import Body
from duis.requests.read_inventory import ReadInventoryBody
from duis.requests.request_handover_of_dcc_controlled_device import RequestHandoverOfDCCControlledDeviceBody
from duis.requests.retrieve_device_security_credentials_krp import RetrieveDeviceSecurityCredentialsKRPBody
from duis.requests.update_security_credentials_krp import UpdateSecurityCredentialsKRPBody
from duis.response import Response, ResponseMessage
from duis.roles import RemotePartyRole
from duis.signature import SignatureError, sign, verify
from duis.smki.testpki import Party, TestPKI

if TYPE_CHECKING:
    from tests.interop.conftest import Tool

pytestmark = pytest.mark.interop

SRVS = ["6.15.1", "6.21", "6.24.1", "8.2"]
DEVICE = EUI64("00-DB-12-34-56-78-90-A0")
PASSED = b"passed signature check"


def request(srv: str, party: Party, pki: TestPKI) -> bytes:
    certificates = {
        "digital_signing": party.digital_signing.der,
        "key_agreement": party.key_agreement.der,
        "certification_path": pki.certification_path,
    }
    operator = RemotePartyRole.NETWORK_OPERATOR
    bodies: dict[str, Body] = {
        "6.15.1": UpdateSecurityCredentialsKRPBody(operator, **certificates),
        "6.21": RequestHandoverOfDCCControlledDeviceBody(operator, **certificates),
        "6.24.1": RetrieveDeviceSecurityCredentialsKRPBody((operator, RemotePartyRole.SUPPLIER)),
        "8.2": ReadInventoryBody(DEVICE),
    }
    variant = 8 if srv == "8.2" else 1
    return ServiceRequest(RequestID(party.entity_identifier, DEVICE, 1200), variant, bodies[srv]).to_xml()


@pytest.fixture(scope="module")
def certificate(party: Party) -> Path:
    return party.directory / "xmlsign.pem"


@pytest.fixture(scope="module")
def signed_by_tool(tool: Tool, pki: TestPKI, party: Party, certificate: Path) -> dict[str, bytes]:
    signed = {}
    for srv in SRVS:
        document = request(srv, party, pki)
        result = tool("Sign", document, "--preserveCounter", certificate, certificate.with_suffix(".key"))
        assert result.returncode == 0, result.stderr.decode()
        signed[srv] = result.stdout
    return signed


@pytest.mark.parametrize("srv", SRVS)
def test_its_validate_accepts_what_we_sign(
    tool: Tool, pki: TestPKI, party: Party, certificate: Path, srv: str
) -> None:
    signed = sign(request(srv, party, pki), party.xmlsign)
    result = tool("Validate", signed, certificate)
    assert result.returncode == 0, result.stderr.decode()
    assert PASSED in result.stderr


def test_its_validate_refuses_what_was_changed(
    tool: Tool, pki: TestPKI, party: Party, certificate: Path
) -> None:
    signed = sign(request("8.2", party, pki), party.xmlsign)
    result = tool("Validate", signed.replace(b":1200<", b":1201<"), certificate)
    assert result.returncode == 10
    assert PASSED not in result.stderr


def test_its_validate_accepts_a_response_we_sign(tool: Tool, pki: TestPKI) -> None:
    dsp = pki.party("dsp")
    request_id = RequestID(pki.party("ed-north").entity_identifier, DEVICE, 1200)
    message = ResponseMessage("6.15", "6.15.1")
    response = Response(request_id, request_id.response_id(), "I99", datetime.now(UTC), message)
    result = tool("Validate", sign(response.to_xml(), dsp.xmlsign), dsp.directory / "xmlsign.pem")
    assert result.returncode == 0, result.stderr.decode()
    assert PASSED in result.stderr


def test_the_sign_command_on_an_indented_file(
    tool: Tool, pki: TestPKI, party: Party, certificate: Path, tmp_path: Path
) -> None:
    root = etree.fromstring(request("6.15.1", party, pki))
    etree.indent(root)
    file = tmp_path / "indented.xml"
    file.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    key = certificate.with_suffix(".key")
    command = [
        sys.executable,
        "-m",
        "smets1_conformance",
        "sign",
        file,
        "--certificate",
        certificate,
        "--key",
        key,
    ]
    signed = subprocess.run(list(map(str, command)), capture_output=True, check=True, timeout=60).stdout
    assert PASSED in tool("Validate", signed, certificate).stderr
    kept = subprocess.run(
        [*map(str, command), "--keep-whitespace"], capture_output=True, check=True, timeout=60
    ).stdout
    assert PASSED not in tool("Validate", kept, certificate).stderr  # why white space is dropped by default


@pytest.mark.parametrize("srv", SRVS)
def test_we_accept_what_it_signs(
    signed_by_tool: dict[str, bytes], pki: TestPKI, srv: str, party: Party
) -> None:
    document = signed_by_tool[srv]
    assert b"&#13;" in document  # it folds base64
    verified = verify(document, pki.trust_store())
    assert verified.signer == party.xmlsign.certificate
    assert ServiceRequest.parse(verified.root) == ServiceRequest.parse(request(srv, party, pki))


@pytest.mark.parametrize("srv", SRVS)
def test_we_refuse_any_one_character_change_of_what_it_signed(
    signed_by_tool: dict[str, bytes], pki: TestPKI, srv: str
) -> None:
    """Every character of the document up to the signature: replaced, left out, doubled by another."""
    document, trust = signed_by_tool[srv], pki.trust_store()
    verify(document, trust)
    start, end = document.index(b"<sr:Request"), document.index(b"<ds:Signature")
    accepted = []
    for position in range(start, end):
        other = b"B" if document[position : position + 1] == b"A" else b"A"
        before, after = document[:position], document[position + 1 :]
        for changed in (before + other + after, before + after, before + other + document[position:]):
            try:
                verify(changed, trust)
            except SignatureError:
                continue
            accepted.append((position, changed[position - 20 : position + 20]))
    assert accepted == []
