"""Reading of SMKI certificates, and where they depart from the profile."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from lxml import etree

from duis.identifiers import EUI64
from duis.roles import CertificateType
from duis.smki.certificate import (
    SMKI_POLICY,
    CertificateUnreadable,
    OrganisationCertificate,
    key_identifier,
    load,
    load_all,
)
from duis.smki.issuing import new_serial
from duis.smki.names import name_parts, parts_of

SPEC = Path(os.environ.get("SMETS1_SPEC", Path(__file__).parents[3] / "shared" / "spec"))
KEY = ec.generate_private_key(ec.SECP256R1())
Builder = x509.CertificateBuilder


def published() -> list[OrganisationCertificate]:
    """Every certificate in DCC's published samples."""
    found: dict[bytes, OrganisationCertificate] = {}
    for file in sorted((SPEC / "rtds").glob("*")):
        for element in etree.parse(file).iter():
            if isinstance(element.tag, str) and element.tag.endswith("Certificate") and element.text:
                found.setdefault(element.text.encode(), load(b64decode(element.text)))
    return list(found.values())


@pytest.mark.skipif(not (SPEC / "rtds").is_dir(), reason="the published samples are not here")
class TestPublishedCertificates:
    """The profile as implemented is that of DCC's own certificates."""

    def test_they_keep_to_the_profile(self) -> None:
        certificates = published()
        assert len(certificates) > 5
        assert {str(each): each.profile_errors() for each in certificates if each.profile_errors()} == {}

    def test_roles_and_entity_identifiers(self) -> None:
        seen = {(each.role, each.entity_identifier) for each in published()}
        assert seen == {
            ("03", EUI64("90-B3-D5-1F-30-02-00-00")),
            ("02", EUI64("90-B3-D5-1F-30-01-00-00")),
            ("07", None),
        }

    def test_the_issuing_authority_signed_them(self) -> None:
        certificates = published()
        (authority,) = (each for each in certificates if each.role == "07")
        assert authority.issuer_name == "CN=ZA,OU=00"
        for certificate in certificates:
            if certificate != authority:
                assert certificate.issuer_name == "CN=Z1,OU=07"
                certificate.x509.verify_directly_issued_by(authority.x509)
                assert certificate.authority_key_identifier == authority.subject_key_identifier


def subject(*attributes: x509.NameAttribute[str] | x509.NameAttribute[bytes]) -> x509.Name:
    return x509.Name(list(attributes))


OU = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "03")
ENTITY = b"\x90\xb3\xd5\x1f\x30\x02\x00\x00"


def identifier(octets: bytes) -> x509.NameAttribute[bytes]:
    return x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, octets, _ASN1Type.BitString)


KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in names for name in KEY_USAGES})


def extensions() -> dict[str, tuple[x509.ExtensionType, bool]]:
    return {
        "usage": (usage("digital_signature"), True),
        "policies": (x509.CertificatePolicies([x509.PolicyInformation(SMKI_POLICY, None)]), True),
        "subject key": (x509.SubjectKeyIdentifier(key_identifier(KEY.public_key())), False),
        "authority key": (x509.AuthorityKeyIdentifier(b"\x40" + bytes(7), None, None), False),
    }


def make(
    name: x509.Name | None = None,
    serial: int | None = None,
    key: ec.EllipticCurvePrivateKey = KEY,
    algorithm: hashes.SHA256 | hashes.SHA384 | None = None,
    **changed: tuple[x509.ExtensionType, bool] | None,
) -> OrganisationCertificate:
    """A certificate that keeps to the profile but for what is given."""
    now = datetime.now(UTC)
    builder = (
        Builder()
        .subject_name(name or subject(OU, identifier(b"\x00" + ENTITY)))
        .issuer_name(x509.Name.from_rfc4514_string("CN=Z1,OU=07"))
        .public_key(key.public_key())
        .serial_number(serial or new_serial())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    for title, extension in {**extensions(), **{k.replace("_", " "): v for k, v in changed.items()}}.items():
        if extension is not None:
            assert title
            builder = builder.add_extension(extension[0], critical=extension[1])
    return OrganisationCertificate(builder.sign(KEY, algorithm or hashes.SHA256()))


def test_a_certificate_of_the_profile() -> None:
    certificate = make()
    assert certificate.profile_errors() == ()
    assert certificate.role == "03"
    assert certificate.role_name == "network operator"
    assert certificate.entity_identifier == "90-B3-D5-1F-30-02-00-00"
    assert certificate.usage is CertificateType.DIGITAL_SIGNING
    assert len(certificate.sha1) == 20
    assert len(certificate.sha256) == 32


OTHER_POLICY = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)])


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: make(serial=1 << 118), "serial number"),
        (lambda: make(serial=1 << 128), "serial number"),
        (lambda: make(algorithm=hashes.SHA384()), "ecdsa-with-SHA256"),
        (lambda: make(key=ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (lambda: make(subject(identifier(b"\x00" + ENTITY))), "OU"),
        (lambda: make(subject(OU, OU, identifier(b"\x00" + ENTITY))), "OU"),
        (lambda: make(subject(OU)), "Entity Identifier"),
        (lambda: make(subject(OU, identifier(b"\x00" + ENTITY[:6]))), "Entity Identifier"),
        (lambda: make(subject(OU, identifier(b"\x04" + ENTITY[:7] + b"\x10"))), "Entity Identifier"),
        (lambda: make(usage=(usage("digital_signature", "key_agreement"), True)), "exactly one"),
        (lambda: make(usage=(usage("digital_signature", "content_commitment"), True)), "exactly one"),
        (lambda: make(usage=(usage("key_encipherment"), True)), "exactly one"),
        (lambda: make(usage=(usage("digital_signature"), False)), "not critical"),
        (lambda: make(usage=None), "keyUsage is missing"),
        (lambda: make(policies=None), "certificatePolicies is missing"),
        (lambda: make(policies=(OTHER_POLICY, True)), "does not hold"),
        (lambda: make(policies=(extensions()["policies"][0], False)), "not critical"),
        (lambda: make(subject_key=None), "subject key identifier"),
        (
            lambda: make(subject_key=(x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), False)),
            "subject key identifier",
        ),
        (lambda: make(authority_key=None), "authority key identifier is missing"),
        (
            lambda: make(authority_key=(x509.AuthorityKeyIdentifier(bytes(20), None, None), False)),
            "authority key identifier is not 8",
        ),
        (
            lambda: make(
                basic=(x509.BasicConstraints(ca=True, path_length=0), True),
                usage=(usage("key_cert_sign"), True),
            ),
            "disagree",
        ),
    ],
)
def test_each_departure_from_the_profile_is_named(
    build: Callable[[], OrganisationCertificate], error: str
) -> None:
    errors = build().profile_errors()
    assert any(error in each for each in errors), errors


