"""What verifies, what does not, and the reason given."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests.update_security_credentials_krp import UpdateSecurityCredentialsKRPBody
from duis.roles import RemotePartyRole
from duis.signature import (
    SignatureError,
    SignatureReason,
    SigningIdentity,
    sign,
    verify,
    verify_with,
)
from duis.smki.testpki import TestPKI, mint
from duis.smki.trust import ChainError, ChainReason, TrustStore
from duis.xml import parse

DS = "http://www.w3.org/2000/09/xmldsig#"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("signature") / "pki")


@pytest.fixture(scope="module")
def identity(pki: TestPKI) -> SigningIdentity:
    return pki.party("ed-north").xmlsign


@pytest.fixture(scope="module")
def trust(pki: TestPKI) -> TrustStore:
    return pki.trust_store()


@pytest.fixture(scope="module")
def document(pki: TestPKI) -> bytes:
    party = pki.party("ed-north")
    body = UpdateSecurityCredentialsKRPBody(
        RemotePartyRole("NetworkOperator"),
        digital_signing=party.digital_signing.der,
        key_agreement=party.key_agreement.der,
        certification_path=pki.certification_path,
    )
    device = EUI64("00-DB-12-34-56-78-90-A0")
    return ServiceRequest(RequestID(party.entity_identifier, device, 1200), 1, body).to_xml()


@pytest.fixture(scope="module")
def signed(document: bytes, identity: SigningIdentity) -> bytes:
    return sign(document, identity)


def reason_of(document: bytes, trust: TrustStore) -> SignatureReason:
    with pytest.raises(SignatureError) as caught:
        verify(document, trust)
    assert caught.value.detail
    return caught.value.reason


def once(document: bytes, old: str, new: str) -> bytes:
    assert document.count(old.encode()) == 1, old
    return document.replace(old.encode(), new.encode())


def by_hand(document: bytes, identity: SigningIdentity, signature: str) -> bytes:
    """Sign with a signature written freely: ``{digest}``, ``{value}`` and ``{serial}`` are filled in."""
    canonical = etree.tostring(parse(document), method="c14n", with_comments=False)
    text = signature.replace("{digest}", base64.b64encode(hashlib.sha256(canonical).digest()).decode())
    text = text.replace("{serial}", str(identity.certificate.serial))
    position = document.rindex(b"</")
    whole = document[:position] + text.encode() + document[position:]
    signed_info = parse(whole)[-1].find(f"{{{DS}}}SignedInfo")
    assert signed_info is not None
    octets = etree.tostring(signed_info, method="c14n", exclusive=True, with_comments=False, with_tail=False)
    r, s = decode_dss_signature(identity.private_key.sign(octets, ec.ECDSA(hashes.SHA256())))
    value = base64.encodebytes(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return whole.replace(b"{value}", value)


PROFILE = (
    f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>'
    '<ds:Reference URI=""><ds:Transforms>'
    '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
    '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    "<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    "<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509IssuerSerial>"
    "<ds:X509IssuerName>CN=Z1,OU=07</ds:X509IssuerName><ds:X509SerialNumber>{serial}</ds:X509SerialNumber>"
    "</ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo></ds:Signature>"
)


def test_what_was_signed_verifies_and_names_its_signer(
    pki: TestPKI, signed: bytes, trust: TrustStore
) -> None:
    verified = verify(signed, trust)
    assert verified.signer == pki.party("ed-north").xmlsign.certificate
    request = ServiceRequest.parse(verified.root)
    assert request.request_id.originator == verified.signer.entity_identifier


def test_an_element_verifies_and_is_left_as_it_was(signed: bytes, trust: TrustStore) -> None:
    root = parse(signed)
    before = etree.tostring(root, method="c14n")
    assert verify(root, trust).root is root
    assert verify(root, trust).signer == verify(signed, trust).signer
    assert etree.tostring(root, method="c14n") == before


def test_a_public_key_is_enough(signed: bytes, identity: SigningIdentity, pki: TestPKI) -> None:
    verify_with(parse(signed), identity.certificate.public_key)
    with pytest.raises(SignatureError) as caught:
        verify_with(parse(signed), pki.party("ed-south").xmlsign.certificate.public_key)
    assert caught.value.reason is SignatureReason.SIGNATURE


def test_any_changed_character_of_content_is_noticed(signed: bytes, trust: TrustStore) -> None:
    end = signed.index(b"<ds:Signature")
    start = signed.index(b"?>") + 2
    chosen = random.Random(612).sample(range(start, end), 400)
    for position in chosen:
        old = signed[position : position + 1]
        new = b"B" if old == b"A" else b"A"
        changed = signed[:position] + new + signed[position + 1 :]
        with pytest.raises(SignatureError) as caught:
            verify(changed, trust)
        assert caught.value.reason in {SignatureReason.DIGEST, SignatureReason.MALFORMED}, changed[position:]


class TestOtherWaysOfWritingTheSameSignature:
    """The profile fixes what is said, not prefixes and white space."""

    @pytest.mark.parametrize(
        "rewrite",
        [
            lambda text: text,
            lambda text: text.replace("><", ">\n  <"),
            lambda text: text.replace("ds:", "").replace("xmlns:ds", "xmlns").replace(":ds=", "="),
            lambda text: text.replace("ds:", "sig:").replace("xmlns:ds", "xmlns:sig"),
            lambda text: text.replace("{digest}", "{digest}&#13;\n"),
            lambda text: text.replace("{serial}", " {serial}\n"),
            lambda text: text.replace("CN=Z1,OU=07", "CN=Z1, OU=07"),
            lambda text: text.replace("CN=Z1,OU=07", "cn=Z1 , ou = 07"),
            lambda text: text.replace("<ds:SignedInfo>", "<!-- placeholder --><ds:SignedInfo>"),
            lambda text: text.replace("{serial}", "<!-- in text -->{serial}"),
        ],
    )
    def test_it_verifies(
        self,
        document: bytes,
        identity: SigningIdentity,
        trust: TrustStore,
        rewrite: Callable[[str], str],
    ) -> None:
        assert verify(by_hand(document, identity, rewrite(PROFILE)), trust).signer == identity.certificate

    def test_folded_with_carriage_returns_as_java_does(self, signed: bytes, trust: TrustStore) -> None:
        value = re.search(b"<ds:SignatureValue>([^<]*)<", signed)
        assert value is not None
        folded = value[1][:76] + b"&#13;\n" + value[1][76:]
        assert verify(signed.replace(value[1], folded), trust).root[-1][1].text.count("\r\n") == 1


class TestDeviationsFromTheProfile:
    """Correctly computed, but not the profile."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("2001/10/xml-exc-c14n#", "2006/12/xml-c14n11"),
            ("2001/10/xml-exc-c14n#", "2001/10/xml-exc-c14n#WithComments"),
            ('Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>', "/>"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#hmac-sha256"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#ecdsa-sha1"),
            ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
            ("#enveloped-signature", "#base64"),
            (
                "</ds:Transforms>",
                '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>',
            ),
            ('<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>', ""),
            ('URI=""', 'URI="#other"'),
            (' URI=""', ""),
            ('URI=""', 'URI="" Id="x"'),
            ('URI=""', 'URI="" Type="http://www.w3.org/2000/09/xmldsig#Object"'),
            ("<ds:SignedInfo>", '<ds:SignedInfo Id="x">'),
            ("<ds:Transforms>", '<ds:Transforms x="y">'),
            ("<ds:Reference", "text<ds:Reference"),
            ("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>"),
            (
                "</ds:Reference>",
                '</ds:Reference><ds:Reference URI=""><ds:DigestMethod Algorithm="x"/>'
                "<ds:DigestValue>x</ds:DigestValue></ds:Reference>",
            ),
            (
                'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
                'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><x:InclusiveNamespaces PrefixList="sr" '
                'xmlns:x="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:CanonicalizationMethod>',
            ),
            ("{digest}", "{digest}AAAA"),
            ("{digest}", "not base64"),
            ("{digest}", "<ds:x/>{digest}"),
        ],
    )
    def test_it_is_refused(
        self, document: bytes, identity: SigningIdentity, trust: TrustStore, old: str, new: str
    ) -> None:
        assert PROFILE.count(old) == 1
        text = by_hand(document, identity, PROFILE.replace(old, new))
        assert reason_of(text, trust) is SignatureReason.PROFILE

    def test_without_key_info(self, document: bytes, identity: SigningIdentity, trust: TrustStore) -> None:
        text = re.sub("<ds:KeyInfo>.*</ds:KeyInfo>", "", PROFILE)
        assert reason_of(by_hand(document, identity, text), trust) is SignatureReason.PROFILE

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<ds:X509Data>", "<ds:KeyName>x</ds:KeyName><ds:X509Data>"),
            ("<ds:X509Data>", "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate>"),
            ("{serial}", "0x{serial}"),
            ("{serial}", "-1"),
            ("{serial}", ""),
            ("{serial}", "1" * 61),
            ("CN=Z1,OU=07", "Z1"),
            ("<ds:X509IssuerName>CN=Z1,OU=07</ds:X509IssuerName>", ""),
        ],
    )
    def test_other_key_info(
        self, document: bytes, identity: SigningIdentity, trust: TrustStore, old: str, new: str
    ) -> None:
        text = by_hand(document, identity, PROFILE.replace(old, new))
        assert reason_of(text, trust) is SignatureReason.KEY_INFO


