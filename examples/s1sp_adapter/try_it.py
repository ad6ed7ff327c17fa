"""Tells the story of MP107 through the running example: as the users concerned, with real messages.

`python -m examples.s1sp_adapter.try_it --state DIR`, with the folder that `prepare` wrote, while the DSP, the
adapter and the vendor's system run. A device that has been handed over stays so: another run needs another
folder.
"""

from __future__ import annotations

import argparse
import json
import queue
import ssl
import threading
import time
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import requests

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import (
    Body,
    RequestHandoverOfDCCControlledDeviceBody,
    RetrieveDeviceSecurityCredentialsKRPBody,
    UpdateSecurityCredentialsKRPBody,
)
from duis.response import Response
from duis.roles import RemotePartyRole
from duis.signature import sign, verify_response
from duis.smets1 import S1SPAlert, SMETS1Response
from duis.smki.testpki import Party, TestPKI
from examples.s1sp_adapter.prepare import S1SP

_SLOT: Final = RemotePartyRole.NETWORK_OPERATOR
_RESULT_SECONDS: Final = 60.0


class Callback:
    """Where the DSP posts results to, for every user."""

    def __init__(self, pki: TestPKI) -> None:
        self.received: queue.Queue[bytes] = queue.Queue()
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                received.put(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        files = pki.tls("inbox")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(files.certificate, files.key)
        context.load_verify_locations(files.ca)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Story:
    """The users' side: sends signed requests to the DSP and shows what comes back."""

    def __init__(self, state: Path) -> None:
        self.pki = TestPKI.load(state / "pki")
        self._target = tomllib.loads((state / "target.toml").read_text())["dsp"]
        self._callback = Callback(self.pki)
        users = [party for party in self.pki.parties if party.kind == "user"]
        estate = f"{self._target['management']}/estates/main"
        with self._session("management") as session:
            callbacks = {user.entity_identifier: self._callback.url for user in users}
            body = {"callbacks": callbacks, "settings": {"credentials_alert": False}}
            session.patch(estate, json=body, timeout=10).raise_for_status()
            devices = session.get(estate, timeout=10).json()["devices"]
        self.device: dict[str, Any] = next(
            each for each in devices if (each["s1sp"], each["device_type"]) == (S1SP, "GPF")
        )
        registered = {role: EUI64(user) for role, user in self.device["registered"].items()}
        by_id = {user.entity_identifier: user for user in users}
        self.supplier, self.right = by_id[registered["GS"]], by_id[registered["GT"]]
        self.wrong = next(user for user in users if "GT" in user.user_roles and user != self.right)

    def send(self, what: str, sender: Party, body: Body) -> str:
        """Send a request, wait for its result, and show both."""
        request_id = RequestID(
            sender.entity_identifier, EUI64(self.device["device_id"]), int(time.time() * 1000)
        )
        document = sign(ServiceRequest(request_id, 1, body).to_xml(), sender.xmlsign)
        with self._session(sender.name) as session:
            headers = {"Content-Type": "application/xml"}
            answer = session.post(self._target["send_command"], data=document, headers=headers, timeout=10)
        code = Response.parse(answer.content).response_code if answer.ok else f"HTTP {answer.status_code}"
        result = self._result() if code == "I99" else "no result"
        print(f"{body.SRV} by {sender.name}, {what}: {code}, {result}")
        return result

    def _result(self) -> str:
        document = self._callback.received.get(timeout=_RESULT_SECONDS)
        verified = verify_response(document, self.pki.trust_store())
        assert verified.inner_signer is not None
        signer = self.pki.party_of(EUI64(verified.inner_signer.entity_identifier or ""))
        who = f"signed by {signer.name if signer else 'nobody known'}"
        if isinstance(verified.inner, S1SPAlert):
            return f"S1SP Alert {verified.inner.s1sp_alert_code} {who}"
        assert isinstance(verified.inner, SMETS1Response)
        success = getattr(verified.inner.payload, "message_success", None)
        return f"MessageSuccess={json.dumps(success)} {who}"

    def _session(self, identity: str) -> requests.Session:
        files = self.pki.tls(identity)
        session = requests.Session()
        session.trust_env = False
        session.verify = str(files.ca)
        session.cert = (str(files.certificate), str(files.key))
        return session


def tell(story: Story) -> list[str]:
    """The repair MP107 makes possible, and what stays refused; returns the results."""

    def placing(
        kind: type[UpdateSecurityCredentialsKRPBody] | type[RequestHandoverOfDCCControlledDeviceBody],
        party: Party,
    ) -> Body:
        return kind(
            _SLOT,
            party.digital_signing.der,
            party.key_agreement.der,
            certification_path=story.pki.certification_path,
        )

    repair = placing(UpdateSecurityCredentialsKRPBody, story.right)
    return [
        story.send(
            "placing the incorrect Network Operator",
            story.supplier,
            placing(RequestHandoverOfDCCControlledDeviceBody, story.wrong),
        ),
        story.send("who does not own the slot", story.right, repair),
        story.send("placing the correct Network Operator", story.wrong, repair),
        story.send("who does not own the slot any more", story.wrong, repair),
        story.send("reading the slot", story.right, RetrieveDeviceSecurityCredentialsKRPBody((_SLOT,))),
    ]


def main() -> None:
    """Tell it once."""
    parser = argparse.ArgumentParser(prog="try_it", allow_abbrev=False)
    parser.add_argument("--state", type=Path, required=True, help="the folder that prepare wrote")
    tell(Story(parser.parse_args().state))


if __name__ == "__main__":
    main()
