"""What the inbox and the emulators refuse, and survive, from whoever reaches their ports."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from duis.smki.testpki import TestPKI
from target.inbox import InboxConfig, InboxProcess
from tests.emulators.running import Emulators
from tests.security.doors import Door, inbox_door

LIMIT = 1024 * 1024
STALLED = 200


def test_a_client_without_a_certificate_is_refused(door: Door) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        door.post(door.good(), cert=None)
    assert door.accepts()


def test_a_client_with_a_certificate_of_somebody_else_is_refused(door: Door, stranger: TestPKI) -> None:
    files = stranger.tls(door.client.certificate.stem)
    with pytest.raises(requests.exceptions.ConnectionError):
        door.post(door.good(), cert=(str(files.certificate), str(files.key)))
    assert door.accepts()


def test_a_client_with_an_smki_certificate_is_refused(door: Door, emulators: Emulators) -> None:
    """An SMKI certificate is trusted for signatures, never for transport."""
    directory = emulators.pki().party("dsp").directory
    with pytest.raises(requests.exceptions.ConnectionError):
        door.post(door.good(), cert=(str(directory / "xmlsign.pem"), str(directory / "xmlsign.key")))
    assert door.accepts()


def test_a_body_that_announces_more_than_the_limit_is_refused(door: Door) -> None:
    with door.secure() as connection:
        connection.sendall(door.head(f"Content-Length: {LIMIT + 1}") + b"<a>" + b" " * LIMIT)
        assert _status(connection) == 413
    assert door.accepts()


def test_a_chunked_body_that_grows_beyond_the_limit_is_refused(door: Door) -> None:
    with door.secure() as connection:
        connection.sendall(door.head("Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(LIMIT // 0x10000 + 1):  # one chunk beyond the limit, and no end
            connection.sendall(chunk)
        assert _status(connection) == 413
    assert door.accepts()


def test_a_body_up_to_the_limit_is_looked_at(door: Door) -> None:
    """The twin of the two above: as large as can be, it is refused for what it says."""
    document = b"<a>" + b" " * (LIMIT - 7) + b"</a>"
    assert 400 <= door.post(document).status_code < 500
    assert door.post(document).status_code != 413


def _bomb(levels: int = 30) -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE a [<!ENTITY e0 "boom">{entities}]><a>&e{levels - 1};</a>'.encode()


_DOCUMENTS = {
    "document type": b"<!DOCTYPE a><a/>",
    "internal entity": b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    "entity bomb": _bomb(),
    "quadratic bomb": b'<!DOCTYPE a [<!ENTITY e "' + b"x" * 50_000 + b'">]><a>' + b"&e;" * 50_000 + b"</a>",
    "external entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    "external document type": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>',
    "UTF-16 document type": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    "deep nesting": b"<a>" * 100_000 + b"</a>" * 100_000,
    "many attributes": b"<a " + b" ".join(b'a%d="1"' % n for n in range(60_000)) + b"/>",
    "not XML": bytes(range(256)) * 100,
}


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_hostile_xml_is_refused(door: Door, name: str) -> None:
    answer = door.post(_DOCUMENTS[name])
    assert 400 <= answer.status_code < 500
    assert b"root:" not in answer.content


def test_an_entity_in_a_good_message_is_refused(door: Door) -> None:
    good = door.good()
    declaration, _, rest = good.partition(b"?>")
    start = rest.lstrip().split(b" ", 1)[0].lstrip(b"<")
    answer = door.post(declaration + b"?><!DOCTYPE " + start + b' [<!ENTITY e "x">]>' + rest)
    assert 400 <= answer.status_code < 500
    assert door.post(good).status_code == door.accepted


def test_it_goes_on_while_two_hundred_connections_stall(door: Door) -> None:
    """A third has not begun the TLS handshake, a third stops in the header, a third in the body."""
    with ExitStack() as held:
        for number in range(STALLED):
            if number % 3 == 0:
                held.enter_context(door.connect())
                continue
            connection = held.enter_context(door.secure())
            if number % 3 == 1:
                connection.sendall(door.head()[:40])
            else:
                connection.sendall(door.head("Content-Length: 1000") + b"<a>")
        for _ in range(5):
            assert door.accepts()
    assert door.accepts()


@pytest.mark.parametrize("stage", ["handshake", "head", "body"])
def test_the_inbox_lets_go_of_who_stalls(
    emulators: Emulators, inbox_config: InboxConfig, tmp_path: Path, stage: str
) -> None:
    config = inbox_config.model_copy(
        update={"stalled_seconds": 0.3, "database": tmp_path / "db", "ready_file": tmp_path / "ready"}
    )
    inbox = InboxProcess(config, tmp_path)
    inbox.start()
    try:
        door = inbox_door(inbox, emulators.pki())
        with door.connect() if stage == "handshake" else door.secure() as connection:
            if stage == "head":
                connection.sendall(door.head()[:40])
            elif stage == "body":
                connection.sendall(door.head("Content-Length: 1000") + b"<a>")
                assert _status(connection) == 408
            connection.settimeout(20)
            _read_to_the_end(connection)
        assert door.accepts()
    finally:
        inbox.close()


def _status(connection: socket.socket) -> int:
    """The status of the next answer."""
    answer = b""
    while b"\r\n" not in answer:
        octets = connection.recv(4096)
        assert octets, "the connection ended without an answer"
        answer += octets
    return int(answer.split(b" ", 2)[1])


def _read_to_the_end(connection: socket.socket) -> None:
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass  # an end too
