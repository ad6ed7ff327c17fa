"""A second opinion: signxml, an independent implementation of XML Signature, agrees with ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree
from signxml import (  # type: ignore[attr-defined]
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureMethod,
    XMLSigner,
    XMLVerifier,
)
from signxml.exceptions import InvalidSignature
from signxml.signer import SignatureReference

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests.update_security_credentials_krp import UpdateSecurityCredentialsKRPBody
from duis.roles import RemotePartyRole
from duis.signature import sign, verify
from duis.smki.testpki import TestPKI, mint
from duis.xml import DS

INCLUSIVE = CanonicalizationMethod.CANONICAL_XML_1_0
CONFIGURATION = SignatureConfiguration(
    location="./",
    signature_methods=frozenset({SignatureMethod.ECDSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
    default_reference_c14n_method=INCLUSIVE,
)


class InclusiveSigner(XMLSigner):
    """Signs a reference that has no C14N Transform, so over inclusive C14N."""

    def _build_sig(
        self, sig_root: Any, references: list[SignatureReference], *arguments: Any, **options: Any
    ) -> Any:
        inclusive = [replace(reference, c14n_method=INCLUSIVE) for reference in references]
        return super()._build_sig(sig_root, inclusive, *arguments, **options)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("signxml") / "pki")


@pytest.fixture(scope="module")
def document(pki: TestPKI) -> bytes:
    party = pki.party("gt-south")
    body = UpdateSecurityCredentialsKRPBody(
        RemotePartyRole.NETWORK_OPERATOR,
        digital_signing=party.digital_signing.der,
        key_agreement=party.key_agreement.der,
        certification_path=pki.certification_path,
    )
    request_id = RequestID(party.entity_identifier, EUI64("00-DB-12-34-56-78-90-A0"), 7)
    return ServiceRequest(request_id, 1, body).to_xml()


def test_signxml_verifies_what_we_sign(pki: TestPKI, document: bytes) -> None:
    identity = pki.party("gt-south").xmlsign
    signed = sign(document, identity)
    pem = identity.certificate.pem().decode()
    XMLVerifier().verify(signed, x509_cert=pem, expect_config=CONFIGURATION)
    changed = signed.replace(b":7<", b":8<")
    with pytest.raises(InvalidSignature):
        XMLVerifier().verify(changed, x509_cert=pem, expect_config=CONFIGURATION)


def test_we_verify_what_signxml_signs(pki: TestPKI, document: bytes) -> None:
    identity = pki.party("gt-south").xmlsign
    key_info = etree.fromstring(
        f'<ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509IssuerSerial>'
        f"<ds:X509IssuerName>{identity.certificate.issuer_name}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{identity.certificate.serial}</ds:X509SerialNumber>"
        "</ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo>"
    )
    signer = InclusiveSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    root = signer.sign(
        etree.fromstring(document),
        key=identity.private_key,
        key_info=key_info,
        exclude_c14n_transform_element=True,
    )
    signed = etree.tostring(root)
    assert verify(signed, pki.trust_store()).signer == identity.certificate
