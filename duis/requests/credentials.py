"""What SRVs 6.15.1 and 6.21 share: the certificates to place in a slot and how to check them [XSD]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from duis import values
from duis.requests.body import Body, sr
from duis.roles import CertificateType, RemotePartyRole
from duis.values import child
from duis.xml import Children, Element

MAXIMUM_FLOOR: Final = 2**63 - 1
"""Largest floor sequence number [XSD floorSequenceNumber]."""

_ROLE = sr("RemotePartyRole")
_EXECUTION = sr("ExecutionDateTime")
_FLOOR = sr("RemotePartyFloorSeqNumber")
_TOP_UP_FLOOR = sr("RemotePartyPrepaymentTopUpFloorSeqNumber")
_REPLACEMENT = sr("ReplacementCertificates")
_DIGITAL_SIGNING = sr("DigitalSigningCertificate")
_KEY_AGREEMENT = sr("KeyAgreementCertificate")
_KEY_AGREEMENT_TOP_UP = sr("KeyAgreementTopUpCertificate")
_PATH = sr("CertificationPathCertificates")
_CERTIFICATE = sr("Certificate")
_CHECKS = sr("ApplyTimeBasedCPVChecks")


@dataclass(frozen=True, slots=True)
class ReplacementBody(Body):
    """A request to place certificates in one slot of a device.

    Attributes:
        remote_party_role: the slot.
        digital_signing: DER certificate; None leaves the one in the slot.
        key_agreement: DER certificate, or None.
        key_agreement_top_up: DER certificate, or None; a Supplier slot only.
        certification_path: DER certificates up to the root, 1 to 3.
        apply_time_based_cpv_checks: whether validity periods count in certification path validation.
        execution_date_time: when to execute; None is at once.
        remote_party_floor_seq_number: new floor of the party's counter.
        remote_party_prepayment_top_up_floor_seq_number: new floor of the party's top-up counter.
    """

    remote_party_role: RemotePartyRole
    digital_signing: bytes | None = None
    key_agreement: bytes | None = None
    key_agreement_top_up: bytes | None = None
    certification_path: tuple[bytes, ...] = ()
    apply_time_based_cpv_checks: bool = True
    execution_date_time: datetime | None = None
    remote_party_floor_seq_number: int | None = None
    remote_party_prepayment_top_up_floor_seq_number: int | None = None

    def replacements(self) -> dict[CertificateType, bytes]:
        """The certificates to place, by use, in the order of the message."""
        given = {
            CertificateType.DIGITAL_SIGNING: self.digital_signing,
            CertificateType.KEY_AGREEMENT: self.key_agreement,
            CertificateType.KEY_AGREEMENT_TOP_UP: self.key_agreement_top_up,
        }
        return {use: certificate for use, certificate in given.items() if certificate is not None}


def replacement_text(body: ReplacementBody, element: str, wrapper: str | None) -> str:
    """The element of a ReplacementBody, its certificates inside `wrapper` where the SRV has one."""
    path = "".join(child("sr:Certificate", certificate) for certificate in body.certification_path)
    top_up_floor = body.remote_party_prepayment_top_up_floor_seq_number
    opening, closing = (f"<sr:{wrapper}>", f"</sr:{wrapper}>") if wrapper else ("", "")
    return (
        f"<sr:{element}>"
        f"{child('sr:ExecutionDateTime', body.execution_date_time)}"
        f"<sr:RemotePartyRole>{body.remote_party_role}</sr:RemotePartyRole>"
        f"{child('sr:RemotePartyFloorSeqNumber', body.remote_party_floor_seq_number)}"
        f"{child('sr:RemotePartyPrepaymentTopUpFloorSeqNumber', top_up_floor)}"
        f"<sr:ReplacementCertificates>{opening}"
        f"{child('sr:DigitalSigningCertificate', body.digital_signing)}"
        f"{child('sr:KeyAgreementCertificate', body.key_agreement)}"
        f"{child('sr:KeyAgreementTopUpCertificate', body.key_agreement_top_up)}"
        f"{closing}</sr:ReplacementCertificates>"
        f"<sr:CertificationPathCertificates>{path}</sr:CertificationPathCertificates>"
        f"{child('sr:ApplyTimeBasedCPVChecks', body.apply_time_based_cpv_checks)}"
        f"</sr:{element}>"
    )


def replacement_fields(
    element: Element, wrapper: str | None
) -> tuple[
    RemotePartyRole,
    bytes | None,
    bytes | None,
    bytes | None,
    tuple[bytes, ...],
    bool,
    datetime | None,
    int | None,
    int | None,
]:
    """The fields of a ReplacementBody in the order of its definition, read in the order of the message."""
    children = Children(element)
    execution_date_time = values.optional_date_time(children, _EXECUTION)
    role = values.member_of(children.required(_ROLE), RemotePartyRole)
    floor = values.optional_integer(children, _FLOOR, 0, MAXIMUM_FLOOR)
    top_up_floor = values.optional_integer(children, _TOP_UP_FLOOR, 0, MAXIMUM_FLOOR)
    certificates = Children(children.required(_REPLACEMENT))
    if wrapper is not None:
        wrapped = certificates.required(sr(wrapper))
        certificates.end()
        certificates = Children(wrapped)
        digital_signing = values.optional_bytes(certificates, _DIGITAL_SIGNING)
    else:
        digital_signing = values.bytes_of(certificates.required(_DIGITAL_SIGNING))
    key_agreement = values.optional_bytes(certificates, _KEY_AGREEMENT)
    key_agreement_top_up = values.optional_bytes(certificates, _KEY_AGREEMENT_TOP_UP)
    certificates.end()
    path = Children(children.required(_PATH))
    certification_path = tuple(values.bytes_of(certificate) for certificate in path.repeated(_CERTIFICATE))
    path.end()
    checks = values.boolean_of(children.required(_CHECKS))
    children.end()
    return (
        role,
        digital_signing,
        key_agreement,
        key_agreement_top_up,
        certification_path,
        checks,
        execution_date_time,
        floor,
        top_up_floor,
    )
