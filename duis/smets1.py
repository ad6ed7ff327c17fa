"""What an S1SP signs: SMETS1Response and S1SPAlert, each a document of its own [XSD].

SMETS1SignedResponse, SMETS1Response, Header, Body, ResponseMessage and DeviceAlertMessage are in the DUIS
namespace; the children of Header, ResponseMessage and DeviceAlertMessage are in that of device responses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from duis import values
from duis.execution_outcome import (
    NETWORK_OPERATOR_BY_NETWORK_OPERATOR,
    SUPPLIER_BY_SUPPLIER,
    ExecutionOutcome,
    RemotePartySeqNumberChange,
    ReplacementOutcome,
    StatusCode,
    ra,
)
from duis.identifiers import EUI64, RequestID
from duis.requests.body import sr
from duis.smets1_header import SMETS1Header
from duis.smets1_readings import (
    ElectricityRegisters,
    GasNetworkData,
    GasRegister,
    LogEntry,
    ReadInstantaneousImportRegistersRsp,
    ReadNetworkDataRsp,
    VoltageData,
)
from duis.smets1_results import (
    RemotePartyDetails,
    RequestHandoverOfDCCControlledDeviceRsp,
    RetrieveDeviceSecurityCredentialsKRPRsp,
    UpdateSecurityCredentialsKRPRsp,
)
from duis.values import child, optional_eui64, optional_text
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
)

__all__ = [
    "FUTURE_DATED_FAILURE",
    "FUTURE_DATED_SUCCESS",
    "NETWORK_OPERATOR_BY_NETWORK_OPERATOR",
    "SUPPLIER_BY_SUPPLIER",
    "DeviceAlert",
    "ElectricityRegisters",
    "ExecutionOutcome",
    "GasNetworkData",
    "GasRegister",
    "LogEntry",
    "Payload",
    "ReadInstantaneousImportRegistersRsp",
    "ReadNetworkDataRsp",
    "RemotePartyDetails",
    "RemotePartySeqNumberChange",
    "ReplacementOutcome",
    "RequestHandoverOfDCCControlledDeviceRsp",
    "RetrieveDeviceSecurityCredentialsKRPRsp",
    "S1SPAlert",
    "SMETS1Header",
    "SMETS1Response",
    "StatusCode",
    "UnknownContent",
    "UpdateSecurityCredentialsKRPRsp",
    "VoltageData",
]

_SIGNATURE = f"{{{DS}}}Signature"
FUTURE_DATED_SUCCESS: Final = "8F66"
"""Alert code: a future-dated request was carried out [XSD FutureDatedCommandOutcomeDeviceAlert]."""
FUTURE_DATED_FAILURE: Final = "8F67"
"""Alert code: a future-dated request failed [XSD FutureDatedCommandOutcomeDeviceAlert]."""


@dataclass(frozen=True, slots=True)
class DeviceAlert:
    """An alert of a SMETS1 device [XSD DeviceAlertContentType].

    Attributes:
        alert_code: hexadecimal, such as `8F3F`; the schema allows it to be left out.
        description: at most 250 characters.
        timestamp: when it happened.
        execution_outcome: with codes 8F66 and 8F67, what became of a future-dated SRV 6.15.1.
        payload: any other payload, kept readable.
    """

    alert_code: str | None
    description: str
    timestamp: datetime
    execution_outcome: ExecutionOutcome | None = None
    payload: UnknownContent | None = None

    def to_text(self) -> str:
        """The content of DeviceAlertMessage as text."""
        payload = ""
        if self.execution_outcome is not None:
            payload = (
                "<ra:Payload><ra:FutureDatedCommandOutcomeDeviceAlert>"
                "<ra:UpdateSecurityCredentialsDeviceAlert>"
                f"{self.execution_outcome.to_text('UpdateSecurityCredentialsExecutionOutcome')}"
                "</ra:UpdateSecurityCredentialsDeviceAlert>"
                "</ra:FutureDatedCommandOutcomeDeviceAlert></ra:Payload>"
            )
        elif self.payload is not None:
            payload = f"<ra:Payload>{self.payload.to_text()}</ra:Payload>"
        return (
            f"<ra:DeviceAlertContent>{child('ra:GBCSHexAlertCode', self.alert_code)}"
            f"{child('ra:AlertDescription', self.description)}{child('ra:Timestamp', self.timestamp)}"
            f"{payload}</ra:DeviceAlertContent>"
        )

    @classmethod
    def from_element(cls, element: Element) -> DeviceAlert:
        """Read DeviceAlertContent; MessageError when it is not one."""
        children = Children(element)
        code = children.optional(ra("GBCSHexAlertCode"))
        description = values.text_of(children.required(ra("AlertDescription")))
        timestamp = values.date_time_of(children.required(ra("Timestamp")))
        payload = children.optional(ra("Payload"))
        children.end()
        outcome = content = None
        if payload is not None:
            choice = Children(payload)
            kind = choice.any()
            choice.end()
            outcome = _future_dated_outcome(kind)
            content = UnknownContent.of(kind) if outcome is None else None
        return cls(
            None if code is None else values.hexadecimal_of(code), description, timestamp, outcome, content
        )


def _future_dated_outcome(kind: Element) -> ExecutionOutcome | None:
    """The outcome of a future-dated 6.15.1; None for any other payload."""
    if kind.tag != ra("FutureDatedCommandOutcomeDeviceAlert"):
        return None
    children = Children(kind)
    alert = children.optional(ra("UpdateSecurityCredentialsDeviceAlert"))
    if alert is None:
        return None
    children.end()
    inner = Children(alert)
    outcome = inner.required(ra("UpdateSecurityCredentialsExecutionOutcome"))
    inner.end()
    return ExecutionOutcome.from_element(outcome)


Payload: TypeAlias = (
    UpdateSecurityCredentialsKRPRsp
    | RequestHandoverOfDCCControlledDeviceRsp
    | RetrieveDeviceSecurityCredentialsKRPRsp
    | ReadInstantaneousImportRegistersRsp
    | ReadNetworkDataRsp
    | DeviceAlert
    | UnknownContent
)

_RESULTS: dict[
    str,
    type[UpdateSecurityCredentialsKRPRsp]
    | type[RequestHandoverOfDCCControlledDeviceRsp]
    | type[RetrieveDeviceSecurityCredentialsKRPRsp]
    | type[ReadInstantaneousImportRegistersRsp]
    | type[ReadNetworkDataRsp],
] = {
    ra(result.ELEMENT): result
    for result in (
        UpdateSecurityCredentialsKRPRsp,
        RequestHandoverOfDCCControlledDeviceRsp,
        RetrieveDeviceSecurityCredentialsKRPRsp,
        ReadInstantaneousImportRegistersRsp,
        ReadNetworkDataRsp,
    )
}
_WHOLE_MESSAGES: Final = frozenset({"ResponseMessage", "DeviceAlertMessage"})


def _body_text(payload: Payload) -> str:
    if isinstance(payload, DeviceAlert):
        return f"<sr:DeviceAlertMessage>{payload.to_text()}</sr:DeviceAlertMessage>"
    if isinstance(payload, UnknownContent) and payload.name in _WHOLE_MESSAGES:
        return payload.to_text()
    return f"<sr:ResponseMessage><ra:SMETSData>{payload.to_text()}</ra:SMETSData></sr:ResponseMessage>"


def _payload_from(message: Element) -> Payload:
    """The payload of a message; content of no known type is kept whole, as the message element itself."""
    if message.tag == sr("ResponseMessage"):
        children = Children(message)
        data = children.peek()
        if data is not None and data.tag == ra("SMETSData"):
            children.any()
            children.end()
            choice = Children(data)
            content = choice.any()
            choice.end()
            result = _RESULTS.get(str(content.tag))
            return UnknownContent.of(content) if result is None else result.from_element(content)
    elif message.tag == sr("DeviceAlertMessage"):
        children = Children(message)
        content_element = children.optional(ra("DeviceAlertContent"))
        if content_element is not None:
            children.end()
            return DeviceAlert.from_element(content_element)
    else:
        raise error_at(message, f"{qualified(str(message.tag))} is not a message of a SMETS1Response")
    return UnknownContent.of(message)


@dataclass(frozen=True, slots=True)
class SMETS1Response:
    """A device's response or alert, as its S1SP signs it: the document SMETS1SignedResponse.

    Attributes:
        header: who answers whom.
        payload: what the device says.
        schema_version: version of the schema, a decimal.
    """

    header: SMETS1Header
    payload: Payload
    schema_version: str = "5.4"

    def to_xml(self) -> bytes:
        """The unsigned document, without indentation; the schema requires the signature still to come."""
        return (
            f"{DECLARATION}<sr:SMETS1SignedResponse {RESPONSE_NAMESPACES}"
            f' schemaVersion="{self.schema_version}"><sr:SMETS1Response>{self.header.to_text()}'
            f"<sr:Body>{_body_text(self.payload)}</sr:Body></sr:SMETS1Response></sr:SMETS1SignedResponse>"
        ).encode()

    @classmethod
    def parse(cls, document: bytes | Element) -> SMETS1Response:
        """Read a SMETS1SignedResponse, signed or not; the signature is not looked at.

        Raises:
            MalformedXML: not well-formed.
            MessageError: not a SMETS1SignedResponse, or with something that cannot be represented.
        """
        root = root_of(document)
        children = _signed_root(root, "SMETS1SignedResponse")
        response = Children(children.required(sr("SMETS1Response")))
        children.optional(_SIGNATURE)
        children.end()
        header = SMETS1Header.from_element(response.required(sr("Header")))
        body = Children(response.required(sr("Body")))
        response.end()
        message = body.any()
        body.end()
        return cls(header, _payload_from(message), children.attributes["schemaVersion"])


@dataclass(frozen=True, slots=True)
class S1SPAlert:
    """An S1SP's rejection of a request [FIA 4.2.1].

    Attributes:
        s1sp_alert_code: such as S1VE4 or S1VE64 (`duis.codes`).
        datetime: when the S1SP made it.
        request_id: the request rejected.
        device_id: the device of the request.
        additional_information: free text.
        utrn: 20 digits, of a top-up.
        schema_version: version of the schema, a decimal.
    """

    s1sp_alert_code: str
    datetime: datetime
    request_id: RequestID | None = None
    device_id: EUI64 | None = None
    additional_information: str | None = None
    utrn: str | None = None
    schema_version: str = "5.4"

    def to_xml(self) -> bytes:
        """The unsigned document, without indentation; the schema requires the signature still to come."""
        return (
            f'{DECLARATION}<sr:S1SPAlert {RESPONSE_NAMESPACES} schemaVersion="{self.schema_version}">'
            f"{child('sr:RequestID', self.request_id)}{child('sr:DeviceID', self.device_id)}"
            f"{child('sr:S1SPAlertCode', self.s1sp_alert_code)}"
            f"{child('sr:AdditionalInformation', self.additional_information)}"
            f"{child('sr:UTRN', self.utrn)}{child('sr:DateTime', self.datetime)}</sr:S1SPAlert>"
        ).encode()

    @classmethod
    def parse(cls, document: bytes | Element) -> S1SPAlert:
        """Read an S1SPAlert, signed or not; the signature is not looked at.

        Raises:
            MalformedXML: not well-formed.
            MessageError: not an S1SPAlert, or with something that cannot be represented.
        """
        root = root_of(document)
        children = _signed_root(root, "S1SPAlert")
        request_id = children.optional(sr("RequestID"))
        device_id = optional_eui64(children, sr("DeviceID"))
        code = values.text_of(children.required(sr("S1SPAlertCode")))
        information = optional_text(children, sr("AdditionalInformation"))
        utrn = optional_text(children, sr("UTRN"))
        moment = values.date_time_of(children.required(sr("DateTime")))
        children.optional(_SIGNATURE)
        children.end()
        return cls(
            code,
            moment,
            None if request_id is None else values.request_id_of(request_id),
            device_id,
            information,
            utrn,
            children.attributes["schemaVersion"],
        )


def _signed_root(root: Element, name: str) -> Children:
    if root.tag != sr(name):
        raise error_at(root, f"sr:{name} was expected here")
    children = Children(root, "schemaVersion")
    if "schemaVersion" not in children.attributes:
        raise error_at(root, "attribute schemaVersion is missing")
    return children
