"""What a SMETS1 device's response says: one type per Service Reference Variant [XSD ResponsePayload]."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

from duis import values
from duis.execution_outcome import ExecutionOutcome, StatusCode, ra
from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole
from duis.values import child
from duis.xml import Children, Element


class Result(ABC):
    """The payload of a SMETS1 response.

    Attributes:
        SRV: the Service Reference Variant it answers.
        ELEMENT: local name of its element inside ra:SMETSData.
    """

    __slots__ = ()

    SRV: ClassVar[str]
    ELEMENT: ClassVar[str]

    @abstractmethod
    def to_text(self) -> str:
        """The element as text, with prefix `ra` left to be declared by the document."""

    @classmethod
    @abstractmethod
    def from_element(cls, element: Element) -> Self:
        """Read the element; MessageError when it is not one."""


def opening(element: str, message_success: bool | None) -> str:
    """The start tag of a result, with MessageSuccess when it is told."""
    if message_success is None:
        return f"<ra:{element}>"
    return f'<ra:{element} MessageSuccess="{"true" if message_success else "false"}">'


def message_success_of(children: Children) -> bool | None:
    """MessageSuccess of a result, None when it is not told."""
    text = children.attributes.get("MessageSuccess")
    return None if text is None else values.boolean_from(children.element, text)


@dataclass(frozen=True, slots=True)
class _CredentialsResult(Result):
    message_success: bool | None = None
    execution_outcome: ExecutionOutcome | None = None

    def to_text(self) -> str:
        """The element as text."""
        outcome = "" if self.execution_outcome is None else self.execution_outcome.to_text()
        return f"{opening(self.ELEMENT, self.message_success)}{outcome}</ra:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> Self:
        """Read the element; MessageError when it is not one."""
        children = Children(element, "MessageSuccess")
        outcome = children.optional(ra("ExecutionOutcome"))
        children.end()
        return cls(
            message_success_of(children), None if outcome is None else ExecutionOutcome.from_element(outcome)
        )


@dataclass(frozen=True, slots=True)
class UpdateSecurityCredentialsKRPRsp(_CredentialsResult):
    """The result of SRV 6.15.1; without an outcome when the request is future dated.

    Attributes:
        message_success: whether it was carried out.
        execution_outcome: what became of each certificate.
    """

    SRV: ClassVar[str] = "6.15.1"
    ELEMENT: ClassVar[str] = "UpdateSecurityCredentialsKRPRsp"


@dataclass(frozen=True, slots=True)
class RequestHandoverOfDCCControlledDeviceRsp(_CredentialsResult):
    """The result of SRV 6.21.

    Attributes:
        message_success: whether it was carried out.
        execution_outcome: what became of each certificate.
    """

    SRV: ClassVar[str] = "6.21"
    ELEMENT: ClassVar[str] = "RequestHandoverOfDCCControlledDeviceRsp"


@dataclass(frozen=True, slots=True)
class RemotePartyDetails:
    """One certificate of a slot [XSD RemotePartyDetails].

    Attributes:
        remote_party_role: the slot.
        status_code: whether it could be read.
        remote_party_floor_seq_number: floor of the party's counter.
        certificate_usage: use of the certificate.
        existing_remote_party_id: whose it is.
        existing_certificate_hash: its hash.
    """

    remote_party_role: RemotePartyRole | None = None
    status_code: StatusCode | None = None
    remote_party_floor_seq_number: int | None = None
    certificate_usage: CertificateType | None = None
    existing_remote_party_id: EUI64 | None = None
    existing_certificate_hash: bytes | None = None

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<ra:RemotePartyDetails>{child('ra:RemotePartyRole', self.remote_party_role)}"
            f"{'' if self.status_code is None else self.status_code.to_text()}"
            f"{child('ra:RemotePartyFloorSeqNumber', self.remote_party_floor_seq_number)}"
            f"{child('ra:CertificateUsage', self.certificate_usage)}"
            f"{child('ra:ExistingRemotePartyID', self.existing_remote_party_id)}"
            f"{child('ra:ExistingCertificateHash', self.existing_certificate_hash)}</ra:RemotePartyDetails>"
        )

    @classmethod
    def from_element(cls, element: Element) -> RemotePartyDetails:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        role = children.optional(ra("RemotePartyRole"))
        status = children.optional(ra("StatusCode"))
        floor = values.optional_integer(children, ra("RemotePartyFloorSeqNumber"))
        usage = children.optional(ra("CertificateUsage"))
        details = cls(
            None if role is None else values.member_of(role, RemotePartyRole),
            None if status is None else StatusCode.from_element(status),
            floor,
            None if usage is None else values.member_of(usage, CertificateType),
            values.optional_eui64(children, ra("ExistingRemotePartyID")),
            values.optional_bytes(children, ra("ExistingCertificateHash")),
        )
        children.end()
        return details


@dataclass(frozen=True, slots=True)
class RetrieveDeviceSecurityCredentialsKRPRsp(Result):
    """The result of SRV 6.24.1.

    Attributes:
        message_success: whether it was carried out.
        remote_party_details: one per certificate found.
    """

    message_success: bool | None = None
    remote_party_details: tuple[RemotePartyDetails, ...] = ()

    SRV: ClassVar[str] = "6.24.1"
    ELEMENT: ClassVar[str] = "RetrieveDeviceSecurityCredentialsKRPRsp"

    def to_text(self) -> str:
        """The element as text."""
        details = "".join(detail.to_text() for detail in self.remote_party_details)
        return f"{opening(self.ELEMENT, self.message_success)}{details}</ra:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> RetrieveDeviceSecurityCredentialsKRPRsp:
        """Read the element; MessageError when it is not one."""
        children = Children(element, "MessageSuccess")
        details = tuple(map(RemotePartyDetails.from_element, children.repeated(ra("RemotePartyDetails"))))
        children.end()
        return cls(message_success_of(children), details)
