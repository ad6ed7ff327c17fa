"""SMKI organisation certificates and their profile [CERT].

Subject: an optional CN, OU = role code as two hexadecimal digits, and for a party 2.5.4.45
(x500UniqueIdentifier) holding the Entity Identifier as a BIT STRING.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property, lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier, SignatureAlgorithmOID

from duis.identifiers import EUI64
from duis.roles import CertificateType

SMKI_POLICY = ObjectIdentifier("1.2.826.0.1.8641679.1.2.1.4")
"""The certificate policy in DCC's published organisation certificates [CERT]."""

ROOT, ISSUING_AUTHORITY = "00", "07"
XML_SIGN, DSP_XML_SIGN = "87", "89"
ROLES = {
    ROOT: "root",
    "01": "recovery",
    "02": "supplier",
    "03": "network operator",
    "04": "access control broker",
    "05": "transitional CoS",
    "06": "WAN provider",
    ISSUING_AUTHORITY: "issuing authority",
    "08": "load controller",
    "7F": "other",
    XML_SIGN: "xmlSign",
    DSP_XML_SIGN: "dSPXmlSign",
}
"""Role codes in the OU of the subject [CERT]."""

_BIT_STRING_ENTITY_IDENTIFIER = 9  # the octet counting unused bits, then the eight octets
_KEY_IDENTIFIER_OCTETS = 8
_SERIAL_OCTETS = 16
_MALFORMED = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What the library raises for a certificate it cannot read; not all of it is a ValueError."""


class CertificateUnreadable(ValueError):
    """The octets are not an X.509 certificate, neither as PEM nor as DER."""


def key_identifier(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """The SMKI key identifier: nibble 4, then the low 60 bits of SHA-1 of the public key [CERT]."""
    point = public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    tail = hashlib.sha1(point, usedforsecurity=False).digest()[-_KEY_IDENTIFIER_OCTETS:]
    return bytes([0x40 | (tail[0] & 0x0F)]) + tail[1:]


class OrganisationCertificate:
    """One certificate, read once and compared by its DER octets.

    Two certificates of one party may share key and key identifier, so nothing but the whole
    certificate (or issuer and serial) identifies it.
    """

    def __init__(self, certificate: x509.Certificate) -> None:
        self.x509 = certificate
        self.der: bytes = certificate.public_bytes(serialization.Encoding.DER)
        self.serial: int = certificate.serial_number

    @staticmethod
    def from_der(der: bytes) -> OrganisationCertificate:
        """Read DER; the same octets give the same (cached) object.

        Raises:
            CertificateUnreadable: When the octets are not a DER certificate.
        """
        return _from_der(der)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OrganisationCertificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"OrganisationCertificate({self.subject_name!r}, serial={self.serial})"

    @cached_property
    def sha1(self) -> bytes:
        """SHA-1 of the DER octets: the certificate hash of N42 and of slots [XSD SHA1]."""
        return hashlib.sha1(self.der, usedforsecurity=False).digest()

    @cached_property
    def sha256(self) -> bytes:
        """SHA-256 of the DER octets."""
        return hashlib.sha256(self.der).digest()

    @cached_property
    def issuer_name(self) -> str:
        """The issuer as RFC 4514 text, e.g. ``CN=Z1,OU=07``."""
        return self.x509.issuer.rfc4514_string()

    @cached_property
    def subject_name(self) -> str:
        """The subject as RFC 4514 text."""
        return self.x509.subject.rfc4514_string()

    @cached_property
    def entity_identifier(self) -> EUI64 | None:
        """The EUI-64 of the party (2.5.4.45), None when absent or not eight octets."""
        attributes = self.x509.subject.get_attributes_for_oid(NameOID.X500_UNIQUE_IDENTIFIER)
        if len(attributes) != 1 or not isinstance(attributes[0].value, bytes):
            return None
        octets = attributes[0].value
        if len(octets) == _BIT_STRING_ENTITY_IDENTIFIER and octets[0] == 0:
            octets = octets[1:]
        if len(octets) != _KEY_IDENTIFIER_OCTETS:
            return None
        return EUI64.from_bytes(octets)

    @cached_property
    def role(self) -> str:
        """The role code in the OU, two hexadecimal digits in upper case; empty when there is none."""
        for attribute in self.x509.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME):
            if isinstance(attribute.value, str) and re.fullmatch("[0-9A-Fa-f]{2}", attribute.value):
                return attribute.value.upper()
        return ""

    @property
    def role_name(self) -> str:
        """The role in words, or the code where it has none."""
        return ROLES.get(self.role, f"role {self.role or 'unknown'}")

    @cached_property
    def key_usage(self) -> x509.KeyUsage | None:
        """The keyUsage extension."""
        extension = self._extension(x509.KeyUsage)
        return extension.value if extension else None

    @cached_property
    def usage(self) -> CertificateType | None:
        """Digital signing, key agreement or certificate signing; None where it is not exactly one."""
        usage = self.key_usage
        if usage is None or usage.digital_signature + usage.key_agreement + usage.key_cert_sign != 1:
            return None
        if usage.key_cert_sign:
            return CertificateType.KEY_CERT_SIGN
        return CertificateType.DIGITAL_SIGNING if usage.digital_signature else CertificateType.KEY_AGREEMENT

    @cached_property
    def is_authority(self) -> bool:
        """Whether it may issue: basicConstraints cA and keyUsage keyCertSign."""
        constraints = self._extension(x509.BasicConstraints)
        usage = self.key_usage
        return bool(constraints and constraints.value.ca and usage and usage.key_cert_sign)

    @cached_property
    def path_length(self) -> int | None:
        """How many further authorities may stand below this one; None for no limit."""
        constraints = self._extension(x509.BasicConstraints)
        return constraints.value.path_length if constraints else None

    @cached_property
    def policies(self) -> frozenset[ObjectIdentifier]:
        """The certificate policies."""
        extension = self._extension(x509.CertificatePolicies)
        return frozenset(policy.policy_identifier for policy in extension.value) if extension else frozenset()

    @cached_property
    def subject_key_identifier(self) -> bytes | None:
        """The subject key identifier."""
        extension = self._extension(x509.SubjectKeyIdentifier)
        return extension.value.digest if extension else None

    @cached_property
    def authority_key_identifier(self) -> bytes | None:
        """The key identifier of the issuer."""
        extension = self._extension(x509.AuthorityKeyIdentifier)
        return extension.value.key_identifier if extension else None

    @cached_property
    def not_before(self) -> datetime:
        """Start of validity, UTC."""
        return self.x509.not_valid_before_utc

    @cached_property
    def not_after(self) -> datetime:
        """End of validity, UTC, inclusive."""
        return self.x509.not_valid_after_utc

    @cached_property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key.

        Raises:
            CertificateUnreadable: When it is not an elliptic curve key.
        """
        try:
            key = self.x509.public_key()
        except UnsupportedAlgorithm as error:
            raise CertificateUnreadable(f"certificate {self.serial}: {error}") from None
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise CertificateUnreadable(
                f"certificate {self.serial}: the public key is not an elliptic curve key"
            )
        return key

    @cached_property
    def self_issued(self) -> bool:
        """Whether issuer and subject are the same name."""
        return self.x509.issuer == self.x509.subject

    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.x509.public_bytes(serialization.Encoding.PEM)

    def profile_errors(self) -> tuple[str, ...]:
        """Where the certificate departs from the SMKI profile [CERT]; empty when it does not."""
        try:
            return tuple(_profile_errors(self))
        except ValueError as error:
            return (f"an extension or the key cannot be read: {error}",)

    def _extension(self, kind: type[x509.ExtensionType]) -> x509.Extension | None:  # type: ignore[type-arg]
        try:
            return self.x509.extensions.get_extension_for_class(kind)
        except x509.ExtensionNotFound:
            return None


