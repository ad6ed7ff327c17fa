"""`smets1-conformance check`: each thing that is wrong is told with its mend, and nothing is changed."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI, mint
from target.process import ChildProcess, python_module
from tests.any_target.conftest import command, environment
from tests.any_target.vendor import Vendor, vendor
from tests.target.pooled_file import pooled_text


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    with vendor(tmp_path_factory.mktemp("vendor") / "state", deadline=5.0) as running:
        yield running


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    directory = tmp_path_factory.mktemp("pki")
    mint(directory)
    return TestPKI.load(directory)


def call(target_file: Path, *options: str) -> tuple[int, list[dict[str, str]], str]:
    """Exit code, findings, and what went to standard error."""
    done = subprocess.run(
        command("check", "--target", target_file, "--json", *options),
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr + done.stdout
    content = json.loads(done.stdout)
    assert content["exit_code"] == done.returncode
    return done.returncode, content["findings"], done.stderr


def changed(there: Vendor, *changes: tuple[str, str], name: str = "changed.toml") -> Path:
    """The target file beside the original, with other text in it."""
    text = there.target_file.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = there.state / name
    path.write_text(text)
    return path


def wrong(findings: list[dict[str, str]]) -> list[dict[str, str]]:
    return [finding for finding in findings if finding["outcome"] != "fine"]


def block_of(there: Vendor, marker: str) -> str:
    """The [[device]] table that holds a text."""
    blocks = re.findall(r"\[\[device\]\]\n(?:[^\[\n].*\n)+", there.target_file.read_text())
    return next(block for block in blocks if marker in block)


def test_a_target_that_is_ready(there: Vendor) -> None:
    before = there.slots()
    code, findings, progress = call(there.target_file)
    assert (code, wrong(findings)) == (0, [])
    assert "up to 36 Service Requests (8.2 and 6.24.1, which change nothing)" in progress
    assert {finding["group"] for finding in findings} >= {"devices", "callback", "enough for all scenarios"}
    assert there.slots() == before
    sent = {str(row["kind"]) for row in there.traffic()}
    assert not any("6.15.1" in kind or "6.21" in kind for kind in sent)


def test_the_table_names_the_mend_and_the_exit_code(there: Vendor) -> None:
    path = changed(there, ('device_type = "ESME"', 'device_type = "PPMID"'))
    done = subprocess.run(
        command("check", "--target", path), env=environment(), capture_output=True, text=True
    )
    text = " ".join(done.stdout.split())
    assert done.returncode == 2
    assert "SRV 8.2 says its type is ESME" in text
    assert "Mend: Correct device_type of the device" in text
    assert "Exit code 2: not ready: mend the problems" in text


def test_what_devices_are_not(there: Vendor) -> None:
    ordinary = block_of(there, "S1SP1")
    stranger = re.sub(r'(device_id = "[^"]+)..(")', r"\g<1>77\2", ordinary)
    elsewhere = ordinary.replace("S1SP1", "S1SP2")
    for block, expected in (
        (stranger, "does not find it"),
        (elsewhere, "its S1SP is S1SP1"),
    ):
        code, findings, _ = call(changed(there, (ordinary, block)))
        assert code == 2
        assert [each for each in wrong(findings) if each["group"] == "devices" and expected in each["text"]]


def test_another_registration_than_declared_is_refused_to_the_reader(there: Vendor) -> None:
    ordinary = block_of(there, "S1SP3")
    other = {"is-a": "is-b", "is-b": "is-a"}
    ids = dict(re.findall(r'name = "([\w-]+)"\nuser_id = "([^"]+)"', there.target_file.read_text()))
    present = next(name for name in other if name in ordinary or ids[name] in ordinary)
    for written in (present, ids[present]):
        if written in ordinary:
            block = ordinary.replace(written, other[present] if written == present else ids[other[present]])
    code, findings, _ = call(changed(there, (ordinary, block)))
    refused = [each for each in wrong(findings) if "is refused with E4" in each["text"]]
    assert code == 2
    assert len(refused) == 1
    assert "Correct registered of the device" in refused[0]["mend"]


def test_a_slot_that_holds_somebody_else(there: Vendor) -> None:
    consumable = block_of(there, '"ACB"')
    kept = re.sub(r"slots = .*\n", "", consumable)
    code, findings, _ = call(changed(there, (consumable, kept)))
    held = [each for each in wrong(findings) if "NetworkOperator slot is declared to hold" in each["text"]]
    assert code == 2
    assert len(held) == 1
    lacking = [each for each in wrong(findings) if each["group"] == "enough for all scenarios"]
    assert [each["outcome"] for each in lacking] == ["warning"]
    assert "0 declared, 0 usable, 1 needed" in lacking[0]["text"]
    assert "Declare 1 more as [[device]]" in lacking[0]["mend"]


def test_nothing_is_connected_to_offline(pki: TestPKI, tmp_path: Path) -> None:
    path = tmp_path / "sit.toml"
    path.write_text(pooled_text(pki, base_url="https://127.0.0.1:1"))
    code, findings, _ = call(path, "--offline")
    assert code == 0, wrong(findings)
    unchecked = [each["group"] for each in findings if each["outcome"] == "not checked"]
    assert unchecked == ["connections", "callback", "devices"]
    assert not (tmp_path / "sit.state").exists()


def test_what_cannot_be_reached_is_exit_code_3(pki: TestPKI, tmp_path: Path) -> None:
    path = tmp_path / "sit.toml"
    path.write_text(pooled_text(pki, base_url="https://127.0.0.1:1"))
    code, findings, _ = call(path)
    assert code == 3, wrong(findings)
    unreached = [each for each in findings if each["outcome"] == "not reached"]
    assert "nothing listens there" in unreached[0]["text"]
    assert "Start the system under test" in unreached[0]["mend"]
    assert any(
        each["group"] == "devices" and each["text"] == "the DSP cannot be reached" for each in findings
    )


def test_every_problem_of_a_file_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('[dsp]\nkind = "neither"\n')
    code, findings, _ = call(path)
    assert code == 2
    assert any(each["subject"] == "wrong.toml:2" and "dsp.kind" in each["text"] for each in findings)


def test_all_emulated(tmp_path: Path) -> None:
    child = ChildProcess(
        "emulators",
        python_module("emulators.up", "--state", str(tmp_path / "up"), "--until-stdin-closes"),
        tmp_path / "up.log",
    )
    try:
        child.wait_for_file(tmp_path / "up" / "target.toml", 60.0)
        code, findings, progress = call(tmp_path / "up" / "target.toml")
    finally:
        child.close()
    assert (code, wrong(findings)) == (0, [])
    health = [each for each in findings if each["subject"].endswith("health")]
    assert [each["text"].split(":")[0] for each in health] == ["DSP", "S1SP1", "S1SP2", "S1SP3"]
    assert "Service Requests" not in progress


# A run asks for the name of the target


def test_a_run_against_an_endpoint_is_not_started_where_nobody_can_confirm_it(
    pki: TestPKI, tmp_path: Path
) -> None:
    path = tmp_path / "sit.toml"
    path.write_text('name = "SIT-A"\n' + pooled_text(pki))
    done = subprocess.run(
        command("run", "--target", path), cwd=tmp_path, env=environment(), capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2
    assert "(target SIT-A)" in done.stderr
    assert "Add --yes to confirm it" in done.stderr
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("answer", "told"),
    [("SIT-B", "that is not the name of the target"), ("SIT-A", "nothing listens there")],
    ids=["another name", "its name"],
)
def test_the_name_of_the_target_is_asked_for(pki: TestPKI, tmp_path: Path, answer: str, told: str) -> None:
    path = tmp_path / "sit.toml"
    path.write_text('name = "SIT-A"\n' + pooled_text(pki, base_url="https://127.0.0.1:1"))
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            command("run", "--target", path, "--", "-k", "T02"), cwd=tmp_path, env=environment(),
            capture_output=True, text=True, stdin=theirs,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2, done.stdout + done.stderr
    question = re.search(r"name of the target \(SIT-A\) to send up to (\d+) Service Requests", done.stderr)
    assert question is not None, done.stderr
    assert 2 < int(question[1]) < 200
    assert told in done.stderr + done.stdout


def test_a_schema_that_cannot_be_used_is_a_problem(there: Vendor) -> None:
    folder = there.state / "no-schema"
    folder.mkdir()
    first = there.target_file.read_text().partition("\n[")[0]
    target = changed(there, (first, f'{first}\nschema = "{folder}"'), name="no-schema.toml")

    code, findings, _ = call(target)
    assert code == 2
    assert any("schema" in finding["text"] for finding in wrong(findings)), wrong(findings)
