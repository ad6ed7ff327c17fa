"""The target file: a TOML file that says which systems are under test and with whose certificates.

Loading it checks everything that can be checked without the network, so that a run never starts with
a wrong key or an expired certificate.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from target.assumptions import Assumptions
from target.file_assurance import Assurance
from target.file_checks import inconsistencies
from target.file_devices import METERS, with_user_ids
from target.file_environment import overridden
from target.file_errors import Problem, TargetFileError, problem_at, problems_of
from target.file_keys import ExistingPath, FaultyCertificate, Section
from target.file_sections import (
    DSP,
    S1SP,
    Callback,
    Deadlines,
    DeviceEntry,
    Management,
    Safety,
    ServiceUserEntry,
    Site,
    Trust,
)
from target.file_values import TargetName

__all__ = ["Problem", "TargetFile", "TargetFileError", "load_target"]

DSP_COMPONENT = "DSP"


class TargetFile(Section):
    """A target file that has been checked; every path in it is absolute."""

    # `name` and `schema` are the keys in the file: the attribute `name` has a default that needs the path,
    # the attribute `schema` belongs to pydantic.
    declared_name: TargetName | None = Field(
        default=None,
        alias="name",
        description="what this target is called; asked for before a run against an endpoint; by default the "
        "name of the file without its ending",
    )
    schema_version: str = Field(
        default="5.4", pattern=r"^\d+\.\d+$", description="DUIS version written into `schemaVersion`"
    )
    official_schema: ExistingPath | None = Field(
        default=None,
        alias="schema",
        description="path of the official DUIS XSD, or of the directory it lies in, to use instead of the "
        "bundled schema; the schemas it imports lie beside it",
    )
    site: Site = Field(default=Site(), description="what outlives a run")
    safety: Safety = Field(default=Safety(), description="limits of a run")
    dsp: DSP = Field(description="the Data Service Provider")
    s1sp: dict[str, S1SP] = Field(min_length=1, description="the SMETS1 Service Providers, by name")
    management: Management = Field(default=Management(), description="how to reach management planes")
    callback: Callback = Field(default=Callback(), description="the inbox for results and alerts")
    trust: Trust = Field(description="SMKI certificates to verify messages with")
    service_user: tuple[ServiceUserEntry, ...] = Field(min_length=1, description="the Users we act as")
    device: tuple[DeviceEntry, ...] = Field(default=(), description="the devices of a target with endpoints")
    deadlines: Deadlines = Field(default=Deadlines(), description="how long to wait, in seconds")
    assumptions: Assumptions = Field(default=Assumptions(), description="what the public sources leave open")
    assurance: Assurance = Field(default=Assurance(), description="what test assurance has agreed on")
    faulty: dict[str, FaultyCertificate] = Field(
        default_factory=dict, description="certificates that are faulty on purpose, by name"
    )

    _path: Path = PrivateAttr(default=Path())

    @model_validator(mode="before")
    @classmethod
    def _parties_by_name(cls, content: Any) -> Any:
        return with_user_ids(content)

    @property
    def path(self) -> Path:
        """The file this was read from."""
        return self._path

    @property
    def name(self) -> str:
        """What the target is called."""
        return self.declared_name or self._path.stem

    @property
    def site_state(self) -> Path:
        """Directory of what outlives a run (absolute); it need not exist yet."""
        return self.site.state or self._path.with_name(f"{self._path.stem}.state")

    @property
    def isolated(self) -> bool:
        """Whether everything is emulated, so that each scenario gets an estate of its own.

        Otherwise the target is pooled: it has one population, the devices of the file, which scenarios lease.
        """
        return all(self.kind_of(component) == "emulated" for component in (DSP_COMPONENT, *self.s1sp))

    @property
    def quiet_seconds(self) -> float:
        """How long to listen before saying that nothing came: 0 for emulators, which answer in order."""
        if self.deadlines.quiet is not None:
            return self.deadlines.quiet
        return 0.0 if self.isolated else 10.0

    def kind_of(self, component: str) -> Literal["emulated", "endpoint"]:
        """Whether a component is emulated or a real system.

        Args:
            component: `"DSP"`, or the name of an S1SP.

        Raises:
            KeyError: The file has no such component.
        """
        if component == DSP_COMPONENT:
            return self.dsp.kind
        return self.s1sp[component].kind or self.dsp.kind

    def home_slots(self, device: DeviceEntry) -> Mapping[RemotePartyRole, EUI64 | str]:
        """What the slots of a device hold when nobody tests: User IDs, or `"ACB"` for DCC control."""
        slots: dict[RemotePartyRole, EUI64 | str] = {}
        parties = (RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR)
        for slot, role in zip(parties, METERS.get(device.device_type, ()), strict=False):
            if role in device.registered:
                slots[slot] = device.registered[role]
        return {**slots, **device.slots}


def load_target(path: Path, environment: Mapping[str, str] | None = None) -> TargetFile:
    """Read and check a target file.

    Args:
        path: The file; relative paths inside it are relative to its directory.
        environment: Environment variables, of which those of `target.file_environment` override keys of the
            file; by default those of this process.

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
    overrides = overridden(content, TargetFile, os.environ if environment is None else environment)
    if overrides.problems:
        raise TargetFileError(path, overrides.problems)
    context = {"directory": path.resolve().parent}
    try:
        target = TargetFile.model_validate(overrides.content, context=context)
    except ValidationError as error:
        raise TargetFileError(path, problems_of(error, text, overrides.variables)) from None
    target._path = path.resolve()
    findings = inconsistencies(target)
    if findings:
        problems = [
            problem_at(text, location, message, overrides.variables) for location, message in findings
        ]
        raise TargetFileError(path, problems)
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