def test_the_xml_signers_dcc_publishes_carry_no_authority_key_identifier() -> None:
    signer = subject(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "87"), identifier(b"\x00" + ENTITY))
    assert make(signer, authority_key=None).profile_errors() == ()


def test_an_entity_identifier_with_and_without_the_leading_octet() -> None:
    """A library may hand over the content of the BIT STRING or its octets alone [CERT]."""
    bare = x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, ENTITY, _ASN1Type.BitString)
    assert make(subject(OU, bare)).entity_identifier == "90-B3-D5-1F-30-02-00-00"


def test_reading_pem_and_der() -> None:
    certificate = make()
    assert load(certificate.der) == load(certificate.pem()) == certificate
    assert load(certificate.der) is load(certificate.der)
    other = make()
    assert load_all(certificate.pem() + b"text between\n" + other.pem()) == (certificate, other)
    with pytest.raises(CertificateUnreadable):
        load(certificate.pem() + other.pem())


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"rubbish",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"\x30\x03\x02\x01\x01",
    ],
)
def test_what_is_no_certificate(octets: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        load(octets)


def test_octets_after_a_certificate_are_refused() -> None:
    with pytest.raises(CertificateUnreadable):
        load(make().der + b"\x00")


class TestNames:
    """Issuer names as KeyInfo carries them."""

    @pytest.mark.parametrize(
        "text", ["CN=Z1,OU=07", "CN=Z1, OU=07", "cn=Z1 , ou = 07", " CN=Z1,\n OU=07 ", "2.5.4.3=Z1,OU=07"]
    )
    def test_the_same_name(self, text: str) -> None:
        assert name_parts(text) == parts_of(x509.Name.from_rfc4514_string("CN=Z1,OU=07"))

    @pytest.mark.parametrize(
        "text", ["OU=07,CN=Z1", "CN=Z1", "CN=z1,OU=07", "CN=Z1+OU=07", "CN=Z1,OU=07,OU=07"]
    )
    def test_another_name(self, text: str) -> None:
        assert name_parts(text) != name_parts("CN=Z1,OU=07")

    def test_escaped_separators(self) -> None:
        for value in ("a, b", "a\\", " a ", "a+b=c", "<a> & 'b' \"c\";", "#a"):
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value)])
            assert name_parts(name.rfc4514_string()) == parts_of(name)

    @pytest.mark.parametrize(
        "text", ["", "Z1", "CN=Z1,", ",CN=Z1", "CN", "XX=1", "CN=" + " " * 5000, "CN=a\\"]
    )
    def test_no_name(self, text: str) -> None:
        with pytest.raises(ValueError):
            name_parts(text)


@pytest.mark.parametrize(
    ("found", "changed"),
    [
        pytest.param("a003020102", "a003020105", id="version 6"),
        pytest.param("0603551d0e", "0603551d23", id="an extension twice"),
        pytest.param("55040b0c023033", "55040b0c02fffe", id="subject not UTF-8"),
    ],
)
def test_a_malformed_certificate_is_unreadable(found: str, changed: str) -> None:
    readable = make().der
    octets = readable.replace(bytes.fromhex(found), bytes.fromhex(changed))
    assert octets != readable
    pem = b"-----BEGIN CERTIFICATE-----\n" + b64encode(octets) + b"\n-----END CERTIFICATE-----\n"
    for data in (octets, pem):
        with pytest.raises(CertificateUnreadable):
            load(data)


@pytest.mark.parametrize(
    ("found", "changed"),
    [
        pytest.param("2a8648ce3d0201", "2a8648ce3d0209", id="kind of key"),
        pytest.param("2a8648ce3d030107", "2a8648ce3d030105", id="curve"),
    ],
)
def test_a_key_nobody_knows_departs_from_the_profile(found: str, changed: str) -> None:
    certificate = load(make().der.replace(bytes.fromhex(found), bytes.fromhex(changed)))
    (error,) = certificate.profile_errors()
    assert "the key cannot be read" in error
