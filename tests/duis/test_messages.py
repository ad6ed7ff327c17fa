"""What is built is read back equal, and what cannot be represented is refused with its path."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from duis.countersigned import CountersignedServiceRequest
from duis.request import ServiceRequest
from duis.requests import (
    ReadInventoryBody,
    RetrieveDeviceSecurityCredentialsKRPBody,
    UnknownBody,
    UpdateSecurityCredentialsKRPBody,
)
from duis.response import (
    DCCAlertMessage,
    Response,
    ResponseMessage,
    S1SPAlertDSP,
    SecurityCredentialsUpdated,
    SMETS1ResponseMessage,
)
from duis.roles import CertificateType, RemotePartyRole
from duis.smets1 import (
    DeviceAlert,
    S1SPAlert,
    SMETS1Response,
    UnknownContent,
    UpdateSecurityCredentialsKRPRsp,
)
from duis.xml import DS, RA, SR, MessageError, parse
from tests.duis import samples
from tests.duis.broken import changed


@pytest.mark.parametrize("name", samples.REQUESTS)
def test_a_request_is_read_back_equal(name: str) -> None:
    request = samples.REQUESTS[name]
    assert ServiceRequest.parse(request.to_xml()) == request
    assert ServiceRequest.parse(samples.signed(request.to_xml())) == request


@pytest.mark.parametrize("name", samples.BODIES)
def test_a_body_is_read_back_equal_from_its_element(name: str) -> None:
    body = samples.BODIES[name]
    assert type(body).from_element(body.to_element()) == body


@pytest.mark.parametrize("name", samples.RESPONSES)
def test_a_response_is_read_back_equal_but_for_the_form_of_what_is_embedded(name: str) -> None:
    response = samples.RESPONSES[name]
    read = Response.parse(response.to_xml())
    assert read.to_xml() == Response.parse(read.to_xml()).to_xml()
    message = response.message
    if isinstance(message, SMETS1ResponseMessage):
        assert isinstance(read.message, SMETS1ResponseMessage)
        assert SMETS1Response.parse(read.message.signed_response) == SMETS1Response.parse(
            message.signed_response
        )
        read = replace(read, message=replace(read.message, signed_response=message.signed_response))
    elif isinstance(message, DCCAlertMessage) and isinstance(message.alert, S1SPAlertDSP):
        assert isinstance(read.message, DCCAlertMessage)
        assert isinstance(read.message.alert, S1SPAlertDSP)
        assert S1SPAlert.parse(read.message.alert.s1sp_alert) == S1SPAlert.parse(message.alert.s1sp_alert)
        read = replace(read, message=replace(read.message, alert=message.alert))
    assert read == response


@pytest.mark.parametrize("name", samples.SMETS1_RESPONSES)
def test_what_an_s1sp_signs_is_read_back_equal(name: str) -> None:
    response = samples.SMETS1_RESPONSES[name]
    assert SMETS1Response.parse(response.to_xml()) == response
    assert SMETS1Response.parse(samples.signed(response.to_xml())) == response


@pytest.mark.parametrize("name", samples.S1SP_ALERTS)
def test_an_s1sp_alert_is_read_back_equal(name: str) -> None:
    alert = samples.S1SP_ALERTS[name]
    assert S1SPAlert.parse(samples.signed(alert.to_xml())) == alert


@pytest.mark.parametrize("name", samples.COUNTERSIGNED)
def test_a_countersigned_request_is_read_back_equal(name: str) -> None:
    countersigned = samples.COUNTERSIGNED[name]
    assert CountersignedServiceRequest.parse(samples.signed(countersigned.to_xml())) == countersigned


def test_the_octets_a_user_signed_reach_the_s1sp_unchanged() -> None:
    request = samples.signed(samples.REQUESTS["request 6.15.1"].to_xml()).replace(b"><sr:", b">\r\n <sr:")
    countersigned = replace(samples.COUNTERSIGNED["countersigned"], request=request)
    assert CountersignedServiceRequest.parse(countersigned.to_xml()).request == request


def test_a_supplementary_party_has_an_identifier_and_a_counter() -> None:
    with pytest.raises(ValueError, match="both an identifier and a counter"):
        replace(samples.COUNTERSIGNED["countersigned"], supplementary_remote_party_counter=1)
    text = samples.COUNTERSIGNED["countersigned for a supplementary party"].to_xml().decode()
    start, end = (
        text.index("<csr:SupplementaryRemotePartyID>"),
        text.index("<csr:SupplementaryRemotePartyCounter>"),
    )
    with pytest.raises(MessageError, match=r"Header: .*both an identifier and a counter"):
        CountersignedServiceRequest.parse((text[:start] + text[end:]).encode())


@pytest.mark.parametrize("name", ["response result", "response N55"])
def test_an_embedded_document_is_the_text_signed_and_canonically_the_same_in_place(name: str) -> None:
    inner = samples.SIGNED_RESULT if name == "response result" else samples.SIGNED_ALERT
    outer = samples.RESPONSES[name].to_xml()
    without_declaration = inner.partition(b"?>\n")[2]
    assert without_declaration.startswith(b"<sr:")
    assert without_declaration in outer
    root = parse(inner)
    (embedded,) = parse(outer).iter(str(root.tag))
    assert etree.tostring(embedded, method="c14n", with_tail=False) == etree.tostring(root, method="c14n")


def test_the_three_documents_with_smets1_content_declare_the_same_namespaces() -> None:
    declared = [
        parse(document).nsmap
        for document in (
            samples.SIGNED_RESULT,
            samples.SIGNED_ALERT,
            samples.RESPONSES["response rejection"].to_xml(),
        )
    ]
    assert declared == [{"sr": SR, "ra": RA, "ds": DS}] * 3


def test_a_document_with_a_dtd_or_in_another_encoding_is_not_embedded() -> None:
    for document in (b"<!DOCTYPE x><x/>", b'<?xml version="1.0" encoding="ISO-8859-1"?><x/>'):
        with pytest.raises(ValueError, match="embedded"):
            replace(samples.RESPONSES["response result"], message=SMETS1ResponseMessage(document)).to_xml()


def test_a_request_outside_the_subset_stays_readable() -> None:
    document = changed(
        "request 8.2-device",
        f"<sr:ReadInventory><sr:DeviceID>{samples.DEVICE}</sr:DeviceID></sr:ReadInventory>",
        "<sr:DisplayMessage><sr:Message>Good &amp; day</sr:Message></sr:DisplayMessage>",
    ).replace(b">8.2<", b">3.1<")
    request = ServiceRequest.parse(document)
    assert isinstance(request.body, UnknownBody)
    assert (request.srv, request.body.srv) == ("3.1", "3.1")
    assert request.body.element.findtext(f"{{{SR}}}Message") == "Good & day"
    assert ServiceRequest.parse(request.to_xml()) == request
    assert ServiceRequest(request.request_id, 8, request.body).srv == "3.1"


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (
            changed("response N42", "SecurityCredentialsUpdated>", "CommsHubFirmwareActivation>", 2),
            "CommsHubFirmwareActivation",
        ),
        (
            changed(
                "response rejection",
                "</sr:ResponseMessage>",
                "<sr:PreCommand>x</sr:PreCommand></sr:ResponseMessage>",
            ),
            "PreCommand",
        ),
    ],
)
def test_a_response_outside_the_subset_stays_readable(document: bytes, name: str) -> None:
    response = Response.parse(document)
    message = response.message
    content = message.alert if isinstance(message, DCCAlertMessage) else None
    if isinstance(message, ResponseMessage):
        content = message.content
    assert isinstance(content, UnknownContent)
    assert content.name == name
    assert Response.parse(response.to_xml()) == response


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("UpdateSecurityCredentialsKRPRsp", "DisplayMessageRsp", "DisplayMessageRsp"),
        ("ra:SMETSData>", "ra:GBCSData>", "ResponseMessage"),
        ("sr:ResponseMessage>", "sr:DeviceAlertMessage>", "DeviceAlertMessage"),
    ],
)
def test_a_device_response_outside_the_subset_stays_readable(old: str, new: str, name: str) -> None:
    response = SMETS1Response.parse(changed("signed 6.15.1", old, new, 2))
    assert isinstance(response.payload, UnknownContent)
    assert response.payload.name == name
    assert SMETS1Response.parse(response.to_xml()) == response


def test_a_device_alert_with_another_payload_stays_readable() -> None:
    payload = "<ra:Payload><ra:CommandNotSupportedbyDevice/></ra:Payload></ra:DeviceAlertContent>"
    alert = SMETS1Response.parse(changed("signed device alert", "</ra:DeviceAlertContent>", payload)).payload
    assert isinstance(alert, DeviceAlert)
    assert alert.payload is not None
    assert alert.payload.name == "CommandNotSupportedbyDevice"


REFUSED = {
    "bad RequestID": (
        ServiceRequest,
        changed("request 6.15.1", str(samples.REQUEST_ID), "nonsense"),
        "/sr:Request/sr:Header/sr:RequestID",
    ),
    "unknown role": (
        ServiceRequest,
        changed("request 6.15.1", "NetworkOperator</", "Nobody</"),
        "/sr:Request/sr:Body/sr:UpdateSecurityCredentialsKRP/sr:RemotePartyRole",
    ),
    "bad base64": (
        ServiceRequest,
        changed("request 6.15.1", "<sr:Certificate>AAEC", "<sr:Certificate>*AEC"),
        "/sr:Request/sr:Body/sr:UpdateSecurityCredentialsKRP/sr:CertificationPathCertificates/sr:Certificate",
    ),
    "second certificate is bad": (
        ServiceRequest,
        changed("request 6.15.1", "</sr:Certificate></sr:Cert", "*</sr:Certificate></sr:Cert"),
        "/sr:Request/sr:Body/sr:UpdateSecurityCredentialsKRP/sr:CertificationPathCertificates/sr:Certificate[2]",
    ),
    "surplus element": (
        ServiceRequest,
        changed("request 8.7.1", "</sr:OtherDeviceID>", "</sr:OtherDeviceID><sr:Surplus/>"),
        "/sr:Request/sr:Body/sr:JoinServiceCritical/sr:Surplus",
    ),
    "text among elements": (
        ServiceRequest,
        changed("request 8.7.1", "<sr:Body>", "<sr:Body>x"),
        "/sr:Request/sr:Body",
    ),
    "unknown attribute": (
        ServiceRequest,
        changed("request 8.7.1", "<sr:Body>", '<sr:Body x="1">'),
        "/sr:Request/sr:Body",
    ),
    "no schemaVersion": (ServiceRequest, changed("request 8.7.1", ' schemaVersion="5.4"', ""), "/sr:Request"),
    "empty Body": (
        ServiceRequest,
        samples.DOCUMENTS["request 8.7.1"].replace(samples.BODIES["8.7.1"].to_text().encode(), b""),
        "/sr:Request/sr:Body",
    ),
    "inventory by colour": (
        ServiceRequest,
        changed("request 8.2-device", "sr:DeviceID>", "sr:Colour>", 2),
        "/sr:Request/sr:Body/sr:ReadInventory/sr:Colour",
    ),
    "not a Request": (ServiceRequest, samples.DOCUMENTS["response N42"], "/sr:Response"),
    "not a Response": (Response, samples.DOCUMENTS["request 8.7.1"], "/sr:Request"),
    "no such day": (
        Response,
        changed("response rejection", "2025-03-04", "2025-02-30"),
        "/sr:Response/sr:Header/sr:ResponseDateTime",
    ),
    "unknown message": (
        Response,
        changed("response rejection", "sr:ResponseMessage>", "sr:Rumour>", 2),
        "/sr:Response/sr:Body/sr:Rumour",
    ),
    "device without a type": (
        Response,
        changed("response inventory", "<sr:DeviceType>ESME</sr:DeviceType>", ""),
        "/sr:Response/sr:Body/sr:ResponseMessage/sr:DSPInventory/sr:Device",
    ),
    "status without a number": (
        SMETS1Response,
        changed("signed 6.15.1", ' ResponseCode="0"', ""),
        "/sr:SMETS1SignedResponse/sr:SMETS1Response/sr:Body/sr:ResponseMessage/ra:SMETSData"
        "/ra:UpdateSecurityCredentialsKRPRsp/ra:ExecutionOutcome/ra:ReplacementOutcome/ra:StatusCode",
    ),
    "header in the wrong namespace": (
        SMETS1Response,
        changed("signed 6.15.1", "ra:BusinessOriginatorID>", "sr:BusinessOriginatorID>", 2),
        "/sr:SMETS1SignedResponse/sr:SMETS1Response/sr:Header/sr:BusinessOriginatorID",
    ),
    "polyphase meter": (
        SMETS1Response,
        changed("signed 4.10-electricity", "ra:SinglePhaseESME>", "ra:PolyPhaseESME>", 2),
        "/sr:SMETS1SignedResponse/sr:SMETS1Response/sr:Body/sr:ResponseMessage/ra:SMETSData"
        "/ra:ReadNetworkDataRsp/ra:Electricity/ra:PolyPhaseESME",
    ),
    "two signatures": (
        S1SPAlert,
        changed("S1SP alert", samples.SIGNATURE, samples.SIGNATURE * 2),
        "/sr:S1SPAlert/ds:Signature[2]",
    ),
    "no alert code": (
        S1SPAlert,
        changed("S1SP alert", "<sr:S1SPAlertCode>S1VE64</sr:S1SPAlertCode>", ""),
        "/sr:S1SPAlert/sr:AdditionalInformation",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_represented_is_refused_with_its_path(name: str) -> None:
    message, document, path = REFUSED[name]
    with pytest.raises(MessageError) as caught:
        message.parse(document)
    assert caught.value.path == path
    assert caught.value.message
    assert str(caught.value).startswith(path)


def test_a_builder_does_not_correct_its_input() -> None:
    body = RetrieveDeviceSecurityCredentialsKRPBody((RemotePartyRole.SUPPLIER,) * 8)
    request = ServiceRequest(samples.REQUEST_ID, 77, body, srv="6.15.1", service_reference="0.0")
    document = request.to_xml()
    assert document.count(b"<sr:RemotePartyRole>Supplier<") == 8
    assert b">77<" in document
    assert b">0.0<" in document
    assert ServiceRequest.parse(document) == request


def test_the_ways_to_ask_for_devices_exclude_one_another() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        ReadInventoryBody()
    with pytest.raises(ValueError, match="exactly one"):
        ReadInventoryBody(device_id=samples.DEVICE, mpxn="1")


def test_the_floor_of_top_ups_is_not_told_alone() -> None:
    with pytest.raises(ValueError, match="floor"):
        SecurityCredentialsUpdated(
            samples.DEVICE,
            samples.NETWORK_OPERATOR,
            (),
            remote_party_prepayment_top_up_floor_seq_number=1,
        )


def test_a_replacement_lists_its_certificates_by_use() -> None:
    body = UpdateSecurityCredentialsKRPBody(samples.NETWORK_OPERATOR, None, b"ka", None)
    assert body.replacements() == {CertificateType.KEY_AGREEMENT: b"ka"}


def test_a_response_header_names_the_request_it_answers() -> None:
    assert samples.HEADER.request_id() == samples.REQUEST_ID


def test_a_carriage_return_in_a_text_survives() -> None:
    alert = S1SPAlert("S1VE4", samples.MOMENT, additional_information="one\r\ntwo\rthree\n")
    assert S1SPAlert.parse(alert.to_xml()) == alert


def test_a_character_xml_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        S1SPAlert("\x00", samples.MOMENT).to_xml()


def test_a_result_without_details_differs_from_one_with_none() -> None:
    bare = SMETS1Response(samples.HEADER, UpdateSecurityCredentialsKRPRsp())
    told = SMETS1Response(samples.HEADER, UpdateSecurityCredentialsKRPRsp(False))
    assert SMETS1Response.parse(bare.to_xml()).payload == UpdateSecurityCredentialsKRPRsp(None, None)
    assert SMETS1Response.parse(told.to_xml()).payload == UpdateSecurityCredentialsKRPRsp(False, None)
