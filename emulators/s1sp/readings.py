"""What the emulated meters read: plausible values that are a pure function of the device."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from duis.identifiers import EUI64
from duis.smets1 import (
    ElectricityRegisters,
    GasNetworkData,
    GasRegister,
    LogEntry,
    ReadInstantaneousImportRegistersRsp,
    ReadNetworkDataRsp,
    VoltageData,
)
from emulators.inventory import ELECTRICITY_DEVICE_TYPES, Device

_HALF_HOUR = timedelta(minutes=30)
_LOG_ENTRIES = 4


def import_registers(device: Device) -> ReadInstantaneousImportRegistersRsp:
    """SRV 4.1.1: Wh and varh of an electricity meter, m3 of a gas meter."""
    number = _number(device.device_id)
    if device.device_type in ELECTRICITY_DEVICE_TYPES:
        registers = ElectricityRegisters(1_000_000 + number % 9_000_000, number % 500_000, 0)
        return ReadInstantaneousImportRegistersRsp(True, registers)
    return ReadInstantaneousImportRegistersRsp(
        True, GasRegister(f"{100 + number % 9_000}.{number % 1_000:03}")
    )


def network_data(device: Device, now: datetime) -> ReadNetworkDataRsp:
    """SRV 4.10: average voltages of an electricity meter, consumption of a gas meter, by half-hour."""
    number = _number(device.device_id)
    last = now.replace(minute=now.minute - now.minute % 30, second=0, microsecond=0)
    times = [last - _HALF_HOUR * index for index in range(_LOG_ENTRIES)]
    if device.device_type in ELECTRICITY_DEVICE_TYPES:
        profile = tuple(LogEntry(f"{236 + (number >> index) % 9}", at) for index, at in enumerate(times))
        return ReadNetworkDataRsp(True, VoltageData(0, 0, profile, int(_HALF_HOUR.total_seconds())))
    log = tuple(
        LogEntry(f"{(number >> index) % 3}.{number % 1_000:03}", at) for index, at in enumerate(times)
    )
    return ReadNetworkDataRsp(True, GasNetworkData(log))


def _number(device_id: EUI64) -> int:
    return int.from_bytes(hashlib.sha256(device_id.encode()).digest()[:6])
