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

from reports.results import RunInformation, ScenarioResult, read_results
from target.deadline import Deadline

ROOT = Path(__file__).parents[2]


class Run:
    """One call of `smets1-conformance run`."""

    def __init__(self, output: Path, *arguments: str) -> None:
        self.output = output
        self.log = output.with_name(f"{output.name}.log")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "smets1_conformance", "run", "--output", str(output), *arguments],
                cwd=output.parent,
                env=kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, holds: Callable[[], bool], seconds: float = 120.0) -> None:
        """Wait until something holds, while the run goes on."""
        limit = Deadline(seconds)
        while not holds():
            assert self.process.poll() is None, self.text
            assert not limit.passed, self.text

    def kill(self) -> None:
        """`kill -9`: of this process alone; what it has started finds out by itself."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def interrupt(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def end(self, seconds: float = 300.0) -> int:
        """Wait for the end; return the exit code."""
        return self.process.wait(seconds)

    @property
    def text(self) -> str:
        """What it has printed."""
        return self.log.read_text("utf-8", "replace")

    @property
    def lines(self) -> int:
        """How many results have been written."""
        with suppress(FileNotFoundError):
            return (self.output / "results.jsonl").read_bytes().count(b"\n")
        return 0


def results_of(output: Path) -> tuple[RunInformation, list[ScenarioResult]]:
    """What a run has left behind."""
    return read_results(output)


def resume_file(output: Path) -> dict[str, object]:
    """The record of the run in its folder for results."""
    content: dict[str, object] = json.loads((output / "resume.json").read_text())
    return content
