"""A DSP, three S1SPs and an inbox, each a process that can be killed and started again by itself."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from target.deadline import Deadline
from target.file import TargetFile, load_target
from target.inbox import InboxConfig, InboxProcess
from target.process import ChildProcess, python_module
from target.session import TargetSession
from target.session_file import SessionFile

EMULATORS = ("dsp", "s1sp1", "s1sp2", "s1sp3")
COMPONENTS = (*EMULATORS, "inbox")


class Rig:
    """The processes, and a session attached to them."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._emulators = state / "emulators"
        command = python_module("emulators.up", "--state", str(self._emulators), "--prepare-only")
        subprocess.run(command, check=True, capture_output=True)
        self.prepared(self._emulators)
        self._children: dict[str, ChildProcess] = {}
        self.target: TargetFile = load_target(self._emulators / "target.toml")
        self._inbox = InboxProcess(InboxConfig.of(self.target, state), state)
        for name in COMPONENTS:
            self.start(name)
        self.wait_until_all_answer()
        SessionFile(
            target_file=self.target.path,
            inbox_database=self._inbox.database,
            inbox_port=self._inbox.port,
            callback_url=self._inbox.base_url,
            counters=state / "counters.sqlite",
            bundled=True,
        ).write(state)
        self.session = TargetSession.attach(state)

    def prepared(self, emulators: Path) -> None:
        """Change the configurations in this folder before anything starts; nothing is changed here."""

    def start(self, name: str) -> None:
        """Start a component; an emulator may take a moment until it answers."""
        if name == "inbox":
            self._inbox.start()
            return
        module = "emulators.dsp" if name == "dsp" else "emulators.s1sp"
        config = self._emulators / f"{name}.toml"
        command = python_module(module, "--config", str(config), "--until-stdin-closes")
        self._children[name] = ChildProcess(name, command, self.state / f"{name}.log")

    def kill(self, name: str) -> None:
        """`kill -9`."""
        if name == "inbox":
            self._inbox.kill()
        else:
            self._children[name].kill()

    def wait_until_all_answer(self) -> None:
        """Wait until every emulator listens."""
        ports = json.loads((self._emulators / "ports.json").read_text())
        limit = Deadline(30)
        for name in EMULATORS:
            while not _listens(ports[name][1]):
                assert not limit.passed, f"{name} does not answer: {self._children[name].output()}"
                assert self._children[name].running, f"{name} ended: {self._children[name].output()}"

    def slot_changes(self) -> list[tuple[str, str, str, str]]:
        """What the S1SPs applied: RequestID, device, slot before and after, in the order it happened."""
        rows: list[tuple[str, str, str, str]] = []
        for name in EMULATORS[1:]:
            database = f"file:{self._emulators / name}.sqlite?mode=ro"
            with closing(sqlite3.connect(database, uri=True)) as connection:
                rows += connection.execute(
                    "SELECT request_id, device_id, before, after FROM slot_changes ORDER BY changed_at, rowid"
                ).fetchall()
        return rows

    def close(self) -> None:
        """Stop everything."""
        self.session.close()
        for child in self._children.values():
            child.close()
        self._inbox.close()


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
