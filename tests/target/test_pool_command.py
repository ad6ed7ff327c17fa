"""What a person does with the device pool: `smets1-conformance pool list`, `restore` and `free`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from duis.identifiers import EUI64
from duis.roles import DeviceType, UserRole
from duis.smki.testpki import TestPKI
from smets1_conformance.cli import group
from target.file import TargetFile, load_target
from target.file_devices import DeviceEntry
from target.file_keys import TLSFiles
from target.gateway import Connections
from target.management import ManagementClient
from target.pool import Ledger
from target.pool.workshop import open_ledger
from tests.any_target.vendor import Vendor, vendor
from tests.target.target_files import write_target_file

SLOT = "NetworkOperator"


@dataclass
class Site:
    """A vendor's systems, and the S1SP that a test can meddle with."""

    vendor: Vendor
    target: TargetFile
    s1sp2: ManagementClient

    def pool(self, *arguments: str) -> Result:
        command, *rest = arguments
        return CliRunner().invoke(group, ["pool", command, "--target", str(self.target.path), *rest])

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.target)

    def device(self, *, acb: bool = False) -> DeviceEntry:
        return next(
            each
            for each in self.target.device
            if (each.s1sp, each.device_type, each.is_consumable) == ("S1SP2", DeviceType.ESME, acb)
        )

    def wrong_operator(self, device: DeviceEntry) -> EUI64:
        return next(
            user.user_id
            for user in self.target.service_user
            if UserRole.ELECTRICITY_DISTRIBUTOR in user.roles
            and user.user_id != device.registered[UserRole.ELECTRICITY_DISTRIBUTOR]
        )


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    with vendor(tmp_path_factory.mktemp("systems") / "vendor") as started:
        text = started.target_file.read_text()
        started.target_file.write_text(text.replace("[callback]\n", "[callback]\nlinger = 0\n"))
        yield started


@pytest.fixture
def site(systems: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SMETS1_CONFORMANCE__SITE__STATE", str(tmp_path / "site"))
    monkeypatch.setenv("COLUMNS", "120")
    tls = systems.state / "pki" / "tls"
    files = TLSFiles(ca=tls / "ca.pem", certificate=tls / "management.pem", key=tls / "management.key")
    connections = Connections(files)
    port = json.loads((systems.state / "ports.json").read_text())["s1sp2"][1]
    plane = ManagementClient("S1SP2", f"https://127.0.0.1:{port}", connections, "S1SP2")
    yield Site(systems, load_target(systems.target_file), plane)
    connections.close()


def test_every_device_is_listed_with_its_state(site: Site) -> None:
    answer = site.pool("list")
    assert answer.exit_code == 0, answer.output
    assert answer.output.count(" free ") == len(site.target.device)

    held, used = site.device(), site.device(acb=True)
    site.ledger.quarantine(held.device_id, "S1SP2 met S1SP Alert S1VE4", ["do this", "or that"], "MP107-T10")
    site.ledger.consume(used.device_id, "MP107-T01", "SRV 6.21 of is-a")
    output = " ".join(site.pool("list").output.split())
    assert f"{held.device_id} ESME S1SP2 quarantine" in output
    assert "after MP107-T10 of run pool: S1SP2 met S1SP Alert S1VE4" in output
    assert f"To mend {held.device_id}, one of: do this or that" in output
    assert f"{used.device_id} ESME (DCC control) S1SP2 used up" in output
    assert "by MP107-T01: SRV 6.21 of is-a" in output
    only = site.pool("list", used.device_id).output
    assert used.device_id in only
    assert held.device_id not in only


def test_a_device_in_quarantine_is_restored_by_the_party_its_slot_holds(site: Site) -> None:
    device = site.device()
    site.s1sp2.put_slot("main", device.device_id, SLOT, {"party": site.wrong_operator(device)})
    site.ledger.quarantine(device.device_id, "the run was in a hurry", ["restore it"])
    site.s1sp2.change_estate("main", {"mp107": False})
    try:
        answer = site.pool("restore", device.device_id)
        assert answer.exit_code == 1, answer.output
        assert f"{device.device_id} is in quarantine: SRV 6.15.1 of " in answer.output
        assert "S1VE4" in answer.output
        assert "once MP107 is released at S1SP2" in answer.output
    finally:
        site.s1sp2.change_estate("main", {"mp107": True})
    answer = site.pool("restore")
    assert answer.exit_code == 0, answer.output
    assert f"{device.device_id} is as it should be" in answer.output
    registered = device.registered[UserRole.ELECTRICITY_DISTRIBUTOR]
    assert site.s1sp2.slot("main", device.device_id, SLOT)["party"] == registered
    assert site.ledger.quarantined() == ()
    assert site.pool("restore").output == "nothing to restore\n"


def test_a_device_mended_in_another_way_is_freed(site: Site) -> None:
    used = site.device(acb=True)
    site.ledger.consume(used.device_id, "MP107-T01", "SRV 6.21 of is-a")
    assert site.pool("free", used.device_id).output == f"{used.device_id} is free again\n"
    assert site.ledger.consumed() == ()
    assert site.pool("free", used.device_id).output == f"{used.device_id} was free already\n"


def test_a_device_in_use_is_not_touched(site: Site) -> None:
    lease = site.ledger.take(site.device().device_id, "MP107-T10")
    answer = site.pool("restore", site.device().device_id)
    assert answer.exit_code == 1
    assert "held by MP107-T10" in answer.output
    site.ledger.release(lease)


@pytest.mark.parametrize("command", ["list", "restore", "free"])
def test_devices_nobody_listed_are_told(site: Site, command: str) -> None:
    for text, message in [
        ("ESME", "expected the EUI-64 of a device, such as "),
        ("02-02-02-02-02-02-02-02", "lists no such device; see smets1-conformance pool list"),
    ]:
        answer = site.pool(command, text)
        assert answer.exit_code == 2
        assert f"Error: {text}: " in answer.output
        assert message in answer.output


def test_what_has_no_pool_is_told(pki: TestPKI, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(write_target_file(pki))
    for file, message in [(path, "there is no device pool"), (tmp_path / "none.toml", "no such target file")]:
        answer = CliRunner().invoke(group, ["pool", "list", "--target", str(file)])
        assert answer.exit_code == 2
        assert message in " ".join(answer.output.split())
