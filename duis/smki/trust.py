"""Trust in SMKI certificates: lookup by issuer and serial, and chains to the root.

A generic Web-PKI validator refuses the critical certificatePolicies of these certificates [CERT], so
the chain is built here: party, issuing authority (07), root (00).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtensionOID, ObjectIdentifier

from duis.roles import CertificateType
from duis.smki.certificate import (
    ISSUING_AUTHORITY,
    ROOT,
    SMKI_POLICY,
    CertificateUnreadable,
    OrganisationCertificate,
    load_all,
)
from duis.smki.names import NameParts, name_parts, parts_of

CERTIFICATE_SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der"})
_UNDERSTOOD = frozenset(
    {ExtensionOID.KEY_USAGE, ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.CERTIFICATE_POLICIES}
)
_LONGEST_CHAIN = 8
_CACHED = 4096


class ChainReason(StrEnum):
    """Why a certificate is not trusted."""

    UNKNOWN_ISSUER = "unknown issuer"
    NOT_ISSUED = "not signed by its issuer"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    NOT_AN_AUTHORITY = "issuer is not an authority"
    PATH_TOO_LONG = "path too long"
    CRITICAL_EXTENSION = "critical extension not understood"
    POLICY = "not under an SMKI policy"
    ROLE = "wrong role"
    USAGE = "wrong key usage"
    UNREADABLE = "unreadable"


class ChainError(Exception):
    """A certificate is not trusted.

    Attributes:
        reason: Why, as a fixed set.
        detail: The same in words, naming the certificate.
    """

    def __init__(self, reason: ChainReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class TrustMaterialError(ValueError):
    """A file or directory given as trust holds no usable certificate."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain whose signatures were checked once, and when all of it is valid."""

    certificates: tuple[OrganisationCertificate, ...]
    not_before: datetime
    not_after: datetime

    @staticmethod
    def of(chain: tuple[OrganisationCertificate, ...]) -> _Chain:
        return _Chain(chain, max(each.not_before for each in chain), min(each.not_after for each in chain))

    def refuse_time(self, moment: datetime) -> None:
        """Raise for the first certificate that is not valid at a moment outside the common validity."""
        for certificate in self.certificates:
            if moment < certificate.not_before:
                raise ChainError(
                    ChainReason.NOT_YET_VALID,
                    f"{_title(certificate)}: valid from {certificate.not_before:%FT%TZ}",
                )
            if moment > certificate.not_after:
                raise ChainError(
                    ChainReason.EXPIRED, f"{_title(certificate)}: valid until {certificate.not_after:%FT%TZ}"
                )


