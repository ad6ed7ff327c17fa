"""Messages of every kind the package builds; where the schema wants a signature, one of the right form."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import (
    Body,
    JoinServiceCriticalBody,
    JoinServiceNonCriticalBody,
    PropertyFilter,
    ReadInstantaneousImportRegistersBody,
    ReadInventoryBody,
    ReadNetworkDataBody,
    RequestHandoverOfDCCControlledDeviceBody,
    RestoreGPFDeviceLogBody,
    RetrieveDeviceSecurityCredentialsKRPBody,
    UpdateSecurityCredentialsKRPBody,
)
from duis.response import (
    DCCAlertMessage,
    DeviceAlertMessage,
    InventoryDevice,
    Message,
    Response,
    ResponseMessage,
    S1SPAlertDSP,
    SecurityCredentialsUpdated,
    SMETS1ResponseMessage,
    UpdatedCertificate,
)
from duis.roles import CertificateType, DeviceStatus, DeviceType, RemotePartyRole, UserRole
from duis.smets1 import (
    FUTURE_DATED_SUCCESS,
    NETWORK_OPERATOR_BY_NETWORK_OPERATOR,
    DeviceAlert,
    ElectricityRegisters,
    ExecutionOutcome,
    GasNetworkData,
    GasRegister,
    LogEntry,
    Payload,
    ReadInstantaneousImportRegistersRsp,
    ReadNetworkDataRsp,
    RemotePartyDetails,
    RemotePartySeqNumberChange,
    ReplacementOutcome,
    RequestHandoverOfDCCControlledDeviceRsp,
    RetrieveDeviceSecurityCredentialsKRPRsp,
    S1SPAlert,
    SMETS1Header,
    SMETS1Response,
    StatusCode,
    UpdateSecurityCredentialsKRPRsp,
    VoltageData,
)
from duis.xml import DS

USER = EUI64("90-B3-D5-1F-30-02-00-00")
DEVICE = EUI64("00-DB-12-34-56-78-90-A0")
DSP = EUI64("90-B3-D5-1F-30-00-00-02")
S1SP = EUI64("90-B3-D5-1F-30-00-00-05")
REQUEST_ID = RequestID(USER, DEVICE, 1200)
MOMENT = datetime(2025, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
LATER = datetime(2025, 3, 5, 0, 0, 0, tzinfo=timezone(timedelta(hours=1)))
NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR
CERTIFICATE = bytes(range(256))

SIGNATURE = (
    f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>'
    '<ds:Reference URI=""><ds:Transforms>'
    '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></ds:Transforms>'
    '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    "<ds:DigestValue>c2hhMjU2</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    "<ds:SignatureValue>ci1hbmQtcw==</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509IssuerSerial>"
    "<ds:X509IssuerName>CN=Z1,OU=07</ds:X509IssuerName>"
    "<ds:X509SerialNumber>170141183460469231731687303715884105727</ds:X509SerialNumber>"
    "</ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo></ds:Signature>"
)


def signed(document: bytes) -> bytes:
    """`document` with a signature of the right form, which signs nothing."""
    end = document.rindex(b"</")
    return document[:end] + SIGNATURE.encode() + document[end:]


BODIES: dict[str, Body] = {
    "6.15.1": UpdateSecurityCredentialsKRPBody(
        NETWORK_OPERATOR,
        digital_signing=CERTIFICATE,
        key_agreement=CERTIFICATE[:200],
        certification_path=(CERTIFICATE[:100], CERTIFICATE[:99]),
        remote_party_floor_seq_number=0,
    ),
    "6.15.1-everything": UpdateSecurityCredentialsKRPBody(
        RemotePartyRole.SUPPLIER,
        CERTIFICATE,
        CERTIFICATE,
        CERTIFICATE,
        (CERTIFICATE, CERTIFICATE, CERTIFICATE),
        False,
        MOMENT,
        2**63 - 1,
        1,
    ),
    "6.15.1-no-certificate": UpdateSecurityCredentialsKRPBody(
        NETWORK_OPERATOR, certification_path=(CERTIFICATE,)
    ),
    "6.21": RequestHandoverOfDCCControlledDeviceBody(
        NETWORK_OPERATOR, CERTIFICATE, CERTIFICATE[:9], certification_path=(CERTIFICATE,)
    ),
    "6.24.1": RetrieveDeviceSecurityCredentialsKRPBody((RemotePartyRole.SUPPLIER, NETWORK_OPERATOR)),
    "8.2-device": ReadInventoryBody(device_id=DEVICE),
    "8.2-mpxn": ReadInventoryBody(mpxn="1200012345672"),
    "8.2-uprn": ReadInventoryBody(uprn=999999999999),
    "8.2-property": ReadInventoryBody(property_filter=PropertyFilter("ZZ1 1ZZ", "1 <&> Test Street")),
    "4.1.1": ReadInstantaneousImportRegistersBody(),
    "4.1.1-future": ReadInstantaneousImportRegistersBody(LATER),
    "4.10": ReadNetworkDataBody(MOMENT, LATER),
    "4.10-everything": ReadNetworkDataBody(MOMENT, LATER, LATER, CERTIFICATE),
    "8.7.1": JoinServiceCriticalBody(DEVICE),
    "8.7.2": JoinServiceNonCriticalBody(DEVICE),
    "8.12.2": RestoreGPFDeviceLogBody(DEVICE),
}

REQUESTS: dict[str, ServiceRequest] = {
    f"request {name}": ServiceRequest(REQUEST_ID, 8 if name.startswith("8.2") else 1, body)
    for name, body in BODIES.items()
}
REQUESTS["request in a sequence"] = ServiceRequest(
    REQUEST_ID,
    9,
    BODIES["4.1.1"],
    first_in_sequence=True,
    preceding_request_id=RequestID(USER, DEVICE, 2**64 - 1),
    schema_version="5.1",
)

OUTCOME = ExecutionOutcome(
    authorising_remote_party_originator_counter=1200,
    credentials_replacement_mode=NETWORK_OPERATOR_BY_NETWORK_OPERATOR,
    remote_party_seq_number_change=RemotePartySeqNumberChange(NETWORK_OPERATOR, 0, 7),
    replacement_outcomes=(
        ReplacementOutcome(
            StatusCode(),
            CertificateType.DIGITAL_SIGNING,
            NETWORK_OPERATOR,
            USER,
            DSP,
            bytes(20),
            bytes(range(20)),
        ),
        ReplacementOutcome(StatusCode("badCertificate", 5), CertificateType.KEY_AGREEMENT),
    ),
)
PAYLOADS: dict[str, Payload] = {
    "6.15.1": UpdateSecurityCredentialsKRPRsp(True, OUTCOME),
    "6.15.1-future": UpdateSecurityCredentialsKRPRsp(True),
    "6.15.1-bare": UpdateSecurityCredentialsKRPRsp(),
    "6.21": RequestHandoverOfDCCControlledDeviceRsp(False, OUTCOME),
    "6.24.1": RetrieveDeviceSecurityCredentialsKRPRsp(
        True,
        (
            RemotePartyDetails(RemotePartyRole.SUPPLIER, StatusCode("trustAnchorNotFound", 5)),
            RemotePartyDetails(
                NETWORK_OPERATOR, StatusCode(), 0, CertificateType.KEY_CERT_SIGN, USER, bytes(20)
            ),
        ),
    ),
    "4.1.1-electricity": ReadInstantaneousImportRegistersRsp(True, ElectricityRegisters(1, -2, 3)),
    "4.1.1-gas": ReadInstantaneousImportRegistersRsp(True, GasRegister("12345.678")),
    "4.10-electricity": ReadNetworkDataRsp(
        True, VoltageData(1, 0, (LogEntry("230.1", MOMENT), LogEntry("231", LATER)), 1800)
    ),
    "4.10-gas": ReadNetworkDataRsp(None, GasNetworkData((LogEntry("0.5", MOMENT),))),
    "device alert": DeviceAlert("8F3F", "Unauthorised <access> & more", MOMENT),
    "device alert without code": DeviceAlert(None, "", MOMENT),
    "future-dated alert": DeviceAlert(FUTURE_DATED_SUCCESS, "carried out", MOMENT, OUTCOME),
}
HEADER = SMETS1Header(DEVICE, USER, 1200, service_reference="6.15", srv="6.15.1", timestamp=MOMENT)
FULL_HEADER = SMETS1Header(
    DEVICE, DSP, 2**64 - 1, USER, 1, 2, "0102", "6.15", "6.15.1", MOMENT, False, "reliable"
)
SMETS1_RESPONSES: dict[str, SMETS1Response] = {
    f"signed {name}": SMETS1Response(HEADER, payload) for name, payload in PAYLOADS.items()
}
SMETS1_RESPONSES["signed with full header"] = SMETS1Response(FULL_HEADER, PAYLOADS["6.15.1"])

S1SP_ALERTS: dict[str, S1SPAlert] = {
    "S1SP alert": S1SPAlert("S1VE64", MOMENT, REQUEST_ID, DEVICE, "not the party in the slot"),
    "S1SP alert, least": S1SPAlert("S1VE4", MOMENT),
    "S1SP alert of a top-up": S1SPAlert("S1VE4", MOMENT, utrn="12345678901234567890"),
}

FULL_DEVICE = InventoryDevice(
    DEVICE,
    DeviceType.ESME,
    "Maker & Co",
    "Model",
    DeviceStatus.INSTALLED_NOT_COMMISSIONED,
    "SMETS1",
    "01020304",
    "Active",
    "Withdrawn",
    date(2020, 2, 29),
    "1200012345672",
    "1200012345681",
    "1200012345690",
    "ADEF",
    1,
    PropertyFilter("ZZ1 1ZZ", ""),
    "SMETS1",
    "3.2",
    "Single Band",
    "S1SP1",
    "Cellular",
)
INVENTORY = (FULL_DEVICE, InventoryDevice(USER, DeviceType.GPF, "", "Model"))
SIGNED_RESULT = signed(SMETS1_RESPONSES["signed 6.15.1"].to_xml())
SIGNED_ALERT = signed(S1SP_ALERTS["S1SP alert"].to_xml())
MESSAGES: dict[str, tuple[str, Message]] = {
    "acknowledgement": ("I99", ResponseMessage("6.15", "6.15.1")),
    "rejection": ("E4", ResponseMessage("6.15", "6.15.1")),
    "inventory": ("I0", ResponseMessage("8.2", "8.2", INVENTORY)),
    "result": ("I0", SMETS1ResponseMessage(SIGNED_RESULT, "6.15", "6.15.1")),
    "alert of a SMETS1 device": (
        "I0",
        SMETS1ResponseMessage(
            signed(SMETS1_RESPONSES["signed device alert"].to_xml()),
            dsp_schedule_id=10**12,
            throttled_alert_sequence_id=1,
            throttled_alert_count=2**32 - 1,
        ),
    ),
    "N55": ("I0", DCCAlertMessage("N55", S1SPAlertDSP(SIGNED_ALERT, 5), 1, 2)),
    "N42": (
        "I0",
        DCCAlertMessage(
            "N42",
            SecurityCredentialsUpdated(
                DEVICE,
                NETWORK_OPERATOR,
                (
                    UpdatedCertificate(CertificateType.DIGITAL_SIGNING, bytes(20)),
                    UpdatedCertificate(CertificateType.KEY_AGREEMENT, bytes(20)),
                ),
                1,
                2,
            ),
        ),
    ),
    "alert of a SMETS2 device": ("I0", DeviceAlertMessage("8F3F", b"gbcs", 1, 2)),
}
RESPONSES: dict[str, Response] = {
    f"response {name}": Response(REQUEST_ID, REQUEST_ID.response_id(), code, MOMENT, message)
    for name, (code, message) in MESSAGES.items()
}
RESPONSES["response without identifiers"] = Response(None, None, "I0", MOMENT, MESSAGES["N42"][1])

COUNTERSIGNED: dict[str, CountersignedServiceRequest] = {
    "countersigned": CountersignedServiceRequest(
        REQUESTS["request 6.15.1"].to_xml(),
        REQUEST_ID,
        DSP,
        S1SP,
        UserRole.ELECTRICITY_DISTRIBUTOR,
        "6.15.1",
        MOMENT,
    ),
    "countersigned for a supplementary party": CountersignedServiceRequest(
        b"<request/>", REQUEST_ID, DSP, S1SP, UserRole.GAS_SUPPLIER, "6.21", MOMENT, USER, 2**64 - 1
    ),
}

DOCUMENTS: dict[str, bytes] = (
    {name: request.to_xml() for name, request in REQUESTS.items()}
    | {f"{name}, signed": signed(request.to_xml()) for name, request in REQUESTS.items()}
    | {name: response.to_xml() for name, response in RESPONSES.items()}
    | {f"{name}, signed": signed(response.to_xml()) for name, response in RESPONSES.items()}
    | {name: signed(response.to_xml()) for name, response in SMETS1_RESPONSES.items()}
    | {name: signed(alert.to_xml()) for name, alert in S1SP_ALERTS.items()}
)
"""Every kind of message the official schema knows, schema-valid."""

COUNTERSIGNED_DOCUMENTS: dict[str, bytes] = {
    name: signed(message.to_xml()) for name, message in COUNTERSIGNED.items()
}
