"""`plan` and `run --dry-run` tell what a run would do, and send nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from duis.schema import Schema
from duis.signature import verify
from duis.smki.testpki import TestPKI
from tests.cli.test_cli import call

CALLBACKS = "https://127.0.0.1:9"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target file of a real system that is not there: three sets at each S1SP, one under DCC control."""
    state = tmp_path_factory.mktemp("endpoint")
    options = [
        "--as-endpoint",
        "--callbacks",
        CALLBACKS,
        "--sets-per-s1sp",
        "3",
        "--sets-under-dcc-control",
        "1",
    ]
    command = [sys.executable, "-m", "emulators.up", "--state", str(state), "--prepare-only", *options]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return state / "target.toml"


def plan(folder: Path, *arguments: str) -> dict[str, Any]:
    answer = call("plan", "--json", *arguments, folder=folder)
    assert answer.returncode == 0, answer.stderr
    content: dict[str, Any] = json.loads(answer.stdout)
    return content


def test_the_bundled_emulators_run_everything_in_chains_of_equal_length(tmp_path: Path) -> None:
    told = plan(tmp_path, "-n", "8", "--answer", "2")
    assert told["counts"] == {"runs": len(told["scenarios"]), "not applicable": 0, "not run": 0}
    sent: Counter[str] = Counter()
    for scenario in told["scenarios"]:
        sent.update(scenario["service_requests"])
    assert dict(sent) == told["service_requests"]
    assert told["restoration_estimate"] == {}
    waits = [chain["waits"] for chain in told["chains"]]
    assert len(waits) == 8
    assert max(waits) <= 1.05 * sum(waits) / len(waits)
    assert told["expected_seconds"] == 2 * max(waits)
    assert list(tmp_path.iterdir()) == []


def test_the_selection_is_that_of_pytest(tmp_path: Path) -> None:
    told = plan(tmp_path, "--", "-k", "S1SP2 and ESME", "-m", "MP107-T10 or MP107-T11")
    assert {(each["s1sp"], each["device_type"]) for each in told["scenarios"]} == {("S1SP2", "ESME")}
    assert {each["id"] for each in told["scenarios"]} == {"MP107-T10", "MP107-T11"}


def test_nothing_selected_is_said(tmp_path: Path) -> None:
    answer = call("plan", "--", "-k", "no_such_thing", folder=tmp_path)
    assert answer.returncode == 2
    assert "no scenario is selected by -k no_such_thing" in answer.stderr


def test_an_endpoint_has_devices_consumables_and_restoration(endpoint: Path, tmp_path: Path) -> None:
    told = plan(tmp_path, "--target", str(endpoint), "-n", "8")
    by_id = {each["id"]: each for each in told["scenarios"]}
    assert by_id["MP107-T01"]["needs"][0].endswith("under DCC control")
    assert len(by_id["MP107-T01"]["devices"]) == 1
    assert by_id["MP107-T23"]["outlook"] == "not applicable"
    assert "cannot be switched during the scenario" in by_id["MP107-T23"]["reason"]
    assert by_id["MP107-T20"]["outlook"] == "not applicable"
    assert told["counts"]["not run"] == 0
    assert len(told["consumables"]) == 6
    for each in told["consumables"]:
        assert (each["declared"], each["there"], each["needed"], each["further_runs"]) == (1, 1, 1, 0)
    assert told["restoration_estimate"]["6.24.1"] > 0
    assert told["answer_seconds"] is None
    assert told["expected_seconds"] is None
    assert not (endpoint.parent / "endpoint.state").exists()


def test_what_lacks_a_consumable_is_told(endpoint: Path, tmp_path: Path) -> None:
    text = endpoint.read_text().replace('"ACB"', '"ed-north"', 1)
    assert text != endpoint.read_text()
    other = endpoint.with_name("one-less.toml")
    other.write_text(text)
    told = plan(tmp_path, "--target", str(other), "--", "-m", "MP107-T01")
    lacking = [each for each in told["scenarios"] if each["outlook"] != "runs"]
    assert [each["s1sp"] for each in lacking] == ["S1SP1"]
    assert "under DCC control" in lacking[0]["reason"]


def test_the_plan_for_people(endpoint: Path, tmp_path: Path) -> None:
    answer = call("plan", "--all", "--target", str(endpoint), "-n", "4", "--answer", "60", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    for expected in (
        "MP107-T01",
        "consumable devices",
        "further runs",
        "MP107 is declared on at DSP, and an endpoint cannot be switched off",
        "an estimate",
        "at 60 s an answer",
        "nothing was sent",
    ):
        assert expected in answer.stdout


def test_nothing_is_joined_or_restored_at_an_endpoint(endpoint: Path, tmp_path: Path) -> None:
    told = plan(
        tmp_path, "--target", str(endpoint), "--", "-m", "MP107-T16 or MP107-T17 or MP107-T18", "-k", "S1SP1"
    )
    assert {each["outlook"] for each in told["scenarios"]} == {"not applicable"}
    assert {each["reason"] for each in told["scenarios"]} == {
        f"S1SP1 is an endpoint: nothing would undo there what a {request} does"
        for request in ("Join Service", "Restore GPF Device Log")
    }


def test_no_registration_is_changed_at_an_endpoint(endpoint: Path, tmp_path: Path) -> None:
    told = plan(tmp_path, "--target", str(endpoint), "--", "-m", "MP107-T19 or MP107-T24", "-k", "S1SP1")
    assert {each["outlook"] for each in told["scenarios"]} == {"not applicable"}
    (reason,) = {each["reason"] for each in told["scenarios"]}
    assert reason.startswith("no registration can be changed at target.toml")


def test_a_dry_run_writes_each_document_and_sends_none(endpoint: Path, tmp_path: Path) -> None:
    selection = ("--", "-m", "MP107-T01 or MP107-T21", "-k", "S1SP1", "-p", "no:randomly")
    answer = call(
        "run", "--dry-run", "--target", str(endpoint), "--output", "out", *selection, folder=tmp_path
    )
    assert answer.returncode == 0, answer.stderr
    assert "Nothing was sent. 8 documents are in" in answer.stdout
    assert "MP107-T21 S1SP1 ESME: not applicable" in answer.stdout
    documents = sorted((tmp_path / "out" / "dry-run").iterdir())
    assert [file.name for file in documents[:4]] == [
        "001-MP107-T01-S1SP1-ESME-6.24.1.xml",
        "002-MP107-T01-S1SP1-ESME-6.21.xml",
        "003-MP107-T01-S1SP1-ESME-6.15.1.xml",
        "004-MP107-T01-S1SP1-ESME-6.24.1.xml",
    ]
    trust = TestPKI.load(endpoint.parent / "pki").trust_store()
    for file in documents:
        Schema.bundled().validate(file.read_bytes())
        verify(file.read_bytes(), trust)
    assert not (endpoint.parent / "endpoint.state").exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["dry-run"]


def test_a_dry_run_of_the_bundled_emulators_starts_none(tmp_path: Path) -> None:
    answer = call(
        "run", "--dry-run", "--output", "out", "--", "-m", "MP107-T10", "-k", "S1SP1", folder=tmp_path
    )
    assert answer.returncode == 0, answer.stderr
    assert "made up here" in answer.stdout
    assert len(list((tmp_path / "out" / "dry-run").iterdir())) == 8
