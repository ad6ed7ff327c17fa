"""Messages broken on purpose, each in one named way, and messages that look broken but are valid."""

from __future__ import annotations

from tests.duis import samples
from tests.duis.samples import DOCUMENTS, SIGNATURE

MPAN = "<sr:MPxN>1200012345672</sr:MPxN>"
UPDATE = "request 6.15.1"
HANDOVER = "request 6.21"
RETRIEVE = "request 6.24.1"
INVENTORY_REQUEST = "request 8.2-device"
RESULT = "signed 6.15.1"
RETRIEVED = "signed 6.24.1"
ALERT = "signed device alert"
ROLE = "<sr:RemotePartyRole>NetworkOperator</sr:RemotePartyRole>"
PATH_CERTIFICATE = "<sr:Certificate>AAEC</sr:Certificate>"
REQUEST_ID = f"<sr:RequestID>{samples.REQUEST_ID}</sr:RequestID>"


def changed(name: str, old: str, new: str, count: int = 1) -> bytes:
    """A sample with `old` replaced; that it is there makes the change real."""
    text = DOCUMENTS[name].decode()
    assert old in text, f"{name} has no {old}"
    return text.replace(old, new, count).encode()


def moved(name: str, element: str, before: str) -> bytes:
    """A sample with `element` moved to stand before another."""
    text = DOCUMENTS[name].decode()
    assert element in text
    assert before in text
    return text.replace(element, "", 1).replace(before, element + before, 1).encode()


def _without(name: str, start: str, end: str) -> bytes:
    text = DOCUMENTS[name].decode()
    head, _, rest = text.partition(start)
    middle, _, tail = rest.partition(end)
    assert middle
    return (head + tail).encode()


def _request_id(text: str) -> bytes:
    return changed(UPDATE, str(samples.REQUEST_ID), text)


_USER, _DEVICE = samples.USER, samples.DEVICE
_ONE_DEVICE = (
    "<sr:Device><sr:DeviceID>00-DB-12-34-56-78-90-A0</sr:DeviceID><sr:DeviceType>ESME</sr:DeviceType>"
)
_ONE_DEVICE += (
    "<sr:DeviceManufacturer>M</sr:DeviceManufacturer><sr:DeviceModel>M</sr:DeviceModel></sr:Device>"
)

