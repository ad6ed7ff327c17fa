"""Keys of a target file that are encrypted: where the passphrase comes from, or what is told."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from duis.signature import sign, verify
from duis.smki.testpki import TestPKI
from target import keys
from target.file import TargetFileError, load_target
from target.inbox import InboxConfig, InboxProcess
from target.inbox.config import Sharing
from target.inbox.reader import InboxReader
from target.inbox.shared import SharedInbox
from target.trust import load_trust
from target.users import UserDirectory
from tests.target import messages
from tests.target.encrypted import encrypt, encrypt_every_key

SECRET = "correct horse 7 battery"
FIELD = "service_user[0].signing.key"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test knows what another was told; and there is no terminal."""
    monkeypatch.setattr(keys, "_asked", {})
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115


@pytest.fixture
def encrypted(pki: TestPKI, tmp_path: Path) -> Path:
    return encrypt(pki.party("ed-north").directory / "xmlsign.key", SECRET, tmp_path / "encrypted.key")


def with_key(target_text: str, key: str, env: str | None = None) -> str:
    """The target file with another key for its first service user, ed-north."""
    beside = f', passphrase_env = "{env}"' if env else ""
    return re.sub(r'key = "[^"]*ed-north/xmlsign.key"', f'key = "{key}"{beside}', target_text)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "target.toml"
    path.write_text(text)
    return path


def problem_of(path: Path) -> str:
    """The one problem of a target file, which must be told of the key of its first service user."""
    with pytest.raises(TargetFileError) as caught:
        load_target(path)
    (problem,) = caught.value.problems
    assert problem.field == FIELD
    assert problem.line is not None
    assert SECRET not in str(caught.value)
    return problem.message


@pytest.mark.parametrize(
    ("encoding", "form"),
    [
        (Encoding.PEM, PrivateFormat.PKCS8),
        (Encoding.DER, PrivateFormat.PKCS8),
        (Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
    ],
)
def test_an_encrypted_key_signs_with_the_passphrase_from_the_environment(
    pki: TestPKI,
    target_text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoding: Encoding,
    form: PrivateFormat,
) -> None:
    key = pki.party("ed-north").directory / "xmlsign.key"
    encrypt(key, SECRET, tmp_path / "key", encoding, form)
    monkeypatch.setenv("NORTH", SECRET)
    target = load_target(written(tmp_path, with_key(target_text, "key", "NORTH")))
    trust = load_trust(target.trust.anchors, target.trust.certificates)
    UserDirectory(target, trust)
    signing = target.service_user[0].signing
    identity = keys.signing_identity(signing.certificate, signing.key, signing.passphrase_env)
    assert verify(sign(b"<a><b/></a>", identity), trust).signer == pki.party("ed-north").xmlsign.certificate
    assert SECRET not in repr(target) + repr(identity)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SECRET[:-1], "the passphrase in NORTH (passphrase_env) does not open "),
        (None, "is encrypted, and the environment variable NORTH (passphrase_env) is not set; set it"),
    ],
)
def test_a_passphrase_that_is_wrong_or_missing_is_told(
    target_text: str,
    tmp_path: Path,
    encrypted: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
    words: str,
) -> None:
    if content is not None:
        monkeypatch.setenv("NORTH", content)
    message = problem_of(written(tmp_path, with_key(target_text, str(encrypted), "NORTH")))
    assert words in message
    assert str(encrypted) in message


def test_without_a_terminal_it_is_told_how_to_give_the_passphrase(
    target_text: str, tmp_path: Path, encrypted: Path
) -> None:
    message = problem_of(written(tmp_path, with_key(target_text, str(encrypted))))
    assert "is encrypted, and there is no terminal to ask on; add passphrase_env" in message