class TestSignatureValue:
    """The raw r and s."""

    @pytest.mark.parametrize(
        "octets",
        [
            b"",
            bytes(63),
            bytes(65),
            bytes(32) + b"\x01" * 32,
            b"\x01" * 32 + bytes(32),
            ORDER.to_bytes(32, "big") + b"\x01" * 32,
            b"\x01" * 32 + ORDER.to_bytes(32, "big"),
            b"\xff" * 64,
        ],
    )
    def test_out_of_range_or_length(self, signed: bytes, trust: TrustStore, octets: bytes) -> None:
        changed = re.sub(b"(<ds:SignatureValue>)[^<]*", rb"\g<1>" + base64.b64encode(octets), signed)
        assert reason_of(changed, trust) is SignatureReason.VALUE

    def test_der_instead_of_raw(self, signed: bytes, identity: SigningIdentity, trust: TrustStore) -> None:
        der = base64.b64encode(identity.private_key.sign(b"x", ec.ECDSA(hashes.SHA256())))
        changed = re.sub(b"(<ds:SignatureValue>)[^<]*", rb"\g<1>" + der, signed)
        assert reason_of(changed, trust) is SignatureReason.VALUE

    def test_not_base64(self, signed: bytes, trust: TrustStore) -> None:
        changed = re.sub(b"(<ds:SignatureValue>)[^<]*", rb"\g<1>%%%", signed)
        assert reason_of(changed, trust) is SignatureReason.VALUE

    def test_a_valid_value_of_another_document(
        self, signed: bytes, document: bytes, identity: SigningIdentity, trust: TrustStore
    ) -> None:
        other = sign(document.replace(b":1200<", b":1201<"), identity)
        value = re.search(b"<ds:SignatureValue>([^<]*)<", other)
        assert value is not None
        changed = re.sub(b"(<ds:SignatureValue>)[^<]*", rb"\g<1>" + value[1], signed)
        assert reason_of(changed, trust) is SignatureReason.SIGNATURE

    def test_a_recomputed_digest_does_not_help(
        self, signed: bytes, document: bytes, identity: SigningIdentity, trust: TrustStore
    ) -> None:
        tampered = sign(document.replace(b":1200<", b":1201<"), identity)
        value = re.search(b"<ds:SignatureValue>([^<]*)<", signed)
        assert value is not None
        changed = re.sub(b"(<ds:SignatureValue>)[^<]*", rb"\g<1>" + value[1], tampered)
        assert reason_of(changed, trust) is SignatureReason.SIGNATURE


