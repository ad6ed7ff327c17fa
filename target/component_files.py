"""The folder of an emulator that a run starts beside endpoints: its configuration, PKI and population.

Everything in it comes from the target file (docs/target.md, `[dsp.emulator]`, `[s1sp.NAME.emulator]`); what
an emulator reads is described in docs/emulators.md. A private key is in the folder of its owner only.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from duis.smki.certificate import ISSUING_AUTHORITY, ROOT, OrganisationCertificate, load
from target.arrangement import DCC
from target.errors import HarnessError
from target.file import DSP_COMPONENT, TargetFile
from target.file_keys import certificate_files
from target.file_sections import DeviceEntry, EmulatorSection, S1SPEmulatorSection
from target.private import make_private

_LONG_AGO = "2000-01-01T00:00:00+00:00"


def emulated_components(target: TargetFile) -> Mapping[str, EmulatorSection]:
    """The emulators a run starts itself, by component: `DSP` and the names of S1SPs."""
    sections: dict[str, EmulatorSection | None] = {DSP_COMPONENT: target.dsp.emulator}
    sections |= {name: s1sp.emulator for name, s1sp in target.s1sp.items()}
    return {name: section for name, section in sections.items() if section is not None}


class ComponentFolder:
    """The folder of one emulator.

    Args:
        target: The target file.
        component: `DSP` or the name of an S1SP.
        section: Its table in the target file.
        directory: Where to.
    """

    def __init__(self, target: TargetFile, component: str, section: EmulatorSection, directory: Path) -> None:
        self._target = target
        self._component = component
        self._section = section
        self._directory = directory
        self._pki = directory / "pki"

    @property
    def config_file(self) -> Path:
        """The configuration of the emulator."""
        return self._directory / "emulator.toml"

    def write(self, callbacks: Mapping[EUI64, str]) -> None:
        """Write everything, in place of what an earlier run wrote; the database stays.

        Args:
            callbacks: Where messages for each User go.

        Raises:
            HarnessError: The emulator cannot be given what it needs; says which key of the target file.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        self._write_pki()
        population = json.dumps(self._population(), indent=1)
        # An emulator keeps its population over a restart; another one has another name.
        name = f"population-{hashlib.sha256(population.encode()).hexdigest()[:16]}.json"
        make_private(self._directory / name).write_text(population, "utf-8")
        config = self._config(name)
        if self._component == DSP_COMPONENT:
            config[""]["name"] = DSP_COMPONENT
            config["estate.callbacks"] = {str(user_id): url for user_id, url in callbacks.items()}
            config["s1sps"] = {name: self._hand_over(name) for name in self._target.s1sp}
        else:
            config[""] |= {
                "name": self._component,
                "party": self._component.lower(),
                "dsp": self._target.dsp.s1sp_messages,
            }
        make_private(self.config_file).write_text(_toml(config), "utf-8")

    def _config(self, population: str) -> dict[str, dict[str, Any]]:
        section = self._section
        tls = section.tls
        transport: dict[str, Any] = {"mode": "plain-http"}
        if tls is not None:
            transport = {
                "mode": "mutual-tls",
                "certificate": str(tls.certificate),
                "private_key": str(tls.key),
                "trust": str(tls.ca),
            }
        return {
            "": {"pki": "pki", "database": f"sqlite:///{self._directory / 'emulator.sqlite'}"},
            "listen": {
                "host": section.host,
                "port": section.port,
                "management_port": section.management_port,
            },
            "transport": transport,
            "estate": {"population": population},
        }

    def _hand_over(self, s1sp: str) -> str:
        url = self._target.s1sp[s1sp].service_requests
        if url is None:
            raise HarnessError(
                f"[s1sp.{s1sp}] needs service_requests: where the emulated DSP hands Service Requests over"
            )
        return url

    # The population

    def _population(self) -> dict[str, list[dict[str, Any]]]:
        devices = self._target.device
        return {
            "devices": [_device(each) for each in devices],
            "registrations": list(_registrations(devices)),
            "slots": [
                {"device_id": device.device_id, "remote_party_role": role.value, "party": str(party)}
                for device in devices
                for role, party in self._slots(device).items()
            ],
        }

    def _slots(self, device: DeviceEntry) -> dict[RemotePartyRole, EUI64 | str]:
        return {**self._target.home_slots(device), RemotePartyRole.ACB: DCC}

    # The PKI

    def _write_pki(self) -> None:
        parties: dict[str, dict[str, Any]] = {
            user.name: {"entity_identifier": user.user_id, "user_roles": list(user.roles), "kind": "user"}
            for user in self._target.service_user
        }
        dsp_id = self._target.dsp.entity_identifier
        parties["dsp"] = {"entity_identifier": dsp_id, "user_roles": [], "kind": "dsp"}
        for name in self._target.s1sp:
            identifier = self._s1sp_entity_identifier(name)
            if identifier is not None:
                parties[name.lower()] = {"entity_identifier": identifier, "user_roles": [], "kind": "s1sp"}
        owners = {entry["entity_identifier"]: name for name, entry in parties.items()}
        for certificate in self._certificates():
            self._keep(certificate, owners)
        self._keep_signing_key()
        if isinstance(self._section, S1SPEmulatorSection):
            broker = self._section.access_control_broker
            self._put("parties/dsp/ds.pem", broker.digital_signing.read_bytes())
            self._put("parties/dsp/ka.pem", broker.key_agreement.read_bytes())
        manifest = {
            "parties": [
                {"name": name, "files": self._files(name), **entry} for name, entry in parties.items()
            ],
            "faulty": {},
            "tls": [],
        }
        self._put("manifest.json", json.dumps(manifest, indent=1, default=str).encode())

    def _certificates(self) -> Iterator[tuple[OrganisationCertificate, str]]:
        """Every certificate the emulator may meet, with the name it has among those of its owner."""
        target = self._target
        for path in (*target.trust.anchors, *target.trust.certificates):
            for file in certificate_files(path):
                certificate = load(file.read_bytes())
                yield certificate, f"trusted-{certificate.serial:032x}.pem"
        for path in target.trust.certification_path:
            certificate = load(path.read_bytes())
            yield certificate, f"trusted-{certificate.serial:032x}.pem"
        for s1sp in target.s1sp.values():
            if s1sp.signer is not None:
                yield load(s1sp.signer.read_bytes()), "xmlsign.pem"
        for user in target.service_user:
            named = {
                "xmlsign.pem": user.signing,
                "ds.pem": user.digital_signing,
                "ka.pem": user.key_agreement,
                "ds-renewed.pem": user.renewed_digital_signing,
                "ka-renewed.pem": user.renewed_key_agreement,
            }
            for name, pair in named.items():
                if pair is not None:
                    yield load(pair.certificate.read_bytes()), name

    def _keep(self, named: tuple[OrganisationCertificate, str], owners: Mapping[EUI64, str]) -> None:
        certificate, name = named
        pem = certificate.pem()
        owner = certificate.entity_identifier
        if certificate.role in (ROOT, ISSUING_AUTHORITY):
            self._put(f"smki/{certificate.serial:032x}.pem", pem)
        elif owner is not None and owner in owners:
            self._put(f"parties/{owners[owner]}/{name}", pem)

    def _keep_signing_key(self) -> None:
        signing, party = self._section.signing, self._component.lower()
        self._put(f"parties/{party}/xmlsign.pem", signing.certificate.read_bytes())
        key = signing.key
        field = f"{'dsp' if self._component == DSP_COMPONENT else f's1sp.{self._component}'}.emulator.signing"
        if not isinstance(key, Path) or b"ENCRYPTED" in key.read_bytes():
            raise HarnessError(f"{field}.key: an emulator signs with a key in a file that is not encrypted")
        self._put(f"parties/{party}/xmlsign.key", key.read_bytes())

    def _s1sp_entity_identifier(self, name: str) -> EUI64 | None:
        s1sp = self._target.s1sp[name]
        file = s1sp.emulator.signing.certificate if s1sp.emulator is not None else s1sp.signer
        return load(file.read_bytes()).entity_identifier if file is not None else None

    def _files(self, party: str) -> list[str]:
        return sorted(f"parties/{party}/{file.name}" for file in (self._pki / "parties" / party).glob("*"))

    def _put(self, name: str, content: bytes) -> None:
        path = self._pki / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def _device(device: DeviceEntry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "device_id": device.device_id,
        "device_type": device.device_type.value,
        "s1sp": device.s1sp,
    }
    return row | {
        name: value for name, value in (("mpxn", device.mpxn), ("chf_id", device.chf_id)) if value is not None
    }


def _registrations(devices: tuple[DeviceEntry, ...]) -> Iterator[dict[str, Any]]:
    seen = set()
    for device in devices:
        for role, user_id in device.registered.items():
            if device.mpxn is None or (device.mpxn, role) in seen:
                continue
            seen.add((device.mpxn, role))
            yield {
                "mpxn": device.mpxn,
                "role": role.value,
                "user_id": str(user_id),
                "effective_from": _LONG_AGO,
                "effective_to": None,
            }


def _toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of strings, numbers and booleans as TOML, which writes them as JSON does."""
    lines: list[str] = []
    for name, table in tables.items():
        lines += [f"\n[{name}]"] if name else []
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
