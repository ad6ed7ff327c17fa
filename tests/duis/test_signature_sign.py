"""What sign produces, and what it refuses to sign."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests.update_security_credentials_krp import UpdateSecurityCredentialsKRPBody
from duis.roles import CertificateType, RemotePartyRole
from duis.signature import (
    SignatureError,
    SignatureReason,
    SigningIdentity,
    SigningIdentityError,
    load_signing_identity,
    sign,
    verify,
)
from duis.smki.issuing import Validity, issue, issue_authority, new_key, party_name
from duis.smki.testpki import TestPKI, mint
from duis.smki.trust import TrustStore

DOCUMENT = b'<r:a xmlns:r="urn:r" xmlns:unused="urn:unused" b="2" a="1"><r:c>text</r:c><r:d/></r:a>'


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("signature") / "pki")


@pytest.fixture(scope="module")
def identity(pki: TestPKI) -> SigningIdentity:
    return pki.party("ed-north").xmlsign


@pytest.fixture(scope="module")
def trust(pki: TestPKI) -> TrustStore:
    return pki.trust_store()


def request(pki: TestPKI) -> bytes:
    party = pki.party("ed-north")
    body = UpdateSecurityCredentialsKRPBody(
        RemotePartyRole("NetworkOperator"),
        digital_signing=party.digital_signing.der,
        key_agreement=party.key_agreement.der,
        certification_path=pki.certification_path,
    )
    device = EUI64("00-DB-12-34-56-78-90-A0")
    return ServiceRequest(RequestID(party.entity_identifier, device, 1200), 1, body).to_xml()


def test_a_request_keeps_every_octet_and_gains_the_signature_as_last_child(
    pki: TestPKI, identity: SigningIdentity
) -> None:
    document = request(pki)
    signed = sign(document, identity)
    before, after = document[: -len(b"</sr:Request>")], b"</sr:Request>"
    assert signed.startswith(before)
    assert signed.endswith(after)
    signature = signed[len(before) : -len(after)]
    assert signature.startswith(b"<ds:Signature ")
    assert signature.endswith(b"</ds:Signature>")


def test_the_signature_has_exactly_the_profile(identity: SigningIdentity) -> None:
    signed = sign(DOCUMENT, identity).decode()
    canonical = '<r:a xmlns:r="urn:r" xmlns:unused="urn:unused" a="1" b="2"><r:c>text</r:c><r:d></r:d></r:a>'
    digest = base64.b64encode(hashlib.sha256(canonical.encode()).digest()).decode()
    signature = re.search("<ds:Signature .*</ds:Signature>", signed)
    assert signature is not None
    text = re.sub("<ds:SignatureValue>[^<]*<", "<ds:SignatureValue><", signature[0])
    assert text == (
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">'
        "</ds:CanonicalizationMethod>"
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256">'
        "</ds:SignatureMethod>"
        '<ds:Reference URI=""><ds:Transforms>'
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>'
        "</ds:Transforms>"
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        "<ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509IssuerSerial>"
        "<ds:X509IssuerName>CN=Z1,OU=07</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{identity.certificate.serial}</ds:X509SerialNumber>"
        "</ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )


def test_the_signature_value_is_64_octets_of_r_and_s(identity: SigningIdentity) -> None:
    for _ in range(20):  # r and s are random; short ones must be padded
        value = re.search(b"<ds:SignatureValue>([^<]*)<", sign(DOCUMENT, identity))
        assert value is not None
        assert len(base64.b64decode(value[1], validate=True)) == 64


INDENTED = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- header -->
<r:a xmlns:r="urn:r">
  <r:c>kept <!-- a comment --> text </r:c>\t<r:space> </r:space>
  <r:e><![CDATA[<&]]></r:e>
</r:a>
"""


def test_white_space_between_elements_and_comments_are_dropped_before_signing(
    identity: SigningIdentity, trust: TrustStore
) -> None:
    signed = sign(INDENTED, identity)
    assert (
        b'<r:a xmlns:r="urn:r"><r:c>kept  text </r:c><r:space> </r:space><r:e>&lt;&amp;</r:e><ds:' in signed
    )
    assert verify(signed, trust).root[1].text == " "


