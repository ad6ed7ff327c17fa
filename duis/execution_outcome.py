"""ExecutionOutcome: what became of the certificates of SRVs 6.15.1 and 6.21 [XSD ExecutionOutcome]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from duis import values
from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole
from duis.values import child, optional_bytes, optional_eui64, optional_integer
from duis.xml import RA, Children, Element, error_at

SUCCESS_TEXT: Final = "success"
"""ASN1Status of a replacement that was made [XSD StatusASN1]."""


def ra(name: str) -> str:
    """`name` in the namespace of device responses, as lxml writes it."""
    return f"{{{RA}}}{name}"


@dataclass(frozen=True, slots=True)
class StatusCode:
    """The status of one replacement or retrieval [XSD StatusASN1].

    Attributes:
        asn1_status: a word of the schema, such as `success`, `badCertificate` or `trustAnchorNotFound`.
        response_code: the number of that word.
    """

    asn1_status: str = SUCCESS_TEXT
    response_code: int = 0

    def to_text(self) -> str:
        """The element as text."""
        return (
            f'<ra:StatusCode ResponseCode="{self.response_code}">'
            f"{child('ra:ASN1Status', self.asn1_status)}</ra:StatusCode>"
        )

    @classmethod
    def from_element(cls, element: Element) -> StatusCode:
        """Read the element; MessageError when it is not one."""
        children = Children(element, "ResponseCode")
        status = values.text_of(children.required(ra("ASN1Status")))
        children.end()
        code = children.attributes.get("ResponseCode")
        if code is None:
            raise error_at(element, "attribute ResponseCode is missing")
        return cls(status, values.integer_from(element, code))


@dataclass(frozen=True, slots=True)
class ReplacementOutcome:
    """What became of one certificate of the request.

    Attributes:
        status_code: whether it was placed.
        certificate_type: its use.
        remote_party_role: the slot.
        existing_remote_party_id: whose certificate was there before.
        new_remote_party_id: whose certificate is there now.
        existing_certificate_hash: hash of the certificate that was there before.
        new_certificate_hash: hash of the certificate that is there now.
    """

    status_code: StatusCode | None = None
    certificate_type: CertificateType | None = None
    remote_party_role: RemotePartyRole | None = None
    existing_remote_party_id: EUI64 | None = None
    new_remote_party_id: EUI64 | None = None
    existing_certificate_hash: bytes | None = None
    new_certificate_hash: bytes | None = None

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<ra:ReplacementOutcome>{'' if self.status_code is None else self.status_code.to_text()}"
            f"{child('ra:CertificateType', self.certificate_type)}"
            f"{child('ra:RemotePartyRole', self.remote_party_role)}"
            f"{child('ra:ExistingRemotePartyID', self.existing_remote_party_id)}"
            f"{child('ra:NewRemotePartyID', self.new_remote_party_id)}"
            f"{child('ra:ExistingCertificateHash', self.existing_certificate_hash)}"
            f"{child('ra:NewCertificateHash', self.new_certificate_hash)}</ra:ReplacementOutcome>"
        )

    @classmethod
    def from_element(cls, element: Element) -> ReplacementOutcome:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        status = children.optional(ra("StatusCode"))
        use = children.optional(ra("CertificateType"))
        role = children.optional(ra("RemotePartyRole"))
        outcome = cls(
            None if status is None else StatusCode.from_element(status),
            None if use is None else values.member_of(use, CertificateType),
            None if role is None else values.member_of(role, RemotePartyRole),
            optional_eui64(children, ra("ExistingRemotePartyID")),
            optional_eui64(children, ra("NewRemotePartyID")),
            optional_bytes(children, ra("ExistingCertificateHash")),
            optional_bytes(children, ra("NewCertificateHash")),
        )
        children.end()
        return outcome


@dataclass(frozen=True, slots=True)
class RemotePartySeqNumberChange:
    """New floors of a party's counters.

    Attributes:
        remote_party_role: the slot.
        remote_party_floor_seq_number: new floor of the counter.
        remote_party_prepayment_top_up_floor_seq_number: new floor of the top-up counter.
    """

    remote_party_role: RemotePartyRole | None = None
    remote_party_floor_seq_number: int | None = None
    remote_party_prepayment_top_up_floor_seq_number: int | None = None

    def to_text(self) -> str:
        """The element as text."""
        top_up = self.remote_party_prepayment_top_up_floor_seq_number
        return (
            f"<ra:RemotePartySeqNumberChange>{child('ra:RemotePartyRole', self.remote_party_role)}"
            f"{child('ra:RemotePartyFloorSeqNumber', self.remote_party_floor_seq_number)}"
            f"{child('ra:RemotePartyPrepaymentTopUpFloorSeqNumber', top_up)}"
            f"</ra:RemotePartySeqNumberChange>"
        )

    @classmethod
    def from_element(cls, element: Element) -> RemotePartySeqNumberChange:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        role = children.optional(ra("RemotePartyRole"))
        change = cls(
            None if role is None else values.member_of(role, RemotePartyRole),
            optional_integer(children, ra("RemotePartyFloorSeqNumber")),
            optional_integer(children, ra("RemotePartyPrepaymentTopUpFloorSeqNumber")),
        )
        children.end()
        return change


NETWORK_OPERATOR_BY_NETWORK_OPERATOR: Final = "NetworkOperatorByNetworkOperator"
"""CredentialsReplacementMode of 6.15.1 and 6.21 for the Network Operator slot [XSD]."""
SUPPLIER_BY_SUPPLIER: Final = "SupplierBySupplier"
"""CredentialsReplacementMode of 6.15.1 and 6.21 for the Supplier slot [XSD]."""


@dataclass(frozen=True, slots=True)
class ExecutionOutcome:
    """What became of a request to replace certificates.

    Attributes:
        authorising_remote_party_originator_counter: counter of the request carried out.
        credentials_replacement_mode: `NetworkOperatorByNetworkOperator`, `SupplierBySupplier` and others.
        remote_party_seq_number_change: new floors.
        replacement_outcomes: one per certificate, at most 3.
    """

    authorising_remote_party_originator_counter: int | None = None
    credentials_replacement_mode: str | None = None
    remote_party_seq_number_change: RemotePartySeqNumberChange | None = None
    replacement_outcomes: tuple[ReplacementOutcome, ...] = ()

    def to_text(self, element: str = "ExecutionOutcome") -> str:
        """The element, under the name its place calls for, as text."""
        change = self.remote_party_seq_number_change
        counter = self.authorising_remote_party_originator_counter
        return (
            f"<ra:{element}>{child('ra:AuthorisingRemotePartyOriginatorCounter', counter)}"
            f"{child('ra:CredentialsReplacementMode', self.credentials_replacement_mode)}"
            f"{'' if change is None else change.to_text()}"
            f"{''.join(outcome.to_text() for outcome in self.replacement_outcomes)}</ra:{element}>"
        )

    @classmethod
    def from_element(cls, element: Element) -> ExecutionOutcome:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        counter = optional_integer(children, ra("AuthorisingRemotePartyOriginatorCounter"))
        mode = values.optional_text(children, ra("CredentialsReplacementMode"))
        change = children.optional(ra("RemotePartySeqNumberChange"))
        outcomes = tuple(map(ReplacementOutcome.from_element, children.repeated(ra("ReplacementOutcome"))))
        children.end()
        return cls(
            counter,
            mode,
            None if change is None else RemotePartySeqNumberChange.from_element(change),
            outcomes,
        )
