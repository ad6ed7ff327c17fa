"""What a scenario asks of the device pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from duis.identifiers import EUI64
from duis.roles import DeviceType
from target.file_devices import DeviceEntry


@dataclass(frozen=True)
class DeviceNeed:
    """A kind of device.

    Attributes:
        s1sp: The S1SP that serves it.
        device_type: ESME, GPF, ...
        under_dcc_control: Whether its Network Operator slot must be under DCC control: a consumable.
    """

    s1sp: str
    device_type: DeviceType
    under_dcc_control: bool = False

    def fits(self, device: DeviceEntry) -> bool:
        """Whether a device of the target file is of this kind."""
        return (device.s1sp, device.device_type, device.is_consumable) == (
            self.s1sp,
            self.device_type,
            self.under_dcc_control,
        )

    def describe(self) -> str:
        """In words: "ESME of S1SP1 under DCC control"."""
        return f"{self.device_type} of {self.s1sp}" + (" under DCC control" if self.under_dcc_control else "")


@dataclass(frozen=True)
class LeaseRequest:
    """The devices a scenario needs at once, and how MP107 must stand meanwhile.

    Attributes:
        devices: What it needs.
        switches: Position of MP107 by component; `None` where the scenario changes it itself.
        scenario: Who asks.
        prefer: Devices to take where they are free.
    """

    devices: tuple[DeviceNeed, ...]
    switches: Mapping[str, bool | None]
    scenario: str
    prefer: tuple[EUI64, ...] = field(default=())
