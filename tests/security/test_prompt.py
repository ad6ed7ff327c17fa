"""A run whose keys are opened on the terminal: the workers and the inbox learn the passphrases too."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
from pathlib import Path

from tests.emulators.running import Emulators
from tests.security.secrets_search import CommandLines, files_under, found, traces_of_passphrase
from tests.target.encrypted import encrypt

SECRET = "typed once 4 each key"
KEYS = ("parties/ed-north/xmlsign.key", "tls/inbox.key")


def test_what_is_typed_reaches_the_workers_and_the_inbox(emulators: Emulators, tmp_path: Path) -> None:
    text = (emulators.state / "target.toml").read_text().replace('"pki/', f'"{emulators.state}/pki/')
    for number, name in enumerate(KEYS):
        plain = emulators.state / "pki" / name
        text = text.replace(str(plain), str(encrypt(plain, SECRET, tmp_path / f"{number}.pem")))
    (tmp_path / "target.toml").write_text(text)
    with CommandLines() as command_lines:
        shown, code = _run_on_a_terminal(tmp_path)
    assert code == 0, shown.decode()
    assert len(re.findall(rb"Passphrase of", shown)) == len(KEYS)
    places = [
        ("the terminal", shown),
        *files_under(tmp_path),
        *((f"the command line {line!r}", line) for line in command_lines.seen),
    ]
    assert found({"passphrase": traces_of_passphrase(SECRET)}, places) == []


def _run_on_a_terminal(directory: Path) -> tuple[bytes, int]:
    process, terminal = pty.fork()
    if process == 0:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        os.chdir(directory)
        arguments = ["run", "--target", "target.toml", "--output", "output", "--state-dir", "state"]
        pytest_options = ["-n", "2", "--", "-m", "MP107-T01"]
        os.execv(sys.executable, [sys.executable, "-m", "smets1_conformance", *arguments, *pytest_options])
    shown, asked = b"", 0
    while select.select([terminal], [], [], 120)[0]:
        try:
            octets = os.read(terminal, 4096)
        except OSError:  # Linux: the other end is closed
            break
        if not octets:
            break
        shown += octets
        if shown.count(b"Passphrase of") > asked and shown.endswith(b": "):
            os.write(terminal, SECRET.encode() + b"\n")
            asked += 1
    os.close(terminal)
    return shown, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
