"""The XML signature profile of DUIS [RTDS, CERT]: its fixed parts, and where a signature departs from it.

Enveloped, Reference URI "", one Transform, SHA-256; ecdsa-sha256 with the raw r and s; exclusive C14N for
SignedInfo; no C14N Transform, so the reference digest is over inclusive C14N 1.0; KeyInfo holds issuer and
serial only.
"""

from __future__ import annotations

import base64
import binascii
import re
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from duis.xml import CSR, DS, SR, WHITE_SPACE, Element, qualified

EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"

SIGNATURE: Final = f"{{{DS}}}Signature"
_SIGNED_INFO, _SIGNATURE_VALUE, _KEY_INFO = (
    f"{{{DS}}}{name}" for name in ("SignedInfo", "SignatureValue", "KeyInfo")
)

SIGNED_INSIDE: Final = {
    f"{{{SR}}}Response": frozenset({f"{{{SR}}}SMETS1SignedResponse", f"{{{SR}}}S1SPAlert"}),
    f"{{{CSR}}}CountersignedServiceRequest": frozenset({f"{{{SR}}}Request"}),
}
"""Documents that embed other signed documents, and which [XSD]."""

# The canonical SignedInfo is the same for every document but for the digest: signing fills it in,
# and a verified document that shows the same octets needs no further look at its algorithms.
SIGNED_INFO_HEAD: Final = (
    f'<ds:SignedInfo xmlns:ds="{DS}">'
    f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>'
    f'<ds:SignatureMethod Algorithm="{ECDSA_SHA256}"></ds:SignatureMethod>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>'
    f'</ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod><ds:DigestValue>'
).encode()
SIGNED_INFO_TAIL: Final = b"</ds:DigestValue></ds:Reference></ds:SignedInfo>"

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_SCALAR_OCTETS: Final = 32
_DIGEST_OCTETS: Final = 32
_SERIAL = re.compile(r"[0-9]{1,60}", re.ASCII)
_DELETE_WHITE_SPACE: Final = bytes(WHITE_SPACE, "ascii")


class SignatureReason(StrEnum):
    """Why a document does not verify, or cannot be signed."""

    MALFORMED = "not usable XML"
    MISSING = "no signature"
    ALREADY_SIGNED = "already signed"
    TOO_MANY = "more than one signature"
    MISPLACED = "signature in the wrong place"
    PROFILE = "not the signature profile"
    KEY_INFO = "KeyInfo not usable"
    UNKNOWN_SIGNER = "unknown signer"
    CHAIN = "signer not trusted"
    DIGEST = "content differs from what was signed"
    VALUE = "signature value malformed"
    SIGNATURE = "signature does not match the key"
    DOCUMENT = "not the expected document"


