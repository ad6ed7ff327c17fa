"""The folder of a set of bundled emulators: PKI, configurations, databases, target file.

The texts are written here; who reads them checks them (`emulators.config`, and `target.file` whose tables
docs/target.md explains).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duis.smki import testpki
from duis.smki.testpki import TestPKI, TestPKIError
from emulators.config import ConfigurationError
from emulators.launch_options import COMPONENTS, LaunchOptions
from emulators.target_text import TargetText
from emulators.toml_text import toml
from emulators.urls import (
    NON_DEVICE,
    S1SP_MESSAGES,
    SEND_COMMAND,
    SERVICE_REQUESTS,
    TRANSFORM,
)

S1SPS = tuple(name for name in COMPONENTS if name != "dsp")
_PATHS = {
    "send_command": SEND_COMMAND,
    "transform": TRANSFORM,
    "non_device": NON_DEVICE,
    "s1sp_messages": S1SP_MESSAGES,
    "service_requests": SERVICE_REQUESTS,
}
_DSP_SERVICES = ("send_command", "transform", "non_device", "s1sp_messages")


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one emulator."""

    protocol: int
    management: int


@dataclass(frozen=True, slots=True)
class StateFolder:
    """A folder that `emulators.up` fills."""

    options: LaunchOptions

    @property
    def path(self) -> Path:
        """The folder."""
        return self.options.state

    @property
    def target_file(self) -> Path:
        """The target file; it appears last, when everything else is there and running."""
        return self.path / "target.toml"

    @property
    def pki(self) -> Path:
        """The folder of the test PKI."""
        return self.path / "pki"

    def config_file(self, name: str) -> Path:
        """The configuration of one emulator."""
        return self.path / f"{name}.toml"

    def path_of(self, service: str) -> str:
        """The HTTP path of a service, by its name in a configuration."""
        under = self.options.paths_under
        return _PATHS[service] if under is None else f"{under}/{service.replace('_', '-')}"

    def prepare(self, ports: Mapping[str, Ports]) -> None:
        """Mint the PKI, unless it is there, and write the configurations.

        Raises:
            ConfigurationError: the PKI that is there is another one than asked for, or none.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self.target_file.unlink(missing_ok=True)
        pki = self._pki()
        (self.path / "ports.json").write_text(
            json.dumps({name: [each.protocol, each.management] for name, each in ports.items()})
        )
        for name in self.options.components:
            _write(self.config_file(name), toml(self._configuration(name, ports, pki).items()))

    def write_target_file(self) -> Path | None:
        """Write the target file, whole or not at all; None without a DSP that it could name."""
        if "dsp" in self.options.elsewhere:
            return None
        ports = {
            name: Ports(*pair) for name, pair in json.loads((self.path / "ports.json").read_text()).items()
        }
        base = self._url(ports["dsp"].protocol)
        services = {name: base + self.path_of(name) for name in _DSP_SERVICES}
        management = {name: self._url(each.management) for name, each in ports.items()}
        text = TargetText(self.options, TestPKI.load(self.pki), services, management)
        _write(self.target_file, toml(text.tables()))
        return self.target_file

    def _pki(self) -> TestPKI:
        wanted = self.options.entity_prefix
        try:
            if not (self.pki / "manifest.json").is_file():
                return testpki.mint(self.pki, entity_prefix=wanted or testpki.ENTITY_PREFIX)
            pki = TestPKI.load(self.pki)
        except TestPKIError as error:
            raise ConfigurationError(f"--state: {error}") from error
        prefix = pki.manifest.get("entity_prefix", testpki.ENTITY_PREFIX)
        if wanted not in (None, prefix):
            raise ConfigurationError(
                f"--entity-prefix: {self.pki} is there already, with the prefix {prefix}; use another folder"
            )
        return pki

    def _configuration(
        self, name: str, ports: Mapping[str, Ports], pki: TestPKI
    ) -> dict[str, dict[str, Any]]:
        options = self.options
        tables: dict[str, dict[str, Any]] = {
            "": {"name": name.upper(), "pki": "pki", "database": f"sqlite:///{self.path / name}.sqlite"},
            "listen": {
                "host": options.host,
                "port": ports[name].protocol,
                "management_port": ports[name].management,
            },
            "transport": self._transport(name),
            "estate": {
                "seed": options.seed,
                "sets_per_s1sp": options.sets_per_s1sp,
                "sets_under_dcc_control": options.sets_under_dcc_control,
                "deviations": list(options.deviations),
            },
        }
        if options.answer_after_seconds:
            tables["estate.settings"] = {"answer_after_seconds": options.answer_after_seconds}
        if name == "dsp":
            if options.callbacks is not None:
                tables["estate.callbacks"] = {
                    party.entity_identifier: f"{options.callbacks}/main/{party.name}/smartdcc/duis"
                    for party in pki.parties
                    if party.kind == "user"
                }
            tables["paths"] = {service: self.path_of(service) for service in _DSP_SERVICES}
            tables["s1sps"] = {each.upper(): self._peer(each, "service_requests", ports) for each in S1SPS}
        else:
            tables["paths"] = {"service_requests": self.path_of("service_requests")}
            tables[""] |= {"party": name, "dsp": self._peer("dsp", "s1sp_messages", ports)}
        return tables

    def _peer(self, name: str, service: str, ports: Mapping[str, Ports]) -> str:
        """Where another component takes messages, wherever it is."""
        if name in self.options.elsewhere:
            return self.options.elsewhere[name]
        return self._url(ports[name].protocol) + self.path_of(service)

    def _url(self, port: int) -> str:
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"{self.options.scheme}://{host}:{port}"

    def _transport(self, identity: str) -> dict[str, Any]:
        if self.options.plain_http:
            return {"mode": "plain-http"}
        return {
            "mode": "mutual-tls",
            "certificate": f"pki/tls/{identity}.pem",
            "private_key": f"pki/tls/{identity}.key",
            "trust": "pki/tls/ca.pem",
        }


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
