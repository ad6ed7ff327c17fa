"""The DSP emulator with an adapter and a toy vendor system behind it, each a process of its own."""

from __future__ import annotations

import json
import queue
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from duis.requests import RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import DeviceType
from duis.smki.testpki import Party, TestPKI
from examples.s1sp_adapter.prepare import prepare
from target.deadline import Deadline
from tests.emulators.running import NETWORK_OPERATOR, CallbackServer, Emulators, Estate

MODULES = {
    "dsp": ("emulators.dsp", "dsp.toml"),
    "adapter": ("examples.s1sp_adapter", "adapter.toml"),
    "vendor": ("examples.s1sp_adapter.vendor_system", "vendor.json"),
}
READ_SLOT = RetrieveDeviceSecurityCredentialsKRPBody((NETWORK_OPERATOR,))


def server_context(pki: TestPKI, identity: str) -> ssl.SSLContext:
    """TLS of a server that demands a client certificate."""
    files = pki.tls(identity)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(files.ca)
    return context


@dataclass(frozen=True, slots=True)
class Post:
    """One message that came to a stand-in."""

    path: str
    content_type: str
    body: bytes


class StandIn:
    """An S1SP that answers as a test tells it to."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.received: queue.Queue[Post] = queue.Queue()
        self.answer: Callable[[Post], int] = lambda _: 204
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                post = Post(self.path, self.headers["Content-Type"], body)
                status = stand_in.answer(post)
                stand_in.received.put(post)
                why = b"" if status == 204 else f"the status is {status}".encode()
                self.send_response(status)
                if why:
                    self.send_header("Content-Length", str(len(why)))
                self.end_headers()
                self.wfile.write(why)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def next(self, seconds: float = 10.0) -> Post:
        return self.received.get(timeout=seconds)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Example:
    """The processes, and the users' side of the DSP's main estate."""

    def __init__(self, state: Path) -> None:
        self.state = state
        prepare(state, under_dcc_control=(DeviceType.GSME,), sets_per_s1sp=16)
        self.pki = TestPKI.load(state / "pki")
        self._vendor = json.loads((state / "vendor.json").read_text())
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stand_in = StandIn(server_context(self.pki, "s1sp1"))
        self._configure_dsp()
        for name in MODULES:
            self.start(name)
        emulators = Emulators(state)
        emulators.target = tomllib.loads((state / "target.toml").read_text())
        self.callback = CallbackServer(emulators.server_context())
        self.estate = Estate(emulators, self.callback, "main", [], self.pki, emulators.session("management"))
        for name in MODULES:
            self.wait(name)
        callbacks = {
            party.entity_identifier: f"{self.callback.url}/main/{party.name}"
            for party in self.pki.parties
            if party.kind == "user"
        }
        changes = {"callbacks": callbacks, "settings": {"credentials_alert": False}}
        self.estate.devices = self.estate.manage("DSP", "PATCH", "", changes)["devices"]
        self._unused = {
            (s1sp, kind): iter(
                [each for each in self.estate.devices if (each["s1sp"], each["device_type"]) == (s1sp, kind)]
            )
            for s1sp in ("S1SP1", "S1SP2")
            for kind in ("ESME", "GPF", "GSME")
        }

    def _configure_dsp(self) -> None:
        config = self.state / "dsp.toml"
        text = config.read_text()
        former = tomllib.loads(text)["s1sps"]["S1SP1"]
        ours = f"https://127.0.0.1:{self.stand_in.port}"
        config.write_text(text.replace(former, ours))

    def start(self, name: str, **changes: Any) -> None:
        """Start a component; `changes` are of the vendor system's configuration."""
        module, file = MODULES[name]
        if name == "vendor":
            (self.state / file).write_text(json.dumps(self._vendor | changes))
        command = [sys.executable, "-m", module, "--config", str(self.state / file)]
        self._processes[name] = subprocess.Popen(command, stdout=subprocess.PIPE)

    def wait(self, name: str) -> None:
        """Wait until a component serves."""
        process = self._processes[name]
        if name != "dsp":
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            return
        limit = Deadline(20)
        port = tomllib.loads((self.state / "dsp.toml").read_text())["listen"]["management_port"]
        with self.estate.emulators.session("management") as session:
            while not limit.passed:
                try:
                    session.get(f"https://127.0.0.1:{port}/health", timeout=5).raise_for_status()
                    return
                except requests.ConnectionError:
                    assert process.poll() is None
        raise AssertionError("the DSP did not start")

    def kill(self, name: str) -> None:
        """`kill -9`."""
        process = self._processes[name]
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert process.stdout is not None
        process.stdout.close()

    def device(self, device_type: str = "ESME", s1sp: str = "S1SP2") -> dict[str, Any]:
        """A device that no other test has had."""
        device: dict[str, Any] = next(self._unused[s1sp, device_type])
        return device

    def operators(self, device: dict[str, Any]) -> tuple[Party, Party]:
        """The registered Network Operator of a device, and another one."""
        role = "ED" if device["device_type"] == "ESME" else "GT"
        return self.estate.registered(device, role), self.estate.other(device, role)

    def vendor(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the vendor system."""
        url = f"http://127.0.0.1:{self._vendor['port']}{path}"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, url, json=body, timeout=5)
        assert answer.ok, answer.status_code
        return answer.json() if answer.content else None

    def slot(self, device: dict[str, Any]) -> str:
        """Whose certificate the vendor system has in the Network Operator slot."""
        slots = self.vendor("GET", f"/slots/{device['device_id']}")
        party: str = slots["NetworkOperator"]["digital_signing"]["party"]
        return party

    def traffic(self, request_id: object, direction: str = "sent") -> list[dict[str, Any]]:
        """What the DSP recorded of its messages about a request."""
        found = self.estate.manage("DSP", "GET", f"/traffic?request_id={request_id}")
        return [each for each in found if each["direction"] == direction]

    def wait_until_taken_over(self, request_id: object) -> dict[str, Any]:
        """Wait until the S1SP has acknowledged a request to the DSP; return the recorded message."""
        limit = Deadline(10)
        while not limit.passed:
            for each in self.traffic(request_id):
                if each["kind"] == "CountersignedServiceRequest" and each["outcome"] == "accepted":
                    return each
        raise AssertionError(f"{request_id} was not acknowledged")

    def documents(self) -> dict[str, str]:
        """What the adapter owes the DSP or has delivered: state by RequestID."""
        uri = f"file:{self.state / 'adapter.sqlite'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            return dict(connection.execute("SELECT about, state FROM documents").fetchall())

    def close(self) -> None:
        """Stop everything."""
        self.callback.close()
        self.stand_in.close()
        self.estate.management.close()
        for session in self.estate.users.values():
            session.close()
        for process in self._processes.values():
            process.terminate()
            process.wait(timeout=10)
            assert process.stdout is not None
            process.stdout.close()
