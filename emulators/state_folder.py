"""The folder of a set of bundled emulators: PKI, configurations, databases, target file.

The texts are written here; who reads them checks them (`emulators.config`, and `target.file` whose tables
docs/target.md explains).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duis.smki import testpki

S1SPS = ("s1sp1", "s1sp2", "s1sp3")


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one emulator."""

    protocol: int
    management: int


@dataclass(frozen=True, slots=True)
class StateFolder:
    """A folder that `emulators.up` fills."""

    path: Path
    host: str
    plain_http: bool

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

    def prepare(
        self, ports: Mapping[str, Ports], deviations: Sequence[str], seed: int, sets_per_s1sp: int
    ) -> None:
        """Mint the PKI, unless it is there, and write the configurations."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.target_file.unlink(missing_ok=True)
        if not (self.pki / "manifest.json").is_file():
            testpki.mint(self.pki)
        (self.path / "ports.json").write_text(
            json.dumps({name: [each.protocol, each.management] for name, each in ports.items()})
        )
        estate = {"seed": seed, "sets_per_s1sp": sets_per_s1sp, "deviations": list(deviations)}
        for name in ("dsp", *S1SPS):
            tables: dict[str, dict[str, Any]] = {
                "": {"name": name.upper(), "pki": "pki", "database": f"sqlite:///{self.path / name}.sqlite"},
                "listen": {
                    "host": self.host,
                    "port": ports[name].protocol,
                    "management_port": ports[name].management,
                },
                "transport": self._transport(name),
                "estate": estate,
            }
            if name == "dsp":
                tables["s1sps"] = {each.upper(): self._url(ports[each].protocol) for each in S1SPS}
            else:
                tables[""] |= {"party": name, "dsp": self._url(ports["dsp"].protocol)}
            _write(self.config_file(name), _toml(tables.items()))

    def write_target_file(self) -> None:
        """Write the target file, whole or not at all."""
        ports = {
            name: Ports(*pair) for name, pair in json.loads((self.path / "ports.json").read_text()).items()
        }
        manifest = json.loads((self.pki / "manifest.json").read_text())
        _write(self.target_file, _toml(self._target(ports, manifest)))

    def _target(
        self, ports: Mapping[str, Ports], manifest: Mapping[str, Any]
    ) -> Iterable[tuple[str, Mapping[str, Any]]]:
        dsp = self._url(ports["dsp"].protocol)
        entity_identifiers = {each["name"]: each["entity_identifier"] for each in manifest["parties"]}
        yield (
            "dsp",
            {
                "kind": "emulated",
                "entity_identifier": entity_identifiers["dsp"],
                "send_command": f"{dsp}/api/v1/serviceS",
                "transform": f"{dsp}/api/v1/serviceT",
                "non_device": f"{dsp}/api/v1/serviceD",
                "management": self._url(ports["dsp"].management),
                **self._tls(),
            },
        )
        for name in S1SPS:
            yield f"s1sp.{name.upper()}", {"management": self._url(ports[name].management)}
        if not self.plain_http:
            yield "management", self._tls("management")
            yield "callback", self._tls("inbox")
        yield (
            "trust",
            {
                "certificates": ["pki/smki", "pki/parties"],
                "anchors": ["pki/smki/root.pem"],
                "certification_path": ["pki/smki/issuing.pem"],
            },
        )
        for party in manifest["parties"]:
            if party["kind"] == "user":
                yield "[service_user]", self._service_user(party)
        faulty = {name: _pair(f"pki/{file}") for name, file in manifest["faulty"].items()}
        yield "faulty", faulty

    def _service_user(self, party: Mapping[str, Any]) -> dict[str, Any]:
        folder = f"pki/parties/{party['name']}"
        user = {
            "name": party["name"],
            "user_id": party["entity_identifier"],
            "roles": party["user_roles"],
            "signing": _pair(f"{folder}/xmlsign.pem"),
            "digital_signing": _pair(f"{folder}/ds.pem"),
            "key_agreement": _pair(f"{folder}/ka.pem"),
        }
        if f"{folder.removeprefix('pki/')}/ds-renewed.pem" in party["files"]:
            user["renewed_digital_signing"] = _pair(f"{folder}/ds-renewed.pem")
            user["renewed_key_agreement"] = _pair(f"{folder}/ka-renewed.pem")
        if not self.plain_http:
            user["tls"] = _pair(f"pki/tls/{party['name']}.pem")
        return user

    def _tls(self, *names: str) -> dict[str, Any]:
        """A `tls` table: the authority, and the identity to show where there is one."""
        if self.plain_http:
            return {}
        table = {"ca": "pki/tls/ca.pem"}
        for name in names:
            table |= _pair(f"pki/tls/{name}.pem")
        return {"tls": table}

    def _url(self, port: int) -> str:
        return f"{'http' if self.plain_http else 'https'}://{self.host}:{port}"

    def _transport(self, identity: str) -> dict[str, Any]:
        if self.plain_http:
            return {"mode": "plain-http"}
        return {
            "mode": "mutual-tls",
            "certificate": f"pki/tls/{identity}.pem",
            "private_key": f"pki/tls/{identity}.key",
            "trust": "pki/tls/ca.pem",
        }


def _pair(certificate: str) -> dict[str, str]:
    """A certificate and the key beside it."""
    return {"certificate": certificate, "key": certificate.removesuffix(".pem") + ".key"}


def _toml(tables: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Write tables as TOML; a name in double brackets is one entry of an array of tables."""
    lines: list[str] = []
    for name, table in tables:
        if name:
            lines += ["", f"[{name}]"]
        lines += [f"{_key(key)} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)  # strings, numbers, booleans, lists: as TOML writes them


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