class TrustStore:
    """Known certificates, and those among them that are trusted as given (anchors)."""

    def __init__(
        self,
        certificates: Iterable[OrganisationCertificate] = (),
        anchors: Iterable[OrganisationCertificate] = (),
        policies: Collection[ObjectIdentifier] = (SMKI_POLICY,),
    ) -> None:
        """Hold certificates.

        Args:
            certificates: Certificates that can be found and used in chains.
            anchors: Certificates trusted as given; normally the root.
            policies: Acceptable certificate policies; default the one seen in DCC's certificates [CERT].
        """
        self._policies = frozenset(policies)
        self._by_serial: dict[tuple[NameParts, int], OrganisationCertificate] = {}
        self._by_subject: dict[bytes, list[OrganisationCertificate]] = {}
        self._anchors: set[bytes] = set()
        self._found: dict[tuple[str, int], OrganisationCertificate] = {}
        self._chains: dict[bytes, _Chain] = {}
        for anchor in anchors:
            self._anchors.add(anchor.sha256)
            self.add(anchor)
        for certificate in certificates:
            self.add(certificate)

    @property
    def certificates(self) -> tuple[OrganisationCertificate, ...]:
        """Every known certificate."""
        return tuple(self._by_serial.values())

    @property
    def anchors(self) -> tuple[OrganisationCertificate, ...]:
        """The certificates trusted as given."""
        return tuple(each for each in self._by_serial.values() if each.sha256 in self._anchors)

    def add(self, certificate: OrganisationCertificate) -> None:
        """Make a certificate known; it is not trusted by that alone.

        A certificate that claims the issuer and serial of a known one never replaces it.
        """
        key = (parts_of(certificate.x509.issuer), certificate.serial)
        if key in self._by_serial:
            return
        self._by_serial[key] = certificate
        self._by_subject.setdefault(certificate.x509.subject.public_bytes(), []).append(certificate)

    def find(self, issuer_name: str, serial: int) -> OrganisationCertificate | None:
        """The certificate of that issuer and serial number, None when unknown.

        Raises:
            ValueError: When the issuer is not an RFC 4514 name.
        """
        found = self._found.get((issuer_name, serial))
        if found is None:
            found = self._by_serial.get((name_parts(issuer_name), serial))
            if found is not None:
                if len(self._found) >= _CACHED:
                    self._found.clear()
                self._found[issuer_name, serial] = found
        return found

    def validate(
        self,
        certificate: OrganisationCertificate,
        at: datetime | None = None,
        role: str | Collection[str] | None = None,
        usage: CertificateType | None = None,
        intermediates: Iterable[OrganisationCertificate] = (),
    ) -> tuple[OrganisationCertificate, ...]:
        """Check a certificate up to an anchor.

        Args:
            certificate: The certificate to check.
            at: When it has to be valid (aware); default now.
            role: The role code, or codes, it may have.
            usage: The usage it must have.
            intermediates: Further authorities to build the chain with, such as the certification path
                in a 6.15.1. They are trusted only through an anchor.

        Returns:
            The chain, from the certificate to the anchor.

        Raises:
            ChainError: When it is not trusted, with the reason.
        """
        chain = self._chains.get(certificate.sha256)
        if chain is None:
            try:
                chain = _Chain.of(self._build(certificate, tuple(intermediates)))
            except ValueError as error:
                raise ChainError(ChainReason.UNREADABLE, f"{_title(certificate)}: {error}") from None
            if len(self._chains) >= _CACHED:
                self._chains.clear()
            self._chains[certificate.sha256] = chain
        moment = datetime.now(UTC) if at is None else at
        if not chain.not_before <= moment <= chain.not_after:
            chain.refuse_time(moment)
        if role is not None or usage is not None:
            _check_purpose(certificate, role, usage)
        return chain.certificates

    def _build(
        self, certificate: OrganisationCertificate, intermediates: tuple[OrganisationCertificate, ...]
    ) -> tuple[OrganisationCertificate, ...]:
        chain = [certificate]
        while True:
            current = chain[-1]
            self._check_extensions(current)
            if current.sha256 in self._anchors:
                return tuple(chain)
            if len(chain) == _LONGEST_CHAIN:
                raise ChainError(
                    ChainReason.PATH_TOO_LONG, f"{_title(certificate)}: no anchor within the chain"
                )
            issuer = self._issuer(current, intermediates)
            _check_authority(issuer, current, len(chain) - 1)
            chain.append(issuer)

    def _issuer(
        self, certificate: OrganisationCertificate, intermediates: tuple[OrganisationCertificate, ...]
    ) -> OrganisationCertificate:
        wanted = certificate.x509.issuer.public_bytes()
        candidates = list(self._by_subject.get(wanted, ()))
        candidates += [each for each in intermediates if each.x509.subject.public_bytes() == wanted]
        candidates = [each for each in candidates if each != certificate]
        if not candidates:
            raise ChainError(
                ChainReason.UNKNOWN_ISSUER,
                f"{_title(certificate)}: issuer {certificate.issuer_name} is unknown",
            )
        for candidate in candidates:
            try:
                certificate.x509.verify_directly_issued_by(candidate.x509)
            except (InvalidSignature, ValueError, TypeError):
                continue
            return candidate
        raise ChainError(
            ChainReason.NOT_ISSUED,
            f"{_title(certificate)}: not signed by the known authority {certificate.issuer_name}",
        )

    def _check_extensions(self, certificate: OrganisationCertificate) -> None:
        for extension in certificate.x509.extensions:
            if extension.critical and extension.oid not in _UNDERSTOOD:
                raise ChainError(
                    ChainReason.CRITICAL_EXTENSION, f"{_title(certificate)}: {extension.oid.dotted_string}"
                )
        if certificate.role != ROOT and not certificate.policies & self._policies:
            raise ChainError(
                ChainReason.POLICY,
                f"{_title(certificate)}: certificatePolicies holds none of "
                + ", ".join(sorted(policy.dotted_string for policy in self._policies)),
            )

    @staticmethod
    def load(path: Path) -> TrustStore:
        """Read trust from a certificate file or from every certificate file below a directory.

        The anchors are the self-issued authorities of role 00. Where there is none, the authorities
        are; where there is no authority either, the certificates themselves, as the user named them.

        Raises:
            TrustMaterialError: When there is no certificate, or one cannot be read.
            OSError: When the path cannot be read.
        """
        found = tuple(_read_all(Path(path)))
        if not found:
            raise TrustMaterialError(f"{path}: no certificate found")
        roots = [each for each in found if each.role == ROOT and each.is_authority and each.self_issued]
        authorities = [each for each in found if each.is_authority and each.role in {ROOT, ISSUING_AUTHORITY}]
        return TrustStore(found, roots or authorities or found)


def _read_all(path: Path) -> Iterator[OrganisationCertificate]:
    files = [path]
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix.lower() in CERTIFICATE_SUFFIXES)
    for file in files:
        data = file.read_bytes()
        if file != path and b"-----BEGIN" in data and b"-----BEGIN CERTIFICATE-----" not in data:
            continue  # a key beside its certificate
        try:
            yield from load_all(data)
        except CertificateUnreadable as error:
            raise TrustMaterialError(f"{file}: {error}") from None


def _check_purpose(
    certificate: OrganisationCertificate, role: str | Collection[str] | None, usage: CertificateType | None
) -> None:
    if role is not None:
        accepted = (role,) if isinstance(role, str) else tuple(role)
        if certificate.role not in accepted:
            raise ChainError(
                ChainReason.ROLE,
                f"{_title(certificate)}: role {certificate.role}, expected {' or '.join(accepted)}",
            )
    if usage is not None and certificate.usage != usage:
        raise ChainError(
            ChainReason.USAGE, f"{_title(certificate)}: usage {certificate.usage}, expected {usage}"
        )


def _check_authority(issuer: OrganisationCertificate, subject: OrganisationCertificate, below: int) -> None:
    """Check that an issuer may have issued; ``below`` counts the authorities between it and the end."""
    expected = ROOT if subject.role in {ROOT, ISSUING_AUTHORITY} else ISSUING_AUTHORITY
    if not issuer.is_authority or issuer.role != expected:
        raise ChainError(
            ChainReason.NOT_AN_AUTHORITY,
            f"{_title(issuer)}: {issuer.role_name} may not issue for {subject.role_name}",
        )
    if issuer.path_length is not None and below > issuer.path_length:
        raise ChainError(ChainReason.PATH_TOO_LONG, f"{_title(issuer)}: path length {issuer.path_length}")


def _title(certificate: OrganisationCertificate) -> str:
    return f"certificate {certificate.subject_name} (serial {certificate.serial})"
