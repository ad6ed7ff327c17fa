"""What a certificate list is made of: certificate files, the certificates fit for a list, and parties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from data_update.errors import DataUpdateError
from duis.identifiers import EUI64
from duis.smki.certificate import (
    ISSUING_AUTHORITY,
    ROOT,
    CertificateUnreadable,
    OrganisationCertificate,
    load_all,
)

NETWORK_OPERATOR = "03"
"""The role code of the certificates that belong in a Network Operator's slot [CERT]."""

_PRIVATE_KEY = b"PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class Party:
    """A Network Operator as a certificate list has it.

    Attributes:
        name: its name.
        entity_identifier: None when it has no SMKI presence.
        market_participant_id: None when the list does not say.
        certificates: every certificate it shared, in use or not, without repetitions, by their SHA-256.
    """

    name: str
    entity_identifier: EUI64 | None
    market_participant_id: str | None
    certificates: tuple[OrganisationCertificate, ...]


@dataclass(slots=True)
class Material:
    """What was read of a list, before anything is decided.

    Attributes:
        parties: in the order of the list.
        authorities: roots and issuing authorities found with the certificates.
        problems: one line for each thing that cannot be used.
    """

    parties: list[Party] = field(default_factory=list)
    authorities: set[OrganisationCertificate] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def certificates_in(file: Path) -> tuple[OrganisationCertificate, ...]:
    """Read every certificate of a DER or PEM file.

    Raises:
        DataUpdateError: the file cannot be read, holds no certificate, or holds a private key.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DataUpdateError(
            f"{file}: cannot be read: {error.strerror}; give a file that can be read"
        ) from error
    if _PRIVATE_KEY in data:
        raise DataUpdateError(
            f"{file}: holds a private key, which nobody but its owner may have; delete the file, tell the "
            "owner, and take the certificate alone"
        )
    try:
        return load_all(data)
    except CertificateUnreadable as error:
        raise DataUpdateError(
            f"{file}: {error}; expected certificates as DER or PEM; ask the Network Operator for them again"
        ) from error


def is_authority(certificate: OrganisationCertificate) -> bool:
    """Whether it carries the role of a root or an issuing authority."""
    return certificate.role in {ROOT, ISSUING_AUTHORITY}


def faults(certificate: OrganisationCertificate) -> Iterable[str]:
    """Say why a certificate does not belong in a list, apart from validity and trust; with the mend."""
    if certificate.role != NETWORK_OPERATOR:
        yield (
            f"{title(certificate)} is one of a {certificate.role_name}; take it out: a list holds those of "
            f"Network Operators (role {NETWORK_OPERATOR}) and of authorities ({ROOT}, {ISSUING_AUTHORITY})"
        )
        return
    for fault in certificate.profile_errors():
        yield (
            f"{title(certificate)} is no SMKI organisation certificate: {fault}; ask the Network Operator "
            "for the one that SMKI issued"
        )


def title(certificate: OrganisationCertificate) -> str:
    """The subject and the serial number, as every message names a certificate."""
    return f"certificate {certificate.subject_name} (serial {certificate.serial})"


def in_order(certificates: Iterable[OrganisationCertificate]) -> tuple[OrganisationCertificate, ...]:
    """The certificates without repetitions, in an order that depends on nothing but them."""
    return tuple(sorted(set(certificates), key=lambda each: each.sha256))
