"""Processes the harness starts: they end with it, however it ends, because their standard input closes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from target.deadline import Deadline
from target.errors import HarnessError
from target.private import make_private

_POLL_SECONDS = 0.01


def _project_directory() -> str:
    """Where our packages lie: a child finds them even when they are not installed."""
    return str(Path(__file__).resolve().parent.parent)


def environment_of_children() -> dict[str, str]:
    """The environment in which a process of ours finds our packages."""
    paths = [_project_directory(), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def no_core_files() -> None:
    """Have neither this process nor those it starts leave a core file: it would hold keys and passphrases."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class ChildProcess:
    """A process that is stopped by closing its standard input.

    Args:
        name: What it is, for messages: "the inbox".
        command: Its command line.
        log: Where its output goes.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self._name = name
        self._log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        with make_private(log).open("ab") as output:
            # A session of its own, so that Ctrl-C reaches only the harness, which stops it in good order.
            self._process = subprocess.Popen(  # noqa: S603  (the command is our own)
                list(command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment_of_children(),
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def tell(self, octets: bytes) -> None:
        """Write to its standard input; one that has ended hears nothing, and `wait_for_file` will say so."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(octets)
            self._process.stdin.flush()

    def output(self) -> str:
        """What it has written since it was started."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")

    def wait_for_file(self, path: Path, seconds: float, tell: Callable[[str], None] | None = None) -> None:
        """Wait until a file appears.

        Args:
            path: The file.
            seconds: How long to wait.
            tell: Called with each new line of output, for progress.

        Raises:
            HarnessError: The process ended, or the time is up.
        """
        limit = Deadline(seconds)
        told = 0
        while not path.exists():
            ended = not self.running
            lines = self.output().splitlines()
            if tell is not None:
                for line in lines[told:]:
                    tell(line)
                told = len(lines)
            if ended:
                last = lines[-1] if lines else f"exit code {self._process.returncode}"
                raise HarnessError(f"{self._name} did not start: {last} (log: {self._log})")
            if limit.passed:
                self.close()
                raise HarnessError(f"{self._name} was not ready within {seconds:g} s (log: {self._log})")
            time.sleep(_POLL_SECONDS)

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def close(self, seconds: float = 10.0) -> None:
        """Close its standard input and wait; insist with SIGTERM, then SIGKILL."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        for insist in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                insist()
            else:
                return
        self._process.wait()


def python_module(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]
