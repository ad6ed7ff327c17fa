"""Private keys and passphrases stay secret: all that a run prints, writes and starts is searched for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulators.running import Emulators
from tests.security.secrets_search import (
    CommandLines,
    files_under,
    found,
    traces_of_key,
    traces_of_passphrase,
)
from tests.target.encrypted import encrypt_every_key

SCENARIOS = "MP107-T01 or MP107-T02"


@pytest.fixture(scope="module")
def passphrases() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def secrets(emulators: Emulators, passphrases: dict[str, str], target: Path) -> dict[str, dict[str, bytes]]:
    """Every private key of the test PKI, and every passphrase."""
    pki = emulators.state / "pki"
    keys = {str(key.relative_to(pki)): traces_of_key(key) for key in sorted(pki.rglob("*.key"))}
    assert len(keys) > 50
    return keys | {name: traces_of_passphrase(secret) for name, secret in passphrases.items()}


@pytest.fixture(scope="module")
def target(
    emulators: Emulators, passphrases: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The target file of the emulators, with every key encrypted."""
    directory = tmp_path_factory.mktemp("target")
    text = (emulators.state / "target.toml").read_text()
    for relative in ('"pki/', "'pki/"):
        text = text.replace(relative, f"{relative[0]}{emulators.state}/pki/")
    keys = directory / "keys"
    keys.mkdir()
    text = encrypt_every_key(text, emulators.state, keys, passphrases)
    (directory / "target.toml").write_text(text)
    return directory / "target.toml"


def run(
    target: Path, directory: Path, environment: dict[str, str], *options: str
) -> subprocess.CompletedProcess[bytes]:
    arguments = ["--target", str(target), "--output", str(directory / "output")]
    arguments += ["--state-dir", str(directory / "state"), *options]
    paths = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, "-m", "smets1_conformance", "run", *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def test_a_run_with_encrypted_keys_shows_no_key_and_no_passphrase(
    emulators: Emulators,
    target: Path,
    secrets: dict[str, dict[str, bytes]],
    passphrases: dict[str, str],
    tmp_path: Path,
) -> None:
    with CommandLines() as command_lines:
        done = run(target, tmp_path, passphrases, "-n", "2", "--", "-v", "-m", SCENARIOS)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    places = [
        ("standard output", done.stdout),
        ("standard error", done.stderr),
        ("the target file", target.read_bytes()),
        *files_under(tmp_path, emulators.state),
        *((f"the command line {line!r}", line) for line in command_lines.seen),
    ]
    # The search looks through what the run has left behind: what is no secret is found there.
    signer = emulators.pki().party("dsp").xmlsign.certificate
    known = found({"serial": {"decimal": str(signer.serial).encode()}}, places)
    for directory in ("output/evidence", "output/allure-results", "state/inbox.sqlite"):
        assert any(str(tmp_path / directory) in place for place in known), directory
    if Path("/proc/self/cmdline").exists():
        assert any(b"target.inbox" in line for line in command_lines.seen)
    assert found(secrets, places) == []


def test_a_run_that_cannot_open_its_keys_shows_none_of_them_either(
    target: Path, secrets: dict[str, dict[str, bytes]], passphrases: dict[str, str], tmp_path: Path
) -> None:
    wrong = {name: f"{secret}-mistyped" for name, secret in passphrases.items()}
    done = run(target, tmp_path, wrong)
    assert done.returncode == 2
    assert b"(passphrase_env) does not open" in done.stderr
    printed = [("standard output", done.stdout), ("standard error", done.stderr), *files_under(tmp_path)]
    assert found(secrets, printed) == []


def test_the_search_finds_a_key_in_every_form(secrets: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    name = "parties/ed-north/xmlsign.key"
    for number, trace in enumerate(secrets[name].values()):
        (tmp_path / f"{number}.log").write_bytes(b"before " + trace + b" after")
    assert len(found({name: secrets[name]}, files_under(tmp_path))) >= len(secrets[name])
