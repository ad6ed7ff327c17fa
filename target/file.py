"""The target file: a TOML file that says which systems are under test and with whose certificates.

Loading it checks everything that can be checked without the network, so that a run never starts with
a wrong key or an expired certificate.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, PrivateAttr, ValidationError

from target.assumptions import Assumptions
from target.file_errors import Problem, TargetFileError, problem_at, problems_of
from target.file_keys import ExistingPath, FaultyCertificate, Section
from target.file_positions import KeyPath
from target.file_sections import (
    DSP,
    S1SP,
    Callback,
    Deadlines,
    DeviceEntry,
    Management,
    ServiceUserEntry,
    Trust,
)

__all__ = ["Problem", "TargetFile", "TargetFileError", "load_target"]


class TargetFile(Section):
    """A target file that has been checked; every path in it is absolute."""

    # `schema` is the key in the file; the attribute of that name belongs to pydantic.
    schema_version: str = Field(default="5.4", pattern=r"^\d+\.\d+$")
    official_schema: ExistingPath | None = Field(default=None, alias="schema")
    dsp: DSP
    s1sp: dict[str, S1SP] = Field(min_length=1)
    management: Management = Management()
    callback: Callback = Callback()
    trust: Trust
    service_user: tuple[ServiceUserEntry, ...] = Field(min_length=1)
    device: tuple[DeviceEntry, ...] = ()
    deadlines: Deadlines = Deadlines()
    assumptions: Assumptions = Assumptions()
    faulty: dict[str, FaultyCertificate] = Field(default_factory=dict)

    _path: Path = PrivateAttr(default=Path())

    @property
    def path(self) -> Path:
        """The file this was read from."""
        return self._path

    @property
    def quiet_seconds(self) -> float:
        """How long to listen before saying that nothing came: 0 for emulators, which answer in order."""
        if self.deadlines.quiet is not None:
            return self.deadlines.quiet
        return 0.0 if self.dsp.kind == "emulated" else 10.0

    def inconsistencies(self) -> list[tuple[KeyPath, str]]:
        """What does not fit together between the tables: place and message of each."""
        return [*self._repeated(), *self._missing_management(), *self._devices()]

    def _repeated(self) -> list[tuple[KeyPath, str]]:
        findings: list[tuple[KeyPath, str]] = []
        names: dict[str, int] = {}
        user_ids: dict[str, int] = {}
        for index, user in enumerate(self.service_user):
            first = names.setdefault(user.name, index)
            if first != index:
                message = f"{user.name!r} is the name of an earlier one too"
                findings.append((("service_user", index, "name"), message))
            first = user_ids.setdefault(user.user_id, index)
            if first != index:
                message = f"{user.user_id} belongs to {self.service_user[first].name!r}"
                findings.append((("service_user", index, "user_id"), message))
        devices: dict[str, int] = {}
        for index, device in enumerate(self.device):
            if devices.setdefault(device.device_id, index) != index:
                findings.append((("device", index, "device_id"), f"{device.device_id} is listed twice"))
        return findings

    def _missing_management(self) -> list[tuple[KeyPath, str]]:
        if self.dsp.kind != "emulated":
            return []
        message = 'needs management, the URL of its management plane, because dsp.kind is "emulated"'
        return [(("s1sp", name), message) for name, s1sp in self.s1sp.items() if s1sp.management is None]

    def _devices(self) -> list[tuple[KeyPath, str]]:
        if self.dsp.kind == "endpoint" and not self.device:
            message = '"endpoint" needs at least one [[device]]: real devices cannot be made up'
            return [(("dsp", "kind"), message)]
        known = ", ".join(self.s1sp)
        return [
            (
                ("device", index, "s1sp"),
                f"expected an S1SP of this file ({known}), not {device.s1sp!r}",
            )
            for index, device in enumerate(self.device)
            if device.s1sp not in self.s1sp
        ]


def load_target(path: Path) -> TargetFile:
    """Read and check a target file.

    Args:
        path: The file; relative paths inside it are relative to its directory.

    Returns:
        The checked target.

    Raises:
        TargetFileError: With every problem found, each naming file, line, field and what was expected.
    """
    text = _read(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TargetFileError(path, [_not_toml(error)]) from None
    try:
        target = TargetFile.model_validate(content, context={"directory": path.resolve().parent})
    except ValidationError as error:
        raise TargetFileError(path, problems_of(error, text)) from None
    findings = target.inconsistencies()
    if findings:
        raise TargetFileError(path, [problem_at(text, location, message) for location, message in findings])
    target._path = path.resolve()
    return target


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        message = "there is no such target file; give its path, or none at all for the bundled emulators"
    except IsADirectoryError:
        message = "this is a directory; expected a target file (TOML)"
    except PermissionError:
        message = "the target file cannot be read: permission denied"
    except UnicodeDecodeError:
        message = "this is not a TOML file: it is not UTF-8 text"
    except OSError as error:
        message = f"the target file cannot be read: {error.strerror}"
    raise TargetFileError(path, _only(message))


def _only(message: str) -> Sequence[Problem]:
    return [Problem("", message)]


def _not_toml(error: tomllib.TOMLDecodeError) -> Problem:
    message = str(error)
    line: int | None = None
    head, separator, tail = message.rpartition(" (at line ")
    if separator:
        line = int(tail.split(",")[0])
        message = head
    return Problem("", f"this is not valid TOML: {message[:1].lower()}{message[1:]}", line)
