"""Private keys and passphrases stay secret: all that a run prints, writes and starts is searched for them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
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
from tests.target.encrypted import encrypt, encrypt_every_key

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
    return call(directory, environment, "run", *arguments)


def call(directory: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    paths = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, "-m", "smets1_conformance", *arguments],
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


def test_no_report_of_a_run_that_fails_shows_a_secret(
    emulators: Emulators,
    target: Path,
    secrets: dict[str, dict[str, bytes]],
    passphrases: dict[str, str],
    tmp_path: Path,
) -> None:
    """All that is made of a run: reports, exports, what a CI system is told, bundle, comparison."""
    tokens = {
        "GITHUB_TOKEN": "ghs_Ahd7Kq0vXwTn",
        "CI_JOB_TOKEN": "glcbt-64_Ybq9",
        "SIGNING": "the key that signs",
    }
    signing = encrypt(
        next(emulators.state.rglob("ed-north/xmlsign.key")), tokens["SIGNING"], tmp_path / "sign.key"
    )
    told_to_github = tmp_path / "step-summary.md"
    environment = passphrases | tokens
    environment |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(told_to_github)}
    done = [
        run(target, tmp_path, environment, "--deviation", "dsp-keeps-rdp-check", "--", "-m", "MP107-T01"),
        call(tmp_path, environment, "report", "--output", "output", "--without-allure"),
        call(
            *(tmp_path, environment, "evidence", "bundle", "--output", "output", "--to", "evidence.zip"),
            *("--key", str(signing), "--key-passphrase-env", "SIGNING"),
        ),
        call(tmp_path, environment, "evidence", "verify", "evidence.zip"),
        call(tmp_path, environment, "compare", "output", "evidence.zip", "--html", "comparison.html"),
    ]
    assert [each.returncode for each in done] == [1, 0, 0, 0, 0], [each.stderr.decode() for each in done]
    with zipfile.ZipFile(tmp_path / "evidence.zip") as bundle:
        bundled = [(f"evidence.zip: {name}", bundle.read(name)) for name in bundle.namelist()]
    places = [
        *((f"standard output {number}", each.stdout) for number, each in enumerate(done)),
        *((f"standard error {number}", each.stderr) for number, each in enumerate(done)),
        *files_under(tmp_path, emulators.state),
        *bundled,
    ]
    names = {place.rpartition("/")[2] for place, _ in places}
    made = {"completion-report.html", "junit.xml", "cucumber.json", "step-summary.md", "comparison.html"}
    assert made <= names
    assert any("target" in name for name, _ in bundled)
    wanted = secrets | {name: traces_of_passphrase(token) for name, token in tokens.items()}
    assert found(wanted, places) == []


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
