"""A population for tests of the device pool."""

from __future__ import annotations

from collections.abc import Mapping

from duis.identifiers import EUI64
from duis.roles import DeviceType, RemotePartyRole, UserRole
from target.file_devices import DeviceEntry
from target.pool import DeviceNeed, LeaseRequest, PoolDevice, Population

SUPPLIER, OPERATOR = EUI64("90-B3-D5-1F-30-01-00-00"), EUI64("90-B3-D5-1F-30-02-00-00")
ESME = DeviceNeed("S1SP2", DeviceType.ESME)
GPF = DeviceNeed("S1SP2", DeviceType.GPF)
CONSUMABLE = DeviceNeed("S1SP2", DeviceType.ESME, under_dcc_control=True)


def device_id(number: int) -> EUI64:
    return EUI64(f"00-DB-12-34-56-78-90-{number:02X}")


def device(
    number: int, device_type: DeviceType = DeviceType.ESME, *, acb: bool = False, managed: bool = False
) -> PoolDevice:
    entry = DeviceEntry.model_validate(
        {
            "device_id": device_id(number),
            "device_type": device_type,
            "s1sp": "S1SP2",
            "registered": {UserRole.IMPORT_SUPPLIER: SUPPLIER, UserRole.ELECTRICITY_DISTRIBUTOR: OPERATOR},
            "slots": {RemotePartyRole.NETWORK_OPERATOR: "ACB"} if acb else {},
        }
    )
    home = {
        RemotePartyRole.SUPPLIER: SUPPLIER,
        RemotePartyRole.NETWORK_OPERATOR: "ACB" if acb else OPERATOR,
    }
    return PoolDevice(entry, home, managed)


def population(*devices: PoolDevice, switchable: frozenset[str] = frozenset({"DSP"})) -> Population:
    """Some devices of S1SP2, an endpoint with MP107, behind a DSP that can be switched."""
    declared = {name: True for name in ("DSP", "S1SP2") if name not in switchable}
    return Population(devices, declared, switchable, "target.toml")


def request(
    scenario: str, *needs: DeviceNeed, switches: Mapping[str, bool | None] | None = None
) -> LeaseRequest:
    return LeaseRequest(needs, switches or {}, scenario)