def test_white_space_can_be_kept(identity: SigningIdentity, trust: TrustStore) -> None:
    signed = sign(INDENTED, identity, keep_white_space=True)
    assert b"</r:c>\t<r:space> </r:space>\n  <r:e>" in signed
    assert b"</r:e>\n<ds:Signature" in signed
    assert verify(signed, trust).signer == identity.certificate


@pytest.mark.parametrize("separator", [b" ", b"\n", b"\r\n", b"\t"])
@pytest.mark.parametrize("place", ["first", "between", "last"])
def test_no_white_space_between_elements_escapes_notice(
    identity: SigningIdentity, separator: bytes, place: str
) -> None:
    parts = {"first": b"", "between": b"", "last": b""} | {place: separator}
    document = b"<a>%b<b>x</b>%b<c>y</c>%b</a>" % (parts["first"], parts["between"], parts["last"])
    assert b"<a><b>x</b><c>y</c><ds:Signature" in sign(document, identity)


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b"<a></a>",
        b"<a>text</a>",
        b"<a><b/></a >\n",
        b"<a><b/></a><!-- </a> -->",
        b'<?xml version="1.0" encoding="UTF-8"?>\n<a><b/></a><!-- </a> -->',
        b'<?xml version="1.0" encoding="UTF-8"?>\n<a><b>Why? Signature!</b></a>\n',
        b"<?xml version='1.0' encoding='UTF-7'?><a>+AOk-</a>",
        "<?xml version='1.0' encoding='UTF-16'?><a><b>\u00e9</b></a>".encode("utf-16"),
        "<?xml version='1.0' encoding='ISO-8859-1'?><a><b>\u00e9</b></a>".encode("latin-1"),
        b"\xef\xbb\xbf<a><b>x</b></a>",
        b'<ds:a xmlns:ds="urn:other"><ds:b/></ds:a>',
        b'<a xmlns="http://www.w3.org/2000/09/xmldsig#"><b/></a>',
    ],
)
def test_any_usual_way_of_writing_xml_can_be_signed(
    identity: SigningIdentity, trust: TrustStore, document: bytes
) -> None:
    assert verify(sign(document, identity), trust).signer == identity.certificate


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"no XML", SignatureReason.MALFORMED),
        (b"", SignatureReason.MALFORMED),
        (b"<a><b></a>", SignatureReason.MALFORMED),
        (b"<!DOCTYPE a><a/>", SignatureReason.MALFORMED),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', SignatureReason.MALFORMED),
        (b"<?pi?><a/>", SignatureReason.MALFORMED),
        (b"<a/><?pi?>", SignatureReason.MALFORMED),
        (b"<a><b>1<?pi?>2</b></a>", SignatureReason.MALFORMED),
        (b'<?xml version="1.0" encoding="UTF-8"?><a><b>1<?pi?>2</b></a>', SignatureReason.MALFORMED),
        (b'<?xml version="1.0" encoding="UTF-8"?><?pi?><a><b>12</b></a>', SignatureReason.MALFORMED),
        (b'<?xml version="1.0" encoding="UTF-8"?><a/><?pi?>', SignatureReason.MALFORMED),
        ("<?xml version='1.0' encoding='UTF-16'?><a/><?pi?>".encode("utf-16"), SignatureReason.MALFORMED),
        (b'<r:a xmlns:r="relative"/>', SignatureReason.MALFORMED),
        (
            b'<a><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></a>',
            SignatureReason.ALREADY_SIGNED,
        ),
    ],
)
def test_what_cannot_be_signed(identity: SigningIdentity, document: bytes, reason: SignatureReason) -> None:
    with pytest.raises(SignatureError) as caught:
        sign(document, identity)
    assert caught.value.reason is reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_signed_document_is_not_signed_again(identity: SigningIdentity, encoding: str) -> None:
    signed = sign(DOCUMENT, identity).decode().encode(encoding)
    with pytest.raises(SignatureError) as caught:
        sign(signed, identity)
    assert caught.value.reason is SignatureReason.ALREADY_SIGNED


