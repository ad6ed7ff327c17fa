"""DCC alerts: what the DSP tells a user unasked [XSD DCCAlertMessage]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from duis import values
from duis.identifiers import EUI64
from duis.requests.body import sr
from duis.roles import CertificateType, RemotePartyRole
from duis.values import child, optional_integer
from duis.xml import Children, Element, UnknownContent, serialise, without_declaration


@dataclass(frozen=True, slots=True)
class S1SPAlertDSP:
    """An S1SP's rejection of a request, passed on by the DSP [FIA 4.2.1].

    Attributes:
        s1sp_alert: the S1SPAlert as a document of its own; it is placed in the Response unchanged.
        dsp_schedule_id: the schedule that caused the request.
    """

    s1sp_alert: bytes
    dsp_schedule_id: int | None = None

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:S1SPAlertDSP>{without_declaration(self.s1sp_alert)}"
            f"{child('sr:DSPScheduleID', self.dsp_schedule_id)}</sr:S1SPAlertDSP>"
        )

    @classmethod
    def from_element(cls, element: Element) -> S1SPAlertDSP:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        alert = children.required(sr("S1SPAlert"))
        schedule = optional_integer(children, sr("DSPScheduleID"))
        children.end()
        return cls(serialise(alert), schedule)


@dataclass(frozen=True, slots=True)
class UpdatedCertificate:
    """A certificate now in the slot.

    Attributes:
        certificate_type: its use.
        certificate_hash: SHA-1 of the DER certificate, as the type is named [ASSUMED].
    """

    certificate_type: CertificateType
    certificate_hash: bytes


@dataclass(frozen=True, slots=True)
class SecurityCredentialsUpdated:
    """Alert N42: the certificates of a slot changed [WG63]. Known to be unreliable.

    Attributes:
        device_id: the device.
        remote_party_role: the slot.
        certificates: what is in it now, 1 to 3.
        remote_party_floor_seq_number: new floor of the party's counter.
        remote_party_prepayment_top_up_floor_seq_number: new floor of the top-up counter; only with the other.
    """

    device_id: EUI64
    remote_party_role: RemotePartyRole
    certificates: tuple[UpdatedCertificate, ...]
    remote_party_floor_seq_number: int | None = None
    remote_party_prepayment_top_up_floor_seq_number: int | None = None

    def __post_init__(self) -> None:
        if (
            self.remote_party_floor_seq_number is None
            and self.remote_party_prepayment_top_up_floor_seq_number is not None
        ):
            raise ValueError("the floor of the top-up counter is only told with that of the counter")

    def to_text(self) -> str:
        """The element as text."""
        change = ""
        if self.remote_party_floor_seq_number is not None:
            floor = child("sr:RemotePartyFloorSeqNumber", self.remote_party_floor_seq_number)
            top_up = child(
                "sr:RemotePartyPrepaymentTopUpFloorSeqNumber",
                self.remote_party_prepayment_top_up_floor_seq_number,
            )
            change = f"<sr:RemotePartySeqNumberChange>{floor}{top_up}</sr:RemotePartySeqNumberChange>"
        certificates = "".join(
            f"<sr:Certificates>{child('sr:CertificateType', certificate.certificate_type)}"
            f"{child('sr:CertificateHash', certificate.certificate_hash)}</sr:Certificates>"
            for certificate in self.certificates
        )
        return (
            f"<sr:SecurityCredentialsUpdated>{child('sr:DeviceID', self.device_id)}"
            f"{child('sr:RemotePartyRole', self.remote_party_role)}{change}{certificates}"
            f"</sr:SecurityCredentialsUpdated>"
        )

    @classmethod
    def from_element(cls, element: Element) -> SecurityCredentialsUpdated:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        device_id = values.eui64_of(children.required(sr("DeviceID")))
        role = values.member_of(children.required(sr("RemotePartyRole")), RemotePartyRole)
        floor = top_up_floor = None
        change = children.optional(sr("RemotePartySeqNumberChange"))
        if change is not None:
            changes = Children(change)
            floor = values.integer_of(changes.required(sr("RemotePartyFloorSeqNumber")), minimum=0)
            top_up_floor = optional_integer(changes, sr("RemotePartyPrepaymentTopUpFloorSeqNumber"))
            changes.end()
        certificates = tuple(map(_certificate_from, children.repeated(sr("Certificates"))))
        children.end()
        return cls(device_id, role, certificates, floor, top_up_floor)


def _certificate_from(element: Element) -> UpdatedCertificate:
    children = Children(element)
    certificate_type = values.member_of(children.required(sr("CertificateType")), CertificateType)
    certificate_hash = values.bytes_of(children.required(sr("CertificateHash")))
    children.end()
    return UpdatedCertificate(certificate_type, certificate_hash)


Alert: TypeAlias = S1SPAlertDSP | SecurityCredentialsUpdated | UnknownContent


@dataclass(frozen=True, slots=True)
class DCCAlertMessage:
    """A DCC alert.

    Attributes:
        dcc_alert_code: AD1, N1 to N31, N33 to N65 or N999 (`duis.codes`).
        alert: what happened.
        throttled_alert_sequence_id: sequence of throttled alerts.
        throttled_alert_count: number of throttled alerts.
    """

    dcc_alert_code: str
    alert: Alert
    throttled_alert_sequence_id: int | None = None
    throttled_alert_count: int | None = None

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:DCCAlertMessage>{child('sr:DCCAlertCode', self.dcc_alert_code)}"
            f"{child('sr:ThrottledAlertSequenceId', self.throttled_alert_sequence_id)}"
            f"{child('sr:ThrottledAlertCount', self.throttled_alert_count)}"
            f"<sr:DCCAlert>{self.alert.to_text()}</sr:DCCAlert></sr:DCCAlertMessage>"
        )

    @classmethod
    def from_element(cls, element: Element) -> DCCAlertMessage:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        code = values.text_of(children.required(sr("DCCAlertCode")))
        sequence = optional_integer(children, sr("ThrottledAlertSequenceId"), 0, 2**32 - 1)
        count = optional_integer(children, sr("ThrottledAlertCount"), 0, 2**32 - 1)
        kinds = Children(children.required(sr("DCCAlert")))
        kind = kinds.any()
        kinds.end()
        children.end()
        alert: Alert
        if kind.tag == sr("S1SPAlertDSP"):
            alert = S1SPAlertDSP.from_element(kind)
        elif kind.tag == sr("SecurityCredentialsUpdated"):
            alert = SecurityCredentialsUpdated.from_element(kind)
        else:
            alert = UnknownContent.of(kind)
        return cls(code, alert, sequence, count)
