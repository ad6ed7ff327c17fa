"""The XML signature profile of DUIS [RTDS, CERT]: its fixed parts, and where a signature departs from it.

Enveloped, Reference URI "", one Transform, SHA-256; ecdsa-sha256 with the raw r and s; exclusive C14N for
SignedInfo; no C14N Transform, so the reference digest is over inclusive C14N 1.0; KeyInfo holds issuer and
serial only.
"""

from __future__ import annotations

import binascii
import hashlib
from enum import StrEnum
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from duis.xml import DS, SR, WHITE_SPACE, Element, qualified

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

_USUAL_HEADS: Final = tuple(
    start + SIGNED_INFO_HEAD.replace(f' xmlns:ds="{DS}"'.encode(), b"")
    for start in (b"<ds:Signature>", f'<ds:Signature xmlns:ds="{DS}">'.encode())
)
_USUAL_PARTS: Final = (
    SIGNED_INFO_TAIL + b"<ds:SignatureValue>",
    b"</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>",
    b"</ds:X509IssuerName><ds:X509SerialNumber>",
    b"</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo></ds:Signature>",
)

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_SCALAR_OCTETS: Final = 32
_DIGEST_OCTETS: Final = 32
_SERIAL_DIGITS: Final = 60
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


def _own_signature(root: Element) -> Element:
    """The signature of the document itself: the last child of its root."""
    last = root[-1] if len(root) else None
    if last is not None and last.tag == SIGNATURE:
        return last
    if next(root.iter(SIGNATURE), None) is None:
        raise SignatureError(SignatureReason.MISSING, f"{qualified(str(root.tag))} holds no ds:Signature")
    if root.find(SIGNATURE) is not None:
        raise SignatureError(SignatureReason.MISPLACED, "ds:Signature is not the last child of the root")
    raise SignatureError(SignatureReason.MISSING, "only an embedded part of the document is signed")


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


class SignatureParts(NamedTuple):
    """What a signature states, and the canonical content it is to be checked against.

    Attributes:
        signed_info: The canonical SignedInfo.
        digest: The digest in it.
        value: The signature value as DER.
        issuer: The issuer that KeyInfo claims.
        serial: The serial number that KeyInfo claims.
        content_digest: SHA-256 of the canonical document without the signature.
    """

    signed_info: bytes
    digest: bytes
    value: bytes
    issuer: str
    serial: int
    content_digest: bytes


def canonical_document(root: Element) -> bytes:
    """The document in inclusive C14N 1.0 without comments, what the reference digest is over.

    Raises:
        SignatureError: When it has no canonical form, as with a namespace name that is a relative URI.
    """
    try:
        canonical: bytes = etree.tostring(root, method="c14n", with_comments=False, with_tail=False)
    except etree.C14NError as error:
        raise SignatureError(SignatureReason.MALFORMED, f"it has no canonical form: {error}") from None
    return canonical


def read_signature(root: Element) -> SignatureParts:
    """Read the signature of a document, the last child of its root, and digest the document without it.

    Raises:
        SignatureError: When it is missing or elsewhere, when a further signature is not the last child of a
            document that the schema lets this one embed, or where it departs from the profile.
    """
    signature = _own_signature(root)
    canonical = canonical_document(root)
    start, end = _place_of(signature, canonical)
    before = canonical[:start]
    usual = _usual_texts(canonical[start:end])
    if usual is None or b"Signature" in before:  # otherwise there is no other
        for other in root.iter(SIGNATURE):
            if other is not signature:
                _check_embedded(other, root)
    if usual is None:
        signed_info, digest = _read_signed_info(signature)
        value, (issuer, serial) = leaf_text(signature[1]).encode(), _read_key_info(signature)
    else:
        digest, value, name, number = usual
        signed_info = SIGNED_INFO_HEAD + digest + SIGNED_INFO_TAIL
        issuer, serial = name.decode(), int(number)
    content_digest = hashlib.sha256(before + canonical[end:]).digest()
    same = binascii.b2a_base64(content_digest, newline=False) == digest  # spares decoding it
    stated = content_digest if same else _digest(digest)
    return SignatureParts(signed_info, stated, _signature_value(value), issuer, serial, content_digest)


