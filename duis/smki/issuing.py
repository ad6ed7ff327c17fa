"""Issuing of test certificates with the SMKI profile [CERT]."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from duis.identifiers import EUI64
from duis.roles import CertificateType
from duis.smki.certificate import SMKI_POLICY, OrganisationCertificate, key_identifier


@dataclass(frozen=True, slots=True)
class Authority:
    """What issues certificates: a root or an issuing authority."""

    certificate: OrganisationCertificate
    private_key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a certificate is valid (aware, whole seconds)."""

    not_before: datetime
    not_after: datetime


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def new_serial() -> int:
    """A random positive serial number of exactly 16 octets [CERT]."""
    return (1 << 126) | secrets.randbits(126)


def authority_name(common_name: str, role: str) -> x509.Name:
    """The name of an authority, OU before CN: ``CN=Z1,OU=07`` in RFC 4514 [CERT]."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role, _ASN1Type.PrintableString),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name, _ASN1Type.PrintableString),
        ]
    )


def party_name(entity_identifier: EUI64, role: str, common_name: str | None = None) -> x509.Name:
    """The name of a party: CN where it has one, OU with the role, 2.5.4.45 as BIT STRING [CERT]."""
    attributes: list[x509.NameAttribute[Any]] = [
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role),
        x509.NameAttribute(
            NameOID.X500_UNIQUE_IDENTIFIER,
            b"\x00" + entity_identifier.to_bytes(),  # no unused bits, then the eight octets
            _ASN1Type.BitString,
        ),
    ]
    if common_name is not None:
        attributes.insert(0, x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def issue(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: Authority,
    usage: CertificateType,
    validity: Validity,
) -> OrganisationCertificate:
    """Issue a party's certificate with exactly one key usage."""
    builder = _builder(subject, public_key, validity).issuer_name(issuer.certificate.x509.subject)
    builder = builder.add_extension(_key_usage(usage), critical=True)
    builder = _with_identifiers(builder, public_key, issuer.private_key.public_key())
    return OrganisationCertificate.from_der(_signed(builder, issuer.private_key))


def issue_authority(
    subject: x509.Name, validity: Validity, issuer: Authority | None = None, path_length: int | None = None
) -> Authority:
    """Issue an authority's certificate with a key of its own; self-signed without an issuer."""
    key = new_key()
    issuer_name = issuer.certificate.x509.subject if issuer else subject
    issuer_key = issuer.private_key if issuer else key
    builder = _builder(subject, key.public_key(), validity).issuer_name(issuer_name)
    builder = builder.add_extension(_key_usage(CertificateType.KEY_CERT_SIGN), critical=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = _with_identifiers(builder, key.public_key(), issuer_key.public_key())
    return Authority(OrganisationCertificate.from_der(_signed(builder, issuer_key)), key)


def _builder(
    subject: x509.Name, public_key: ec.EllipticCurvePublicKey, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(new_serial())
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
    )


def _with_identifiers(
    builder: x509.CertificateBuilder,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    policy = x509.PolicyInformation(SMKI_POLICY, None)
    return (
        builder.add_extension(x509.CertificatePolicies([policy]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier(key_identifier(public_key)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(key_identifier(issuer_key), None, None), critical=False)
    )


def _key_usage(usage: CertificateType) -> x509.KeyUsage:
    authority = usage is CertificateType.KEY_CERT_SIGN
    return x509.KeyUsage(
        digital_signature=usage is CertificateType.DIGITAL_SIGNING,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=usage is CertificateType.KEY_AGREEMENT,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
