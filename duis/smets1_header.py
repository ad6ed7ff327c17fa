"""Header of what a SMETS1 device answers or tells [XSD HeaderType]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from duis import values
from duis.execution_outcome import ra
from duis.identifiers import EUI64, MAXIMUM_COUNTER, RequestID
from duis.values import child, optional_eui64, optional_integer, optional_text
from duis.xml import Children, Element, attributes_of


@dataclass(frozen=True, slots=True)
class SMETS1Header:
    """Who answers whom [XSD HeaderType].

    Attributes:
        business_originator_id: the device.
        business_target_id: the user, or the DCC where it sent the request for a user.
        originator_counter: counter of the request answered, or of the alert.
        supplementary_remote_party_id: the user behind a request the DCC sent.
        supplementary_remote_party_counter: counter of that user.
        supplementary_originator_counter: counter of the DCC.
        gbcs_message_code: hexadecimal.
        service_reference: of the request answered.
        srv: Service Reference Variant of the request answered.
        timestamp: when the device answered.
        timestamp_is_from_gsme: whether the time is that of a gas meter.
        clock_status: `reliable`, `invalid` or `unreliable`.
    """

    business_originator_id: EUI64
    business_target_id: EUI64
    originator_counter: int
    supplementary_remote_party_id: EUI64 | None = None
    supplementary_remote_party_counter: int | None = None
    supplementary_originator_counter: int | None = None
    gbcs_message_code: str | None = None
    service_reference: str | None = None
    srv: str | None = None
    timestamp: datetime | None = None
    timestamp_is_from_gsme: bool | None = None
    clock_status: str | None = None

    def request_id(self) -> RequestID:
        """The request a response with this header answers: target, device and counter."""
        return RequestID(self.business_target_id, self.business_originator_id, self.originator_counter)

    def user_request_id(self) -> RequestID:
        """The user's request; where the DCC sent it for the user, the user is the supplementary party."""
        party, counter = self.supplementary_remote_party_id, self.supplementary_remote_party_counter
        if party is None or counter is None:
            return self.request_id()
        return RequestID(party, self.business_originator_id, counter)

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:Header>{child('ra:BusinessOriginatorID', self.business_originator_id)}"
            f"{child('ra:BusinessTargetID', self.business_target_id)}"
            f"{child('ra:OriginatorCounter', self.originator_counter)}"
            f"{child('ra:SupplementaryRemotePartyID', self.supplementary_remote_party_id)}"
            f"{child('ra:SupplementaryRemotePartyCounter', self.supplementary_remote_party_counter)}"
            f"{child('ra:SupplementaryOriginatorCounter', self.supplementary_originator_counter)}"
            f"{child('ra:GBCSHexadecimalMessageCode', self.gbcs_message_code)}"
            f"{child('ra:ServiceReference', self.service_reference)}"
            f"{child('ra:ServiceReferenceVariant', self.srv)}{self._timestamp_text()}</sr:Header>"
        )

    def _timestamp_text(self) -> str:
        if self.timestamp is None:
            return ""
        attributes = ""
        if self.timestamp_is_from_gsme is not None:
            attributes = f' isFromGSME="{"true" if self.timestamp_is_from_gsme else "false"}"'
        if self.clock_status is not None:
            attributes += f' ClockStatus="{self.clock_status}"'
        return f"<ra:Timestamp{attributes}>{values.date_time_text(self.timestamp)}</ra:Timestamp>"

    @classmethod
    def from_element(cls, element: Element) -> SMETS1Header:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        originator = values.eui64_of(children.required(ra("BusinessOriginatorID")))
        target = values.eui64_of(children.required(ra("BusinessTargetID")))
        counter = values.integer_of(
            children.required(ra("OriginatorCounter")), minimum=0, maximum=MAXIMUM_COUNTER
        )
        party = optional_eui64(children, ra("SupplementaryRemotePartyID"))
        party_counter = optional_integer(children, ra("SupplementaryRemotePartyCounter"), 0, MAXIMUM_COUNTER)
        originator_counter = optional_integer(
            children, ra("SupplementaryOriginatorCounter"), 0, MAXIMUM_COUNTER
        )
        code = children.optional(ra("GBCSHexadecimalMessageCode"))
        service_reference = optional_text(children, ra("ServiceReference"))
        srv = optional_text(children, ra("ServiceReferenceVariant"))
        timestamp = children.optional(ra("Timestamp"))
        children.end()
        moment = from_gsme = clock_status = None
        if timestamp is not None:
            moment = values.date_time_from(timestamp, values.content_of(timestamp))
            attributes = attributes_of(timestamp, "isFromGSME", "ClockStatus")
            if "isFromGSME" in attributes:
                from_gsme = values.boolean_from(timestamp, attributes["isFromGSME"])
            clock_status = attributes.get("ClockStatus")
        return cls(
            originator,
            target,
            counter,
            party,
            party_counter,
            originator_counter,
            None if code is None else values.hexadecimal_of(code),
            service_reference,
            srv,
            moment,
            from_gsme,
            clock_status,
        )
