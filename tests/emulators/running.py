"""Running emulators for tests: real processes, real sockets, real TLS, and a callback server of a user."""

from __future__ import annotations

import itertools
import queue
import signal
import ssl
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import UpdateSecurityCredentialsKRPBody
from duis.requests.body import Body
from duis.response import Response
from duis.roles import RemotePartyRole
from duis.signature import VerifiedResponse, sign, verify_response
from duis.smets1 import SMETS1Response
from duis.smki.testpki import Party, TestPKI

_COUNTERS = itertools.count(int(time.time() * 1000))
_ESTATES = itertools.count(1)
NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR


def next_counter() -> int:
    """A counter no earlier request of this process has."""
    return next(_COUNTERS)


def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Ask again and again until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"


class CallbackServer:
    """The callback of every user: keeps what arrives, by path, and answers with a settable status."""

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.status = 204
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        callback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                callback.received.put((self.path, body))
                self.send_response(callback.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.port = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def next(self, seconds: float = 10.0) -> tuple[str, bytes]:
        """The next message: the path it came to, and its octets."""
        return self.received.get(timeout=seconds)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Emulators:
    """A set of emulators started by `emulators.up`."""

    state: Path
    arguments: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    target: dict[str, Any] = field(default_factory=dict)

    def start(self) -> Emulators:
        """Start them and wait for the line that says they are ready."""
        command = [sys.executable, "-m", "emulators.up", "--state", str(self.state), "--until-stdin-closes"]
        self.process = subprocess.Popen(
            [*command, *self.arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(b"ready"), line
        if (self.state / "target.toml").exists():  # there is none without a DSP
            self.target = tomllib.loads((self.state / "target.toml").read_text())
        return self

    def stop(self) -> int:
        """Close their standard input, and return the exit code."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=10)

    @property
    def plain(self) -> bool:
        return self.target["dsp"]["send_command"].startswith("http:")

    def pki(self) -> TestPKI:
        return TestPKI.load(self.state / "pki")

    def server_context(self) -> ssl.SSLContext | None:
        """The TLS context of the users' inbox."""
        if self.plain:
            return None
        files = self.pki().tls("inbox")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(files.certificate, files.key)
        context.load_verify_locations(files.ca)
        return context

    def session(self, identity: str) -> requests.Session:
        """A client session with a transport identity."""
        files = self.pki().tls(identity)
        session = requests.Session()
        session.trust_env = False
        session.verify = str(files.ca)
        session.cert = (str(files.certificate), str(files.key))
        return session


@dataclass
class Estate:
    """An estate of its own on running emulators, as a test sees it."""

    emulators: Emulators
    callback: CallbackServer
    name: str
    devices: list[dict[str, Any]]
    pki: TestPKI
    management: requests.Session
    users: dict[str, requests.Session] = field(default_factory=dict)

    @staticmethod
    def create(
        emulators: Emulators,
        callback: CallbackServer,
        *,
        name: str | None = None,
        components: Sequence[str] = ("S1SP1", "S1SP2", "S1SP3", "DSP"),
        deviations: Sequence[str] = (),
        settings: dict[str, Any] | None = None,
        **options: Any,
    ) -> Estate:
        """Create an estate at the DSP, which comes last, and the S1SPs."""
        name = name or f"test-{next(_ESTATES)}"
        pki = emulators.pki()
        callbacks = {
            party.entity_identifier: f"{callback.url}/{name}/{party.name}"
            for party in pki.parties
            if party.kind == "user"
        }
        estate = Estate(emulators, callback, name, [], pki, emulators.session("management"))
        for component in components:
            body: dict[str, Any] = {
                "deviations": list(deviations),
                "settings": settings or {},
                **options,
            }
            if component == "DSP":
                body["callbacks"] = callbacks
            estate.devices = estate.manage(component, "PUT", "", body)["devices"]
        return estate

    @property
    def prefix(self) -> str:
        return "" if self.name == "main" else f"/estates/{self.name}"

    def manage(self, component: str, method: str, path: str = "", body: Any = None) -> Any:
        """One call of a management plane."""
        table = (
            self.emulators.target["dsp"] if component == "DSP" else self.emulators.target["s1sp"][component]
        )
        url = f"{table['management']}/estates/{self.name}{path}"
        answer = self.management.request(method, url, json=body, timeout=10)
        assert answer.ok, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def device(self, device_type: str = "ESME", s1sp: str = "S1SP1") -> dict[str, Any]:
        return next(
            each for each in self.devices if each["device_type"] == device_type and each["s1sp"] == s1sp
        )

    def registered(self, device: dict[str, Any], role: str) -> Party:
        party = self.pki.party_of(EUI64(device["registered"][role]))
        assert party is not None
        return party

    def other(self, device: dict[str, Any], role: str) -> Party:
        """A party in a role that is not registered for a device."""
        return next(
            each
            for each in self.pki.parties
            if role in each.user_roles and each.entity_identifier != device["registered"][role]
        )

    def request(
        self, sender: Party, device: dict[str, Any] | None, body: Body, variant: int = 1, **header: Any
    ) -> tuple[RequestID, bytes]:
        """A signed request."""
        target = self.pki.party("dsp").entity_identifier if device is None else EUI64(device["device_id"])
        request_id = RequestID(
            sender.entity_identifier, target, header.pop("counter", None) or next_counter()
        )
        request = ServiceRequest(request_id, variant, body, **header)
        return request_id, sign(request.to_xml(), sender.xmlsign)

    def replacement(self, party: Party, role: RemotePartyRole = NETWORK_OPERATOR, **fields: Any) -> Body:
        """A 6.15.1 that places the certificates of a party."""
        return UpdateSecurityCredentialsKRPBody(
            role,
            party.digital_signing.der,
            party.key_agreement.der,
            certification_path=self.pki.certification_path,
            **fields,
        )

    def post(self, sender: str, document: bytes, service: str = "send_command") -> requests.Response:
        """Post a document to a service of the DSP, in this estate."""
        parts = urlsplit(self.emulators.target["dsp"][service])
        session = self.users.get(sender)
        if session is None:
            session = self.users[sender] = self.emulators.session(sender)
        return session.post(
            f"{parts.scheme}://{parts.netloc}{self.prefix}{parts.path}",
            data=document,
            headers={"Content-Type": "application/xml"},
            timeout=10,
        )

    def send(
        self, sender: Party, device: dict[str, Any], body: Body, **options: Any
    ) -> tuple[RequestID, str]:
        """Send a request; return its RequestID and the response code or HTTP status."""
        request_id, document = self.request(sender, device, body, **options)
        answer = self.post(sender.name, document)
        if answer.status_code != 200:
            return request_id, f"HTTP {answer.status_code}"
        return request_id, Response.parse(answer.content).response_code

    def slot(self, device: dict[str, Any], role: RemotePartyRole = NETWORK_OPERATOR) -> dict[str, Any]:
        """What the S1SP has in a slot."""
        path = f"/devices/{device['device_id']}/slots/{role}"
        content: dict[str, Any] = self.manage(device["s1sp"], "GET", path)
        return content

    def put_slot(self, device: dict[str, Any], party: str) -> None:
        """Put a party's certificates into the Network Operator slot."""
        path = f"/devices/{device['device_id']}/slots/NetworkOperator"
        self.manage(device["s1sp"], "PUT", path, {"party": party})

    def next_message(self, seconds: float = 10.0) -> tuple[str, VerifiedResponse]:
        """The next message for a user of this estate: the user's name, and the verified message."""
        deadline = time.monotonic() + seconds
        while True:
            path, document = self.callback.next(deadline - time.monotonic())
            _, estate, user = path.split("/")
            if estate == self.name:
                return user, verify_response(document, self.pki.trust_store())

    def result(self, seconds: float = 10.0) -> tuple[str, Any]:
        """The next message for a user: the user's name, and what the S1SP says in it."""
        user, message = self.next_message(seconds)
        return user, message.inner.payload if isinstance(message.inner, SMETS1Response) else message.inner

    def delete(self) -> None:
        """Forget the estate everywhere."""
        for component in ("DSP", "S1SP1", "S1SP2", "S1SP3"):
            self.manage(component, "DELETE")
        for session in (self.management, *self.users.values()):
            session.close()


class Restartable:
    """Emulators without TLS that a test starts, kills and starts again one by one."""

    def __init__(
        self,
        state: Path,
        names: Sequence[str] = ("dsp", "s1sp1", "s1sp2", "s1sp3"),
        change: Callable[[str], str] = str,
    ) -> None:
        """Prepare a folder, change the text of each configuration, and start the emulators named."""
        command = [sys.executable, "-m", "emulators.up", "--state", str(state), "--plain-http"]
        subprocess.run([*command, "--prepare-only"], check=True, stdout=subprocess.DEVNULL)
        self.emulators = Emulators(state)
        self.emulators.target = tomllib.loads((state / "target.toml").read_text())
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in names:
            config = state / f"{name}.toml"
            config.write_text(change(config.read_text()))
            self.start(name)
        for name in self._processes:
            self.wait(name)

    def start(self, name: str) -> None:
        module = "emulators.dsp" if name == "dsp" else "emulators.s1sp"
        config = str(self.emulators.state / f"{name}.toml")
        self._processes[name] = subprocess.Popen([sys.executable, "-m", module, "--config", config])

    def wait(self, name: str) -> None:
        """Wait until an emulator answers on its management port."""
        port = tomllib.loads((self.emulators.state / f"{name}.toml").read_text())["listen"]["management_port"]
        deadline = time.monotonic() + 20
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/health", timeout=5).raise_for_status()
                return
            except requests.ConnectionError:
                assert time.monotonic() < deadline, f"{name} did not start"
                assert self._processes[name].poll() is None

    def kill(self, name: str) -> None:
        self._processes[name].kill()
        assert self._processes[name].wait() == -signal.SIGKILL

    def close(self) -> None:
        for process in self._processes.values():
            process.terminate()
        assert {process.wait(timeout=10) for process in self._processes.values()} <= {0, -signal.SIGKILL}
