"""Parsing: what is refused before anything is read, and what reading does not see."""

from __future__ import annotations

import socket

import pytest
from lxml import etree

from duis.request import ServiceRequest
from duis.xml import MalformedXML, escape, parse, path_of, serialise, without_declaration
from tests.duis import samples

DOCUMENT = samples.DOCUMENTS["request 6.24.1"]


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (b"", 0),
        (b"not XML", 1),
        (b"<a>\n<b>\n</a>", 3),
        (b"<a/><b/>", 1),
        (b"<a>&unknown;</a>", 1),
        (b"<a x='1' x='2'/>", 1),
        (b"\xff\xfe\x00", 1),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', 1),
        (DOCUMENT[:-5], 2),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_line(document: bytes, line: int) -> None:
    with pytest.raises(MalformedXML) as caught:
        parse(document)
    assert caught.value.message
    if line:
        assert caught.value.line == line


@pytest.mark.parametrize(
    "document",
    [
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY e "text">]><a>&e;</a>',
        b'<!-- first --><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    ],
)
def test_a_document_type_declaration_is_refused(document: bytes) -> None:
    with pytest.raises(MalformedXML, match="document type declaration"):
        parse(document)


def test_no_dtd_is_fetched(listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/a.dtd"
    with pytest.raises(MalformedXML, match="document type declaration"):
        parse(f'<!DOCTYPE a SYSTEM "{address}"><a/>'.encode())
    with pytest.raises(BlockingIOError):  # nobody is waiting to be accepted
        listener.accept()


def test_an_entity_bomb_is_refused() -> None:
    entities = '<!ENTITY e0 "0123456789">'
    for level in range(1, 12):
        entities += f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">'
    with pytest.raises(MalformedXML):
        parse(f'<!DOCTYPE a [{entities}]><a x="&e11;">&e11;</a>'.encode())


def test_a_document_over_the_size_limit_is_refused() -> None:
    document = b"<a>" + b"x" * 1024 * 1024 + b"</a>"
    with pytest.raises(MalformedXML, match="octets"):
        parse(document)
    assert parse(document, size_limit=2 * 1024 * 1024).text == "x" * 1024 * 1024
    with pytest.raises(MalformedXML, match="more than 3"):
        parse(b"<a/>", size_limit=3)


def test_white_space_is_kept() -> None:
    assert serialise(parse(b"<a>\n <b/>\t</a>")) == b"<a>\n <b/>\t</a>"


def test_a_comment_does_not_split_a_value() -> None:
    document = DOCUMENT.replace(b"NetworkOperator", b"Network<!-- x -->Operator")
    assert ServiceRequest.parse(document) == ServiceRequest.parse(DOCUMENT)
    canonical = etree.tostring(parse(document), method="c14n", with_comments=False)
    assert canonical == etree.tostring(parse(DOCUMENT), method="c14n", with_comments=False)


def test_a_processing_instruction_does_not_split_a_value() -> None:
    document = DOCUMENT.replace(b"NetworkOperator", b"Network<?x y?>Operator")
    assert ServiceRequest.parse(document) == ServiceRequest.parse(DOCUMENT)
    assert b"<?x y?>" in etree.tostring(parse(document), method="c14n")


def test_cdata_is_text() -> None:
    document = DOCUMENT.replace(b"NetworkOperator", b"Network<![CDATA[Operator]]>")
    assert ServiceRequest.parse(document) == ServiceRequest.parse(DOCUMENT)


def test_escaped_text_is_read_back() -> None:
    text = "a < b && c > d ]]> \r\n \t \"'"
    assert parse(f"<a>{escape(text)}</a>".encode()).text == text


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<a/>\n', "<a/>"),
        (b"<?xml version='1.0'?><a/>", "<a/>"),
        (b"\xef\xbb\xbf<a/>", "<a/>"),
        ("<a>\u00e9</a>".encode(), "<a>\u00e9</a>"),
    ],
)
def test_the_declaration_is_left_out_of_what_is_embedded(document: bytes, text: str) -> None:
    assert without_declaration(document) == text


def test_a_path_names_the_position_among_equals() -> None:
    root = parse(DOCUMENT)
    roles = list(root.iter("{*}RemotePartyRole"))
    parent = "/sr:Request/sr:Body/sr:RetrieveDeviceSecurityCredentialsKRP/sr:RemotePartyRole"
    assert [path_of(role) for role in roles] == [parent, parent + "[2]"]
