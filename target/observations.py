"""What can be observed through the protocol: typed, read only from what was verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from duis.identifiers import EUI64, RequestID
from duis.response import InventoryDevice, Response
from duis.roles import CertificateType, RemotePartyRole
from duis.signature import Context
from duis.smets1 import Payload, RemotePartyDetails, SMETS1Header
from duis.smki.certificate import OrganisationCertificate


@dataclass(frozen=True)
class Acknowledged:
    """The DSP took the request on (I99).

    Attributes:
        request_id: Of the request.
        response: The answer; `None` where it was lost with a run that was killed, and a result proves it.
    """

    request_id: RequestID | None
    response: Response | None

    def describe(self) -> str:
        """One line for a reader."""
        if self.response is None:
            return f"an acknowledgement of {self.request_id}, known from the result that followed"
        return f"an acknowledgement ({self.response.response_code}) of {self.request_id}"


@dataclass(frozen=True)
class Rejected:
    """The DSP rejected the request synchronously."""

    code: str
    request_id: RequestID | None
    response: Response

    def describe(self) -> str:
        """One line for a reader."""
        return f"a synchronous rejection with response code {self.code}"


@dataclass(frozen=True)
class Refused:
    """The DSP refused the message at the level of HTTP, without a Response."""

    http_status: int
    text: str

    def describe(self) -> str:
        """One line for a reader."""
        detail = " ".join(self.text.split())[:200]
        return f"HTTP {self.http_status} without a Response" + (f" ({detail})" if detail else "")


@dataclass(frozen=True)
class InventoryAnswer:
    """The DSP answered SRV 8.2 with devices."""

    devices: tuple[InventoryDevice, ...]
    request_id: RequestID | None
    response: Response

    def describe(self) -> str:
        """One line for a reader."""
        return f"an inventory of {len(self.devices)} device(s)"


@dataclass(frozen=True)
class SMETS1Result:
    """The signed response of an S1SP to a request.

    Attributes:
        success: MessageSuccess; `None` where the payload does not carry it.
        payload: What the device answered.
        header: Header of the SMETS1Response.
        request_id: The RequestID it belongs to.
        signer: Who signed it (the S1SP).
        outer_signer: Who signed the Response around it (the DSP).
        inner_context: Whether the inner signature verified in place or only cut out.
        response_code: ResponseCode of the Response around it.
        received_at: When the inbox stored it.
    """

    success: bool | None
    payload: Payload
    header: SMETS1Header
    request_id: RequestID
    signer: OrganisationCertificate
    outer_signer: OrganisationCertificate | None
    inner_context: Context | None
    response_code: str
    received_at: datetime

    def describe(self) -> str:
        """One line for a reader."""
        told = {True: "success", False: "failure", None: "no word on success"}[self.success]
        return (
            f"a SMETS1 response to {self.request_id} ({type(self.payload).__name__}, {told}) "
            f"signed by {self.signer.entity_identifier}"
        )


@dataclass(frozen=True)
class S1SPRejection:
    """The signed alert with which an S1SP rejects a request [FIA 4.2.1].

    Attributes:
        alert_code: S1SPAlertCode.
        request_id: RequestID inside the S1SPAlert.
        outer_request_id: RequestID of the Response around it, where it has one.
        device_id: DeviceID inside the S1SPAlert.
        dcc_alert_code: DCCAlertCode that carries it.
        additional_information: As given by the S1SP.
        signer: Who signed it (the S1SP).
        outer_signer: Who signed the Response around it (the DSP).
        inner_context: Whether the inner signature verified in place or only cut out.
        received_at: When the inbox stored it.
    """

    alert_code: str
    request_id: RequestID | None
    outer_request_id: RequestID | None
    device_id: EUI64 | None
    dcc_alert_code: str
    additional_information: str | None
    signer: OrganisationCertificate
    outer_signer: OrganisationCertificate | None
    inner_context: Context | None
    received_at: datetime

    def describe(self) -> str:
        """One line for a reader."""
        return (
            f"S1SP Alert {self.alert_code} in DCC Alert {self.dcc_alert_code} for {self.request_id} about "
            f"{self.device_id}"
        )


@dataclass(frozen=True)
class DeviceAlertSeen:
    """An alert of a SMETS1 device."""

    device_id: EUI64
    alert_code: str | None
    description: str
    header: SMETS1Header
    signer: OrganisationCertificate
    outer_signer: OrganisationCertificate | None
    received_at: datetime

    def describe(self) -> str:
        """One line for a reader."""
        return f"device alert {self.alert_code} of {self.device_id} ({self.description})"


@dataclass(frozen=True)
class CredentialsUpdated:
    """DCC Alert N42: credentials of a device were updated [WG63]."""

    device_id: EUI64
    remote_party_role: RemotePartyRole
    hashes: Mapping[CertificateType, bytes]
    dcc_alert_code: str
    request_id: RequestID | None
    outer_signer: OrganisationCertificate | None
    received_at: datetime

    def describe(self) -> str:
        """One line for a reader."""
        return (
            f"DCC Alert {self.dcc_alert_code}: the {self.remote_party_role} credentials of {self.device_id} "
            f"were updated ({_hash_text(self.hashes)})"
        )


@dataclass(frozen=True)
class OtherMessage:
    """A verified message this harness does not interpret."""

    response: Response
    received_at: datetime

    def describe(self) -> str:
        """One line for a reader."""
        return f"a {type(self.response.message).__name__} with response code {self.response.response_code}"


@dataclass(frozen=True)
class SlotReading:
    """What SRV 6.24.1 says about one slot.

    Attributes:
        remote_party_role: Which slot.
        party: Entity Identifier in the slot; `None` where the answer does not tell.
        hashes: Certificate hash by usage, for those it tells.
    """

    remote_party_role: RemotePartyRole
    party: EUI64 | None
    hashes: Mapping[CertificateType, bytes]

    def describe(self) -> str:
        """One line for a reader."""
        return f"the {self.remote_party_role} slot holds {self.party} ({_hash_text(self.hashes)})"


Answer: TypeAlias = Acknowledged | Rejected | Refused | InventoryAnswer
"""What the DSP can say synchronously."""

Outcome: TypeAlias = SMETS1Result | S1SPRejection
"""How a request can end at the S1SP."""

Received: TypeAlias = SMETS1Result | S1SPRejection | DeviceAlertSeen | CredentialsUpdated | OtherMessage
"""What can arrive at a callback."""


def slot_readings(details: tuple[RemotePartyDetails, ...]) -> tuple[SlotReading, ...]:
    """Gather the details of 6.24.1, one for each certificate, into one reading for each slot.

    Raises:
        ValueError: A slot holds certificates of two parties, or two of one usage.
    """
    parties: dict[RemotePartyRole, EUI64 | None] = {}
    hashes: dict[RemotePartyRole, dict[CertificateType, bytes]] = {}
    for detail in details:
        role = detail.remote_party_role
        if role is None:
            raise ValueError("a RemotePartyDetails names no RemotePartyRole")
        party = detail.existing_remote_party_id
        if parties.setdefault(role, party) != party:
            raise ValueError(f"the {role} slot holds certificates of {parties[role]} and of {party}")
        slot = hashes.setdefault(role, {})
        if detail.certificate_usage is not None and detail.existing_certificate_hash is not None:
            if detail.certificate_usage in slot:
                raise ValueError(f"the {role} slot holds two certificates for {detail.certificate_usage}")
            slot[detail.certificate_usage] = detail.existing_certificate_hash
    return tuple(SlotReading(role, party, hashes[role]) for role, party in parties.items())


def _hash_text(hashes: Mapping[CertificateType, bytes]) -> str:
    return ", ".join(f"{usage} {value.hex()}" for usage, value in hashes.items()) or "no hashes told"