class SignatureError(Exception):
    """A signature cannot be made or does not verify.

    Attributes:
        reason: Why, as a fixed set.
        detail: The same in words.
    """

    def __init__(self, reason: SignatureReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def own_signature(root: Element) -> Element:
    """The signature of the document itself: the last child of its root.

    Raises:
        SignatureError: When it is missing or elsewhere, or a further signature is not the last child of a
            document that the schema lets this one embed.
    """
    last = root[-1] if len(root) else None
    if last is None or last.tag != SIGNATURE:
        if next(root.iter(SIGNATURE), None) is None:
            raise SignatureError(SignatureReason.MISSING, f"{qualified(str(root.tag))} holds no ds:Signature")
        if root.find(SIGNATURE) is not None:
            raise SignatureError(SignatureReason.MISPLACED, "ds:Signature is not the last child of the root")
        raise SignatureError(SignatureReason.MISSING, "only an embedded part of the document is signed")
    for other in root.iter(SIGNATURE):
        if other is not last:
            _check_embedded(other, root)
    return last


def _check_embedded(signature: Element, root: Element) -> None:
    parent = signature.getparent()
    assert parent is not None
    if parent is root:
        raise SignatureError(SignatureReason.TOO_MANY, "the root holds more than one ds:Signature")
    if parent.tag not in SIGNED_INSIDE.get(str(root.tag), ()):
        raise SignatureError(
            SignatureReason.MISPLACED,
            f"ds:Signature inside {qualified(str(parent.tag))}, where the schema has none",
        )
    if signature.getnext() is not None or signature.getprevious() is None:
        raise SignatureError(
            SignatureReason.MISPLACED, f"ds:Signature is not the last child of {qualified(str(parent.tag))}"
        )


def read_signed_info(signature: Element) -> tuple[bytes, bytes]:
    """The canonical SignedInfo and the digest in it.

    Raises:
        SignatureError: Where the signature departs from the profile.
    """
    if [child.tag for child in signature] != [_SIGNED_INFO, _SIGNATURE_VALUE, _KEY_INFO]:
        _deviation("ds:Signature must hold SignedInfo, SignatureValue and KeyInfo, and nothing else")
    signed_info = signature[0]
    canonical: bytes = etree.tostring(
        signed_info, method="c14n", exclusive=True, with_comments=False, with_tail=False
    )
    if canonical.startswith(SIGNED_INFO_HEAD) and canonical.endswith(SIGNED_INFO_TAIL):
        text = canonical[len(SIGNED_INFO_HEAD) : -len(SIGNED_INFO_TAIL)].replace(b"&#xD;", b"\r")
    else:
        text = _digest_text(signed_info).encode()
    digest = decode_base64(text, "DigestValue", SignatureReason.PROFILE)
    if len(digest) != _DIGEST_OCTETS:
        _deviation(f"DigestValue holds {len(digest)} octets, SHA-256 has {_DIGEST_OCTETS}")
    return canonical, digest


def _digest_text(signed_info: Element) -> str:
    """Check a SignedInfo element by element, for the ones written with white space or other prefixes."""
    _no_attributes(signed_info)
    canonicalization, method, reference = _children(
        signed_info, "CanonicalizationMethod", "SignatureMethod", "Reference"
    )
    _algorithm(canonicalization, EXCLUSIVE_C14N)
    _algorithm(method, ECDSA_SHA256)
    if (attributes := _attributes(reference)) != {"URI": ""}:
        _deviation(f'Reference must have URI="" and no other attribute, not {attributes}')
    transforms, digest_method, digest_value = _children(
        reference, "Transforms", "DigestMethod", "DigestValue"
    )
    _no_attributes(transforms)
    (transform,) = _children(transforms, "Transform")
    _algorithm(transform, ENVELOPED)
    _algorithm(digest_method, SHA256)
    return leaf_text(digest_value)


def _children(element: Element, *names: str) -> list[Element]:
    found = list(element)
    if [child.tag for child in found] != [f"{{{DS}}}{name}" for name in names]:
        holds = ", ".join(qualified(str(child.tag)) for child in found) or "nothing"
        _deviation(f"{qualified(str(element.tag))} must hold {', '.join(names)}, not {holds}")
    if any((text or "").strip(WHITE_SPACE) for text in (element.text, *(child.tail for child in found))):
        _deviation(f"{qualified(str(element.tag))} holds text between its elements")
    return found


def _attributes(element: Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def _no_attributes(element: Element) -> None:
    if element.attrib:
        _deviation(f"{qualified(str(element.tag))} has attributes: {', '.join(map(str, element.attrib))}")


def _algorithm(element: Element, expected: str) -> None:
    if (attributes := _attributes(element)) != {"Algorithm": expected}:
        _deviation(f"{qualified(str(element.tag))} must be {expected}, not {attributes}")
    if len(element) or (element.text or "").strip(WHITE_SPACE):
        _deviation(f"{qualified(str(element.tag))} must be empty")


def read_key_info(signature: Element) -> tuple[str, int]:
    """Issuer name and serial number of the signer's certificate, as KeyInfo claims them.

    Raises:
        SignatureError: When KeyInfo holds anything but one X509IssuerSerial.
    """
    element = signature[2]
    for name in ("X509Data", "X509IssuerSerial"):
        if len(element) != 1 or element[0].tag != f"{{{DS}}}{name}":
            _unusable(f"{qualified(str(element.tag))} must hold one {name} and nothing else")
        element = element[0]
    if [child.tag for child in element] != [f"{{{DS}}}X509IssuerName", f"{{{DS}}}X509SerialNumber"]:
        _unusable("X509IssuerSerial must hold X509IssuerName and X509SerialNumber")
    serial = leaf_text(element[1]).strip(WHITE_SPACE)
    if not _SERIAL.fullmatch(serial):
        _unusable(f"X509SerialNumber is not a decimal number: {serial[:60]!r}")
    return leaf_text(element[0]), int(serial)


def read_signature_value(signature: Element) -> bytes:
    """The signature value as DER, from the raw r and s of 32 octets each.

    Raises:
        SignatureError: When it is not base64, of another length, or r or s is not in 1 to n - 1.
    """
    value = decode_base64(leaf_text(signature[1]).encode(), "SignatureValue", SignatureReason.VALUE)
    if len(value) != 2 * _SCALAR_OCTETS:
        raise SignatureError(
            SignatureReason.VALUE, f"{len(value)} octets, r and s have {2 * _SCALAR_OCTETS} together"
        )
    r = int.from_bytes(value[:_SCALAR_OCTETS], "big")
    s = int.from_bytes(value[_SCALAR_OCTETS:], "big")
    if not (0 < r < _ORDER and 0 < s < _ORDER):
        raise SignatureError(SignatureReason.VALUE, "r or s is outside 1 to n - 1")
    return encode_dss_signature(r, s)


def decode_base64(text: bytes, name: str, reason: SignatureReason) -> bytes:
    """Octets of base64 that may be folded, also with the carriage returns Java writes as ``&#13;``.

    Raises:
        SignatureError: When the text is not base64.
    """
    try:
        return base64.b64decode(text.translate(None, _DELETE_WHITE_SPACE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(reason, f"{name} is not base64: {error}") from None


def leaf_text(element: Element) -> str:
    """The text of an element that holds nothing else."""
    if len(element):
        _deviation(f"{qualified(str(element.tag))} must hold text only")
    return element.text or ""


def _deviation(detail: str) -> None:
    raise SignatureError(SignatureReason.PROFILE, detail)


def _unusable(detail: str) -> None:
    raise SignatureError(SignatureReason.KEY_INFO, detail)
