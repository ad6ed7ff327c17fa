"""The inbox of a pooled target: one for all runs and workers, started by the first that needs it."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from target.deadline import Deadline
from target.errors import HarnessError
from target.inbox.config import InboxConfig, Sharing
from target.keys import passphrase_line
from target.private import make_private
from target.process import environment_of_children, python_module
from target.run_lock import locked, open_lock, try_lock

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_READ_OCTETS = 4096


@dataclass(frozen=True)
class InboxStatus:
    """What can be told about a shared inbox.

    Attributes:
        running: Whether it is alive.
        used: Whether a run uses it now.
        port: The port it listens on, or has listened on last.
        pid: Its process id.
    """

    running: bool
    used: bool
    port: int | None
    pid: int | None


@dataclass(frozen=True)
class _Ready:
    port: int
    pid: int
    fingerprint: str


class SharedInbox:
    """The inbox in the site of a pooled target.

    Args:
        config: Its configuration, with `sharing`.

    Attributes:
        port: The port it listens on, once it is used.
    """

    def __init__(self, config: InboxConfig) -> None:
        if config.sharing is None:
            raise ValueError("an inbox that is shared needs InboxConfig.sharing")
        self._config = config
        self._sharing: Sharing = config.sharing
        self._directory = config.ready_file.parent
        self._use: int | None = None
        self.port = config.port

    @property
    def database(self) -> Path:
        """The database a reader opens."""
        return self._config.database

    @property
    def base_url(self) -> str:
        """Where it listens, such as `https://127.0.0.1:8443`."""
        scheme = "http" if self._config.tls is None else "https"
        return f"{scheme}://{self._config.host}:{self.port}"

    def use(self) -> None:
        """Use the inbox from now on, until `release` or the end of this process; start it if there is none.

        Raises:
            HarnessError: It could not start (a busy port, for example), or runs with other settings and is in
                use by another run.
        """
        with locked(self._sharing.start_lock):
            others = self._is_used()
            if self._use is None:
                self._use = open_lock(self._sharing.users_lock)
                fcntl.flock(self._use, fcntl.LOCK_SH)
            try:
                self._make_available(others)
            except BaseException:
                self.release()
                raise

    def ensure(self) -> bool:
        """See that the inbox is alive, or start it again on the same port, with the same database.

        Any process may call this at any time, as often as it likes.

        Returns:
            Whether it had to be started.

        Raises:
            HarnessError: It could not start again.
        """
        if self._is_alive():
            return False
        with locked(self._sharing.start_lock):
            if self._is_alive():
                return True  # somebody else was faster
            ready = self._ready()
            self._start(ready.port if ready is not None else self.port)
            return True

    def release(self) -> None:
        """Use the inbox no more; it lingers, and ends when nobody uses it."""
        if self._use is not None:
            os.close(self._use)
            self._use = None

    def status(self) -> InboxStatus:
        """Whether it runs, and is used."""
        ready, running = self._ready(), self._is_alive()
        return InboxStatus(
            running=running,
            used=self._is_used(),
            port=ready.port if ready is not None else None,
            pid=ready.pid if ready is not None and running else None,
        )

    def stop(self) -> bool:
        """Stop it in good order.

        Returns:
            Whether there was one to stop.

        Raises:
            HarnessError: A run uses it, or it does not end.
        """
        with locked(self._sharing.start_lock):
            if self._is_used():
                raise HarnessError(f"the inbox in {self._directory} is in use by a run; end the run first")
            return self._stop()

    def _make_available(self, others: bool) -> None:
        ready = self._ready()
        if self._is_alive():
            if ready is None:
                ready = self._wait_until_ready()
            if ready.fingerprint == self._config.fingerprint():
                self.port = ready.port
                return
            if others:
                raise HarnessError(
                    f"the inbox in {self._directory} runs with other settings, or other certificates, than "
                    "the target file names now, and another run uses it; wait until that run has ended"
                )
            self._stop()
        elif ready is not None and others:  # it died; the other runs know it by its port
            self._start(ready.port)
            return
        self._start(self._config.port)

    def _start(self, port: int) -> None:
        config = self._config.model_copy(update={"port": port})
        config_file = self._directory / "inbox.json"
        make_private(config_file).write_text(config.model_dump_json(indent=1), "utf-8")
        log = self._directory / "inbox.log"
        command = python_module("target.inbox", "--config", str(config_file), "--passphrases-on-stdin")
        start = log.stat().st_size if log.exists() else 0
        with make_private(log).open("ab") as output:
            # The shell leaves it behind, so that it belongs to no run; its output is ours until it listens.
            launcher = subprocess.Popen(  # noqa: S603  (the command is our own)
                ["/bin/sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
                env=environment_of_children(),
            )
        with launcher:
            assert launcher.stdin is not None
            with suppress(BrokenPipeError), launcher.stdin as standard_input:
                standard_input.write(passphrase_line([config.tls.key] if config.tls is not None else []))
            ended = _wait_for_end(launcher)
        ready = self._ready()
        if not ended or ready is None or not self._is_alive():
            lines = log.read_bytes()[start:].decode("utf-8", "replace").splitlines()
            why = lines[-1] if lines else f"it was not ready within {_START_SECONDS:g} s"
            raise HarnessError(f"the inbox did not start: {why} (log: {log})")
        self.port = ready.port

    def _wait_until_ready(self) -> _Ready:
        """Whoever started it was killed before it listened."""
        limit = Deadline(_START_SECONDS)
        while not limit.passed:
            ready = self._ready()
            if ready is not None:
                return ready
            select.select([], [], [], 0.01)
        raise HarnessError(f"the inbox in {self._directory} was not ready within {_START_SECONDS:g} s")

    def _stop(self) -> bool:
        ready = self._ready()
        if not self._is_alive() or ready is None:
            return False
        os.kill(ready.pid, signal.SIGTERM)
        limit = Deadline(_STOP_SECONDS)
        while self._is_alive():
            if limit.passed:
                raise HarnessError(f"the inbox (process {ready.pid}) did not end in {_STOP_SECONDS:g} s")
            select.select([], [], [], 0.01)
        return True

    def _ready(self) -> _Ready | None:
        try:
            content = json.loads(self._config.ready_file.read_text("utf-8"))
            return _Ready(int(content["port"]), int(content["pid"]), str(content["fingerprint"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise HarnessError(f"{self._config.ready_file} cannot be used ({error}); remove it") from None

    def _is_alive(self) -> bool:
        return _is_locked(self._sharing.server_lock, fcntl.LOCK_SH)

    def _is_used(self) -> bool:
        """Whether anybody uses it; not to be asked by a run that does."""
        return _is_locked(self._sharing.users_lock, fcntl.LOCK_EX)


def _is_locked(path: Path, kind: int) -> bool:
    descriptor = open_lock(path)
    try:
        return not try_lock(descriptor, kind)
    finally:
        os.close(descriptor)


def _wait_for_end(launcher: subprocess.Popen[bytes]) -> bool:
    """Read until the other end is closed: the inbox listens, or has ended."""
    assert launcher.stdout is not None
    limit = Deadline(_START_SECONDS)
    while select.select([launcher.stdout], [], [], limit.remaining)[0]:
        if not os.read(launcher.stdout.fileno(), _READ_OCTETS):
            return True
    return False
