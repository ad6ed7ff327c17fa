"""Writes a folder in which the example can be run: the DSP's files, the adapter's, the vendor system's.

`python -m examples.s1sp_adapter.prepare --state DIR` and then what it prints.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from duis.roles import DeviceType
from duis.smki.testpki import Party, TestPKI
from duis.values import base64_text
from emulators.emulator import user_ids_by_role
from emulators.population import generate
from emulators.slots import DCC_CONTROL

S1SP = "S1SP2"


def prepare(
    state: Path,
    *,
    under_dcc_control: tuple[DeviceType, ...] = (),
    answers: str = "later",
    sets_per_s1sp: int = 1,
) -> None:
    """Write everything. The adapter takes the place, and the ports, of the emulated S1SP2.

    Args:
        state: the folder; it is made.
        under_dcc_control: devices of these types have a Network Operator slot that holds DCC's certificates.
        answers: when the vendor's system answers: "later" or "at once".
        sets_per_s1sp: how many sets of devices each S1SP serves.
    """
    command = [sys.executable, "-m", "emulators.up", "--prepare-only", "--state", str(state)]
    command += ["--sets-per-s1sp", str(sets_per_s1sp)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  (our own command)
    ports = json.loads((state / "ports.json").read_text())
    pki = TestPKI.load(state / "pki")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        vendor_port = probe.getsockname()[1]
    (state / "adapter.toml").write_text(_adapter(pki, ports, vendor_port))
    outcomes = ports[S1SP.lower()][1]
    vendor = {
        "port": vendor_port,
        "adapter": f"http://127.0.0.1:{outcomes}",
        "mp107": True,
        "answers": answers,
        "dcc": pki.party("dsp").entity_identifier,
        "devices": _devices(state, pki, under_dcc_control),
    }
    (state / "vendor.json").write_text(json.dumps(vendor, indent=1))


def _adapter(pki: TestPKI, ports: dict[str, list[int]], vendor_port: int) -> str:
    name = S1SP.lower()
    port, outcomes = ports[name]
    return f"""\
database = "adapter.sqlite"
trust = ["pki/smki", "pki/parties"]

[listen]
port = {port}

[tls]
certificate = "pki/tls/{name}.pem"
key = "pki/tls/{name}.key"
ca = "pki/tls/ca.pem"

[dsp]
entity_identifier = "{pki.party("dsp").entity_identifier}"
messages = "https://127.0.0.1:{ports["dsp"][0]}/s1sp/v1/messages"

[s1sp]
entity_identifier = "{pki.party(name).entity_identifier}"
certificate = "pki/parties/{name}/xmlsign.pem"
key = "pki/parties/{name}/xmlsign.key"

[vendor]
jobs = "http://127.0.0.1:{vendor_port}/jobs"
port = {outcomes}
"""


def _devices(state: Path, pki: TestPKI, under_dcc_control: tuple[DeviceType, ...]) -> dict[str, Any]:
    """The devices of the DSP's main estate that this S1SP serves, as its vendor would have enrolled them."""
    estate = tomllib.loads((state / "dsp.toml").read_text())["estate"]
    population = generate(estate["seed"], estate["sets_per_s1sp"], parties=user_ids_by_role(pki), only=S1SP)
    devices: dict[str, Any] = {}
    for device in population.devices:
        registered = {row.role: row.user_id for row in population.registrations if row.mpxn == device.mpxn}
        devices[device.device_id] = {"registered": registered, "slots": {}}
    dcc = pki.party("dsp")
    types = {device.device_id: device.device_type for device in population.devices}
    for slot in population.slots:
        party = next((each for each in pki.parties if each.entity_identifier == slot.party), dcc)
        handed_over = slot.remote_party_role != "NetworkOperator" or (
            types[slot.device_id] not in under_dcc_control
        )
        holder = party if handed_over and slot.party != DCC_CONTROL else dcc
        devices[slot.device_id]["slots"][slot.remote_party_role] = _certificates(holder)
    return devices


def _certificates(party: Party) -> dict[str, dict[str, str]]:
    return {
        use: {"der": base64_text(certificate.der), "party": party.entity_identifier}
        for use, certificate in (
            ("digital_signing", party.digital_signing),
            ("key_agreement", party.key_agreement),
        )
    }


def main() -> None:
    """Prepare, and say what to start."""
    parser = argparse.ArgumentParser(prog="prepare", allow_abbrev=False)
    parser.add_argument("--state", type=Path, required=True, help="the folder to write")
    state: Path = parser.parse_args().state
    prepare(state, under_dcc_control=(DeviceType.GPF,))
    print("Now start, each in a terminal of its own:")
    for module, file in (
        ("examples.s1sp_adapter.vendor_system", "vendor.json"),
        ("examples.s1sp_adapter", "adapter.toml"),
        ("emulators.dsp", "dsp.toml"),
    ):
        print(f"  python -m {module} --config {state / file}")
    print(f"and then: python -m examples.s1sp_adapter.try_it --state {state}")


if __name__ == "__main__":
    main()
