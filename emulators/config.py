"""The configuration file of an emulator: TOML, checked in full before anything starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from duis.identifiers import EUI64
from emulators.urls import (
    NON_DEVICE,
    S1SP_MESSAGES,
    SEND_COMMAND,
    SERVICE_REQUESTS,
    TRANSFORM,
    ProtocolPath,
    ProtocolURL,
    checked_url,
)

Port = Annotated[int, Field(ge=1, le=65535)]


class ConfigurationError(Exception):
    """A configuration file cannot be used; the text names the file and the field."""


class Strict(BaseModel):
    """A table of the file: unknown fields are mistakes, not extensions."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(Strict):
    """Where an emulator listens."""

    host: str = "127.0.0.1"
    port: Port
    management_port: Port


class Transport(Strict):
    """Mutual TLS, on by default; plain HTTP is a setting, as DCC Boxed has it [CLIENT]."""

    mode: Literal["mutual-tls", "plain-http"] = "mutual-tls"
    certificate: Path | None = None
    private_key: Path | None = None
    trust: Path | None = None


class Limits(Strict):
    """Bounds that keep one client from harming the others."""

    body_octets: Annotated[int, Field(ge=1024)] = 1024 * 1024
    body_seconds: Annotated[float, Field(gt=0)] = 10.0
    recorded_messages: Annotated[int, Field(ge=0)] = 2000
    deliveries_at_once: Annotated[int, Field(ge=1)] = 32
    longest_retry_seconds: Annotated[float, Field(gt=0)] = 2.0
    delivery_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0


class EstateOptions(Strict):
    """What an estate is created from, by the management plane or, the main one, at the first start.

    Attributes:
        seed: of the generated population.
        sets_per_s1sp: sets of devices each S1SP serves.
        sets_under_dcc_control: the last so many sets of each S1SP have the DCC's own certificate in their
            Network Operator slots, so that a 6.21 can take the slots over.
        population: a file to read the population from instead (`emulators.population_file`); of the main
            estate only, and read when it is created.
        mp107: the switch.
        callbacks: where messages for a user go, by User ID (DSP).
        deviations: what is wrong on purpose.
        settings: what `emulators.estate_settings` lists.
    """

    seed: int = 1
    sets_per_s1sp: Annotated[int, Field(ge=1)] = 1
    sets_under_dcc_control: Annotated[int, Field(ge=0)] = 0
    population: Path | None = None
    mp107: bool = True
    callbacks: dict[str, str] = {}
    deviations: tuple[str, ...] = ()
    settings: dict[str, Any] = {}

    @field_validator("callbacks")
    @classmethod
    def _canonical_user_ids(cls, callbacks: dict[str, str]) -> dict[str, str]:
        return {EUI64(user_id): checked_url(url) for user_id, url in callbacks.items()}

    @model_validator(mode="after")
    def _agrees(self) -> EstateOptions:
        if self.population is not None and self.sets_under_dcc_control:
            raise ValueError(
                'sets_under_dcc_control is for a generated population; in a file a slot has "party": "ACB"'
            )
        if self.sets_under_dcc_control > self.sets_per_s1sp:
            raise ValueError(
                f"sets_under_dcc_control is {self.sets_under_dcc_control}, but an S1SP has only "
                f"{self.sets_per_s1sp} (sets_per_s1sp)"
            )
        return self

    def has_population_of(self, other: EstateOptions) -> bool:
        """Whether both options give the same devices, registrations and slots at the start."""
        names = ("seed", "sets_per_s1sp", "sets_under_dcc_control", "population")
        return all(getattr(self, name) == getattr(other, name) for name in names)


class EmulatorConfig(Strict):
    """What the DSP and the S1SPs have in common."""

    name: str
    listen: Listen
    transport: Transport = Transport()
    pki: Path
    database: str
    limits: Limits = Limits()
    estate: EstateOptions = EstateOptions()


class DSPPaths(Strict):
    """The paths of the DSP's services; an estate other than the main one has its prefix in front."""

    send_command: ProtocolPath = SEND_COMMAND
    transform: ProtocolPath = TRANSFORM
    non_device: ProtocolPath = NON_DEVICE
    s1sp_messages: ProtocolPath = S1SP_MESSAGES

    @model_validator(mode="after")
    def _distinct(self) -> DSPPaths:
        paths = self.model_dump().values()
        if len(set(paths)) != len(paths):
            raise ValueError(f"each service needs a path of its own, found {', '.join(paths)}")
        return self


class S1SPPaths(Strict):
    """The paths of an S1SP's services; an estate other than the main one has its prefix in front."""

    service_requests: ProtocolPath = SERVICE_REQUESTS


class DSPConfig(EmulatorConfig):
    """The configuration of the DSP emulator."""

    name: str = "DSP"
    s1sps: dict[str, ProtocolURL]
    """The protocol port of each S1SP, by its name: its base URL, or a full one with a path of its own."""
    paths: DSPPaths = DSPPaths()


class S1SPConfig(EmulatorConfig):
    """The configuration of an S1SP emulator."""

    party: str
    """The S1SP's party name in the PKI (`s1sp1`)."""
    dsp: ProtocolURL
    """The DSP's protocol port: its base URL, or a full one with a path of its own."""
    paths: S1SPPaths = S1SPPaths()


ConfigT = TypeVar("ConfigT", bound=EmulatorConfig)


def load_config(path: Path, model: type[ConfigT]) -> ConfigT:
    """Read and check a configuration file; relative paths in it start at its folder.

    Raises:
        ConfigurationError: the file is missing, is not TOML, or a field is wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from error
    try:
        config = model.model_validate(document)
    except ValidationError as error:
        lines = (
            f"{path}: {'.'.join(map(str, detail['loc'])) or '(file)'}: {detail['msg']}"
            for detail in error.errors()
        )
        raise ConfigurationError("\n".join(lines)) from error
    return _with_absolute_paths(config, path.resolve().parent, path)


def _with_absolute_paths(config: ConfigT, folder: Path, path: Path) -> ConfigT:
    transport = config.transport
    changed: dict[str, Path] = {}
    for field in ("certificate", "private_key", "trust"):
        value: Path | None = getattr(transport, field)
        if transport.mode == "mutual-tls" and value is None:
            raise ConfigurationError(f"{path}: transport.{field}: needed for mutual TLS")
        if value is not None:
            changed[field] = folder / value
            if transport.mode == "mutual-tls" and not changed[field].is_file():
                raise ConfigurationError(f"{path}: transport.{field}: no such file: {changed[field]}")
    if not (folder / config.pki / "manifest.json").is_file():
        raise ConfigurationError(f"{path}: pki: no manifest.json in {folder / config.pki}")
    estate = config.estate
    if estate.population is not None:
        estate = estate.model_copy(update={"population": folder / estate.population})
    return config.model_copy(
        update={
            "transport": transport.model_copy(update=changed),
            "pki": folder / config.pki,
            "estate": estate,
        }
    )
