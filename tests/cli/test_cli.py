"""The command line: help at once, and one message with exit code 2 for what a user gets wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120"}


def call(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "smets1_conformance", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_help_lists_the_commands(tmp_path: Path) -> None:
    answer = call("--help", folder=tmp_path)
    assert answer.returncode == 0
    for command in ("run", "emulate", "sign", "verify", "pki", "report"):
        assert f"\n  {command} " in answer.stdout
    assert "0 conforms, 1 does not conform" in answer.stdout


@pytest.mark.parametrize("command", ["run", "emulate", "sign", "verify", "pki", "report"])
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    answer = call(command, "--help", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "Usage: smets1-conformance" in answer.stdout


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from smets1_conformance.cli import group; group(['--help'], standalone_mode=False); "
        "sys.exit(any(name in sys.modules for name in ('pytest', 'lxml', 'cryptography', 'pydantic')))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True
    )
    assert answer.returncode == 0


def test_hidden_options_are_not_in_the_way(tmp_path: Path) -> None:
    assert "--deviation" not in call("run", "--help", folder=tmp_path).stdout


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nowhere.toml", None, "nowhere.toml: there is no such target file"),
        ("broken.toml", "[dsp\n", "broken.toml"),
        ("empty.toml", "", "empty.toml"),
        ("wrong.toml", "[dsp]\nkind = 1\n", "dsp.kind"),
    ],
    ids=["missing", "not-toml", "empty", "wrong-field"],
)
def test_a_target_file_that_cannot_be_used(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    answer = call("run", "--target", name, folder=tmp_path)
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["run", "--no-such-option"], "No such option"),
        (["run", "--", "--no-such-pytest-option"], "unrecognized arguments"),
        (["report", "--output", "nothing-here"], "no results here"),
        (["emulate", "--deviation", "no-such-deviation"], "no deviation 'no-such-deviation'"),
    ],
    ids=["command", "option", "pytest-option", "no-results", "deviation"],
)
def test_what_a_user_gets_wrong_is_one_message(tmp_path: Path, arguments: list[str], message: str) -> None:
    answer = call(*arguments, folder=tmp_path)
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout


def test_an_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    answer = call("run", "--output", "taken/below", folder=tmp_path)
    assert answer.returncode == 2
    assert "taken" in answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout


def test_nothing_selected_is_incomplete(tmp_path: Path) -> None:
    answer = call("run", "--output", "out", "--", "-k", "no_such_scenario", folder=tmp_path)
    assert answer.returncode == 3, answer.stdout + answer.stderr
    assert "Exit code 3: incomplete" in answer.stdout


def test_emulate_says_where_everything_is_and_stops(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "smets1_conformance", "emulate", "--state", "state", "--plain-http"],
        cwd=tmp_path,
        env=environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        banner = "".join(lines)
        for text in ("DSP ", "S1SP1 ", "S1SP3 ", "/api/v1/serviceS", "state/pki", "state/target.toml"):
            assert text in banner, banner + process.communicate(timeout=20)[1]
    finally:
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        process.wait(timeout=20)
    assert process.returncode == 0
    assert time.monotonic() - started < 20


def test_emulate_names_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = min(taken.getsockname()[1], 65528)
        answer = call("emulate", "--state", "state", "--port", str(port), folder=tmp_path)
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert str(port) in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_a_target_that_cannot_be_reached_is_one_message(tmp_path: Path, processes: tuple[str, ...]) -> None:
    prepared = subprocess.run(
        [sys.executable, "-m", "emulators.up", "--state", "emulators", "--prepare-only"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=True,
    )
    assert prepared.stdout.startswith(b"prepared")
    target = tmp_path / "emulators" / "target.toml"

    answer = call("run", "--target", str(target), *processes, folder=tmp_path)

    assert answer.returncode == 2
    told = answer.stdout + answer.stderr
    message = f"nothing listens there. Start the system under test, or correct dsp.send_command in {target}"
    assert told.count(message) == 1, told
    assert "Traceback" not in told
