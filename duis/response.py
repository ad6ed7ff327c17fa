"""The Response: acknowledgement, rejection, result or alert the DSP sends to a user [XSD Response]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from duis import values
from duis.alerts import DCCAlertMessage, S1SPAlertDSP, SecurityCredentialsUpdated, UpdatedCertificate
from duis.identifiers import RequestID
from duis.inventory import InventoryDevice, inventory_from, inventory_text
from duis.requests.body import sr
from duis.values import child, optional_integer
from duis.xml import (
    DECLARATION,
    DS,
    RESPONSE_NAMESPACES,
    Children,
    Element,
    UnknownContent,
    error_at,
    qualified,
    root_of,
    serialise,
    without_declaration,
)

__all__ = [
    "DCCAlertMessage",
    "DeviceAlertMessage",
    "InventoryDevice",
    "Message",
    "Response",
    "ResponseMessage",
    "S1SPAlertDSP",
    "SMETS1ResponseMessage",
    "SecurityCredentialsUpdated",
    "UnknownContent",
    "UpdatedCertificate",
]

_RESPONSE = sr("Response")
_HEADER = sr("Header")
_REQUEST_ID = sr("RequestID")
_RESPONSE_ID = sr("ResponseID")
_RESPONSE_CODE = sr("ResponseCode")
_RESPONSE_DATE_TIME = sr("ResponseDateTime")
_BODY = sr("Body")
_SIGNATURE = f"{{{DS}}}Signature"
_SERVICE_REFERENCE = sr("ServiceReference")
_SRV = sr("ServiceReferenceVariant")


@dataclass(frozen=True, slots=True)
class ResponseMessage:
    """An answer of the DSP itself: acknowledgement (I99), rejection (an E code) or the inventory.

    Attributes:
        service_reference: of the request answered.
        srv: Service Reference Variant of the request answered.
        inventory: the devices of a DSPInventory, the answer to SRV 8.2.
        content: any other content, kept readable.
    """

    service_reference: str
    srv: str
    inventory: tuple[InventoryDevice, ...] | None = None
    content: UnknownContent | None = None

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:ResponseMessage>{child('sr:ServiceReference', self.service_reference)}"
            f"{child('sr:ServiceReferenceVariant', self.srv)}"
            f"{'' if self.inventory is None else inventory_text(self.inventory)}"
            f"{'' if self.content is None else self.content.to_text()}</sr:ResponseMessage>"
        )

    @classmethod
    def from_element(cls, element: Element) -> ResponseMessage:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        service_reference = values.text_of(children.required(_SERVICE_REFERENCE))
        srv = values.text_of(children.required(_SRV))
        devices = children.optional(sr("DSPInventory"))
        inventory = None if devices is None else inventory_from(devices)
        content = None
        if inventory is None and children.peek() is not None:
            content = UnknownContent.of(children.any())
        children.end()
        return cls(service_reference, srv, inventory, content)


@dataclass(frozen=True, slots=True)
class SMETS1ResponseMessage:
    """The result of a SMETS1 request or a SMETS1 device alert, as an S1SP signed it.

    Attributes:
        signed_response: the SMETS1SignedResponse as a document of its own, placed in the Response
            unchanged.
        service_reference: of the request answered; None for an alert.
        srv: Service Reference Variant of the request answered; None for an alert.
        dsp_schedule_id: the schedule that caused the request.
        throttled_alert_sequence_id: sequence of throttled alerts.
        throttled_alert_count: number of throttled alerts.
    """

    signed_response: bytes
    service_reference: str | None = None
    srv: str | None = None
    dsp_schedule_id: int | None = None
    throttled_alert_sequence_id: int | None = None
    throttled_alert_count: int | None = None

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:SMETS1ResponseMessage>{child('sr:ServiceReference', self.service_reference)}"
            f"{child('sr:ServiceReferenceVariant', self.srv)}"
            f"{child('sr:DSPScheduleID', self.dsp_schedule_id)}"
            f"{child('sr:ThrottledAlertSequenceId', self.throttled_alert_sequence_id)}"
            f"{child('sr:ThrottledAlertCount', self.throttled_alert_count)}"
            f"{without_declaration(self.signed_response)}</sr:SMETS1ResponseMessage>"
        )

    @classmethod
    def from_element(cls, element: Element) -> SMETS1ResponseMessage:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        service_reference = values.optional_text(children, _SERVICE_REFERENCE)
        srv = values.optional_text(children, _SRV)
        schedule = optional_integer(children, sr("DSPScheduleID"))
        sequence = optional_integer(children, sr("ThrottledAlertSequenceId"), 0, 2**32 - 1)
        count = optional_integer(children, sr("ThrottledAlertCount"), 0, 2**32 - 1)
        signed = children.required(sr("SMETS1SignedResponse"))
        children.end()
        return cls(serialise(signed), service_reference, srv, schedule, sequence, count)


@dataclass(frozen=True, slots=True)
class DeviceAlertMessage:
    """A SMETS2 device alert, kept readable; its GBCS payload is not interpreted.

    Attributes:
        alert_code: hexadecimal.
        gbcs_payload: octets.
        throttled_alert_sequence_id: sequence of throttled alerts.
        throttled_alert_count: number of throttled alerts.
    """

    alert_code: str
    gbcs_payload: bytes
    throttled_alert_sequence_id: int | None = None
    throttled_alert_count: int | None = None

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:DeviceAlertMessage>{child('sr:AlertCode', self.alert_code)}"
            f"{child('sr:ThrottledAlertSequenceId', self.throttled_alert_sequence_id)}"
            f"{child('sr:ThrottledAlertCount', self.throttled_alert_count)}"
            f"{child('sr:GBCSPayload', self.gbcs_payload)}</sr:DeviceAlertMessage>"
        )

    @classmethod
    def from_element(cls, element: Element) -> DeviceAlertMessage:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        alert_code = values.hexadecimal_of(children.required(sr("AlertCode")))
        sequence = optional_integer(children, sr("ThrottledAlertSequenceId"), 0, 2**32 - 1)
        count = optional_integer(children, sr("ThrottledAlertCount"), 0, 2**32 - 1)
        payload = values.bytes_of(children.required(sr("GBCSPayload")))
        children.end()
        return cls(alert_code, payload, sequence, count)


Message: TypeAlias = ResponseMessage | SMETS1ResponseMessage | DCCAlertMessage | DeviceAlertMessage

_MESSAGES: dict[
    str,
    type[ResponseMessage] | type[SMETS1ResponseMessage] | type[DCCAlertMessage] | type[DeviceAlertMessage],
] = {
    sr("ResponseMessage"): ResponseMessage,
    sr("SMETS1ResponseMessage"): SMETS1ResponseMessage,
    sr("DCCAlertMessage"): DCCAlertMessage,
    sr("DeviceAlertMessage"): DeviceAlertMessage,
}


@dataclass(frozen=True, slots=True)
class Response:
    """What the DSP answers or sends to a user's callback.

    Attributes:
        request_id: the request it belongs to; an alert may belong to none.
        response_id: target:originator:counter of the request [RTDS].
        response_code: I0, I99 or an E or W code (`duis.codes`).
        response_datetime: when the DSP made it.
        message: what it says.
        schema_version: version of the schema, a decimal.
    """

    request_id: RequestID | None
    response_id: RequestID | None
    response_code: str
    response_datetime: datetime
    message: Message
    schema_version: str = "5.4"

    def to_xml(self) -> bytes:
        """The unsigned document, without indentation, what an S1SP signed placed inside unchanged.

        Raises:
            ValueError: when an embedded document is not UTF-8 or has a document type declaration.
        """
        return (
            f'{DECLARATION}<sr:Response {RESPONSE_NAMESPACES} schemaVersion="{self.schema_version}">'
            f"<sr:Header>{child('sr:RequestID', self.request_id)}{child('sr:ResponseID', self.response_id)}"
            f"{child('sr:ResponseCode', self.response_code)}"
            f"{child('sr:ResponseDateTime', self.response_datetime)}</sr:Header>"
            f"<sr:Body>{self.message.to_text()}</sr:Body></sr:Response>"
        ).encode()

    @classmethod
    def parse(cls, document: bytes | Element) -> Response:
        """Read a document, signed or not; the signatures are not looked at (see `duis.signature`).

        Raises:
            MalformedXML: not well-formed.
            MessageError: not a Response, or with something that cannot be represented.
        """
        root = root_of(document)
        if root.tag != _RESPONSE:
            raise error_at(root, "sr:Response was expected here")
        children = Children(root, "schemaVersion")
        if "schemaVersion" not in children.attributes:
            raise error_at(root, "attribute schemaVersion is missing")
        header = Children(children.required(_HEADER))
        request_id = header.optional(_REQUEST_ID)
        response_id = header.optional(_RESPONSE_ID)
        response_code = values.text_of(header.required(_RESPONSE_CODE))
        response_datetime = values.date_time_of(header.required(_RESPONSE_DATE_TIME))
        header.end()
        body = Children(children.required(_BODY))
        content = body.any()
        body.end()
        children.optional(_SIGNATURE)
        children.end()
        message = _MESSAGES.get(str(content.tag))
        if message is None:
            raise error_at(content, f"{qualified(str(content.tag))} is not a message of a Response")
        return cls(
            None if request_id is None else values.request_id_of(request_id),
            None if response_id is None else values.request_id_of(response_id),
            response_code,
            response_datetime,
            message.from_element(content),
            children.attributes["schemaVersion"],
        )