class TestPlaceOfTheSignature:
    """Wrapping: only the tree that was verified counts."""

    def test_unsigned(self, document: bytes, trust: TrustStore) -> None:
        assert reason_of(document, trust) is SignatureReason.MISSING

    def test_two_signatures(self, signed: bytes, trust: TrustStore) -> None:
        signature = signed[signed.index(b"<ds:Signature") : signed.index(b"</sr:Request>")]
        doubled = signed.replace(b"</sr:Request>", signature + b"</sr:Request>")
        assert reason_of(doubled, trust) is SignatureReason.TOO_MANY

    def test_not_the_last_child(self, signed: bytes, trust: TrustStore) -> None:
        changed = signed.replace(b"</sr:Request>", b"<sr:Body/></sr:Request>")
        assert reason_of(changed, trust) is SignatureReason.MISPLACED

    def test_first_child(self, signed: bytes, document: bytes, trust: TrustStore) -> None:
        signature = signed[signed.index(b"<ds:Signature") : signed.index(b"</sr:Request>")]
        changed = document.replace(b"<sr:Header>", signature + b"<sr:Header>")
        assert reason_of(changed, trust) is SignatureReason.MISPLACED

    def test_the_signed_request_wrapped_in_a_forged_one(
        self, signed: bytes, document: bytes, trust: TrustStore
    ) -> None:
        inner = signed[signed.index(b"<sr:Request") :]
        forged = document.replace(b":1200<", b":9999<")
        for place in (b"</sr:Body>", b"</sr:Request>"):
            wrapped = forged.replace(place, inner + place)
            assert reason_of(wrapped, trust) in {SignatureReason.MISSING, SignatureReason.MISPLACED}

    def test_the_original_hidden_inside_the_signature(
        self, signed: bytes, document: bytes, trust: TrustStore
    ) -> None:
        original = signed[signed.index(b"<sr:Request") :]
        start, end = signed.index(b"<ds:Signature"), signed.index(b"</sr:Request>")
        signature = once(
            signed[start:end], "</ds:KeyInfo>", f"</ds:KeyInfo><ds:Object>{original.decode()}</ds:Object>"
        )
        forged = document.replace(b":1200<", b":9999<").replace(
            b"</sr:Request>", signature + b"</sr:Request>"
        )
        assert reason_of(forged, trust) is SignatureReason.MISPLACED

    def test_text_after_the_signature_belongs_to_the_content(self, signed: bytes, trust: TrustStore) -> None:
        changed = signed.replace(b"</sr:Request>", b"x</sr:Request>")
        assert reason_of(changed, trust) is SignatureReason.DIGEST