def test_an_issuer_name_with_special_characters_survives() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    valid = Validity(now - timedelta(days=1), now + timedelta(days=1))
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "07"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Test, <Company> & + Co"),
        ]
    )
    root = issue_authority(x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "00")]), valid)
    issuing = issue_authority(name, valid, root)
    key = new_key()
    subject = party_name(EUI64("02-00-00-00-00-00-00-01"), "87")
    certificate = issue(subject, key.public_key(), issuing, CertificateType.DIGITAL_SIGNING, valid)
    trust = TrustStore([issuing.certificate, certificate], [root.certificate])
    signed = sign(DOCUMENT, SigningIdentity(certificate, key))
    assert b"&amp;" in signed
    assert verify(signed, trust).signer == certificate


def test_a_key_that_does_not_belong_to_the_certificate_is_refused(pki: TestPKI) -> None:
    mine, other = pki.party("ed-north").xmlsign, pki.party("ed-south").xmlsign
    with pytest.raises(SigningIdentityError, match="does not belong"):
        SigningIdentity(mine.certificate, other.private_key)


def test_the_private_key_is_not_shown(identity: SigningIdentity) -> None:
    assert "private_key" not in repr(identity)


class TestLoadSigningIdentity:
    """Files with certificate and key."""

    @pytest.fixture
    def files(self, pki: TestPKI) -> tuple[Path, Path]:
        folder = pki.party("ed-north").directory
        return folder / "xmlsign.pem", folder / "xmlsign.key"

    @pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
    def test_pem_and_der(
        self, identity: SigningIdentity, tmp_path: Path, encoding: Encoding, trust: TrustStore
    ) -> None:
        certificate, key = tmp_path / "certificate", tmp_path / "key"
        certificate.write_bytes(identity.certificate.x509.public_bytes(encoding))
        key.write_bytes(identity.private_key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption()))
        loaded = load_signing_identity(certificate, key)
        assert verify(sign(DOCUMENT, loaded), trust).signer == identity.certificate

    def test_missing_files(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        for index in (0, 1):
            given = list(files)
            given[index] = tmp_path / "missing"
            with pytest.raises(SigningIdentityError, match="No such file") as caught:
                load_signing_identity(*given)
            assert caught.value.path == tmp_path / "missing"

    def test_a_directory(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        with pytest.raises(SigningIdentityError) as caught:
            load_signing_identity(tmp_path, files[1])
        assert caught.value.path == tmp_path

    @pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
    def test_unreadable_key(self, files: tuple[Path, Path], tmp_path: Path, content: bytes) -> None:
        key = tmp_path / "key"
        key.write_bytes(content)
        with pytest.raises(SigningIdentityError, match="not a PEM or DER") as caught:
            load_signing_identity(files[0], key)
        assert caught.value.path == key

    def test_unreadable_certificate(self, files: tuple[Path, Path]) -> None:
        with pytest.raises(SigningIdentityError) as caught:
            load_signing_identity(files[1], files[1])
        assert caught.value.path == files[1]

    @pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
    def test_encrypted_key(
        self, identity: SigningIdentity, files: tuple[Path, Path], tmp_path: Path, encoding: Encoding
    ) -> None:
        key = tmp_path / "key"
        protection = BestAvailableEncryption(b"secret")
        key.write_bytes(identity.private_key.private_bytes(encoding, PrivateFormat.PKCS8, protection))
        with pytest.raises(SigningIdentityError, match="encrypted") as caught:
            load_signing_identity(files[0], key)
        assert caught.value.path == key

    def test_keys_of_another_kind(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        key = tmp_path / "key"
        for other in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
            key.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            with pytest.raises(SigningIdentityError) as caught:
                load_signing_identity(files[0], key)
            assert caught.value.path == key

    def test_the_key_of_another_party(self, pki: TestPKI, files: tuple[Path, Path]) -> None:
        other = pki.party("ed-south").directory / "xmlsign.key"
        with pytest.raises(SigningIdentityError, match="does not belong") as caught:
            load_signing_identity(files[0], other)
        assert caught.value.path == other
