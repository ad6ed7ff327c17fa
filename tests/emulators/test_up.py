"""The launcher and the command line of an emulator: exit codes, one clear line, an end with the parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from target.file import load_target
from tests.emulators.running import Emulators


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("prepared")
    assert _run("emulators.up", "--state", str(state), "--prepare-only").returncode == 0
    return state


def test_the_target_file_is_one(emulators: Emulators) -> None:
    target = load_target(emulators.state / "target.toml")
    assert set(target.s1sp) == {"S1SP1", "S1SP2", "S1SP3"}
    assert len(target.service_user) == 12


def test_private_keys_are_for_their_owner_only(emulators: Emulators) -> None:
    keys = list(emulators.state.rglob("*.key"))
    assert keys
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_a_busy_port(tmp_path: Path, prepared: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = _run("emulators.up", "--state", str(tmp_path), "--port", str(port))
        assert result.returncode == 2
        assert result.stderr.strip().splitlines() == [
            f"emulators.up: --port: cannot listen on 127.0.0.1:{port}: Address already in use"
        ]
        config = prepared / "busy.toml"
        text = (prepared / "dsp.toml").read_text()
        line = next(each for each in text.splitlines() if each.startswith("management_port"))
        config.write_text(text.replace(line, f"management_port = {port}"))
        result = _run("emulators.dsp", "--config", str(config))
        assert result.returncode == 2
        where = f"cannot listen on 127.0.0.1:{port}: Address already in use"
        assert result.stderr.strip() == f"emulators.dsp: listen.management_port: {where}"


def _without(field: str) -> Callable[[str], str]:
    return lambda text: "\n".join(line for line in text.splitlines() if not line.startswith(field))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "x" + text.replace("=", ""), "not valid TOML"),
        (_without("port"), "listen.port: Field required"),
        (_without("database"), "database: Field required"),
        (
            lambda text: text.replace("management_port", "managment_port"),
            "listen.managment_port: Extra inputs",
        ),
        (lambda text: text.replace("dsp.key", "nowhere.key"), "transport.private_key: no such file"),
        (lambda text: text.replace("tls/dsp.key", "tls/inbox.key"), "transport.private_key"),
        (lambda text: text.replace('pki = "pki"', 'pki = "tls"'), "pki: no manifest.json"),
        (lambda text: text.replace("sqlite://", "sqlite3://"), "database: "),
        (lambda text: text.replace("deviations = []", 'deviations = ["perfect"]'), "no deviation 'perfect'"),
    ],
)
def test_a_configuration_that_cannot_be_used(prepared: Path, change: Callable[[str], str], says: str) -> None:
    config = prepared / "changed.toml"
    config.write_text(change((prepared / "dsp.toml").read_text()))
    result = _run("emulators.dsp", "--config", str(config))
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    result = _run("emulators.s1sp", "--config", str(tmp_path / "none.toml"))
    assert (result.returncode, result.stdout) == (2, "")
    assert "none.toml: cannot be read" in result.stderr


def test_an_unknown_deviation(tmp_path: Path) -> None:
    result = _run("emulators.up", "--state", str(tmp_path / "state"), "--deviation", "perfect")
    assert result.returncode == 2
    assert "no deviation 'perfect'; there are: dsp-keeps-rdp-check" in result.stderr


def test_a_standard_input_that_cannot_close(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "emulators.up", "--state", str(tmp_path), "--until-stdin-closes"]
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
    )
    assert result.returncode == 2
    assert "the standard input is no pipe" in result.stderr


def test_an_emulator_that_dies_ends_the_others(tmp_path: Path) -> None:
    emulators = Emulators(tmp_path / "state", ["--plain-http"]).start()
    assert emulators.process is not None
    children = _children(emulators.process.pid)
    assert len(children) == 4
    os.kill(children[0], signal.SIGKILL)
    assert emulators.process.wait(timeout=10) == 1
    assert not any(_runs(each) for each in children)


def test_killing_the_launcher_ends_the_emulators(tmp_path: Path) -> None:
    emulators = Emulators(tmp_path / "state", ["--plain-http"]).start()
    assert emulators.process is not None
    children = _children(emulators.process.pid)
    url = f"{emulators.target['dsp']['management']}/health"
    assert requests.get(url, timeout=5).ok
    emulators.process.kill()
    emulators.process.wait()
    deadline = time.monotonic() + 10
    while any(_runs(each) for each in children):
        assert time.monotonic() < deadline


def test_sigterm_is_an_orderly_end(tmp_path: Path) -> None:
    emulators = Emulators(tmp_path / "state", ["--plain-http"]).start()
    assert emulators.process is not None
    emulators.process.terminate()
    assert emulators.process.wait(timeout=10) == 0


def _children(process_id: int) -> list[int]:
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [int(each) for each in text.split()]


def _runs(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_main_estate_survives_a_restart_and_follows_its_options(tmp_path: Path) -> None:
    def deviations(*arguments: str) -> list[str]:
        emulators = Emulators(tmp_path / "state", ["--plain-http", *arguments]).start()
        url = f"{emulators.target['dsp']['management']}/estates/main"
        found: list[str] = requests.get(url, timeout=5).json()["deviations"]
        assert requests.patch(url, json={"deviations": ["dsp-accepts-unsigned"]}, timeout=5).ok
        assert emulators.stop() == 0
        return found

    assert deviations() == []
    assert deviations() == ["dsp-accepts-unsigned"]
    assert deviations("--deviation", "dsp-keeps-rdp-check") == ["dsp-keeps-rdp-check"]