class TestTheDocument:
    """What is no usable XML, and what changes nothing."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: b"<!DOCTYPE x>" + text[text.index(b"<sr:") :],
            lambda text: b"<?pi?>" + text[text.index(b"<sr:") :],
            lambda text: text + b"<?pi?>",
            lambda text: text.replace(b":1200<", b":<?pi?>1200<"),
            lambda text: text[:-5],
            lambda text: text.replace(
                b'"http://www.dccinterface', b'"A://www.dccinterface'.replace(b":", b"")
            ),
            lambda text: b"",
        ],
    )
    def test_refused(self, signed: bytes, trust: TrustStore, change: Callable[[bytes], bytes]) -> None:
        assert reason_of(change(signed), trust) is SignatureReason.MALFORMED

    def test_a_comment_cannot_split_a_value(self, signed: bytes, trust: TrustStore) -> None:
        commented = signed.replace(b":1200<", b":12<!-- x -->00<")
        assert ServiceRequest.parse(verify(commented, trust).root).request_id.counter == 1200
        with_comments = etree.fromstring(commented)
        assert ServiceRequest.parse(verify(with_comments, trust).root).request_id.counter == 1200

    def test_indentation_added_after_signing_is_named_as_the_cause(
        self, signed: bytes, trust: TrustStore
    ) -> None:
        with pytest.raises(SignatureError, match="white space was added") as caught:
            verify(signed.replace(b"</sr:Header>", b"\n</sr:Header>\n"), trust)
        assert caught.value.reason is SignatureReason.DIGEST

    def test_an_unused_namespace_declaration_changes_the_digest(
        self, signed: bytes, trust: TrustStore
    ) -> None:
        changed = signed.replace(b"<sr:Request ", b'<sr:Request xmlns:new="urn:new" ')
        assert reason_of(changed, trust) is SignatureReason.DIGEST


class TestTheSigner:
    """KeyInfo is not covered: the certificate it names must be the right one and trusted."""

    def test_unknown_serial(self, signed: bytes, trust: TrustStore) -> None:
        changed = re.sub(rb"(SerialNumber>)[0-9]+", rb"\g<1>12345", signed)
        assert reason_of(changed, trust) is SignatureReason.UNKNOWN_SIGNER

    def test_unknown_issuer(self, signed: bytes, trust: TrustStore) -> None:
        assert reason_of(once(signed, "CN=Z1,OU=07", "CN=Z2,OU=07"), trust) is SignatureReason.UNKNOWN_SIGNER

    def test_the_issuer_in_the_other_order_is_another_name(self, signed: bytes, trust: TrustStore) -> None:
        assert reason_of(once(signed, "CN=Z1,OU=07", "OU=07,CN=Z1"), trust) is SignatureReason.UNKNOWN_SIGNER

    def test_the_certificate_of_another_party(self, signed: bytes, pki: TestPKI, trust: TrustStore) -> None:
        other = str(pki.party("ed-south").xmlsign.certificate.serial).encode()
        changed = re.sub(rb"(SerialNumber>)[0-9]+", rb"\g<1>" + other, signed)
        assert reason_of(changed, trust) is SignatureReason.SIGNATURE

    def test_a_key_agreement_certificate(self, signed: bytes, pki: TestPKI, trust: TrustStore) -> None:
        other = str(pki.party("ed-north").key_agreement.serial).encode()
        changed = re.sub(rb"(SerialNumber>)[0-9]+", rb"\g<1>" + other, signed)
        assert reason_of(changed, trust) is SignatureReason.CHAIN

    def test_expired(self, document: bytes, pki: TestPKI, trust: TrustStore) -> None:
        expired = pki.faulty("ed-north-xmlsign-expired")
        text = sign(document, expired)
        with pytest.raises(SignatureError) as caught:
            verify(text, trust)
        assert caught.value.reason is SignatureReason.CHAIN
        assert isinstance(caught.value.__cause__, ChainError)
        assert caught.value.__cause__.reason is ChainReason.EXPIRED
        assert verify(text, trust, at=datetime.now(UTC) - timedelta(days=30)).signer == expired.certificate

    def test_not_yet_valid(self, signed: bytes, trust: TrustStore) -> None:
        with pytest.raises(SignatureError) as caught:
            verify(signed, trust, at=datetime.now(UTC) - timedelta(days=40))
        assert caught.value.reason is SignatureReason.CHAIN

    def test_role(self, signed: bytes, trust: TrustStore) -> None:
        assert verify(signed, trust, roles={"87"})
        with pytest.raises(SignatureError) as caught:
            verify(signed, trust, roles={"89"})
        assert caught.value.reason is SignatureReason.CHAIN

    def test_a_pki_of_the_same_names(self, document: bytes, trust: TrustStore, pki: TestPKI) -> None:
        stranger = pki.faulty("ed-north-ds-untrusted")
        assert stranger.certificate.issuer_name == pki.issuing.subject_name
        text = sign(document, stranger)
        assert reason_of(text, trust) is SignatureReason.UNKNOWN_SIGNER
        knowing = TrustStore([*trust.certificates, stranger.certificate], trust.anchors)
        assert reason_of(text, knowing) is SignatureReason.CHAIN
