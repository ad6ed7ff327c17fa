"""Signing of DUIS documents."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from duis.pkcs11_uri import PKCS11URI
from duis.signature_profile import (
    SIGNATURE,
    SIGNED_INFO_HEAD,
    SIGNED_INFO_TAIL,
    SignatureError,
    SignatureReason,
    canonical_document,
)
from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate, load
from duis.smki.keys import KeyUnusable, Signer, load_private_key
from duis.xml import DS, WHITE_SPACE, Element, MalformedXML, escape, parse

_ALGORITHM = ec.ECDSA(hashes.SHA256())
_ASCII_ENCODINGS = frozenset({"UTF-8", "US-ASCII", "ASCII", "ISO-8859-1"})
_WHITE_SPACE = (b" ", b"\n", b"\r", b"\t")
_SPACE_AFTER_TAG = re.compile(rb">[ \n\r\t]")

# Inside the document the SignedInfo inherits its prefix from ds:Signature.
_SIGNATURE_HEAD = f'<ds:Signature xmlns:ds="{DS}">'.encode() + SIGNED_INFO_HEAD.replace(
    f' xmlns:ds="{DS}"'.encode(), b""
)
_VALUE_HEAD = SIGNED_INFO_TAIL + b"<ds:SignatureValue>"


class SigningIdentityError(ValueError):
    """A certificate and a private key cannot be used to sign together.

    Attributes:
        path: The file at fault, None when there is none.
        detail: What is wrong with it.
    """

    def __init__(self, detail: str, path: Path | None = None) -> None:
        super().__init__(f"{path}: {detail}" if path else detail)
        self.path = path
        self.detail = detail


@dataclass(frozen=True)
class SigningIdentity:
    """A certificate and what signs with its private key.

    Attributes:
        certificate: The certificate, which signatures name.
        signer: The private key itself, or a key that lives elsewhere, such as in a token.

    Raises:
        SigningIdentityError: When the key does not belong to the certificate or is not on P-256.
    """

    certificate: OrganisationCertificate
    signer: ec.EllipticCurvePrivateKey | Signer = field(repr=False)
    _sign: Callable[[bytes], bytes] = field(init=False, repr=False, compare=False)
    _tail: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        signer = self.signer
        if isinstance(signer, ec.EllipticCurvePrivateKey):
            public_key, signing = signer.public_key(), _in_software(signer)
        else:
            public_key, signing = signer.public_key, _elsewhere(signer)
        if not isinstance(public_key.curve, ec.SECP256R1):
            raise SigningIdentityError("the private key is not on P-256")
        if public_key != self.certificate.public_key:
            raise SigningIdentityError("the private key does not belong to the certificate")
        object.__setattr__(self, "_sign", signing)
        key_info = (
            "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509IssuerSerial>"
            f"<ds:X509IssuerName>{escape(self.certificate.issuer_name)}</ds:X509IssuerName>"
            f"<ds:X509SerialNumber>{self.certificate.serial}</ds:X509SerialNumber>"
            "</ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo></ds:Signature>"
        )
        object.__setattr__(self, "_tail", key_info.encode())

    @property
    def private_key(self) -> ec.EllipticCurvePrivateKey:
        """The private key, where it is in the memory of this process.

        Raises:
            SigningIdentityError: It lives elsewhere, and never leaves there.
        """
        if not isinstance(self.signer, ec.EllipticCurvePrivateKey):
            raise SigningIdentityError(f"{self.signer} never leaves where it is; it can only sign")
        return self.signer

    def valid_at(self, moment: datetime) -> bool:
        """Whether the certificate is within its validity."""
        return self.certificate.not_before <= moment <= self.certificate.not_after

    def signature_over(self, digest: bytes) -> bytes:
        """A ds:Signature element, as text, over a document with that SHA-256 digest.

        Raises:
            KeyUnusable: The key lives elsewhere and cannot be reached any more.
        """
        encoded = binascii.b2a_base64(digest, newline=False)
        value = binascii.b2a_base64(self._sign(SIGNED_INFO_HEAD + encoded + SIGNED_INFO_TAIL), newline=False)
        return b"".join((_SIGNATURE_HEAD, encoded, _VALUE_HEAD, value, self._tail))


def _in_software(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    def signed(octets: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(octets, _ALGORITHM))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return signed


def _elsewhere(signer: Signer) -> Callable[[bytes], bytes]:
    def signed(octets: bytes) -> bytes:
        return signer.sign_digest(hashlib.sha256(octets).digest())

    return signed


def load_signing_identity(
    certificate: Path, private_key: Path | PKCS11URI, passphrase: str | None = None
) -> SigningIdentity:
    """Read a certificate (PEM or DER) and open its private key.

    Args:
        certificate: File of the certificate.
        private_key: File of the key (PEM or DER, PKCS#8, encrypted or not), or a key in a PKCS#11 token.
        passphrase: What the file is encrypted with, or the PIN of the token.

    Raises:
        SigningIdentityError: When a file is missing or unreadable, the token or its key cannot be used, the
            passphrase is missing or wrong, or the two do not belong together.
    """
    certificate = Path(certificate)
    try:
        loaded = load(_read(certificate))
        public_key = loaded.public_key
    except CertificateUnreadable as error:
        raise SigningIdentityError(str(error), certificate) from None
    if isinstance(private_key, PKCS11URI):
        from duis.pkcs11 import TokenKey  # only who has such a key needs its library

        try:
            return SigningIdentity(loaded, TokenKey(private_key, passphrase, public_key))
        except KeyUnusable as error:
            raise SigningIdentityError(f"{private_key}: {error} (certificate {certificate})") from error
    key = _load_key(Path(private_key), passphrase)
    try:
        return SigningIdentity(loaded, key)
    except SigningIdentityError as error:
        raise SigningIdentityError(f"{error.detail} (certificate {certificate})", private_key) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SigningIdentityError(error.strerror or str(error), path) from None


def _load_key(path: Path, passphrase: str | None) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_private_key(_read(path), passphrase.encode() if passphrase is not None else None)
    except KeyUnusable as error:
        raise SigningIdentityError(str(error), path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SigningIdentityError("not an elliptic curve private key", path)
    return key


def sign(document: bytes, identity: SigningIdentity, *, keep_white_space: bool = False) -> bytes:
    """Append ds:Signature as the last child of the root.

    White space between elements is dropped unless it is to be kept: DCC's tool drops it before it digests, so
    a document signed with it does not verify there. Comments are no part of what is signed and are dropped.
    Nothing else of the document changes.

    Args:
        document: An unsigned document.
        identity: Who signs.
        keep_white_space: Sign the white space between elements too.

    Returns:
        The signed document.

    Raises:
        SignatureError: When the document is not usable XML or already carries a signature of its own.
    """
    root = parse_for_signature(document)
    may_be_signed = b"Signature" in document or not _is_plain(document)
    if may_be_signed and next(root.iterchildren(SIGNATURE), None) is not None:
        raise SignatureError(SignatureReason.ALREADY_SIGNED, "the document already carries a ds:Signature")
    position = document.rfind(b"<")
    if not _can_be_spliced(document, root, position) or (
        not keep_white_space and _may_hold_white_space(document, position)
    ):
        document = _rewritten(root, keep_white_space)
        position = document.rfind(b"<")
    signature = identity.signature_over(hashlib.sha256(canonical_document(root)).digest())
    return document[:position] + signature + document[position:]


def parse_for_signature(document: bytes) -> Element:
    """The root of a document, where a signature could be told to cover all of it.

    Raises:
        SignatureError: When it is not well-formed, has a DTD or a processing instruction. (An instruction
            beside the root is part of what URI="" names, one inside a value splits it; no schema needs any.)
    """
    try:
        root = parse(document)
    except MalformedXML as error:
        raise SignatureError(SignatureReason.MALFORMED, str(error)) from None
    if not (_is_plain(document) and document.find(b"?", document.find(b"?>") + 2) < 0):
        refuse_instructions(root)
    return root


def _is_plain(document: bytes) -> bool:
    """Whether it says in the usual words that it is UTF-8, so that its octets can be looked at."""
    return document.startswith(b'<?xml version="1.0" encoding="UTF-8"')


def _can_be_spliced(document: bytes, root: Element, position: int) -> bool:
    """Whether the last ``<`` of the octets is that of the root's closing tag, to put the signature before."""
    if b"!" in document or not document.startswith(b"</", position):
        return False  # perhaps a comment or CDATA, or no closing tag at all
    encoding = root.getroottree().docinfo.encoding if not _is_plain(document) else None
    return encoding is None or encoding.upper() in _ASCII_ENCODINGS


def refuse_instructions(root: Element) -> None:
    """Refuse a document with a processing instruction.

    Raises:
        SignatureError: When there is one.
    """
    inside = next(root.iter(etree.ProcessingInstruction), None)
    document = root.getparent() is None
    if inside is not None or (document and (root.getprevious() is not None or root.getnext() is not None)):
        raise SignatureError(SignatureReason.MALFORMED, "processing instructions are not allowed")


def _may_hold_white_space(document: bytes, end: int) -> bool:
    """Whether there could be white space between elements; a quick look that never misses any."""
    start = document.find(b"<", 1) if document.startswith(b"<?xml") else 0
    content = document.find(b">", start)  # of the first tag, the only one that usually has attributes
    for character in _WHITE_SPACE:  # single characters are looked for much faster than pairs
        if document.find(character, content, end) >= 0:
            return _SPACE_AFTER_TAG.search(document, content, end) is not None
    return False


def _rewritten(root: Element, keep_white_space: bool) -> bytes:
    """Serialise a document so that its root has a closing tag, without comments and unwanted white space."""
    if not keep_white_space:
        drop_white_space_between_elements(root)
    if not len(root) and not root.text:
        root.text = ""  # otherwise written as an empty-element tag, with nowhere to put the signature
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def drop_white_space_between_elements(root: Element) -> None:
    """Drop white space beside child elements; white space that is all of an element's content stays."""
    for element in root.iter():
        if len(element):
            if element.text and not element.text.strip(WHITE_SPACE):
                element.text = None
            for child in element:
                if child.tail and not child.tail.strip(WHITE_SPACE):
                    child.tail = None
