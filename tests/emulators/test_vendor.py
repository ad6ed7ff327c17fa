"""A second set of emulators plays a vendor's system: other identifiers, devices and paths."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from duis.identifiers import EUI64, RequestID
from duis.requests import (
    ReadInventoryBody,
    RequestHandoverOfDCCControlledDeviceBody,
    UpdateSecurityCredentialsKRPBody,
)
from duis.response import Response
from duis.signature import VerifiedResponse, verify_response
from duis.smki.testpki import Party
from emulators.config import ConfigurationError
from emulators.launch_options import launch_options
from target.file import load_target
from tests.emulators.running import NETWORK_OPERATOR, CallbackServer, Emulators, Estate
from tests.ports import free_ports

PREFIX = "06-AC-3E-00-00-00-00"


class Vendor(Estate):
    """The main estate of a vendor's system, known from its target file only."""

    @classmethod
    def of(cls, emulators: Emulators, callback: CallbackServer) -> Vendor:
        devices = emulators.target["device"]
        return cls(emulators, callback, "main", devices, emulators.pki(), emulators.session("management"))

    def registered(self, device: dict[str, Any], role: str) -> Party:
        return self.pki.party(device["registered"][role])

    def ordinary(self, device_type: str = "ESME") -> dict[str, Any]:
        return next(
            each for each in self.devices if each["device_type"] == device_type and "slots" not in each
        )

    def answer_to(self, request_id: RequestID) -> tuple[str, VerifiedResponse]:
        """The path an answer was delivered to, and the answer; alerts about other things are passed over."""
        while True:
            path, document = self.callback.next()
            message = verify_response(document, self.pki.trust_store())
            if message.response.request_id == request_id:
                return path, message


@pytest.fixture(scope="module")
def vendor_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    arguments = [
        *("--seed", "77", "--sets-per-s1sp", "3", "--sets-under-dcc-control", "1"),
        *("--entity-prefix", PREFIX, "--paths-under", "/vendor/gw/"),
        *("--callbacks", f"https://127.0.0.1:{free_ports(1)[0]}", "--as-endpoint"),
    ]
    running = Emulators(tmp_path_factory.mktemp("vendor") / "acme", arguments).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def vendor(vendor_set: Emulators) -> Iterator[Vendor]:
    callback = CallbackServer(vendor_set.server_context(), vendor_set.target["callback"]["port"])
    yield Vendor.of(vendor_set, callback)
    callback.close()


def test_the_target_file_is_one_of_an_endpoint(vendor_set: Emulators) -> None:
    text = (vendor_set.state / "target.toml").read_text()
    document = tomllib.loads(text)
    assert "management" not in text
    assert document["name"] == "acme"
    assert document["dsp"]["kind"] == "endpoint"
    assert document["s1sp"] == {"S1SP1": {}, "S1SP2": {}, "S1SP3": {}}
    assert document["site"] == {"state": "endpoint.state"}
    assert document["safety"] == {"unknown_device": "02-53-31-FF-FF-FF-FF-FE"}
    for service, last in (("send_command", "send-command"), ("transform", "transform")):
        assert document["dsp"][service].endswith(f"/vendor/gw/{last}")
    assert Counter(
        (each["s1sp"], each["device_type"], each.get("slots", {}).get("NetworkOperator"))
        for each in document["device"]
    ) == {
        (s1sp, device_type, holder): number
        for s1sp in ("S1SP1", "S1SP2", "S1SP3")
        for device_type in ("ESME", "GPF")
        for holder, number in ((None, 2), ("ACB", 1))
    }
    ports = json.loads((vendor_set.state / "ports.json").read_text())
    assert set(ports) == {"dsp", "s1sp1", "s1sp2", "s1sp3"}


def test_the_harness_reads_it(vendor_set: Emulators) -> None:
    target = load_target(vendor_set.state / "target.toml")
    assert not target.isolated
    assert len(target.device) == 18
    assert {user.user_id[:20] for user in target.service_user} == {PREFIX}
    assert sum(device.is_consumable for device in target.device) == 6


def test_it_answers_at_its_own_paths_and_calls_back_where_it_was_told(vendor: Vendor) -> None:
    device = vendor.ordinary()
    correct = vendor.registered(device, "ED")
    other = next(each for each in vendor.pki.parties if "ED" in each.user_roles and each != correct)
    for sender, holder in ((correct, other), (other, correct)):  # the second is the repair of MP107
        request_id, code = vendor.send(sender, device, vendor.replacement(holder))
        assert code == "I99"
        path, answer = vendor.answer_to(request_id)
        assert path == f"/main/{sender.name}/smartdcc/duis"
        assert answer.inner.payload.message_success
    assert vendor.post(correct.name, b"<x/>").status_code == 400
    base = vendor.emulators.target["dsp"]["send_command"].removesuffix("/vendor/gw/send-command")
    for path in ("/api/v1/serviceS", "/s1sp/v1/messages", "/vendor/gw"):
        session = vendor.emulators.session(correct.name)
        assert session.post(base + path, data=b"<x/>", timeout=5).status_code == 404


