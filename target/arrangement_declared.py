"""A target without management planes: its devices are declared, and nothing is arranged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole, UserRole
from target.arrangement import DeviceUnderTest, TrafficRecord
from target.errors import HarnessError, NotArrangeable
from target.file import TargetFile


class DeclaredArrangement:
    """Devices of a target file; a precondition holds only where the file declares it."""

    def __init__(self, target: TargetFile) -> None:
        self._target = target
        self._devices = tuple(
            DeviceUnderTest(each.device_id, each.device_type, each.s1sp, each.mpxn, dict(each.registered))
            for each in target.device
        )

    @property
    def devices(self) -> tuple[DeviceUnderTest, ...]:
        """The declared devices."""
        return self._devices

    def put_slot(self, device: DeviceUnderTest, role: RemotePartyRole, party: EUI64 | str) -> None:
        """Not possible without a management plane."""
        raise self._cannot(f"put {party} into the {role} slot of {device.device_id}")

    def set_mp107(self, component: str, on: bool) -> None:
        """Possible only where the switch is declared to stand like that already."""
        if component == "DSP":
            declared = self._target.dsp.mp107
        elif component in self._target.s1sp:
            declared = self._target.s1sp[component].mp107
        else:
            raise HarnessError(f"the target file has no S1SP {component}")
        if declared != on:
            raise NotArrangeable(
                f"the target file declares MP107 {_state(declared)} at {component}, and it cannot be "
                f"switched {_state(on)} there without a management plane"
            )

    def raise_device_alert(self, device: DeviceUnderTest, alert_code: str, description: str) -> None:
        """Not possible without a management plane."""
        raise self._cannot(f"have {device.device_id} raise device alert {alert_code} ({description})")

    def register(
        self,
        device: DeviceUnderTest,
        role: UserRole,
        user_id: EUI64 | None,
        effective_from: datetime | None,
        effective_to: datetime | None,
    ) -> None:
        """Not possible without a management plane."""
        period = f"from {effective_from} to {effective_to}"
        raise self._cannot(f"register {user_id} as {role} for {device.device_id} {period}")

    def set_device_status(self, device: DeviceUnderTest, status: str) -> None:
        """Not possible without a management plane."""
        raise self._cannot(f"make {device.device_id} {status}")

    def change_settings(self, component: str, settings: Mapping[str, object]) -> None:
        """Not possible without a management plane."""
        raise self._cannot(f"change {', '.join(settings)} at {component}")

    def traffic(self, component: str) -> tuple[TrafficRecord, ...]:
        """Not possible without a management plane."""
        raise self._cannot(f"look at the traffic of {component}")

    def add_fault(self, component: str, srv: str, action: str, delay_seconds: float, times: int) -> None:
        """Not possible without a management plane."""
        raise self._cannot(
            f"script {action} ({delay_seconds:g} s, {times} times) for SRV {srv} at {component}"
        )

    def close(self) -> None:
        """Nothing was made."""

    def _cannot(self, what: str) -> NotArrangeable:
        return NotArrangeable(f"cannot {what}: {self._target.path.name} names no management plane")


def _state(on: bool) -> str:
    return "on" if on else "off"
