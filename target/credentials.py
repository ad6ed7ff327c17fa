"""Certificates for anchor slots, and the two requests that place them."""

from __future__ import annotations

from dataclasses import dataclass

from duis.identifiers import EUI64
from duis.requests.request_handover_of_dcc_controlled_device import RequestHandoverOfDCCControlledDeviceBody
from duis.requests.update_security_credentials_krp import UpdateSecurityCredentialsKRPBody
from duis.roles import CertificateType, RemotePartyRole
from duis.smki.certificate import OrganisationCertificate
from duis.smki.trust import TrustStore
from target.errors import HarnessError

_LONGEST_PATH = 3  # [XSD] CertificationPathCertificates


@dataclass(frozen=True)
class Credentials:
    """A set of certificates for one slot.

    Attributes:
        digital_signing: `None` to leave it out of a request.
        key_agreement: `None` to leave it out of a request.
        path: DER certificates from the issuing authority to the root, one to three [XSD].
    """

    digital_signing: OrganisationCertificate | None
    key_agreement: OrganisationCertificate | None
    path: tuple[bytes, ...]

    @property
    def party(self) -> EUI64 | None:
        """Whose they are: the Entity Identifier in the digital signing certificate, else in the other one."""
        certificate = self.digital_signing or self.key_agreement
        return certificate.entity_identifier if certificate is not None else None

    def hashes(self, algorithm: str = "SHA-1") -> dict[CertificateType, bytes]:
        """The hash of each certificate, as results and 6.24.1 report it."""
        certificates = {
            CertificateType.DIGITAL_SIGNING: self.digital_signing,
            CertificateType.KEY_AGREEMENT: self.key_agreement,
        }
        return {
            use: certificate.sha256 if algorithm == "SHA-256" else certificate.sha1
            for use, certificate in certificates.items()
            if certificate is not None
        }

    def mixed_with(self, other: Credentials) -> Credentials:
        """The digital signing certificate of this set with the key agreement certificate of another party."""
        return Credentials(self.digital_signing, other.key_agreement, self.path)


def certification_path(certificate: OrganisationCertificate, trust: TrustStore) -> tuple[bytes, ...]:
    """The path from the issuer of a certificate up to the root, by names alone: nothing is verified.

    Raises:
        HarnessError: The issuer is not among the certificates of the target file.
    """
    by_subject = {each.subject_name: each for each in trust.certificates if each.is_authority}
    path: list[bytes] = []
    current = certificate
    while len(path) < _LONGEST_PATH and current.issuer_name != current.subject_name:
        issuer = by_subject.get(current.issuer_name)
        if issuer is None:
            raise HarnessError(
                f"the issuer {current.issuer_name} of {certificate.subject_name} is unknown; "
                "add its certificate to trust.certificates in the target file"
            )
        path.append(issuer.der)
        current = issuer
    return tuple(path)


def update_credentials(
    credentials: Credentials, role: RemotePartyRole, *, apply_time_based_cpv_checks: bool = True
) -> UpdateSecurityCredentialsKRPBody:
    """SRV 6.15.1: replace the certificates of a slot."""
    return UpdateSecurityCredentialsKRPBody(
        remote_party_role=role,
        digital_signing=_der(credentials.digital_signing),
        key_agreement=_der(credentials.key_agreement),
        certification_path=credentials.path,
        apply_time_based_cpv_checks=apply_time_based_cpv_checks,
    )


def handover(
    credentials: Credentials, role: RemotePartyRole, *, apply_time_based_cpv_checks: bool = True
) -> RequestHandoverOfDCCControlledDeviceBody:
    """SRV 6.21: place certificates in a slot that is under DCC control."""
    return RequestHandoverOfDCCControlledDeviceBody(
        remote_party_role=role,
        digital_signing=_der(credentials.digital_signing),
        key_agreement=_der(credentials.key_agreement),
        certification_path=credentials.path,
        apply_time_based_cpv_checks=apply_time_based_cpv_checks,
    )


def _der(certificate: OrganisationCertificate | None) -> bytes | None:
    return certificate.der if certificate is not None else None
