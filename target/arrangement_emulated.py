"""Arrangement through the management planes of the bundled emulators (docs/architecture.md, Emulators)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from duis.identifiers import EUI64
from duis.roles import DeviceType, RemotePartyRole, UserRole
from target.arrangement import DeviceUnderTest, SlotDatabase, TrafficRecord
from target.errors import HarnessError, NotArrangeable
from target.file import DSP_COMPONENT
from target.management import ManagementClient
from target.slot_databases import database_beside

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class EmulatedArrangement:
    """An estate of its own at the DSP and those S1SPs that take part.

    Args:
        estate: Name of the estate.
        components: The management plane of `DSP` and of each S1SP.
        folder: Where the emulators were started, with their configurations; `None` where nobody may look.
    """

    def __init__(
        self, estate: str, components: Mapping[str, ManagementClient], folder: Path | None = None
    ) -> None:
        self._estate = estate
        self._folder = folder
        self._components = dict(components)
        self._devices: tuple[DeviceUnderTest, ...] = ()

    def create(
        self,
        callbacks: Mapping[str, str],
        *,
        seed: int,
        sets_per_s1sp: int,
        mp107: Mapping[str, bool],
        deviations: Sequence[str],
        settings: Mapping[str, object],
    ) -> None:
        """Create the estate at the DSP and at the S1SPs that `mp107` names.

        The S1SPs come first, so that the DSP never speaks to one without it.
        """
        self._components = {name: self._component(name) for name in mp107}
        common = {
            "seed": seed,
            "sets_per_s1sp": sets_per_s1sp,
            "deviations": list(deviations),
            "settings": {},
        }
        for name, client in self._components.items():
            if name != DSP_COMPONENT:
                client.create_estate(self._estate, {**common, "mp107": mp107[name]})
        content = {
            **common,
            "mp107": mp107[DSP_COMPONENT],
            "callbacks": dict(callbacks),
            "settings": dict(settings),
        }
        answer = self._components[DSP_COMPONENT].create_estate(self._estate, content)
        devices = (_device(row) for row in answer.get("devices", ()))
        self._devices = tuple(device for device in devices if device.s1sp in self._components)

    @property
    def devices(self) -> tuple[DeviceUnderTest, ...]:
        """The devices of the S1SPs that take part, as the DSP lists them."""
        return self._devices

    def put_slot(self, device: DeviceUnderTest, role: RemotePartyRole, party: EUI64 | str) -> None:
        """Put the certificates of a party into a slot at the S1SP."""
        content = {"party": str(party)}
        self._component(device.s1sp).put_slot(self._estate, device.device_id, role.value, content)

    def set_mp107(self, component: str, on: bool) -> None:
        """Switch MP107 at one component."""
        self._component(component).change_estate(self._estate, {"mp107": on})

    def raise_device_alert(self, device: DeviceUnderTest, alert_code: str, description: str) -> None:
        """Have the S1SP of a device send an alert of it."""
        self._component(device.s1sp).raise_alert(self._estate, device.device_id, alert_code, description)

    def register(
        self,
        device: DeviceUnderTest,
        role: UserRole,
        user_id: EUI64 | None,
        effective_from: datetime | None,
        effective_to: datetime | None,
    ) -> None:
        """Change the Registration Data of the DSP and of every S1SP that takes part."""
        for client in self._components.values():
            rows = [
                row
                for row in client.registrations(self._estate)
                if not (row["mpxn"] == device.mpxn and row["role"] == role.value)
            ]
            if user_id is not None:
                rows.append(
                    {
                        "mpxn": device.mpxn,
                        "role": role.value,
                        "user_id": str(user_id),
                        "effective_from": (effective_from or _LONG_AGO).isoformat(),
                        "effective_to": effective_to.isoformat() if effective_to is not None else None,
                    }
                )
            client.put_registrations(self._estate, rows)

    def set_device_status(self, device: DeviceUnderTest, status: str) -> None:
        """Change the device status in the Smart Metering Inventory of the DSP."""
        self._component(DSP_COMPONENT).put_device(self._estate, device.device_id, {"device_status": status})

    def change_settings(self, component: str, settings: Mapping[str, object]) -> None:
        """Change settings of the estate at one component; those not named stay."""
        client = self._component(component)
        present = client.estate(self._estate).get("settings", {})
        client.change_estate(self._estate, {"settings": {**present, **settings}})

    def traffic(self, component: str) -> tuple[TrafficRecord, ...]:
        """The messages a component recorded in this estate."""
        return tuple(_record(row) for row in self._component(component).traffic(self._estate))

    def add_fault(self, component: str, srv: str, action: str, delay_seconds: float, times: int) -> None:
        """Script a fault at one component."""
        fault = {"srv": srv, "action": action, "delay_seconds": delay_seconds, "times": times}
        self._component(component).add_fault(self._estate, fault)

    def slot_database(self, s1sp: str) -> SlotDatabase:
        """The database that the configuration of an S1SP names; its slots there have the name of the estate.

        Raises:
            NotArrangeable: The configuration is not where the emulators leave it.
        """
        self._component(s1sp)
        if self._folder is None:
            raise NotArrangeable(f"the database of {s1sp} cannot be reached")
        return SlotDatabase(database_beside(self._folder, s1sp), self._estate)

    def close(self) -> None:
        """Delete the estate everywhere; one that cannot be deleted harms nobody."""
        for client in self._components.values():
            with suppress(HarnessError):
                client.delete_estate(self._estate)

    def _component(self, name: str) -> ManagementClient:
        try:
            return self._components[name]
        except KeyError:
            known = ", ".join(self._components)
            raise HarnessError(f"there is no component {name}; the target has {known}") from None


def _device(row: Mapping[str, Any]) -> DeviceUnderTest:
    return DeviceUnderTest(
        device_id=EUI64(row["device_id"]),
        device_type=DeviceType(row["device_type"]),
        s1sp=str(row["s1sp"]),
        mpxn=row.get("mpxn"),
        registered={UserRole(role): EUI64(user_id) for role, user_id in row.get("registered", {}).items()},
        chf_id=EUI64(row["chf_id"]) if row.get("chf_id") else None,
    )


def _record(row: Mapping[str, Any]) -> TrafficRecord:
    return TrafficRecord(
        sequence=int(row["id"]),
        at=str(row["at"]),
        direction=str(row["direction"]),
        peer=str(row["peer"]),
        kind=str(row["kind"]),
        request_id=row.get("request_id"),
        outcome=row.get("outcome"),
        document=str(row.get("document") or ""),
    )
