"""The target file of a set of bundled emulators: as emulators, or as if they were a real system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from duis.roles import DeviceType, RemotePartyRole
from duis.smki.testpki import Party, TestPKI
from emulators.emulator import user_ids_by_role
from emulators.inventory import Device
from emulators.launch_options import COMPONENTS, LaunchOptions
from emulators.population import generate
from emulators.slots import DCC_CONTROL

Table: TypeAlias = tuple[str, Mapping[str, Any]]

UNKNOWN_DEVICE: Final = "02-53-31-FF-FF-FF-FF-FE"
"""An EUI-64 that no emulated device and no party has: locally administered, so nobody else's either."""

_UNDER_TEST: Final = (DeviceType.ESME, DeviceType.GPF)
_RESULT_SECONDS: Final = 30.0
_QUIET_SECONDS: Final = 1.0
"""How long emulators that play a real system need at most before they send what they owe."""


@dataclass(frozen=True, slots=True)
class TargetText:
    """What stands in a target file.

    Attributes:
        options: of the set of emulators.
        pki: its PKI; paths in the file are relative to the folder above it.
        services: URL of each service of the DSP.
        management: base URL of each management port.
    """

    options: LaunchOptions
    pki: TestPKI
    services: Mapping[str, str]
    management: Mapping[str, str]

    def tables(self) -> Iterator[Table]:
        """The tables in order; docs/target.md explains each."""
        if self.options.as_endpoint:
            yield from self._endpoint()
        else:
            yield from self._emulated()
        yield (
            "trust",
            {
                "certificates": ["pki/smki", "pki/parties"],
                "anchors": ["pki/smki/root.pem"],
                "certification_path": ["pki/smki/issuing.pem"],
            },
        )
        for party in self.pki.parties:
            if party.kind == "user":
                yield "[service_user]", self._service_user(party)
        if self.options.as_endpoint:
            yield from self._devices()
        faulty = {name: _pair(f"pki/{file}") for name, file in self.pki.manifest["faulty"].items()}
        yield "faulty", faulty

    def _emulated(self) -> Iterator[Table]:
        """All four emulated, with their management planes."""
        yield "dsp", self._dsp("emulated") | {"management": self.management["dsp"]} | self._tls()
        for name in COMPONENTS[1:]:
            yield f"s1sp.{name.upper()}", {"management": self.management[name]}
        if not self.options.plain_http:
            yield "management", self._tls("management")
            yield "callback", self._tls("inbox")

    def _endpoint(self) -> Iterator[Table]:
        """A real system: nothing but DUIS, callbacks that are agreed on, a population that is declared."""
        assert self.options.callbacks is not None
        callbacks = urlsplit(self.options.callbacks)
        yield "", {"name": self.options.state.name}
        yield "site", {"state": "endpoint.state"}
        yield "safety", {"unknown_device": UNKNOWN_DEVICE}
        yield "dsp", self._dsp("endpoint") | self._tls()
        for name in COMPONENTS[1:]:
            yield f"s1sp.{name.upper()}", {}
        callback: dict[str, Any] = {"host": callbacks.hostname, "port": callbacks.port}
        if callbacks.path:
            callback["base_url"] = self.options.callbacks
        yield "callback", callback | self._tls("inbox")
        late = self.options.answer_after_seconds
        yield (
            "deadlines",
            {
                "result": _RESULT_SECONDS + late,
                "alert": _RESULT_SECONDS + late,
                "quiet": _QUIET_SECONDS + late,
            },
        )

    def _dsp(self, kind: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "entity_identifier": self.pki.party("dsp").entity_identifier,
            "send_command": self.services["send_command"],
            "transform": self.services["transform"],
            "non_device": self.services["non_device"],
        }

    def _service_user(self, party: Party) -> dict[str, Any]:
        folder = f"pki/parties/{party.name}"
        user: dict[str, Any] = {
            "name": party.name,
            "user_id": party.entity_identifier,
            "roles": list(party.user_roles),
            "signing": _pair(f"{folder}/xmlsign.pem"),
            "digital_signing": _pair(f"{folder}/ds.pem"),
            "key_agreement": _pair(f"{folder}/ka.pem"),
        }
        if (party.directory / "ds-renewed.pem").is_file():
            user["renewed_digital_signing"] = _pair(f"{folder}/ds-renewed.pem")
            user["renewed_key_agreement"] = _pair(f"{folder}/ka-renewed.pem")
        if not self.options.plain_http:
            user["tls"] = _pair(f"pki/tls/{party.name}.pem")
        return user

    def _devices(self) -> Iterator[Table]:
        """The meters and GPFs of the main estate, with who is registered for them at its start."""
        population = generate(
            self.options.seed,
            self.options.sets_per_s1sp,
            parties=user_ids_by_role(self.pki),
            under_dcc_control=self.options.sets_under_dcc_control,
        )
        names = {party.entity_identifier: party.name for party in self.pki.parties}
        registered: dict[str, dict[str, str]] = {}
        for row in population.registrations:
            registered.setdefault(row.mpxn, {})[row.role] = names[row.user_id]
        consumable = {
            slot.device_id
            for slot in population.slots
            if slot.remote_party_role is RemotePartyRole.NETWORK_OPERATOR and slot.party == DCC_CONTROL
        }
        for device in population.devices:
            if device.device_type in _UNDER_TEST:
                yield (
                    "[device]",
                    _device(device, registered, under_dcc_control=device.device_id in consumable),
                )

    def _tls(self, *names: str) -> dict[str, Any]:
        """A `tls` table: the authority, and the identity to show where there is one."""
        if self.options.plain_http:
            return {}
        table = {"ca": "pki/tls/ca.pem"}
        for name in names:
            table |= _pair(f"pki/tls/{name}.pem")
        return {"tls": table}


def _device(
    device: Device, registered: Mapping[str, Mapping[str, str]], *, under_dcc_control: bool
) -> dict[str, Any]:
    table: dict[str, Any] = {
        "device_id": device.device_id,
        "device_type": device.device_type,
        "s1sp": device.s1sp,
        "mpxn": device.mpxn,
        "chf_id": device.chf_id,
        "registered": registered[device.mpxn or ""],
    }
    if under_dcc_control:
        table["slots"] = {RemotePartyRole.NETWORK_OPERATOR: DCC_CONTROL}
    return table


def _pair(certificate: str) -> dict[str, str]:
    """A certificate and the key beside it."""
    return {"certificate": certificate, "key": certificate.removesuffix(".pem") + ".key"}
