"""Every port of ours to which somebody else speaks: the inbox, and the emulators of the DSP and an S1SP."""

from __future__ import annotations

import itertools
import socket
import ssl
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import ReadInventoryBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.requests.body import Body
from duis.roles import RemotePartyRole, UserRole
from duis.signature import sign
from duis.smki.testpki import TestPKI, TLSFiles
from target.inbox import InboxProcess
from tests.emulators.running import Emulators, next_counter
from tests.target import messages

_COUNTERS = itertools.count(1)


@dataclass(frozen=True)
class Door:
    """A port under attack.

    Attributes:
        url: Where messages are posted to.
        client: The transport identity of whoever usually does.
        good: Makes a message, another one each time, that is to be accepted.
        accepted: How a good message is answered.
    """

    url: str
    client: TLSFiles
    good: Callable[[], bytes]
    accepted: int

    def post(self, document: bytes, *, seconds: float = 20.0, **options: Any) -> requests.Response:
        """Post a document as the usual client, or with other TLS files."""
        files = {"verify": str(self.client.ca), "cert": (str(self.client.certificate), str(self.client.key))}
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Content-Type": "application/xml"}
            return session.post(
                self.url, data=document, headers=headers, timeout=seconds, **{**files, **options}
            )

    def accepts(self) -> bool:
        """Whether a good message is accepted now."""
        return self.post(self.good()).status_code == self.accepted

    def connect(self) -> socket.socket:
        """A bare TCP connection."""
        parts = urlsplit(self.url)
        return socket.create_connection((parts.hostname, parts.port), 20)

    def secure(self) -> ssl.SSLSocket:
        """A connection after its TLS handshake, as the usual client."""
        context = ssl.create_default_context(cafile=str(self.client.ca))
        context.load_cert_chain(self.client.certificate, self.client.key)
        return context.wrap_socket(self.connect(), server_hostname=urlsplit(self.url).hostname)

    def head(self, *lines: str) -> bytes:
        """The head of a request with further header lines."""
        parts = urlsplit(self.url)
        usual = (f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/xml")
        return "\r\n".join([*usual, *lines, "", ""]).encode()


def inbox_door(inbox: InboxProcess, pki: TestPKI) -> Door:
    """The inbox, to which the DSP posts."""

    def good() -> bytes:
        return messages.result(pki, messages.request_id(pki, next(_COUNTERS)))

    return Door(f"{inbox.base_url}/main/ed-north/smartdcc/duis", pki.tls("dsp"), good, 204)


def dsp_door(emulators: Emulators) -> Door:
    """The DSP, to which users post."""
    pki = emulators.pki()

    def good() -> bytes:
        dsp = pki.party("dsp").entity_identifier
        return _request(pki, dsp, ReadInventoryBody(device_id=_device(emulators)), 8)[1]

    return Door(emulators.target["dsp"]["non_device"], pki.tls("ed-north"), good, 200)


def s1sp_door(emulators: Emulators) -> Door:
    """An S1SP, to which the DSP posts."""
    pki = emulators.pki()
    port = tomllib.loads((emulators.state / "s1sp1.toml").read_text())["listen"]["port"]

    def good() -> bytes:
        body = RetrieveDeviceSecurityCredentialsKRPBody((RemotePartyRole.NETWORK_OPERATOR,))
        request_id, request = _request(pki, _device(emulators), body, 1)
        countersigned = CountersignedServiceRequest(
            request,
            request_id,
            pki.party("dsp").entity_identifier,
            pki.party("s1sp1").entity_identifier,
            UserRole.ELECTRICITY_DISTRIBUTOR,
            body.SRV,
            datetime.now(UTC),
        )
        return sign(countersigned.to_xml(), pki.party("dsp").xmlsign)

    url = f"https://127.0.0.1:{port}/s1sp/v1/service-requests"
    return Door(url, pki.tls("dsp"), good, 204)


def _request(pki: TestPKI, target: EUI64, body: Body, variant: int) -> tuple[RequestID, bytes]:
    user = pki.party("ed-north")
    request_id = RequestID(user.entity_identifier, target, next_counter())
    return request_id, sign(ServiceRequest(request_id, variant, body).to_xml(), user.xmlsign)


def _device(emulators: Emulators) -> EUI64:
    with emulators.session("management") as session:
        url = f"{emulators.target['dsp']['management']}/estates/main"
        devices = session.get(url, timeout=20).json()["devices"]
    found = (each for each in devices if each["device_type"] == "ESME" and each["s1sp"] == "S1SP1")
    return EUI64(next(found)["device_id"])