def test_a_key_that_only_seems_protected_is_told(
    pki: TestPKI, target_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH", SECRET)
    plain = pki.party("ed-north").directory / "xmlsign.key"
    message = problem_of(written(tmp_path, with_key(target_text, str(plain), "NORTH")))
    assert "is not encrypted, although passphrase_env names NORTH for it" in message


def test_an_encrypted_key_of_another_certificate_is_told(
    pki: TestPKI, target_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH", SECRET)
    other = encrypt(pki.party("ed-south").directory / "xmlsign.key", SECRET, tmp_path / "other.key")
    message = problem_of(written(tmp_path, with_key(target_text, str(other), "NORTH")))
    assert "does not belong to the certificate" in message


def test_a_passphrase_in_the_file_is_refused(target_text: str, tmp_path: Path, encrypted: Path) -> None:
    text = with_key(target_text, str(encrypted)).replace(
        f'key = "{encrypted}"', f'key = "{encrypted}", passphrase = "{SECRET}"'
    )
    with pytest.raises(TargetFileError, match=r"service_user\[0\].signing.passphrase"):
        load_target(written(tmp_path, text))


@pytest.mark.parametrize("kind", ["der key", "der certificate", "token"])
def test_what_tls_cannot_use_is_told(pki: TestPKI, target_text: str, tmp_path: Path, kind: str) -> None:
    files = pki.tls("is-a")
    certificate, key = tmp_path / "certificate", tmp_path / "key"
    for source, copy in ((files.certificate, certificate), (files.key, key)):
        copy.write_bytes(source.read_bytes())
    words, field = {
        "der key": ("is not PEM, which a TLS key must be; convert it: openssl pkey", "dsp.tls.key"),
        "der certificate": ("is not PEM, which a TLS certificate must be", "dsp.tls.certificate"),
        "token": ("cannot serve TLS, only signing; name a PEM file", "dsp.tls.key"),
    }[kind]
    if kind == "der key":
        _to_der(key)
    elif kind == "der certificate":
        _to_der(certificate)
    named = "pkcs11:token=t;object=o?module-path=/m.so" if kind == "token" else str(key)
    text = target_text.replace(str(files.certificate), str(certificate)).replace(str(files.key), named)
    with pytest.raises(TargetFileError) as caught:
        load_target(written(tmp_path, text))
    (problem,) = caught.value.problems
    assert problem.field == field
    assert words in problem.message


def _to_der(file: Path) -> None:
    lines = file.read_text().splitlines()
    file.write_bytes(base64.b64decode("".join(line for line in lines if not line.startswith("-"))))


class TestOnATerminal:
    """What a person sees who is asked."""

    PROGRAM = (
        "import sys; from pathlib import Path; from target import keys; from target.file import load_target\n"
        "for _ in range(2): target = load_target(Path(sys.argv[1]))\n"
        "print('known:', len(keys.collected_passphrases()), flush=True)\n"
    )

    def run(self, target: Path, answers: list[str]) -> tuple[str, int]:
        """Run the program on a terminal; returns what it shows, and its exit code."""
        process, terminal = pty.fork()
        if process == 0:
            os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
            os.execv(sys.executable, [sys.executable, "-c", self.PROGRAM, str(target)])
        shown = b""
        asked = 0
        while True:
            if not select.select([terminal], [], [], 30)[0]:
                os.kill(process, signal.SIGKILL)
                break
            try:
                octets = os.read(terminal, 4096)
            except OSError:  # Linux: the other end is closed
                break
            if not octets:
                break
            shown += octets
            while asked < len(answers) and shown.count(b"Passphrase of") > asked and shown.endswith(b": "):
                os.write(terminal, answers[asked].encode() + b"\n")
                asked += 1
        os.close(terminal)
        return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def test_it_asks_once_for_each_key_and_shows_nothing_of_it(
        self, target_text: str, tmp_path: Path, encrypted: Path
    ) -> None:
        path = written(tmp_path, with_key(target_text, str(encrypted)))
        shown, code = self.run(path, [SECRET])
        assert f"Passphrase of {encrypted}" in shown
        assert (shown.count("Passphrase of"), code) == (1, 0)
        assert "known: 1" in shown
        assert SECRET not in shown

    def test_it_asks_again_after_a_slip(self, target_text: str, tmp_path: Path, encrypted: Path) -> None:
        path = written(tmp_path, with_key(target_text, str(encrypted), "NOT_SET"))
        shown, code = self.run(path, ["slip", SECRET])
        assert (shown.count("Passphrase of"), code) == (2, 0)

    def test_it_gives_up_after_three(self, target_text: str, tmp_path: Path, encrypted: Path) -> None:
        path = written(tmp_path, with_key(target_text, str(encrypted)))
        shown, code = self.run(path, ["one", "two", "three", "four"])
        assert shown.count("Passphrase of") == 3
        assert f"no passphrase given opens {encrypted}" in shown.replace("\r\n", "")
        assert code == 1


def test_what_was_asked_for_reaches_other_processes(
    target_text: str, tmp_path: Path, encrypted: Path
) -> None:
    path = written(tmp_path, with_key(target_text, str(encrypted)))
    keys.provide({str(encrypted.resolve()): SECRET})
    load_target(path)
    assert keys.collected_passphrases() == {str(encrypted.resolve()): SECRET}
    program = (
        "import sys; from pathlib import Path; from target import keys; from target.file import load_target\n"
        "keys.read_passphrase_line(0)\n"
        "load_target(Path(sys.argv[1])); print(sys.stdin.read())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        input=keys.passphrase_line([encrypted]) + b"what follows",
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"what follows\n", b"")


def test_a_process_is_told_only_what_it_needs() -> None:
    keys.provide({"/keys/mine": "one", "/keys/other": "two"})
    assert json.loads(keys.passphrase_line([Path("/keys/mine"), Path("/keys/unknown")])) == {
        "/keys/mine": "one"
    }


@pytest.mark.parametrize("source", ["environment", "standard input"])
def test_tls_with_encrypted_keys_at_both_ends(
    pki: TestPKI, target_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """The inbox serves with an encrypted key, and our client shows itself with one."""
    from target.file_keys import TLSFiles
    from target.gateway import open_session

    passphrases: dict[str, str] = {}
    text = encrypt_every_key(target_text, tmp_path, tmp_path, passphrases)
    given: Mapping[str, str] = passphrases
    if source == "standard input":
        text = re.sub(r'(, |\n)passphrase_env = "\w+"', "", text)
        keys.provide({str((tmp_path / f"{name}.pem").resolve()): secret for name, secret in given.items()})
    else:
        for name, secret in given.items():
            monkeypatch.setenv(name, secret)
    target = load_target(written(tmp_path, text))
    config = InboxConfig.of(target, tmp_path / "inbox")
    process = InboxProcess(config, tmp_path / "inbox")
    process.start()
    try:
        assert target.dsp.tls is not None
        about = messages.request_id(pki, 1)
        url = f"{process.base_url}/main/ed-north/smartdcc/duis"
        with open_session(target.dsp.tls) as session:
            answer = session.post(
                url,
                data=messages.result(pki, about),
                headers={"Content-Type": "application/xml"},
                timeout=10,
            )
        assert answer.status_code == 204
        assert isinstance(target.dsp.tls, TLSFiles)
        command = Path(f"/proc/{process.pid}/cmdline")
        if command.exists():
            assert not any(secret.encode() in command.read_bytes() for secret in given.values())
    finally:
        process.close()
    reader = InboxReader(config.database, load_trust(config.anchors, config.certificates))
    assert [message.request_id for message in reader.messages("main/ed-north")] == [about]
    for file in (tmp_path / "inbox").iterdir():
        assert not any(secret.encode() in file.read_bytes() for secret in given.values()), file


def test_an_inbox_that_runs_share_learns_what_was_typed(
    pki: TestPKI, target_text: str, tmp_path: Path
) -> None:
    key = encrypt(pki.tls("inbox").key, SECRET, tmp_path / "inbox.pem")
    keys.provide({str(key.resolve()): SECRET})
    path = written(tmp_path, target_text.replace(str(pki.tls("inbox").key), str(key)))
    (tmp_path / "site").mkdir()
    sharing = Sharing(
        users_lock=tmp_path / "site/users.lock",
        server_lock=tmp_path / "site/server.lock",
        start_lock=tmp_path / "site/start.lock",
        linger=0.1,
    )
    config = InboxConfig.of(load_target(path), tmp_path / "site").model_copy(update={"sharing": sharing})
    inbox = SharedInbox(config)
    inbox.use()
    try:
        assert inbox.status().running
    finally:
        inbox.release()
        inbox.stop()
    assert all(SECRET.encode() not in file.read_bytes() for file in (tmp_path / "site").iterdir())


def test_a_process_of_ours_leaves_no_core_file(tmp_path: Path) -> None:
    program = (
        "import os, resource; from target.process import no_core_files\n"
        "_, most = resource.getrlimit(resource.RLIMIT_CORE)\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (most, most))\n"
        "no_core_files(); print(resource.getrlimit(resource.RLIMIT_CORE), flush=True); os.abort()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (-signal.SIGABRT, b"(0, 0)\n")
    assert list(tmp_path.iterdir()) == []