@lru_cache(maxsize=4096)
def _from_der(der: bytes) -> OrganisationCertificate:
    try:
        certificate = OrganisationCertificate(x509.load_der_x509_certificate(der))
        _ = certificate.x509.extensions, certificate.x509.subject, certificate.x509.issuer
    except _MALFORMED as error:
        raise CertificateUnreadable(f"not a DER certificate: {error}") from None
    if certificate.der != der:
        raise CertificateUnreadable("not a DER certificate: octets follow it")
    return certificate


def load(data: bytes) -> OrganisationCertificate:
    """Read one certificate, PEM or DER.

    Raises:
        CertificateUnreadable: When it is neither.
    """
    certificates = load_all(data)
    if len(certificates) != 1:
        raise CertificateUnreadable(f"one certificate expected, found {len(certificates)}")
    return certificates[0]


def load_all(data: bytes) -> tuple[OrganisationCertificate, ...]:
    """Read one DER certificate or any number of PEM certificates (text around them is skipped).

    Raises:
        CertificateUnreadable: When there is none, or one is malformed.
    """
    if b"-----BEGIN CERTIFICATE-----" not in data:
        return (OrganisationCertificate.from_der(data),)
    try:
        loaded = x509.load_pem_x509_certificates(data)
    except _MALFORMED as error:
        raise CertificateUnreadable(f"not a PEM certificate: {error}") from None
    return tuple(
        OrganisationCertificate.from_der(each.public_bytes(serialization.Encoding.DER)) for each in loaded
    )


