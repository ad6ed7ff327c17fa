"""What runs leave behind in a vendor's environment: slots as they were, consumables, quarantine."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import requests

from tests.any_target.conftest import YES, Conformance, command, environment
from tests.any_target.vendor import Vendor, vendor

PARTY = "digital_signing"


def network_operator_slots(at: Vendor) -> dict[str, object]:
    """Certificate in the Network Operator slot, by device."""
    return {
        device: slots["NetworkOperator"][PARTY]  # type: ignore[index]
        for device, slots in at.slots().items()
        if isinstance(slots, dict) and "NetworkOperator" in slots
    }


def test_slots_are_as_they_were_and_consumables_run_out(conformance: Conformance, tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor", ordinary=1, consumables=2) as environment_of_vendor:
        selected = ("--", "-k", "ESME and S1SP1 and (T01 or T02 or T12 or T31)")
        before = network_operator_slots(environment_of_vendor)

        first = conformance(environment_of_vendor.target_file, "-n", 2, *selected, output="first")
        second = conformance(environment_of_vendor.target_file, *selected, output="second")
        assert (first.code, second.code) == (0, 0), first.text + second.text

        after = network_operator_slots(environment_of_vendor)
        changed = {device for device in before if before[device] != after[device]}
        used_up = [sentence.split()[0] for run in (first, second) for sentence in run.devices]
        assert len(used_up) == 2
        assert changed == set(used_up), "only consumables have changed, and each of them is listed"

        third = conformance(environment_of_vendor.target_file, *selected, output="third")
        assert third.code == 3, third.text
        said_before = third.text.split("1/4")[0]
        assert re.search(r"will not run: MP107-T01 S1SP1 ESME.*under DCC control is left", said_before)
        assert third.statuses("MP107-T01") == {"not run"}
        assert third.verdicts["passed"] == 3


def test_a_device_of_a_lagging_s1sp_goes_into_quarantine_until_it_is_mended(
    conformance: Conformance, tmp_path: Path
) -> None:
    with vendor(tmp_path / "vendor", ordinary=1, consumables=0) as environment_of_vendor:
        _switch(environment_of_vendor, "s1sp2", on=False)
        target = environment_of_vendor.target_file
        target.write_text(target.read_text().replace("[s1sp.S1SP2]\n", "[s1sp.S1SP2]\nmp107 = false\n"))
        selected = ("--", "-k", "ESME and S1SP2 and (T20 or T02)")

        lagging = conformance(target, *selected, output="lagging")
        assert lagging.code == 0, lagging.text
        assert lagging.statuses("MP107-T20") == {"passed"}
        assert lagging.statuses("MP107-T02") == {"not applicable"}
        (quarantined,) = lagging.devices
        device = quarantined.split()[0]
        assert "in quarantine" in quarantined
        assert f"smets1-conformance pool restore --target {target} {device}" in quarantined
        assert "once MP107 is released at S1SP2" in quarantined

        again = conformance(target, *selected, output="again")
        assert again.code == 3, again.text
        assert again.statuses("MP107-T20") == {"not run"}

        _switch(environment_of_vendor, "s1sp2", on=True)
        restored = subprocess.run(
            command("pool", "restore", "--target", target, device),
            env=environment(), capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert restored.returncode == 0, restored.stdout + restored.stderr
        target.write_text(target.read_text().replace("mp107 = false\n", ""))
        released = conformance(target, *selected, output="released")
        assert released.code == 0, released.text
        assert released.statuses("MP107-T02") == {"passed"}


def test_two_runs_at_once_share_devices_and_inbox(tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor", ordinary=1, consumables=0) as environment_of_vendor:
        runs = [
            subprocess.Popen(
                command(
                    "run", "--target", environment_of_vendor.target_file, "--output", tmp_path / name,
                    *YES, "--", "-k", "ESME and S1SP1 and (T02 or T04 or T05 or T31)",
                ),
                env=environment(), cwd=tmp_path, text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            for name in ("one", "two")
        ]  # fmt: skip
        texts = [run.communicate()[0] for run in runs]
        assert [run.returncode for run in runs] == [0, 0], "\n".join(texts)


def _switch(at: Vendor, component: str, *, on: bool) -> None:
    port = json.loads((at.state / "ports.json").read_text())[component][1]
    tls = at.state / "pki" / "tls"
    requests.patch(
        f"https://127.0.0.1:{port}/estates/main",
        json={"mp107": on},
        cert=(str(tls / "management.pem"), str(tls / "management.key")),
        verify=str(tls / "ca.pem"),
        timeout=10,
    ).raise_for_status()
