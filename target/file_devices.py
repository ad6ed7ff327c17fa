"""`[[device]]`: the devices of a pooled target, who is registered for each, and what its slots hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, ValidationInfo, field_validator

from duis.roles import DeviceType, RemotePartyRole, UserRole
from target.arrangement import DCC
from target.file_keys import Section
from target.file_values import Identifier, Party, SlotHolder

ELECTRICITY_ROLES: Final = (
    UserRole.IMPORT_SUPPLIER,
    UserRole.EXPORT_SUPPLIER,
    UserRole.ELECTRICITY_DISTRIBUTOR,
    UserRole.REGISTERED_SUPPLIER_AGENT,
)
"""The roles a party can be registered in for an MPAN."""

GAS_ROLES: Final = (UserRole.GAS_SUPPLIER, UserRole.GAS_TRANSPORTER, UserRole.REGISTERED_SUPPLIER_AGENT)
"""The roles a party can be registered in for an MPRN."""

METERS: Final = {
    DeviceType.ESME: (UserRole.IMPORT_SUPPLIER, UserRole.ELECTRICITY_DISTRIBUTOR),
    DeviceType.GSME: (UserRole.GAS_SUPPLIER, UserRole.GAS_TRANSPORTER),
    DeviceType.GPF: (UserRole.GAS_SUPPLIER, UserRole.GAS_TRANSPORTER),
}
"""Device types that belong to an MPAN or MPRN, with the roles of their Supplier and Network Operator."""

_MPAN_WEIGHTS: Final = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)


class DeviceEntry(Section):
    """`[[device]]`: a device of a population we cannot make up."""

    device_id: Identifier = Field(description="its EUI-64")
    device_type: DeviceType = Field(description="ESME, GSME, GPF, CHF, HCALCS, PPMID, IHD or CAD")
    s1sp: str = Field(description="name of the S1SP that serves it, one of the `[s1sp.NAME]` tables")
    mpxn: str | None = Field(
        default=None,
        description="MPAN (13 digits, ESME) or MPRN (up to 10 digits, GSME and GPF) in quotes; needed for "
        "these types where the DSP or the S1SP of the device is emulated",
    )
    registered: dict[UserRole, Party] = Field(
        default_factory=dict,
        description="User Role → service user name or User ID of the registered party; an ESME needs IS and "
        "ED, a GSME or GPF needs GS and GT",
    )
    slots: dict[RemotePartyRole, SlotHolder] = Field(
        default_factory=dict,
        description="what its slots hold when nobody tests: RemotePartyRole → service user name, User ID or "
        '`"ACB"` for DCC control; by default the registered Supplier and Network Operator',
    )
    chf_id: Identifier | None = Field(
        default=None, description="EUI-64 of the Communications Hub Function it belongs to"
    )

    @property
    def is_consumable(self) -> bool:
        """Whether its Network Operator slot is under DCC control: a 6.21 uses such a device up."""
        return self.slots.get(RemotePartyRole.NETWORK_OPERATOR) == DCC

    @field_validator("mpxn")
    @classmethod
    def _point(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        device_type = info.data.get("device_type")
        if not re.fullmatch(r"[0-9]{1,10}|[0-9]{13}", value):
            raise ValueError(f"expected an MPAN (13 digits) or an MPRN (up to 10 digits), found {value!r}")
        is_mpan = len(value) == 13
        if device_type is DeviceType.ESME and not is_mpan:
            raise ValueError(f"expected an MPAN (13 digits), because this is an ESME, found {value!r}")
        if device_type in (DeviceType.GSME, DeviceType.GPF) and is_mpan:
            raise ValueError(
                f"expected an MPRN (up to 10 digits), because this is a {device_type}, found {value!r}"
            )
        if is_mpan and value[-1] != _mpan_check_digit(value[:-1]):
            raise ValueError(
                f"expected an MPAN whose check digit is right: {value[:-1]} is followed by "
                f"{_mpan_check_digit(value[:-1])}, found {value!r}"
            )
        return value


def with_user_ids(content: Any) -> Any:
    """Put User IDs where the devices of a target file, as read, name service users.

    Args:
        content: The target file as TOML has it, right or wrong.

    Returns:
        The same, with new `[[device]]` tables where there was something to replace.
    """
    if not isinstance(content, Mapping):
        return content
    user_ids = {
        user["name"]: user["user_id"]
        for user in _tables(content.get("service_user"))
        if isinstance(user.get("name"), str) and "user_id" in user
    }
    devices = content.get("device")
    if not user_ids or not isinstance(devices, list):
        return content
    return {**content, "device": [_device_with_user_ids(device, user_ids) for device in devices]}


def _device_with_user_ids(device: Any, user_ids: Mapping[str, Any]) -> Any:
    if not isinstance(device, Mapping):
        return device
    changed = dict(device)
    for key in ("registered", "slots"):
        parties = device.get(key)
        if isinstance(parties, Mapping):
            changed[key] = {
                role: user_ids.get(party, party) if isinstance(party, str) else party
                for role, party in parties.items()
            }
    return changed


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [table for table in value if isinstance(table, Mapping)] if isinstance(value, list) else []


def _mpan_check_digit(core: str) -> str:
    """Weighted sum modulo 11 modulo 10 [WEB]."""
    total = sum(int(digit) * weight for digit, weight in zip(core, _MPAN_WEIGHTS, strict=True))
    return str(total % 11 % 10)