def _place_of(signature: Element, canonical: bytes) -> tuple[int, int]:
    """Where the signature that is the last child stands in the canonical text of its document.

    Canonical text holds no comment or CDATA, so what looks like a tag is one; the last start tag of that
    name is that of the last child, unless that holds another signature, which `read_signature` refuses.
    """
    prefix = signature.prefix
    if prefix == "ds":
        head, tail = b"<ds:Signature", b"</ds:Signature>"
    else:
        name = f"{prefix}:Signature" if prefix else "Signature"
        head, tail = f"<{name}".encode(), f"</{name}>".encode()
    start = canonical.rfind(head + b">")
    start = max(start, canonical.rfind(head + b" ", max(start, 0)))
    return start, canonical.index(tail, start) + len(tail)


def _usual_texts(signature: bytes) -> list[bytes] | None:
    """The four texts of a signature as we and DCC's tool write it: digest, value, issuer and serial.

    What shows the usual canonical text needs no look at its elements: ds:Signature is known to be in the
    namespace of XML Signature, and nothing in that text declares another.
    """
    if signature.startswith(_USUAL_HEADS[0]):
        position = len(_USUAL_HEADS[0])
    elif signature.startswith(_USUAL_HEADS[1]):
        position = len(_USUAL_HEADS[1])
    else:
        return None
    texts = []
    for part in _USUAL_PARTS:
        end = signature.find(b"<", position)
        if not signature.startswith(part, end):
            return None
        texts.append(signature[position:end])
        position = end + len(part)
    serial = texts[3]
    if position != len(signature) or b"&" in texts[2] or not serial.isdigit() or len(serial) > _SERIAL_DIGITS:
        return None
    return texts


def _digest(text: bytes) -> bytes:
    digest = decode_base64(text, "DigestValue", SignatureReason.PROFILE)
    if len(digest) != _DIGEST_OCTETS:
        _deviation(f"DigestValue holds {len(digest)} octets, SHA-256 has {_DIGEST_OCTETS}")
    return digest


def _read_signed_info(signature: Element) -> tuple[bytes, bytes]:
    """The canonical SignedInfo, and the text of the digest in it, of a signature written in another way."""
    _children(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    digest = _digest_text(signature[0])
    canonical: bytes = etree.tostring(
        signature[0], method="c14n", exclusive=True, with_comments=False, with_tail=False
    )
    return canonical, digest.encode()


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


def _read_key_info(signature: Element) -> tuple[str, int]:
    """Issuer and serial number; KeyInfo may hold nothing but one X509IssuerSerial."""
    element = signature[2]
    for name in ("X509Data", "X509IssuerSerial"):
        if len(element) != 1 or element[0].tag != f"{{{DS}}}{name}":
            _unusable(f"{qualified(str(element.tag))} must hold one {name} and nothing else")
        element = element[0]
    if [child.tag for child in element] != [f"{{{DS}}}X509IssuerName", f"{{{DS}}}X509SerialNumber"]:
        _unusable("X509IssuerSerial must hold X509IssuerName and X509SerialNumber")
    serial = leaf_text(element[1]).strip(WHITE_SPACE)
    if not (serial.isascii() and serial.isdigit()) or len(serial) > _SERIAL_DIGITS:
        _unusable(f"X509SerialNumber is not a decimal number: {serial[:60]!r}")
    return leaf_text(element[0]), int(serial)


def _signature_value(text: bytes) -> bytes:
    """The signature value as DER, from the raw r and s of 32 octets each."""
    value = decode_base64(text, "SignatureValue", SignatureReason.VALUE)
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
    """Octets of base64 that may be folded, also with the carriage returns Java writes, ``&#xD;`` in C14N.

    Raises:
        SignatureError: When the text is not base64.
    """
    try:
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            unfolded = text.replace(b"&#xD;", b"").translate(None, _DELETE_WHITE_SPACE)
            return binascii.a2b_base64(unfolded, strict_mode=True)
    except ValueError as error:
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
