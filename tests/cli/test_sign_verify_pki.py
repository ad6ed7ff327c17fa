"""The commands sign, verify and pki, as a user calls them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from duis.alerts import S1SPAlertDSP
from duis.identifiers import EUI64, RequestID
from duis.response import DCCAlertMessage, Response, ResponseMessage
from duis.signature import sign
from duis.smets1 import S1SPAlert
from duis.smki.testpki import TestPKI, mint

DOCUMENT = b'<?xml version="1.0"?>\n<r:a xmlns:r="urn:r">\n  <r:b>1</r:b>\n</r:a>\n'
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("cli") / "pki")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "document.xml"
    path.write_bytes(DOCUMENT)
    return path


def run(*arguments: object, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "smets1_conformance", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)


def signing(pki: TestPKI, party: str = "ed-north") -> list[object]:
    folder = pki.party(party).directory
    return ["--certificate", folder / "xmlsign.pem", "--key", folder / "xmlsign.key"]


def refused(result: subprocess.CompletedProcess[bytes], *parts: object) -> None:
    """One message on standard error that names file and field, nothing on standard output, exit code 2."""
    message = result.stderr.decode()
    assert result.returncode == 2, message
    assert result.stdout == b""
    assert "Traceback" not in message
    assert len(message.strip().splitlines()) == 1
    for part in parts:
        assert str(part) in message


def test_sign_then_verify_through_pipes(pki: TestPKI, file: Path) -> None:
    signed = run("sign", "-", *signing(pki), given=file.read_bytes())
    assert signed.returncode == 0, signed.stderr
    assert b"<r:b>1</r:b><ds:Signature" in signed.stdout
    result = run("verify", "-", "--trust", pki.directory, given=signed.stdout)
    assert result.returncode == 0, result.stderr
    text = result.stdout.decode()
    assert "verifies: " in text
    assert f"signed by {pki.party('ed-north').entity_identifier}, role 87 (xmlSign)" in text


def test_sign_into_a_file_and_with_der(pki: TestPKI, file: Path, tmp_path: Path) -> None:
    identity = pki.party("is-a").xmlsign
    (tmp_path / "c.der").write_bytes(identity.certificate.der)
    key = identity.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "k.der").write_bytes(key)
    output = tmp_path / "signed.xml"
    arguments = ["--certificate", tmp_path / "c.der", "--key", tmp_path / "k.der", "--output", output]
    signed = run("sign", file, *arguments, "--keep-whitespace")
    assert (signed.returncode, signed.stdout) == (0, b"")
    assert b"\n  <r:b>1</r:b>\n<ds:Signature" in output.read_bytes()
    assert run("verify", output, "--trust", pki.directory).returncode == 0


def test_verify_shows_both_signatures(pki: TestPKI, tmp_path: Path) -> None:
    alert = sign(S1SPAlert("S1VE64", NOW).to_xml(), pki.party("s1sp1").xmlsign)
    request_id = RequestID(pki.party("ed-north").entity_identifier, EUI64("00-DB-12-34-56-78-90-A0"), 1)
    response = Response(
        request_id, request_id.response_id(), "I0", NOW, DCCAlertMessage("N55", S1SPAlertDSP(alert))
    )
    file = tmp_path / "response.xml"
    file.write_bytes(sign(response.to_xml(), pki.party("dsp").xmlsign))
    result = run("verify", file, "--trust", pki.directory)
    assert result.returncode == 0, result.stderr
    text = result.stdout.decode()
    assert "outer signature: signed by 02-53-31-00-00-00-00-01, role 89 (dSPXmlSign)" in text
    assert "inner signature (S1SPAlert S1VE64, in place): signed by 02-53-31-00-00-00-00-A1" in text


def test_what_does_not_verify(pki: TestPKI, file: Path, tmp_path: Path) -> None:
    unsigned = run("verify", file, "--trust", pki.directory)
    assert (unsigned.returncode, unsigned.stderr) == (1, b"")
    assert unsigned.stdout.startswith(b"does not verify: no signature")
    signed = tmp_path / "signed.xml"
    signed.write_bytes(sign(DOCUMENT, pki.party("ed-north").xmlsign).replace(b">1<", b">2<"))
    tampered = run("verify", signed, "--trust", pki.directory)
    assert tampered.returncode == 1
    assert tampered.stdout.startswith(b"does not verify: content differs from what was signed")
    request_id = RequestID(pki.party("ed-north").entity_identifier, EUI64("00-DB-12-34-56-78-90-A0"), 1)
    acknowledgement = Response(request_id, None, "I99", NOW, ResponseMessage("6.15", "6.15.1")).to_xml()
    plain = run("verify", "-", "--trust", pki.directory, given=acknowledgement)
    assert plain.returncode == 1
    assert b"I99" in plain.stdout


def test_verify_at_a_time(pki: TestPKI, tmp_path: Path) -> None:
    signed = tmp_path / "signed.xml"
    signed.write_bytes(sign(DOCUMENT, pki.party("ed-north").xmlsign))
    early = run("verify", signed, "--trust", pki.directory, "--at", "2000-01-01")
    assert early.returncode == 1
    assert b"not yet valid" in early.stdout
    refused(run("verify", signed, "--trust", pki.directory, "--at", "soon"), "--at", "soon")


class TestBadInput:
    """Each is one message that names the file and the option, and exit code 2."""

    def test_missing_files(self, pki: TestPKI, file: Path, tmp_path: Path) -> None:
        missing = tmp_path / "missing"
        refused(run("sign", missing, *signing(pki)), missing)
        refused(run("verify", missing, "--trust", pki.directory), missing)
        refused(run("verify", file, "--trust", missing), "--trust", missing)
        certificate, key = signing(pki)[1], signing(pki)[3]
        refused(run("sign", file, "--certificate", missing, "--key", key), "--certificate", missing)
        refused(run("sign", file, "--certificate", certificate, "--key", missing), "--key", missing)
        refused(run("sign", file, *signing(pki), "--output", missing / "out"), "--output", missing)

    def test_the_key_of_another_certificate(self, pki: TestPKI, file: Path) -> None:
        certificate, key = signing(pki)[1], signing(pki, "ed-south")[3]
        result = run("sign", file, "--certificate", certificate, "--key", key)
        refused(result, "--key", key, certificate, "does not belong")

    def test_an_encrypted_key(self, pki: TestPKI, file: Path, tmp_path: Path) -> None:
        identity = pki.party("ed-north").xmlsign
        key = tmp_path / "encrypted.key"
        protection = BestAvailableEncryption(b"secret")
        key.write_bytes(identity.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection))
        refused(run("sign", file, "--certificate", signing(pki)[1], "--key", key), "--key", key, "encrypted")

    def test_an_expired_certificate(self, pki: TestPKI, file: Path) -> None:
        certificate = pki.directory / "faulty" / "ed-north-xmlsign-expired.pem"
        arguments = ["--certificate", certificate, "--key", certificate.with_suffix(".key")]
        refused(run("sign", file, *arguments), "--certificate", certificate, "expired")
        allowed = run("sign", file, *arguments, "--allow-expired")
        assert allowed.returncode == 0
        result = run("verify", "-", "--trust", pki.directory, given=allowed.stdout)
        assert result.returncode == 1
        assert b"expired" in result.stdout

    def test_a_key_agreement_certificate(self, pki: TestPKI, file: Path) -> None:
        folder = pki.party("ed-north").directory
        arguments = ["--certificate", folder / "ka.pem", "--key", folder / "ka.key"]
        refused(run("sign", file, *arguments), "--certificate", "digitalSignature")

    def test_not_xml(self, pki: TestPKI) -> None:
        refused(run("sign", "-", *signing(pki), given=b"no XML"), "standard input")
        refused(run("verify", "-", "--trust", pki.directory, given=b"no XML"), "standard input")

    def test_signed_already(self, pki: TestPKI) -> None:
        signed = sign(DOCUMENT, pki.party("ed-north").xmlsign)
        refused(run("sign", "-", *signing(pki), given=signed), "already signed")

    def test_trust_without_certificates(self, file: Path, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        refused(run("verify", file, "--trust", empty), "--trust", empty)
        refused(run("verify", file, "--trust", file), "--trust", file)


class TestPki:
    """Mint, list, show."""

    def test_mint_and_list(self, tmp_path: Path) -> None:
        directory = tmp_path / "pki"
        minted = run("pki", "mint", directory)
        assert minted.returncode == 0, minted.stderr
        refused(run("pki", "mint", directory), directory, "force")
        assert run("pki", "mint", directory, "--force").returncode == 0
        listed = run("pki", "list", directory).stdout.decode()
        assert "ed-north     02-53-31-00-00-00-00-11  ED    ds ds-renewed ka ka-renewed xmlsign" in listed
        refused(run("pki", "list", tmp_path), tmp_path)
        refused(run("pki", "mint", tmp_path), tmp_path, "not a test PKI")

    def test_show(self, pki: TestPKI) -> None:
        shown = run("pki", "show", pki.party("ed-north").directory / "ds.pem")
        assert shown.returncode == 0, shown.stderr
        assert "03 (network operator)" in shown.stdout.decode()
        departing = run("pki", "show", pki.tls("dsp").certificate)
        assert departing.returncode == 1
        assert "certificatePolicies is missing" in departing.stdout.decode()
        key = pki.party("ed-north").directory / "ds.key"
        refused(run("pki", "show", key), key)