def _profile_errors(certificate: OrganisationCertificate) -> Iterator[str]:
    raw = certificate.x509
    if raw.version is not x509.Version.v3:
        yield "version is not 3"
    if raw.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        yield "signature algorithm is not ecdsa-with-SHA256"
    if not isinstance(certificate.public_key.curve, ec.SECP256R1):
        yield "the key is not on P-256"
    if certificate.serial <= 0 or certificate.serial.bit_length() // 8 + 1 != _SERIAL_OCTETS:
        yield "the serial number is not 16 octets"
    yield from _subject_errors(certificate)
    yield from _usage_errors(certificate)
    yield from _key_identifier_errors(certificate)


def _subject_errors(certificate: OrganisationCertificate) -> Iterator[str]:
    units = certificate.x509.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if len(units) != 1 or certificate.role not in ROLES:
        yield "the subject has not exactly one OU holding a role code"
    authority = certificate.role in {ROOT, ISSUING_AUTHORITY}
    identifiers = certificate.x509.subject.get_attributes_for_oid(NameOID.X500_UNIQUE_IDENTIFIER)
    if authority and identifiers:
        yield "an authority carries an Entity Identifier"
    if not authority and certificate.entity_identifier is None:
        yield "the subject has not exactly one 8-octet Entity Identifier (2.5.4.45)"
    if authority != certificate.is_authority:
        yield "role code and basicConstraints/keyCertSign disagree on whether it is an authority"


def _usage_errors(certificate: OrganisationCertificate) -> Iterator[str]:
    extensions = {extension.oid: extension for extension in certificate.x509.extensions}
    usage = certificate.key_usage
    if usage is None or not extensions[ExtensionOID.KEY_USAGE].critical:
        yield "keyUsage is missing or not critical"
    elif not certificate.is_authority:
        others = (usage.content_commitment, usage.key_encipherment, usage.data_encipherment)
        if certificate.usage is None or any(others) or usage.key_cert_sign or usage.crl_sign:
            yield "keyUsage is not exactly one of digitalSignature and keyAgreement"
    policies = extensions.get(ExtensionOID.CERTIFICATE_POLICIES)
    if policies is None or not policies.critical:
        yield "certificatePolicies is missing or not critical"
    elif SMKI_POLICY not in certificate.policies:
        yield f"certificatePolicies does not hold {SMKI_POLICY.dotted_string}"


def _key_identifier_errors(certificate: OrganisationCertificate) -> Iterator[str]:
    if certificate.subject_key_identifier != key_identifier(certificate.public_key):
        yield "the subject key identifier is not nibble 4 and the low 60 bits of SHA-1 of the public key"
    authority = certificate.authority_key_identifier
    if authority is None:
        # A root needs none; the XML signers DCC publishes carry none either [CERT].
        if certificate.role not in {ROOT, XML_SIGN, DSP_XML_SIGN}:
            yield "the authority key identifier is missing"
    elif len(authority) != _KEY_IDENTIFIER_OCTETS or authority[0] >> 4 != 4:
        yield "the authority key identifier is not 8 octets starting with nibble 4"
