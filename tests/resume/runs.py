"""Runs of the command in processes of their own, which a test can kill at a moment it chooses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reports.results import ScenarioResult
from reports.results_folder import read_results
from reports.run_information import RunInformation
from target.deadline import Deadline

ROOT = Path(__file__).parents[2]
_PAUSE_SECONDS = 0.01


class Run:
    """One call of `smets1-conformance run`."""

    def __init__(self, output: Path, *arguments: str) -> None:
        self.output = output
        self.log = output.with_name(f"{output.name}.log")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        with self.log.open("ab") as log:
            self._begins_at = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "smets1_conformance", "run", "--output", str(output), *arguments],
                cwd=output.parent,
                env=kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def reaches(self, holds: Callable[[], bool], seconds: float = 120.0) -> bool:
        """Wait until something holds, while the run goes on; whether it does before the run has ended."""
        limit = Deadline(seconds)
        while not holds():
            assert not limit.passed, self.text
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_PAUSE_SECONDS)
                return False
        return True

    def wait_until(self, holds: Callable[[], bool], seconds: float = 120.0) -> None:
        """Wait until something holds, while the run goes on."""
        assert self.reaches(holds, seconds), self.text

    def kill(self) -> None:
        """`kill -9`: of this process alone; what it has started finds out by itself."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kill_with_workers(self) -> None:
        """`kill -9` of the whole process group."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def interrupt(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def end(self, seconds: float = 300.0) -> int:
        """Wait for the end; return the exit code."""
        return self.process.wait(seconds)

    @property
    def workers(self) -> list[int]:
        """The processes of pytest-xdist, which carry the scenarios out."""
        return [pid for pid in children(self.process.pid) if "import sys;exec(eval(" in _command(pid)]

    @property
    def text(self) -> str:
        """What it has printed."""
        return self.log.read_bytes()[self._begins_at :].decode("utf-8", "replace")

    @property
    def lines(self) -> int:
        """How many results have been written."""
        with suppress(FileNotFoundError):
            return (self.output / "results.jsonl").read_bytes().count(b"\n")
        return 0


def children(parent: int) -> list[int]:
    """The processes that a process has started [proc(5)]."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return sorted(found)


def runs(pid: int) -> bool:
    """Whether a process is there, and has not ended without being waited for."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    return ""


def results_of(output: Path) -> tuple[RunInformation, list[ScenarioResult]]:
    """What a run has left behind."""
    return read_results(output)


def resume_file(output: Path) -> dict[str, object]:
    """The record of the run in its folder for results."""
    content: dict[str, object] = json.loads((output / "resume.json").read_text())
    return content
