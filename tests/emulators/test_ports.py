"""What the ports do with clients and messages that are not as they should be."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from duis.countersigned import CountersignedServiceRequest
from duis.requests import ReadInstantaneousImportRegistersBody
from duis.roles import UserRole
from duis.signature import sign
from duis.smets1 import S1SPAlert
from tests.emulators.running import Emulators, Estate


def _port(emulators: Emulators) -> int:
    port = urlsplit(emulators.target["dsp"]["send_command"]).port
    assert port is not None
    return port


def test_a_client_without_a_trusted_certificate_is_refused(emulators: Emulators) -> None:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(emulators.pki().tls("ed-north").ca)
    for table in (emulators.target["dsp"]["send_command"], emulators.target["dsp"]["management"]):
        with pytest.raises(requests.ConnectionError):
            session.post(table, data=b"<a/>", timeout=5)


def test_a_client_of_another_authority_is_refused(emulators: Emulators, tmp_path: Path) -> None:
    smki = emulators.pki().directory / "parties" / "ed-north"
    context = ssl.create_default_context(cafile=emulators.pki().tls("ed-north").ca)
    context.load_cert_chain(smki / "xmlsign.pem", smki / "xmlsign.key")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _exchange(context, _port(emulators))


def _exchange(context: ssl.SSLContext, port: int) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        if not secured.recv(100):
            raise ConnectionResetError


def test_only_the_management_identity_manages(emulators: Emulators) -> None:
    with emulators.session("ed-north") as session:
        answer = session.get(f"{emulators.target['dsp']['management']}/health", timeout=5)
    assert answer.status_code == 403
    with emulators.session("management") as session:
        answer = session.get(f"{emulators.target['dsp']['management']}/health", timeout=5)
    assert answer.json() == {"status": "ok", "name": "DSP"}


def test_bodies_that_are_no_service_request(estate: Estate) -> None:
    for document in (b"", b"not XML", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"):
        answer = estate.post("ed-north", document)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/plain")


def test_a_body_that_is_too_large_is_refused(estate: Estate) -> None:
    assert estate.post("ed-north", b" " * (1024 * 1024 + 1)).status_code == 413
    chunks = (b" " * 65536 for _ in range(20))
    url = estate.emulators.target["dsp"]["send_command"]
    with estate.emulators.session("ed-north") as session:
        assert session.post(url, data=chunks, timeout=10).status_code == 413


def test_other_methods_paths_and_estates(estate: Estate) -> None:
    url = estate.emulators.target["dsp"]["send_command"]
    with estate.emulators.session("ed-north") as session:
        assert session.get(url, timeout=5).status_code == 405
        assert session.post(f"{url}/x", data=b"<a/>", timeout=5).status_code == 404
        nowhere = url.replace("/api/", "/estates/nowhere/api/")
        assert session.post(nowhere, data=b"<a/>", timeout=5).status_code == 404


def test_only_an_s1sp_may_speak_for_an_s1sp(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    estate.manage("S1SP1", "POST", "/faults", {"srv": "4.1.1", "action": "drop"})
    request_id, _ = estate.send(operator, device, ReadInstantaneousImportRegistersBody())
    alert = S1SPAlert("S1VE4", estate.pki.root.not_before, request_id, request_id.target).to_xml()
    parts = urlsplit(estate.emulators.target["dsp"]["send_command"])
    url = f"https://{parts.netloc}{estate.prefix}/s1sp/v1/messages"
    with estate.emulators.session("s1sp2") as session:
        for signer, status in (("ed-north", 403), ("s1sp2", 403), ("s1sp1", 204)):
            document = sign(alert, estate.pki.party(signer).xmlsign)
            assert session.post(url, data=document, timeout=5).status_code == status
        assert session.post(url, data=alert, timeout=5).status_code == 403
    assert estate.next_message()[1].response.request_id == request_id


def test_an_s1sp_takes_requests_of_the_dsp_only(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    request_id, document = estate.request(operator, device, estate.replacement(operator))

    def countersigned(request: bytes, addressee: str = "s1sp1") -> bytes:
        return CountersignedServiceRequest(
            request,
            request_id,
            estate.pki.party("dsp").entity_identifier,
            estate.pki.party(addressee).entity_identifier,
            UserRole.ELECTRICITY_DISTRIBUTOR,
            "6.15.1",
            datetime.now(UTC),
        ).to_xml()

    dsp = estate.pki.party("dsp").xmlsign
    port = tomllib.loads((estate.emulators.state / "s1sp1.toml").read_text())["listen"]["port"]
    url = f"https://127.0.0.1:{port}{estate.prefix}/s1sp/v1/service-requests"
    with estate.emulators.session("dsp") as session:
        for status, message in (
            (400, document),
            (403, countersigned(document)),
            (403, sign(countersigned(document), operator.xmlsign)),
            (403, sign(countersigned(document, "s1sp2"), dsp)),
            (403, sign(countersigned(document.replace(b">true<", b">false<")), dsp)),
            (204, sign(countersigned(document), dsp)),
        ):
            assert session.post(url, data=message, timeout=5).status_code == status
    assert [each["request_id"] for each in estate.manage("S1SP1", "GET", "/slot-changes")] == [
        str(request_id)
    ]


def test_a_client_that_stalls_is_let_go(emulators: Emulators, tmp_path: Path) -> None:
    state = tmp_path / "state"
    command = [sys.executable, "-m", "emulators.up", "--state", str(state), "--plain-http", "--prepare-only"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    config = state / "s1sp1.toml"
    config.write_text(config.read_text() + "\n[limits]\nbody_seconds = 0.2\n")
    port = tomllib.loads(config.read_text())["listen"]["port"]
    process = subprocess.Popen(
        [sys.executable, "-m", "emulators.s1sp", "--config", str(config), "--until-stdin-closes"],
        stdin=subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        connection = _connect(port)
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
        while connection.recv(1000):
            pass  # the rest of the answer, and then the end of the connection
        connection.close()
    finally:
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
