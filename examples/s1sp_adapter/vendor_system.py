"""A toy vendor system: anchor slots in memory, validations 2 and 3, a protocol of its own.

It stands for what a vendor has: it knows nothing of DUIS, XML or this project, and speaks JSON over HTTP.

    POST /jobs     a job; 202 and the outcome later, or 200 with the outcome ("answers": "at once")
    GET  /jobs     the RequestIDs of the jobs it has
    PUT  /hold     {"hold": true}: keep the outcomes back, as a slow system does; false lets them go
    POST /alerts   {"device", "alert_code", "description"}: a device raises an alert
    GET  /slots/D  what the slots of device D hold

`python -m examples.s1sp_adapter.vendor_system --config FILE`, a JSON file:

    {"port": 9600, "adapter": "http://127.0.0.1:9601", "mp107": true, "answers": "later", "dcc": EUI-64,
     "devices": {EUI-64: {"registered": {"ED": EUI-64, ...},
                          "slots": {"NetworkOperator": {"digital_signing": {"der", "party"}, ...}}}}}
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def refusal(job: Json, device: Json, dcc: str, mp107: bool) -> str | None:
    """Which validation refuses a job: "registration" (2) or "slot owner" (3); None when neither does."""
    is_registered = device["registered"].get(job["role"]) == job["originator"]
    is_exempt = (  # what MP107 adds: SRPD 6.2(d)
        mp107 and job["srv"] == "6.15.1" and job["role"] in {"ED", "GT"} and job["slot"] == "NetworkOperator"
    )
    if not (is_registered or is_exempt):
        return "registration"
    if job["srv"] in {"6.15.1", "6.21"}:
        held = device["slots"].get(job["slot"], {}).get("digital_signing", {}).get("party")
        if held != (dcc if job["srv"] == "6.21" else job["originator"]):
            return "slot owner"
    return None


class VendorSystem:
    """The database and what is done with it. A job that comes twice is carried out once."""

    def __init__(self, config: Json) -> None:
        self._config = config
        self._devices: dict[str, Json] = config["devices"]
        self._outcomes: dict[str, Json] = {}
        self._due: list[tuple[str, Json]] = []
        self._held = False
        self._alerts = int(time.time() * 1000)  # numbers that grow over a restart too
        self._changed = threading.Condition()

    def take(self, job: Json) -> tuple[int, Json | None]:
        """Carry a job out; the answer to POST /jobs."""
        with self._changed:
            if job["device"] not in self._devices:
                return 404, {"error": f"no device {job['device']}"}
            request_id = job["request_id"]
            is_new = request_id not in self._outcomes
            if is_new:
                self._outcomes[request_id] = {"request_id": request_id, **self._carry_out(job)}
            outcome = self._outcomes[request_id]
            if self._config.get("answers") == "at once":
                return 200, outcome
            if is_new:
                self._tell("/outcomes", outcome)
            return 202, None

    def jobs(self) -> list[str]:
        """The RequestIDs of the jobs, in the order they came."""
        with self._changed:
            return list(self._outcomes)

    def slots(self, device: str) -> Json | None:
        """What the slots of a device hold."""
        with self._changed:
            return self._devices[device]["slots"] if device in self._devices else None

    def hold(self, held: bool) -> None:
        """Keep outcomes back, or let them go."""
        with self._changed:
            self._held = held
            self._changed.notify_all()

    def alert(self, device: str, alert_code: str, description: str) -> bool:
        """A device raises an alert, for the party in its Network Operator slot [FIA 1]."""
        with self._changed:
            if device not in self._devices:
                return False
            self._alerts += 1
            party = self._devices[device]["slots"]["NetworkOperator"]["digital_signing"]["party"]
            alert = {"device": device, "party": party, "alert_code": alert_code, "description": description}
            self._tell("/alerts", {"alert_id": self._alerts, **alert, "at": datetime.now(UTC).isoformat()})
            return True

    def tell_forever(self) -> None:
        """Post outcomes and alerts to the adapter, in order, each until it is taken."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due and not self._held)
                path, message = self._due[0]
            if self._is_taken(path, message):
                with self._changed:
                    del self._due[0]
            else:
                with self._changed:
                    self._changed.wait(0.1)

    def _carry_out(self, job: Json) -> Json:
        device = self._devices[job["device"]]
        check = refusal(job, device, self._config["dcc"], self._config["mp107"])
        if check is not None:
            return {"outcome": "refused", "check": check, "because": f"{check}: {job['originator']}"}
        if "slots" in job:
            found = {name: device["slots"][name] for name in job["slots"] if name in device["slots"]}
            return {"outcome": "done", "slots": found}
        if "execute_at" in job:
            return {"outcome": "failed", "because": "this toy has no calendar"}
        if not all(certificate["party"] for certificate in job["certificates"].values()):
            return {"outcome": "failed", "because": "a certificate cannot be read"}
        slot = device["slots"][job["slot"]]
        before = {use: slot[use] for use in job["certificates"] if use in slot}
        slot.update(job["certificates"])
        return {"outcome": "done", "before": before}

    def _tell(self, path: str, message: Json) -> None:
        self._due.append((path, message))
        self._changed.notify_all()

    def _is_taken(self, path: str, message: Json) -> bool:
        request = urllib.request.Request(  # noqa: S310  (the configured adapter)
            self._config["adapter"] + path,
            json.dumps(message).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return True
        except urllib.error.HTTPError as error:
            print(f"vendor_system: {path}: {error.code} {error.read()[:200]!r}", file=sys.stderr)
            return error.code < 500
        except OSError:
            return False


def serve(system: VendorSystem, port: int) -> None:
    """Serve on the loopback interface until the process is stopped."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = self._message()
            if self.path == "/jobs":
                self._answer(*system.take(message))
            elif self.path == "/alerts":
                known = system.alert(message["device"], message["alert_code"], message["description"])
                self._answer(204 if known else 404, None)
            else:
                self._answer(404, None)

        def do_PUT(self) -> None:
            system.hold(bool(self._message()["hold"]))
            self._answer(204, None)

        def do_GET(self) -> None:
            if self.path == "/jobs":
                self._answer(200, {"jobs": system.jobs()})
            else:
                slots = system.slots(self.path.removeprefix("/slots/"))
                self._answer(404 if slots is None else 200, slots)

        def _message(self) -> Json:
            message: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            return message

        def _answer(self, status: int, body: Json | None) -> None:
            octets = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=system.tell_forever, daemon=True).start()
    print("ready", flush=True)
    server.serve_forever()


def main() -> None:
    """Read the configuration and serve."""
    parser = argparse.ArgumentParser(prog="vendor_system", allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True)
    config: Json = json.loads(parser.parse_args().config.read_text())
    serve(VendorSystem(config), config["port"])


if __name__ == "__main__":
    main()
