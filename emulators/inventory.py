"""The Smart Metering Inventory as the emulators hold it: devices and the sets they form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from duis.identifiers import EUI64
from duis.roles import DeviceStatus, DeviceType

ELECTRICITY_DEVICE_TYPES = frozenset({DeviceType.ESME})
"""Devices that belong to an MPAN."""

SMETS1 = "SMETS1"


@dataclass(frozen=True, slots=True)
class Device:
    """A device in the Smart Metering Inventory.

    Attributes:
        device_id: its EUI-64.
        device_type: ESME, GPF and so on.
        device_status: Commissioned and so on.
        s1sp: name of the S1SP that serves it, such as `S1SP1`; None for a device that is not SMETS1.
        mpxn: MPAN of an ESME, MPRN of a GSME or GPF; None for a CHF or PPMID, which belong to their set.
        set_id: the set of devices installed together at one premises.
        chf_id: the Communications Hub Function the device is joined to (its own identifier for a CHF).
        manufacturer: as in the inventory.
        model: as in the inventory.
        smets_version: `SMETS1`, or the version of a SMETS2 device.
        cohort: the enrolment cohort (IOC, MOC, FOC) the set was migrated with [FIA 3.3.2].
    """

    device_id: EUI64
    device_type: DeviceType
    device_status: DeviceStatus
    s1sp: str | None
    mpxn: str | None
    set_id: str
    chf_id: EUI64 | None
    manufacturer: str
    model: str
    smets_version: str = SMETS1
    cohort: str | None = None

    @property
    def is_smets1(self) -> bool:
        """Whether SMETS1 processing applies: the scope of MP107 [FIA 4.1]."""
        return self.smets_version == SMETS1

    def shares_communications_hub_with(self, other: Device) -> bool:
        """Whether both are joined to the same Communications Hub Function."""
        return self.chf_id is not None and self.chf_id == other.chf_id


def of_type(devices: Iterable[Device], device_type: DeviceType) -> tuple[Device, ...]:
    """The devices of that type."""
    return tuple(device for device in devices if device.device_type is device_type)
