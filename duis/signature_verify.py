"""Verification of DUIS signatures, with the signer's certificate found by issuer and serial."""

from __future__ import annotations

import base64
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from duis.roles import CertificateType
from duis.signature_profile import (
    SignatureError,
    SignatureParts,
    SignatureReason,
    read_signature,
)
from duis.signature_sign import drop_white_space_between_elements, parse_for_signature, refuse_instructions
from duis.smki.certificate import OrganisationCertificate
from duis.smki.trust import ChainError, TrustStore
from duis.xml import Element

_ALGORITHM = ec.ECDSA(hashes.SHA256())


class Context(StrEnum):
    """The namespace context in which a signature verified."""

    DOCUMENT = "document"
    IN_PLACE = "in place"
    CUT_OUT = "cut out"


@dataclass(frozen=True, slots=True)
class VerifiedDocument:
    """A document whose signature holds.

    Attributes:
        root: The tree that was verified. Read values from here and nowhere else; ds:Signature, its last
            child, is the one part that is not covered.
        signer: Whose signature it is; trusted at the time of verification.
        context: Where the document was verified.
    """

    root: Element
    signer: OrganisationCertificate
    context: Context = Context.DOCUMENT


def verify(
    document: bytes | Element,
    trust: TrustStore,
    at: datetime | None = None,
    *,
    roles: Collection[str] | None = None,
) -> VerifiedDocument:
    """Verify the signature of a document and the trust in its signer.

    Args:
        document: The octets as received, or an element, which is taken as a document of its own root.
        trust: Where the signer's certificate and its chain are found.
        at: When the signer's certificate has to be valid; default now.
        roles: The role codes the signer may have; default any.

    Returns:
        The verified tree and the signer.

    Raises:
        SignatureError: When it does not verify, with the reason.
    """
    if isinstance(document, bytes):
        root = parse_for_signature(document)
    else:
        root = document
        refuse_instructions(root)
        etree.strip_tags(root, etree.Comment)  # not covered by the signature, and they split values
    parts = read_signature(root)
    signer = _trusted_signer(parts, trust, at, roles)
    _check(root, parts, signer.public_key)
    return VerifiedDocument(root, signer)


def verify_with(element: Element, public_key: ec.EllipticCurvePublicKey) -> None:
    """Verify the signature of a document with a given key, whatever KeyInfo says.

    Raises:
        SignatureError: When it does not verify.
    """
    _check(element, read_signature(element), public_key)


def _trusted_signer(
    parts: SignatureParts, trust: TrustStore, at: datetime | None, roles: Collection[str] | None
) -> OrganisationCertificate:
    """The trusted certificate that KeyInfo names.

    KeyInfo is not covered by the signature: it only tells which known certificate to try.
    """
    try:
        signer = trust.find(parts.issuer, parts.serial)
    except ValueError:
        raise SignatureError(
            SignatureReason.KEY_INFO, f"not an RFC 4514 name: {parts.issuer[:200]!r}"
        ) from None
    if signer is None:
        raise SignatureError(
            SignatureReason.UNKNOWN_SIGNER,
            f"no certificate of issuer {parts.issuer} with serial {parts.serial} is known",
        )
    try:
        trust.validate(signer, at, roles, CertificateType.DIGITAL_SIGNING)
    except ChainError as error:
        raise SignatureError(SignatureReason.CHAIN, str(error)) from error
    return signer


def _check(root: Element, parts: SignatureParts, key: ec.EllipticCurvePublicKey) -> None:
    """Check digest, then signature value."""
    if parts.content_digest != parts.digest:
        raise SignatureError(SignatureReason.DIGEST, _explain(root, parts))
    try:
        key.verify(parts.value, parts.signed_info, _ALGORITHM)
    except InvalidSignature:
        raise SignatureError(
            SignatureReason.SIGNATURE,
            "the signature value was not made with the signer's key over SignedInfo",
        ) from None


def _explain(root: Element, parts: SignatureParts) -> str:
    """Say how the digests differ, and whether white space alone is the cause."""
    found, expected = (base64.b64encode(each).decode() for each in (parts.content_digest, parts.digest))
    detail = f"digest {found}, DigestValue {expected}"
    without_space = deepcopy(root)
    drop_white_space_between_elements(without_space)
    if read_signature(without_space).content_digest == parts.digest:
        return f"white space was added between elements after signing ({detail})"
    return detail
