"""The devices and registrations of an estate as rows of its tables, and devices as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from duis.identifiers import EUI64
from duis.roles import DeviceStatus, DeviceType
from emulators.database import Row
from emulators.inventory import Device
from emulators.registration import Registration
from emulators.tables import DEVICES

_ATTRIBUTES: Final = tuple(each.name for each in fields(Device))
_MAY_BE_NONE: Final = frozenset(name for name in _ATTRIBUTES if DEVICES.c[name].nullable)


def device_row(estate: str, device: Device) -> Row:
    """Return the row of a device."""
    return {"estate": estate, **device_as_json(device)}


def device_of_row(row: Row) -> Device:
    """Return the device that a row holds."""
    return device_from_json({name: row[name] for name in _ATTRIBUTES})


def registration_rows(estate: str, registrations: Iterable[Registration]) -> list[Row]:
    """Return the rows of Registration Data; times are in UTC, so that a query can compare their texts.

    Raises:
        ValueError: a time is before year 1 or after year 9999 in UTC.
    """
    return [
        {
            "estate": estate,
            "position": position,
            "mpxn": each.mpxn,
            "role": each.role,
            "user_id": each.user_id,
            "effective_from": _in_utc(each.effective_from),
            "effective_to": None if each.effective_to is None else _in_utc(each.effective_to),
        }
        for position, each in enumerate(registrations)
    ]


def device_as_json(device: Device) -> dict[str, Any]:
    """Return the attributes of a device as JSON has them."""
    return {name: getattr(device, name) for name in _ATTRIBUTES}  # asdict copies, and is slow


def device_from_json(document: Mapping[str, Any]) -> Device:
    """Read what `device_as_json` wrote.

    Raises:
        ValueError: an attribute is unknown, missing or malformed.
    """
    for name in document.keys() & set(_ATTRIBUTES):
        value = document[name]
        if not isinstance(value, str) and not (value is None and name in _MAY_BE_NONE):
            expected = "a text or null" if name in _MAY_BE_NONE else "a text"
            raise ValueError(f"{name}: {expected} is expected, not {value!r}")
    try:
        device = Device(**document)
    except TypeError as error:
        raise ValueError(f"not the attributes of a device: {error}") from None
    return replace(
        device,
        device_id=EUI64(device.device_id),
        device_type=DeviceType(device.device_type),
        device_status=DeviceStatus(device.device_status),
        chf_id=None if device.chf_id is None else EUI64(device.chf_id),
    )


def _in_utc(at: datetime) -> str:
    try:
        return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
    except OverflowError:
        raise ValueError(f"{at.isoformat()} is not within the years 1 to 9999 in UTC") from None
