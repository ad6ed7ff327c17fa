"""Emulators that a run starts itself, beside the endpoints of a mixed target."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from target.component_files import ComponentFolder, emulated_components
from target.deadline import Deadline
from target.errors import HarnessError
from target.file import DSP_COMPONENT, TargetFile
from target.file_sections import EmulatorSection
from target.gateway import MAIN_ESTATE
from target.process import ChildProcess, python_module

_START_SECONDS = 30.0
_POLL_SECONDS = 0.02


class Components:
    """The emulators of a mixed target, each a process of its own; they end with the run, however it ends.

    Their databases stay, so that a resumed run finds what was under way.

    Args:
        target: The target file.
        directory: Where their folders are, one a component.
    """

    def __init__(self, target: TargetFile, directory: Path) -> None:
        self._target = target
        self._directory = directory
        self._cleanup = ExitStack()

    def start(self, callback_url: str, progress: Callable[[str], None]) -> None:
        """Start them, and wait until each answers.

        Args:
            callback_url: Base URL of the inbox.
            progress: Called with a line for each that is started.

        Raises:
            HarnessError: One cannot start, or another run uses them; says why.
        """
        sections = emulated_components(self._target)
        if not sections:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold()
        suffix = self._target.callback.path_suffix
        callbacks = {
            user.user_id: f"{callback_url}/{MAIN_ESTATE}/{user.name}{suffix}"
            for user in self._target.service_user
        }
        children = {}
        for component, section in sections.items():
            progress(f"starting the emulator of {component}")
            folder = ComponentFolder(self._target, component, section, self._directory / component.lower())
            folder.write(callbacks)
            module = "emulators.dsp" if component == DSP_COMPONENT else "emulators.s1sp"
            child = ChildProcess(
                f"the emulator of {component}",
                python_module(module, "--config", str(folder.config_file), "--until-stdin-closes"),
                self._directory / f"{component.lower()}.log",
            )
            self._cleanup.callback(child.close)
            children[component] = child
        limit = Deadline(_START_SECONDS)
        for component, child in children.items():
            _wait(component, child, sections[component], limit)

    def close(self) -> None:
        """Stop them."""
        self._cleanup.close()

    def _hold(self) -> None:
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._cleanup.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._cleanup.close()
            raise HarnessError(
                f"another run uses the emulators of {self._target.name}, which can serve one run at a time; "
                "wait until it has ended"
            ) from None


def _wait(component: str, child: ChildProcess, section: EmulatorSection, limit: Deadline) -> None:
    address = section.host, section.management_port
    while True:
        try:
            socket.create_connection(address, 1.0).close()
        except OSError:
            pass
        else:
            return
        if not child.running:
            lines = child.output().strip().splitlines()
            raise HarnessError(
                f"the emulator of {component} did not start: {lines[-1] if lines else 'no word'}"
            )
        if limit.passed:
            raise HarnessError(f"the emulator of {component} does not answer at {address[0]}:{address[1]}")
        time.sleep(_POLL_SECONDS)