BROKEN: dict[str, bytes] = {
    # Requests: header
    "counter over 2^64 - 1": _request_id(f"{_USER}:{_DEVICE}:18446744073709551616"),
    "counter of 21 digits": _request_id(f"{_USER}:{_DEVICE}:100000000000000000000"),
    "counter with a leading zero": _request_id(f"{_USER}:{_DEVICE}:01200"),
    "negative counter": _request_id(f"{_USER}:{_DEVICE}:-1"),
    "no counter": _request_id(f"{_USER}:{_DEVICE}"),
    "EUI-64 of seven pairs": _request_id(f"{_USER[3:]}:{_DEVICE}:1"),
    "EUI-64 with a letter that is no hex digit": _request_id(f"{_USER[:-1]}G:{_DEVICE}:1"),
    "EUI-64 without hyphens": _request_id(f"{_USER.replace('-', '')}:{_DEVICE}:1"),
    "empty RequestID": _request_id(""),
    "no RequestID": changed(UPDATE, REQUEST_ID, ""),
    "RequestID twice": changed(UPDATE, REQUEST_ID, REQUEST_ID * 2),
    "RequestID last in the header": moved(UPDATE, REQUEST_ID, "</sr:Header>"),
    "Command Variant 0": changed(UPDATE, "Variant>1<", "Variant>0<"),
    "Command Variant 10": changed(UPDATE, "Variant>1<", "Variant>10<"),
    "Command Variant in words": changed(UPDATE, "Variant>1<", "Variant>one<"),
    "unknown Service Reference": changed(UPDATE, "Reference>6.15<", "Reference>6.16<"),
    "unknown Service Reference Variant": changed(UPDATE, ">6.15.1<", ">6.15.3<"),
    "space around the Service Reference Variant": changed(UPDATE, ">6.15.1<", "> 6.15.1 <"),
    "FirstInSequence neither true nor false": changed(
        "request in a sequence", "Sequence>true<", "Sequence>yes<"
    ),
    "no Header": _without(UPDATE, "<sr:Header>", "</sr:Header>"),
    # Requests: document
    "no schemaVersion": changed(UPDATE, ' schemaVersion="5.4"', ""),
    "schemaVersion not a number": changed(UPDATE, '"5.4"', '"five"'),
    "unknown attribute of the Request": changed(UPDATE, "schemaVersion", 'role="ED" schemaVersion'),
    "unknown attribute of a leaf": changed(UPDATE, "<sr:RemotePartyRole>", '<sr:RemotePartyRole x="1">'),
    "Body before Header": moved(
        "request 4.1.1",
        "<sr:Body><sr:ReadInstantaneousImportRegisters></sr:ReadInstantaneousImportRegisters></sr:Body>",
        "<sr:Header>",
    ),
    "empty Body": _without(UPDATE, "<sr:UpdateSecurityCredentialsKRP>", "</sr:UpdateSecurityCredentialsKRP>"),
    "two requests in one Body": changed(
        INVENTORY_REQUEST, "</sr:Body>", "<sr:ReadInventory>" + MPAN + "</sr:ReadInventory></sr:Body>"
    ),
    "unknown request": changed(UPDATE, "UpdateSecurityCredentialsKRP>", "UpdateEverything>", 2),
    "request in another namespace": DOCUMENTS[UPDATE].replace(b"/ServiceUserGateway", b"/ServiceUser"),
    "request without a namespace": DOCUMENTS[UPDATE].replace(b"sr:", b"").replace(b"xmlns:sr", b"xmlns:x"),
    "text in element-only content": changed(UPDATE, "<sr:Body>", "<sr:Body>text"),
    "text after the request": changed(UPDATE, "</sr:Body>", "text</sr:Body>"),
    "second Signature": changed(f"{UPDATE}, signed", SIGNATURE, SIGNATURE * 2),
    "Signature before the Body": changed(UPDATE, "<sr:Body>", SIGNATURE + "<sr:Body>"),
    "Signature without SignedInfo": changed(
        UPDATE,
        "</sr:Request>",
        "<ds:Signature><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature></sr:Request>",
    ),
    "serial number in hexadecimal": changed(
        f"{UPDATE}, signed", "170141183460469231731687303715884105727", "7FFF"
    ),
    # SRVs 6.15.1 and 6.21
    "unknown RemotePartyRole": changed(UPDATE, "NetworkOperator</", "GasTransporter</"),
    "no RemotePartyRole": changed(UPDATE, ROLE, ""),
    "RemotePartyRole after the floor": moved(UPDATE, ROLE, "<sr:ReplacementCertificates>"),
    "negative floor": changed(UPDATE, "FloorSeqNumber>0<", "FloorSeqNumber>-1<"),
    "floor over 2^63 - 1": changed(UPDATE, "FloorSeqNumber>0<", "FloorSeqNumber>9223372036854775808<"),
    "certificate not base64": changed(UPDATE, "Certificate>AAEC", "Certificate>(AEC"),
    "certificate in base64 cut short": changed(
        UPDATE, "</sr:DigitalSigningCertificate>", "A</sr:DigitalSigningCertificate>"
    ),
    "key agreement before digital signing": moved(
        UPDATE,
        "<sr:KeyAgreementCertificate>"
        + samples.BODIES["6.15.1"].to_text().split("KeyAgreementCertificate>")[1]
        + "KeyAgreementCertificate>",
        "<sr:DigitalSigningCertificate>",
    ),
    "digital signing certificate twice": changed(
        UPDATE,
        "<sr:DigitalSigningCertificate>",
        "<sr:DigitalSigningCertificate>AAAA</sr:DigitalSigningCertificate><sr:DigitalSigningCertificate>",
    ),
    "6.15.1 with the certificates of a 6.21": changed(
        UPDATE, "<sr:SupplierOrNetworkOperatorCertificates>", ""
    ).replace(b"</sr:SupplierOrNetworkOperatorCertificates>", b""),
    "6.21 without a digital signing certificate": _without(
        HANDOVER, "<sr:DigitalSigningCertificate>", "</sr:DigitalSigningCertificate>"
    ),
    "6.21 with the certificates of a 6.15.1": changed(
        HANDOVER,
        "<sr:ReplacementCertificates>",
        "<sr:ReplacementCertificates><sr:SupplierOrNetworkOperatorCertificates>",
    ).replace(
        b"</sr:ReplacementCertificates>",
        b"</sr:SupplierOrNetworkOperatorCertificates></sr:ReplacementCertificates>",
    ),
    "four certificates in the path": changed(
        UPDATE,
        "<sr:CertificationPathCertificates>",
        "<sr:CertificationPathCertificates>" + PATH_CERTIFICATE * 2,
    ),
    "empty certification path": _without(
        "request 6.15.1-no-certificate", "<sr:Certificate>", "</sr:Certificate>"
    ),
    "no ApplyTimeBasedCPVChecks": changed(
        UPDATE, "<sr:ApplyTimeBasedCPVChecks>true</sr:ApplyTimeBasedCPVChecks>", ""
    ),
    "ApplyTimeBasedCPVChecks in capitals": changed(UPDATE, "Checks>true<", "Checks>TRUE<"),
    "execution on 30 February": changed(
        "request 6.15.1-everything", "2025-03-04T05:06:07.89Z", "2025-02-30T00:00:00Z"
    ),
    "execution on a day without a time": changed(
        "request 6.15.1-everything", "2025-03-04T05:06:07.89Z", "2025-03-04"
    ),
    "empty execution time": changed("request 6.15.1-everything", "2025-03-04T05:06:07.89Z", ""),
    # The other requests
    "eight roles in a 6.24.1": changed(RETRIEVE, ROLE, ROLE * 7),
    "no role in a 6.24.1": changed(RETRIEVE, "<sr:RemotePartyRole>Supplier</sr:RemotePartyRole>" + ROLE, ""),
    "8.2 asking in two ways": changed(INVENTORY_REQUEST, "</sr:ReadInventory>", MPAN + "</sr:ReadInventory>"),
    "8.2 asking for nothing": changed(INVENTORY_REQUEST, f"<sr:DeviceID>{_DEVICE}</sr:DeviceID>", ""),
    "MPxN of 14 digits": changed("request 8.2-mpxn", "1200012345672", "12000123456720"),
    "empty MPxN": changed("request 8.2-mpxn", "1200012345672", ""),
    "UPRN of 13 digits": changed("request 8.2-uprn", "999999999999", "1000000000000"),
    "UPRN 0": changed("request 8.2-uprn", "999999999999", "0"),
    "post code of 5 characters": changed("request 8.2-property", "ZZ1 1ZZ", "ZZ1 1"),
    "4.1.1 with a child of a 4.10": changed(
        "request 4.1.1-future", "<sr:ExecutionDateTime>", "<sr:ReadLogPeriod/><sr:ExecutionDateTime>"
    ),
    "4.10 without an end": _without("request 4.10", "<sr:EndDateTime>", "</sr:EndDateTime>"),
    "8.7.1 with a malformed device": changed("request 8.7.1", f"DeviceID>{_DEVICE}", "DeviceID>unknown"),
    # Responses
    "unknown response code": changed("response rejection", ">E4<", ">E6<"),
    "response code in small letters": changed("response rejection", ">E4<", ">e4<"),
    "no response code": _without("response rejection", "<sr:ResponseCode>", "</sr:ResponseCode>"),
    "no response time": _without("response rejection", "<sr:ResponseDateTime>", "</sr:ResponseDateTime>"),
    "ResponseID before RequestID": moved(
        "response rejection",
        f"<sr:ResponseID>{samples.REQUEST_ID.response_id()}</sr:ResponseID>",
        "<sr:RequestID>",
    ),
    "response without a message": _without(
        "response rejection", "<sr:ResponseMessage>", "</sr:ResponseMessage>"
    ),
    "message without a Service Reference": _without(
        "response rejection", "<sr:ServiceReference>", "</sr:ServiceReference>"
    ),
    "empty inventory": changed("response inventory", "<sr:DSPInventory>", "<sr:DSPInventory/><!--").replace(
        b"</sr:DSPInventory>", b"-->"
    ),
    "18 devices": changed("response inventory", "<sr:DSPInventory>", "<sr:DSPInventory>" + _ONE_DEVICE * 16),
    "unknown device type": changed("response inventory", ">ESME<", ">ESMS<"),
    "unknown device status": changed("response inventory", ">InstalledNotCommissioned<", ">Installed<"),
    "device without a model": _without("response inventory", "<sr:DeviceModel>", "</sr:DeviceModel>"),
    "model of 31 characters": changed("response inventory", "Model>Model<", f"Model>{'M' * 31}<"),
    "unknown CSP region": changed("response inventory", ">SMETS1</sr:CSPRegion>", ">West</sr:CSPRegion>"),
    "export MPAN of 12 digits": changed("response inventory", "1200012345690", "120001234569"),
    "commissioned on a time": changed("response inventory", "2020-02-29", "2020-02-29T00:00:00Z"),
    # Alerts
    "N32": changed("response N55", ">N55<", ">N32<"),
    "N0": changed("response N55", ">N55<", ">N0<"),
    "N66": changed("response N55", ">N55<", ">N66<"),
    "unknown DCC alert": changed("response N42", "SecurityCredentialsUpdated>", "CredentialsUpdated>", 2),
    "two DCC alerts": changed(
        "response N42", "<sr:DCCAlert>", "<sr:DCCAlert><sr:CommsHubFirmwareActivation/>"
    ),
    "N42 without certificates": DOCUMENTS["response N42"].replace(b"sr:Certificates>", b"sr:Certificate>"),
    "N42 with a certificate type of 6.24.1": changed("response N42", ">DigitalSigning<", ">KeyCertSign<"),
    "N42 with a change of floors and no floor": _without(
        "response N42", "<sr:RemotePartyFloorSeqNumber>", "</sr:RemotePartyFloorSeqNumber>"
    ),
    "S1SP Alert without a code": _without("S1SP alert", "<sr:S1SPAlertCode>", "</sr:S1SPAlertCode>"),
    "S1SP Alert without a signature": samples.S1SP_ALERTS["S1SP alert"].to_xml(),
    "S1SP Alert without a time": _without("S1SP alert", "<sr:DateTime>", "</sr:DateTime>"),
    "S1SP Alert without schemaVersion": changed("S1SP alert", ' schemaVersion="5.4"', ""),
    "S1SP Alert with a UTRN of 19 digits": changed(
        "S1SP alert of a top-up", "12345678901234567890", "1" * 19
    ),
    "S1SP Alert with a device before its request": moved(
        "S1SP alert", f"<sr:DeviceID>{_DEVICE}</sr:DeviceID>", "<sr:RequestID>"
    ),
    "embedded S1SP Alert without a signature": changed("response N55", SIGNATURE, ""),
    "second Signature in an embedded S1SP Alert": changed("response N55", SIGNATURE, SIGNATURE * 2),
    "Device alert code of an odd number of digits": changed(
        "response alert of a SMETS2 device", ">8F3F<", ">8F3<"
    ),
    "alert count over 2^32 - 1": changed("response alert of a SMETS1 device", ">4294967295<", ">4294967296<"),
    # What an S1SP signs
    "result without a signature": samples.SMETS1_RESPONSES[RESULT].to_xml(),
    "result with two signatures": changed(RESULT, SIGNATURE, SIGNATURE * 2),
    "result without schemaVersion": changed(RESULT, ' schemaVersion="5.4"', ""),
    "result header in the DUIS namespace": DOCUMENTS[RESULT].replace(b"ra:BusinessT", b"sr:BusinessT"),
    "result message in the namespace of device responses": DOCUMENTS[RESULT].replace(
        b"sr:ResponseMessage", b"ra:ResponseMessage"
    ),
    "result data in the DUIS namespace": DOCUMENTS[RESULT].replace(b"ra:SMETSData", b"sr:SMETSData"),
    "result without a target": _without(RESULT, "<ra:BusinessTargetID>", "</ra:BusinessTargetID>"),
    "result counter over 2^64 - 1": changed(
        "signed with full header", ">18446744073709551615<", ">18446744073709551616<"
    ),
    "result with an unknown clock status": changed("signed with full header", '"reliable"', '"good"'),
    "result with MessageSuccess yes": changed(RESULT, 'MessageSuccess="true"', 'MessageSuccess="yes"'),
    "result with an unknown replacement mode": changed(RESULT, "NetworkOperatorBy", "TransporterBy"),
    "result with an unknown status": changed(RESULT, ">badCertificate<", ">wrongCertificate<"),
    "result with a status without a number": changed(RESULT, ' ResponseCode="0"', ""),
    "result with a status number in hexadecimal": changed(RESULT, 'ResponseCode="0"', 'ResponseCode="0x0"'),
    "result with four outcomes": changed(
        RESULT, "<ra:ReplacementOutcome>", "<ra:ReplacementOutcome/>" * 2 + "<ra:ReplacementOutcome>"
    ),
    "result with the new party first": changed(RESULT, "ra:NewRemotePartyID>", "ra:Swap>", 2)
    .replace(b"ra:ExistingRemotePartyID>", b"ra:NewRemotePartyID>")
    .replace(b"ra:Swap>", b"ra:ExistingRemotePartyID>"),
    "result with an unknown payload": changed(RESULT, "UpdateSecurityCredentialsKRPRsp", "UnknownRsp", 2),
    "result with two payloads": changed(RESULT, "<ra:SMETSData>", "<ra:SMETSData><ra:DisplayMessageRsp/>"),
    "6.24.1 result with an unknown usage": changed(RETRIEVED, ">KeyCertSign<", ">Signing<"),
    "6.24.1 result with a malformed party": changed(RETRIEVED, f"PartyID>{_USER}", "PartyID>nobody"),
    "4.1.1 result in kWh": changed("signed 4.1.1-electricity", ">Wh<", ">kWh<"),
    "4.1.1 result of half a watt-hour": changed("signed 4.1.1-electricity", "Value>1<", "Value>0.5<"),
    "4.10 result with a word for a voltage": changed("signed 4.10-electricity", ">230.1<", ">high<"),
    "device alert without a description": _without(ALERT, "<ra:AlertDescription>", "</ra:AlertDescription>"),
    "device alert with 251 characters": changed(ALERT, "Unauthorised", "U" * 251),
    "device alert code not hexadecimal": changed(ALERT, ">8F3F<", ">8F3G<"),
    "device alert with an unknown payload": changed(
        ALERT, "</ra:DeviceAlertContent>", "<ra:Payload><ra:Mystery/></ra:Payload></ra:DeviceAlertContent>"
    ),
}
UNUSUAL: dict[str, bytes] = {
    "EUI-64s in small letters": changed(UPDATE, str(_USER), str(_USER).lower()),
    "space around a RequestID": changed(UPDATE, f">{samples.REQUEST_ID}<", f">\n {samples.REQUEST_ID} <"),
    "Command Variant with a leading zero": changed(UPDATE, "Variant>1<", "Variant>01<"),
    "boolean as a digit": changed(UPDATE, "Checks>true<", "Checks>1<"),
    "folded base64": changed(UPDATE, "Certificate>AAEC", "Certificate>\n AA\r\nEC "),
    "empty certificate": changed(HANDOVER, ">AAECAwQFBgcI<", "><"),
    "comment inside a value": changed(UPDATE, "NetworkOperator<", "Network<!-- -->Operator<"),
    "processing instruction": changed(UPDATE, "<sr:Body>", "<?x y?><sr:Body>"),
    "white space between elements": changed(UPDATE, "><sr:", ">\n  <sr:", 20),
    "time without a zone": changed("request 4.1.1-future", "T00:00:00+01:00", "T24:00:00"),
    "another prefix": DOCUMENTS[UPDATE].replace(b"sr:", b"d:").replace(b"xmlns:sr=", b"xmlns:d="),
    "seven roles in a 6.24.1": changed(RETRIEVE, ROLE, ROLE * 6),
    "17 devices": changed("response inventory", "<sr:DSPInventory>", "<sr:DSPInventory>" + _ONE_DEVICE * 15),
    "request outside the subset": changed(
        INVENTORY_REQUEST,
        f"<sr:ReadInventory><sr:DeviceID>{_DEVICE}</sr:DeviceID></sr:ReadInventory>",
        "<sr:ReadSupplyStatus/>",
    ),
    "result outside the subset": changed(
        "signed 6.15.1-bare",
        "<ra:UpdateSecurityCredentialsKRPRsp></ra:UpdateSecurityCredentialsKRPRsp>",
        '<ra:DisplayMessageRsp MessageSuccess="true"/>',
    ),
    "device response without data": changed(
        "signed 6.15.1-bare",
        "<ra:SMETSData><ra:UpdateSecurityCredentialsKRPRsp></ra:UpdateSecurityCredentialsKRPRsp></ra:SMETSData>",
        "",
    ),
    "schema location hint": changed(
        UPDATE,
        "<sr:Request ",
        '<sr:Request xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b" ',
    ),
}
