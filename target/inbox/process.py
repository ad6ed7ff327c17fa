"""Starting and stopping the inbox process."""

from __future__ import annotations

import json
from pathlib import Path

from target.errors import HarnessError
from target.inbox.config import InboxConfig
from target.keys import passphrase_line
from target.private import make_private
from target.process import ChildProcess, python_module


class InboxProcess:
    """An inbox in a process of its own; it ends with the process that started it, however that ends.

    Attributes:
        port: The port it listens on; a restart takes the same one.
        pid: Process id.
    """

    def __init__(self, config: InboxConfig, directory: Path, start_seconds: float = 30.0) -> None:
        self._config = config
        self._directory = directory
        self._start_seconds = start_seconds
        self._child: ChildProcess | None = None
        self.port = config.port
        self.pid = 0

    @property
    def database(self) -> Path:
        """The database a reader opens."""
        return self._config.database

    @property
    def base_url(self) -> str:
        """Where it listens, such as `https://127.0.0.1:8443`."""
        scheme = "http" if self._config.tls is None else "https"
        return f"{scheme}://{self._config.host}:{self.port}"

    def start(self) -> None:
        """Start it, on the port of last time, and wait until it listens.

        Raises:
            HarnessError: It could not start; says why (a busy port, for example).
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._config.model_copy(update={"port": self.port})
        config_file = self._directory / "inbox.json"
        make_private(config_file).write_text(config.model_dump_json(indent=1), "utf-8")
        config.ready_file.unlink(missing_ok=True)
        command = python_module(
            "target.inbox", "--config", str(config_file), "--until-stdin-closes", "--passphrases-on-stdin"
        )
        self._child = ChildProcess("the inbox", command, self._directory / "inbox.log")
        self._child.tell(passphrase_line([config.tls.key] if config.tls is not None else []))
        self._child.wait_for_file(config.ready_file, self._start_seconds)
        ready = json.loads(config.ready_file.read_text("utf-8"))
        self.port, self.pid = int(ready["port"]), int(ready["pid"])

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        if self._child is None:
            raise HarnessError("the inbox is not running")
        self._child.kill()

    def close(self) -> None:
        """Stop it in good order."""
        if self._child is not None:
            self._child.close()
            self._child = None
