from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI, mint
from target.errors import DeadlinePassed, EndpointUnreachable, HarnessError, TargetNonconformity
from target.evidence import Evidence, EvidenceItem
from target.file_keys import TLSFiles
from target.gateway import Connections, Gateway, Service, in_estate

Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def server(handle: Handler, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A server on a free port that notes what it receives and hands each connection to `handle`."""
    received: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                stream = context.wrap_socket(connection, server_side=True) if context else connection
                with stream:
                    received.append(whole_request(stream))
                    handle(stream)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def whole_request(stream: socket.socket) -> bytes:
    """Head and body, which may come in two pieces; an answer after the first would cut the second off."""
    request = b""
    while True:
        piece = stream.recv(65536)
        request += piece
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not piece or (end and len(body) >= int(length[1] if length else 0)):
            return request


def gateway(
    port: int,
    *,
    scheme: str = "http",
    tls: TLSFiles | None = None,
    host: str = "127.0.0.1",
    timeout: float = 5.0,
) -> tuple[Gateway, list[EvidenceItem]]:
    evidence = Evidence()
    items: list[EvidenceItem] = []
    evidence.subscribe(items.append)
    urls = {service: f"{scheme}://{host}:{port}/{service.name}" for service in Service}
    return Gateway(urls, Connections(tls), evidence, timeout), items


def answer(status: str, body: bytes = b"<a/>") -> Handler:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml; charset=utf-8\r\n"
    head += f"Content-Length: {len(body)}\r\n"
    return lambda stream: stream.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Internal Server Error"])
def test_an_answer_is_handed_over_as_it_came_and_both_ways_are_on_record(status: str) -> None:
    with server(answer(status, b"<b/>")) as (port, received):
        sender, items = gateway(port)
        got = sender.post(b"<a/>", Service.SEND_COMMAND, "SRV 6.15.1 of ed-north", sender="ed-north")
    assert (got.status, got.media_type, got.document) == (int(status[:3]), "application/xml", b"<b/>")
    assert b"Content-Type: application/xml" in received[0]
    assert [(item.direction, item.document) for item in items] == [("sent", b"<a/>"), ("received", b"<b/>")]
    ways = [(item.meta["from"], item.meta["to"]) for item in items]
    assert ways == [("ed-north", "DSP"), ("DSP", "ed-north")]


def test_nothing_listening_is_told_with_the_field_to_correct() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sender, _ = gateway(port)
    with pytest.raises(EndpointUnreachable) as caught:
        sender.post(b"<a/>", Service.NON_DEVICE, "SRV 8.2")
    assert caught.value.reason == "nothing listens there"
    assert "dsp.non_device" in str(caught.value)
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert isinstance(caught.value, HarnessError)


def test_an_unknown_host_is_told() -> None:
    sender, _ = gateway(80, host="no-such-host.invalid")
    with pytest.raises(EndpointUnreachable, match="host name is not known"):
        sender.post(b"<a/>", Service.SEND_COMMAND, "a request")


def test_a_broken_connection_is_told_and_the_request_is_not_sent_again() -> None:
    with server(lambda stream: None) as (port, received):
        sender, _ = gateway(port)
        with pytest.raises(EndpointUnreachable, match="broke before an answer came"):
            sender.post(b"<a/>", Service.SEND_COMMAND, "a request")
    assert len(received) == 1


def test_a_gateway_that_does_not_answer_fails_the_target_not_the_harness() -> None:
    released = threading.Event()
    with server(lambda stream: released.wait(10) and None) as (port, received):
        sender, _ = gateway(port, timeout=0.3)
        with pytest.raises(DeadlinePassed, match="the synchronous answer") as caught:
            sender.post(b"<a/>", Service.SEND_COMMAND, "a request")
        released.set()
    assert isinstance(caught.value, TargetNonconformity)
    assert len(received) == 1


def tls_of(pki: TestPKI, identity: str) -> TLSFiles:
    files = pki.tls(identity)
    return TLSFiles(ca=files.ca, certificate=files.certificate, key=files.key)


def server_context(pki: TestPKI) -> ssl.SSLContext:
    files = pki.tls("dsp")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(files.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_mutual_tls_and_an_environment_that_says_otherwise(
    pki: TestPKI, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """REQUESTS_CA_BUNDLE and HTTPS_PROXY must change nothing."""
    (tmp_path / "other.pem").write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with server(answer("200 OK"), server_context(pki)) as (port, _):
        sender, _ = gateway(port, scheme="https", tls=tls_of(pki, "is-a"))
        assert sender.post(b"<a/>", Service.SEND_COMMAND, "a request").status == 200


def test_a_server_that_is_not_trusted_is_told(pki: TestPKI, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = tmp_path_factory.mktemp("stranger")
    mint(stranger)
    with server(answer("200 OK"), server_context(pki)) as (port, received):
        sender, _ = gateway(port, scheme="https", tls=TLSFiles(ca=TestPKI.load(stranger).tls("dsp").ca))
        with pytest.raises(EndpointUnreachable, match="TLS handshake failed"):
            sender.post(b"<a/>", Service.SEND_COMMAND, "a request")
    assert not received


def test_an_estate_is_a_prefix_of_the_path() -> None:
    url = "https://127.0.0.1:8441/api/v1/serviceS"
    assert in_estate(url, "main") == url
    assert in_estate(url, "t01") == "https://127.0.0.1:8441/estates/t01/api/v1/serviceS"
