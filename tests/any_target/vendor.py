"""A vendor's environment: a second, separately configured set of emulators, and mixes of it with ours.

It has a PKI, ports, EUI-64s, devices and HTTP paths of its own. Whoever tests gets a target file and nothing
else: no management plane, no estate, and the callback that was agreed on.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from target.deadline import Deadline
from target.errors import HarnessError
from target.file import TargetFileError, load_target
from target.inbox import InboxConfig, SharedInbox
from target.process import ChildProcess, python_module
from tests.ports import free_ports

ENTITY_PREFIX = "06-AC-3E-00-00-00-00"
PATHS = "/vendor/gw"
S1SPS = ("s1sp1", "s1sp2", "s1sp3")


@dataclass(frozen=True)
class Vendor:
    """A running environment.

    Attributes:
        state: Its folder.
        target_file: What a tester is given.
    """

    state: Path
    target_file: Path

    def slots(self) -> dict[str, object]:
        """Every slot of every device of the main estate, by the management planes of its S1SPs."""
        found: dict[str, object] = {}
        for name in S1SPS:
            for device in self._get(name, "/estates/main")["devices"]:  # type: ignore[index]
                device_id = device["device_id"]
                found[device_id] = self._get(name, f"/estates/main/devices/{device_id}/slots")
        return found

    def traffic(self, component: str = "dsp") -> list[dict[str, object]]:
        """The messages a component recorded."""
        rows = self._get(component, "/estates/main/traffic")
        assert isinstance(rows, list)
        return rows

    def script_fault(self, component: str, **fault: object) -> None:
        """Have the next answer of an S1SP come late, twice or not at all."""
        self._call("POST", component, "/estates/main/faults", fault)

    def _get(self, component: str, path: str) -> object:
        return self._call("GET", component, path)

    def _call(self, method: str, component: str, path: str, body: object = None) -> object:
        port = json.loads((self.state / "ports.json").read_text())[component][1]
        tls = self.state / "pki" / "tls"
        answer = requests.request(
            method,
            f"https://127.0.0.1:{port}{path}",
            json=body,
            cert=(str(tls / "management.pem"), str(tls / "management.key")),
            verify=str(tls / "ca.pem"),
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()


@contextmanager
def vendor(
    state: Path,
    *,
    ordinary: int = 1,
    consumables: int = 1,
    answer_after: float = 0.0,
    callback_port: int | None = None,
    emulated_by_us: Sequence[str] = (),
    deadline: float = 30.0,
) -> Iterator[Vendor]:
    """Start an environment.

    Args:
        state: An empty folder.
        ordinary: Ordinary sets (an ESME and a GPF) of each S1SP.
        consumables: Sets under DCC control of each S1SP.
        answer_after: How late its S1SPs answer, in seconds.
        callback_port: Where the testers' inbox listens.
        emulated_by_us: Components the tester emulates: `dsp`, `s1sp1`, ... The others are the vendor's.
        deadline: Deadline of results in the target file, in seconds.
    """
    ports = iter(free_ports(20))
    ours = {name: (next(ports), next(ports)) for name in emulated_by_us}
    callbacks = callback_port or next(ports)
    arguments = [
        "--state", str(state), "--as-endpoint", "--entity-prefix", ENTITY_PREFIX, "--paths-under", PATHS,
        "--seed", "77", "--sets-per-s1sp", str(ordinary + consumables),
        "--sets-under-dcc-control", str(consumables), "--answer-after", str(answer_after),
        "--callbacks", f"https://127.0.0.1:{callbacks}", "--until-stdin-closes",
    ]  # fmt: skip
    for name, (port, _) in ours.items():
        arguments.append(f"--elsewhere={name}=https://127.0.0.1:{port}{_our_path(name)}")
    target_file = state / "target.toml"
    text = ""
    if "dsp" in ours:  # then the vendor has no gateway, and writes no target file for it
        whole = [argument for argument in arguments if not _is_elsewhere(argument)]
        subprocess.run(python_module("emulators.up", *whole, "--prepare-only"), check=True)
        text = target_file.read_text()
    with ExitStack() as cleanup:
        child = ChildProcess(
            "the vendor's systems", python_module("emulators.up", *arguments), state.with_suffix(".log")
        )
        cleanup.callback(child.close)
        limit = Deadline(60)
        while "ready;" not in child.output():
            assert child.running, child.output()
            assert not limit.passed, child.output()
        text = text or target_file.read_text()
        if ours:
            text = _with_our_emulators(text, ours, state)
        text = re.sub(r"(?m)^result = .*$", f"result = {deadline}", text)
        target_file.write_text(text)
        cleanup.callback(stop_inbox, target_file)
        yield Vendor(state, target_file)


def stop_inbox(target_file: Path) -> None:
    """Stop the inbox that outlives the runs of a test, unless a run still uses it."""
    with suppress(HarnessError, TargetFileError):
        target = load_target(target_file)
        if target.site_state.is_dir():
            SharedInbox(InboxConfig.shared(target)).stop()


def _is_elsewhere(argument: str) -> bool:
    return argument.startswith("--elsewhere") or argument == "--until-stdin-closes"


def _our_path(component: str) -> str:
    return "/s1sp/v1/messages" if component == "dsp" else "/s1sp/v1/service-requests"


def _with_our_emulators(text: str, ours: dict[str, tuple[int, int]], state: Path) -> str:
    """The target file of the vendor, with emulators that the run starts in place of some of its systems."""
    config = {name: _port_of(state, name) for name in ("dsp", *S1SPS) if name not in ours}
    head, rest = text.split("[dsp]\n", 1)
    dsp, rest = rest.split("[s1sp.S1SP1]", 1)
    _, rest = rest.split("[callback]", 1)
    dsp_lines = dsp.strip().splitlines()
    if "dsp" in ours:
        dsp_lines = [line for line in dsp_lines if line.startswith(("entity_identifier", "tls"))]
        blocks = ["[dsp]", 'kind = "emulated"', *dsp_lines, *_emulator("dsp", "dsp", ours["dsp"])]
    else:
        url = f"https://127.0.0.1:{config['dsp']}{PATHS}/s1sp-messages"
        blocks = ["[dsp]", *dsp_lines, f's1sp_messages = "{url}"']
    for name in S1SPS:
        blocks += ["", f"[s1sp.{name.upper()}]"]
        if name in ours:
            blocks += ['kind = "emulated"', *_emulator(f"s1sp.{name.upper()}", name, ours[name])]
        else:
            blocks += ['kind = "endpoint"']
            if "dsp" in ours:
                url = f"https://127.0.0.1:{config[name]}{PATHS}/service-requests"
                blocks += [f'service_requests = "{url}"', f'signer = "pki/parties/{name}/xmlsign.pem"']
    blocks += ["", "[management]", f'tls = {{ ca = "pki/tls/ca.pem", {_pair("pki/tls/management")} }}', ""]
    return head + "\n".join(blocks) + "\n[callback]" + rest


def _emulator(table: str, name: str, ports: tuple[int, int]) -> list[str]:
    lines = [
        "",
        f"[{table}.emulator]",
        f"port = {ports[0]}",
        f"management_port = {ports[1]}",
        f"signing = {{ {_pair(f'pki/parties/{name}/xmlsign')} }}",
        f'tls = {{ ca = "pki/tls/ca.pem", {_pair(f"pki/tls/{name}")} }}',
    ]
    if name != "dsp":
        dcc = 'digital_signing = "pki/parties/dsp/ds.pem", key_agreement = "pki/parties/dsp/ka.pem"'
        lines.append(f"access_control_broker = {{ {dcc} }}")
    return lines


def _pair(stem: str) -> str:
    return f'certificate = "{stem}.pem", key = "{stem}.key"'


def _port_of(state: Path, component: str) -> int:
    return int(json.loads((state / "ports.json").read_text())[component][0])