def test_the_inventory_has_its_devices(vendor: Vendor) -> None:
    device = vendor.ordinary("GPF")
    user = vendor.pki.party("ou-a")
    _, document = vendor.request(user, None, ReadInventoryBody(device_id=EUI64(device["device_id"])), 8)
    answer = Response.parse(vendor.post(user.name, document, "non_device").content)
    assert [each.import_mpxn for each in answer.message.inventory] == [device["mpxn"]]


def test_a_slot_under_dcc_control_can_be_taken_over_once(vendor: Vendor) -> None:
    device = next(each for each in vendor.devices if "slots" in each and each["device_type"] == "ESME")
    supplier, operator = vendor.registered(device, "IS"), vendor.registered(device, "ED")
    body = RequestHandoverOfDCCControlledDeviceBody(
        NETWORK_OPERATOR,
        operator.digital_signing.der,
        operator.key_agreement.der,
        certification_path=vendor.pki.certification_path,
    )
    seen = []
    for _ in range(2):
        request_id, code = vendor.send(supplier, device, body)
        assert code == "I99"
        seen.append(type(vendor.answer_to(request_id)[1].inner).__name__)
    assert seen == ["SMETS1Response", "S1SPAlert"]
    assert not _slot_is_under_dcc_control(vendor, device)
    untouched = next(each for each in vendor.devices if "slots" in each and each["device_type"] == "GPF")
    assert _slot_is_under_dcc_control(vendor, untouched)


def _slot_is_under_dcc_control(vendor: Vendor, device: dict[str, Any]) -> bool:
    port = json.loads((vendor.emulators.state / "ports.json").read_text())[device["s1sp"].lower()][1]
    path = f"/estates/main/devices/{device['device_id']}/slots/NetworkOperator"
    answer = vendor.management.get(f"https://127.0.0.1:{port}{path}", timeout=5)
    return bool(answer.json()["party"] == "ACB")


def test_another_estate_has_its_prefix_in_front_of_the_paths(vendor: Vendor) -> None:
    device = vendor.ordinary()
    correct = vendor.registered(device, "ED")
    ports = json.loads((vendor.emulators.state / "ports.json").read_text())
    body = {
        "seed": 77,
        "sets_per_s1sp": 3,
        "callbacks": {correct.entity_identifier: f"{vendor.callback.url}/x"},
    }
    for name, (_, management) in ports.items():
        url = f"https://127.0.0.1:{management}/estates/other"
        given = body if name == "dsp" else {**body, "callbacks": {}}
        assert vendor.management.put(url, json=given, timeout=5).ok
    request_id, document = vendor.request(correct, device, vendor.replacement(correct))
    base, _, path = vendor.emulators.target["dsp"]["send_command"].partition("/vendor")
    session = vendor.emulators.session(correct.name)
    answer = session.post(f"{base}/estates/other/vendor{path}", data=document, timeout=5)
    assert Response.parse(answer.content).response_code == "I99"
    assert vendor.answer_to(request_id)[0] == "/x"


def test_it_lets_in_nobody_of_another_pki(vendor: Vendor, emulators: Emulators) -> None:
    url = vendor.emulators.target["dsp"]["send_command"]
    stranger = emulators.session("ed-north")
    stranger.verify = str(vendor.pki.tls("dsp").ca)
    with pytest.raises(requests.ConnectionError):
        stranger.post(url, data=b"<x/>", timeout=5)
    distrusting = emulators.session("ed-north")
    with pytest.raises(requests.exceptions.SSLError):
        distrusting.post(url, data=b"<x/>", timeout=5)


def test_it_takes_no_signature_and_no_certificate_of_another_pki(
    vendor: Vendor, emulators: Emulators
) -> None:
    device, ours = vendor.ordinary(), emulators.pki()
    correct = vendor.registered(device, "ED")
    user = ours.party(correct.name)
    _, document = vendor.request(user, device, vendor.replacement(correct))
    answer = vendor.post(correct.name, document)
    assert answer.status_code != 200 or Response.parse(answer.content).response_code != "I99"
    body = UpdateSecurityCredentialsKRPBody(
        NETWORK_OPERATOR,
        user.digital_signing.der,
        user.key_agreement.der,
        certification_path=ours.certification_path,
    )
    assert vendor.send(correct, device, body)[1] not in {"I99", "I0"}


