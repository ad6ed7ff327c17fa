"""Signatures of every kind of key, verified here and by OpenSSL alone."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from reports.bundle import SigningKey, VerificationKey, verify_bundle
from reports.bundle.signing import Certificate, UnusableKey
from tests.reports.bundle.conftest import Folder

KINDS = ["P-256", "Ed25519", "RSA"]
DAY = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def private_keys() -> dict[str, PrivateKeyTypes]:
    return {
        "P-256": ec.generate_private_key(ec.SECP256R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
        "RSA": rsa.generate_private_key(65537, 2048),
    }


def certificate_of(private: ec.EllipticCurvePrivateKey) -> Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Assurance")])
    builder = x509.CertificateBuilder(name, name, private.public_key(), 1, DAY, DAY.replace(year=2027))
    return Certificate(builder.sign(private, SHA256()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_is_whole_for_its_key_only(
    folder: Folder, private_keys: dict[str, PrivateKeyTypes], kind: str
) -> None:
    key = SigningKey.of(private_keys[kind])
    path = folder.bundle(key)
    verification = verify_bundle(path, VerificationKey.load(key.public.pem.encode()))
    assert (verification.whole, verification.is_known) == (True, True)
    assert kind.split("-")[0] in key.public.algorithm
    assert verification.manifest is not None
    assert not verification.manifest.signature.throw_away
    for other in set(KINDS) - {kind}:
        stranger = SigningKey.of(private_keys[other]).public
        assert not verify_bundle(path, stranger).whole


@pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL's command is not installed")
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_alone_verifies_the_signature_as_the_readme_says(
    folder: Folder, private_keys: dict[str, PrivateKeyTypes], tmp_path: Path, kind: str
) -> None:
    key = SigningKey.of(private_keys[kind])
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(folder.bundle(key)) as bundle:
        bundle.extractall(unpacked)
    lines = (unpacked / "README.txt").read_text().splitlines()
    verify, fingerprint = (
        next(line.strip() for line in lines if line.strip().startswith(beginning))
        for beginning in (("openssl dgst", "openssl pkeyutl"), "openssl pkey ")
    )

    def call(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", line], cwd=unpacked, capture_output=True, text=True)

    assert call(verify).returncode == 0, call(verify).stderr
    assert call(fingerprint).stdout.split()[0] == key.public.fingerprint
    manifest = unpacked / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"SIT-A", b"SIT-B"))
    assert call(verify).returncode != 0


def test_a_throw_away_key_is_called_one(folder: Folder) -> None:
    path = folder.bundle(SigningKey.throw_away())
    manifest = verify_bundle(path).manifest
    assert manifest is not None
    assert manifest.signature.throw_away
    with zipfile.ZipFile(path) as bundle:
        readme = bundle.read("README.txt").decode()
    assert "THROW-AWAY KEY" in readme
    assert manifest.signature.public_key_sha256 in readme


def test_a_certificate_goes_in_and_names_the_signer(folder: Folder) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = certificate_of(private)
    path = folder.bundle(SigningKey.of(private, certificate))
    verification = verify_bundle(path, certificate.key)
    assert verification.whole
    assert verification.manifest is not None
    assert verification.manifest.signature.subject == (
        "CN=Test Assurance, certified by CN=Test Assurance, valid 2026-11-20 to 2027-11-20"
    )
    with zipfile.ZipFile(path) as bundle:
        assert bundle.read("certificate.pem") == certificate.pem


def test_keys_that_cannot_be_used_are_refused_with_what_was_expected() -> None:
    with pytest.raises(UnusableKey, match=r"curve secp384r1; expected a key on P-256, of Ed25519, or of RSA"):
        SigningKey.of(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(UnusableKey, match="RSA with 1024 bits"):
        SigningKey.of(rsa.generate_private_key(65537, 1024))
    private = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(UnusableKey, match="does not belong to the certificate"):
        SigningKey.of(private, certificate_of(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(UnusableKey, match="no public key"):
        VerificationKey.load(b"hello")
