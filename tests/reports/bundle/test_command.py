"""``smets1-conformance evidence bundle`` and ``verify``, as a user calls them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from smets1_conformance.commands.evidence import evidence
from tests.reports.bundle.conftest import Folder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(evidence, [str(argument) for argument in arguments])


@pytest.fixture
def board(folder: Folder) -> Path:
    """A folder with the keys of whoever signs."""
    private = ec.generate_private_key(ec.SECP256R1())
    for name, encryption in (
        ("plain", NoEncryption()),
        ("encrypted", BestAvailableEncryption(b"pass phrase")),
    ):
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        (folder.folder / f"{name}.key").write_bytes(pem)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder.folder / "board.pem").write_bytes(public)
    return folder.folder


def bundled(folder: Folder, *options: object) -> tuple[Path, Result]:
    path = folder.folder / "sit-a.zip"
    return path, call("bundle", "--output", folder.results, "--to", path, *options)


def test_a_bundle_signed_with_a_key_is_whole_for_that_key(
    folder: Folder, board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARD", "pass phrase")
    path, answer = bundled(folder, "--key", board / "encrypted.key", "--key-passphrase-env", "BOARD")
    assert answer.exit_code == 0, answer.output
    assert "throw-away" not in answer.output
    verified = call("verify", path, "--public-key", board / "board.pem")
    assert verified.exit_code == 0, verified.output
    assert f"{path} is whole: " in verified.output
    assert "This is the key that was given" in verified.output
    assert "pass phrase" not in answer.output


def test_a_throw_away_key_is_told_with_its_fingerprint(folder: Folder) -> None:
    path, answer = bundled(folder)
    assert answer.exit_code == 0, answer.output
    assert "A throw-away key: it does not say who signed" in answer.output
    fingerprint = answer.output.partition("SHA-256 ")[2].partition("\n")[0]
    verified = call("verify", path)
    assert verified.exit_code == 0
    assert f"SHA-256 of the key {fingerprint}" in verified.output
    assert "who signed is not known" in verified.output


def test_an_altered_bundle_and_one_of_another_key_have_exit_code_1(folder: Folder, board: Path) -> None:
    path, _ = bundled(folder)
    stranger = call("verify", path, "--public-key", board / "board.pem")
    assert (stranger.exit_code, "made with another key" in stranger.output) == (1, True)
    path.write_bytes(path.read_bytes() + b"\n")
    altered = call("verify", path)
    assert altered.exit_code == 1
    assert f"{path} is NOT as it was signed\n  container  1 octet added after the end" in altered.output


def test_a_file_that_is_there_is_not_replaced_unasked(folder: Folder) -> None:
    path, _ = bundled(folder)
    before = hashlib.sha256(path.read_bytes()).digest()
    _, answer = bundled(folder)
    assert (answer.exit_code, "is there already" in answer.output) == (2, True)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert bundled(folder, "--force")[1].exit_code == 0


def test_a_run_that_was_killed_is_bundled_with_a_report_and_called_incomplete(folder: Folder) -> None:
    (folder.results / "completion-report.html").unlink()
    folder.run.finished = ""
    folder.write_run()
    path, answer = bundled(folder)
    assert answer.exit_code == 0, answer.output
    assert "incomplete: the run was killed, or is still at work" in answer.output
    assert "incomplete: the run was killed" in call("verify", path).output
    assert (folder.results / "completion-report.html").is_file()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--key", "{}/none.key"], "none.key: No such file or directory; correct the path"),
        (["--key", "{}/board.pem"], "board.pem: not a PEM or DER PKCS#8 private key"),
        (["--key", "{}/encrypted.key"], "name that with --key-passphrase-env"),
        (
            ["--key", "{}/encrypted.key", "--key-passphrase-env", "UNSET"],
            "UNSET (--key-passphrase-env) is not set",
        ),
        (["--key", "{}/encrypted.key", "--key-passphrase-env", "WRONG"], "the passphrase in WRONG"),
        (["--key", "{}/plain.key", "--key-passphrase-env", "WRONG"], "plain.key is not encrypted"),
        (
            ["--key", "{}/plain.key", "--certificate", "{}/board.pem"],
            "board.pem: it holds no X.509 certificate",
        ),
        (["--certificate", "{}/board.pem"], "--certificate belongs to a key; name its file with --key"),
        (["--target", "{}/board.pem"], "board.pem: not a target file, which is TOML"),
        (["--output", "{}/nowhere"], "no results here; run the features first"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_mend(
    folder: Folder, board: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], text: str
) -> None:
    monkeypatch.setenv("WRONG", "not the pass phrase")
    path, answer = bundled(folder, *(option.format(board) for option in options))
    assert answer.exit_code == 2, answer.output
    assert text in answer.output
    assert "not the pass phrase" not in answer.output
    assert not path.exists()


def test_verify_says_what_is_no_bundle_and_what_is_no_key(folder: Folder, board: Path) -> None:
    path, _ = bundled(folder)
    for arguments, text in (
        ([board / "none.zip"], "there is no such file"),
        ([board / "board.pem"], "this is no evidence bundle"),
        ([path, "--public-key", path], "it holds no public key"),
        ([path, "--public-key", path, "--certificate", path], "give one of them"),
    ):
        answer = call("verify", *arguments)
        assert (answer.exit_code, text in answer.output) == (2, True), answer.output


def resume_record(folder: Folder, target: Path) -> None:
    """How a run with a target file was called."""
    record = {
        "run_id": "r1",
        "arguments": [],
        "folder": str(folder.folder),
        "output": str(folder.results),
        "target_file": str(target),
        "target_digest": hashlib.sha256(target.read_bytes()).hexdigest(),
        "directory": str(folder.folder),
        "started": "2026-11-20T10:00:00Z",
    }
    (folder.results / "resume.json").write_text(json.dumps(record))


def test_the_target_file_of_the_run_is_found_and_must_not_have_changed(folder: Folder) -> None:
    target = folder.folder / "sit-a.toml"
    target.write_text('name = "SIT-A"\n')
    resume_record(folder, target)
    path, answer = bundled(folder)
    assert answer.exit_code == 0, answer.output
    assert "no target file" not in answer.output
    assert b"target.json" in path.read_bytes()
    target.write_text('name = "SIT-B"\n')
    _, refused = bundled(folder, "--force")
    assert (refused.exit_code, "has changed since the run was started" in refused.output) == (2, True)
    _, named = bundled(folder, "--force", "--target", target)
    assert named.exit_code == 0
    assert "is not the target file as it was when the run was started" in named.output