def test_no_emulator_leaves_a_core_file(vendor_set: Emulators) -> None:
    assert vendor_set.process is not None
    launcher = vendor_set.process.pid
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    assert len(children) == 4
    for process_id in (str(launcher), *children):
        limits = Path(f"/proc/{process_id}/limits").read_text().splitlines()
        core = next(line for line in limits if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"]


def test_a_component_elsewhere(tmp_path: Path) -> None:
    """One set without S1SP1, another that is S1SP1 alone; together they are a system."""
    callback = CallbackServer()
    s1sp1, dsp = free_ports(2)[0], free_ports(6)[0]
    common = ["--plain-http", "--as-endpoint", "--callbacks", callback.url]
    s1sp1_url = f"http://127.0.0.1:{s1sp1}/s1/service-requests"
    one = Emulators(
        tmp_path / "one", [*common, "--port", str(dsp), "--elsewhere", f"s1sp1={s1sp1_url}"]
    ).start()
    shutil.copytree(tmp_path / "one/pki", tmp_path / "two/pki")
    two = Emulators(
        tmp_path / "two",
        [
            *(*common, "--port", str(s1sp1), "--paths-under", "/s1"),
            *("--elsewhere", f"DSP=http://127.0.0.1:{dsp}"),
            *("--elsewhere", "s1sp2=http://127.0.0.1:9", "--elsewhere", "s1sp3=http://127.0.0.1:9"),
        ],
    ).start()
    assert set(json.loads((tmp_path / "one/ports.json").read_text())) == {"dsp", "s1sp2", "s1sp3"}
    assert set(json.loads((tmp_path / "two/ports.json").read_text())) == {"s1sp1"}
    assert two.target == {}
    vendor = Vendor.of(one, callback)
    device = vendor.ordinary()
    assert device["s1sp"] == "S1SP1"
    operator = vendor.registered(device, "ED")
    request_id, code = vendor.send(operator, device, vendor.replacement(operator))
    assert code == "I99"
    assert vendor.answer_to(request_id)[1].inner.payload.message_success
    assert (one.stop(), two.stop()) == (0, 0)
    callback.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--as-endpoint"], "--as-endpoint: needs --callbacks URL"),
        (["--as-endpoint", "--callbacks", "https://inbox.test"], "--callbacks: a port is needed"),
        (["--callbacks", "http://127.0.0.1:8500"], "--callbacks: these emulators deliver over TLS"),
        (["--callbacks", "127.0.0.1:8500"], "--callbacks: expected a URL"),
        (["--paths-under", "/estates/x"], "--paths-under: expected a path"),
        (
            ["--entity-prefix", "90-B3-D5-1F-30-00-00"],
            "--entity-prefix: 90-B3-D5-1F-30-00-00 could be a real",
        ),
        (
            ["--entity-prefix", "02-02-00-00-00-00-00"],
            "--entity-prefix: the emulated devices have identifiers",
        ),
        (["--answer-after", "-1"], "--answer-after: expected 0 to 2592000 seconds"),
        (["--port", "65530"], "--port: expected 1 to 65528"),
        (["--elsewhere", "s1sp1=http://x"], "--elsewhere: needs --as-endpoint"),
        (["--elsewhere", "s1sp9=http://x"], "--elsewhere: expected one of dsp, s1sp1"),
        (["--elsewhere", "s1sp1=x"], "--elsewhere: expected a URL"),
    ],
)
def test_options_that_cannot_be_used(arguments: list[str], says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        launch_options(["--state", "nowhere", *arguments], None)
    assert says in str(caught.value)


def _prepare(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulators.up", "--state", str(state), "--prepare-only", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_more_sets_under_dcc_control_than_there_are(tmp_path: Path) -> None:
    result = _prepare(tmp_path, "--sets-under-dcc-control", "2")
    assert (result.returncode, result.stdout) == (2, "")
    assert "dsp.toml: estate: Value error, sets_under_dcc_control is 2" in result.stderr
    assert "Traceback" not in result.stderr


def test_another_prefix_for_a_folder_that_has_its_pki(vendor_set: Emulators, tmp_path: Path) -> None:
    shutil.copytree(vendor_set.state / "pki", tmp_path / "pki")
    refused = _prepare(tmp_path, "--entity-prefix", "02-53-31-00-00-00-00")
    assert refused.returncode == 2
    assert f"is there already, with the prefix {PREFIX}" in refused.stderr
    assert _prepare(tmp_path).returncode == 0
    assert tomllib.loads((tmp_path / "target.toml").read_text())["dsp"]["entity_identifier"] == f"{PREFIX}-01"


def test_the_command_line_passes_everything_on(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-u", "-m", "smets1_conformance", "emulate", "--state", str(tmp_path)),
        *("--plain-http", "--as-endpoint", "--callbacks", "http://127.0.0.1:8555", "--seed", "-3"),
        *("--sets-per-s1sp", "2", "--sets-under-dcc-control", "2", "--entity-prefix", PREFIX),
        *("--paths-under", "/v", "--answer-after", "1.5", "--elsewhere", "s1sp3=http://127.0.0.1:9"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    banner = "".join(itertools.takewhile(lambda line: "Ctrl-C" not in line, process.stdout))
    process.terminate()
    assert process.wait(timeout=20) == 0
    process.stdout.close()
    assert "/v/send-command" in banner
    assert "S1SP2 " in banner
    assert "S1SP3 " not in banner
    estate = tomllib.loads((tmp_path / "s1sp1.toml").read_text())["estate"]
    assert estate == {
        "seed": -3,
        "sets_per_s1sp": 2,
        "sets_under_dcc_control": 2,
        "deviations": [],
        "settings": {"answer_after_seconds": 1.5},
    }
    target = tomllib.loads((tmp_path / "target.toml").read_text())
    assert target["dsp"]["entity_identifier"] == f"{PREFIX}-01"
    assert target["callback"] == {"host": "127.0.0.1", "port": 8555}
    assert target["deadlines"]["quiet"] >= 1.5
