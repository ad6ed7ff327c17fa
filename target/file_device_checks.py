"""Whether the devices of a target file can be tested with: prepared, and put back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from duis.identifiers import EUI64
from duis.roles import NETWORK_OPERATORS, DeviceType, RemotePartyRole, UserRole
from target.arrangement import DCC
from target.file_devices import ELECTRICITY_ROLES, GAS_ROLES, METERS, DeviceEntry
from target.file_positions import KeyPath
from target.file_sections import ServiceUserEntry

if TYPE_CHECKING:
    from target.file import TargetFile

Finding = tuple[KeyPath, str]


def device_findings(target: TargetFile) -> Iterator[Finding]:
    """What is wrong with the devices of a target, as far as the file tells."""
    if target.isolated:
        if target.device:
            yield (
                ("device",),
                "everything is emulated, so each scenario makes devices of its own; remove [[device]]",
            )
        return
    if not target.device:
        endpoint = next(name for name in ("DSP", *target.s1sp) if target.kind_of(name) == "endpoint")
        place: KeyPath = ("dsp", "kind") if endpoint == "DSP" else ("s1sp", endpoint, "kind")
        yield place, '"endpoint" needs at least one [[device]]: real devices cannot be made up'
    users = {user.user_id: user for user in target.service_user}
    known: dict[EUI64, str] = {user_id: f"the User ID of {user.name!r}" for user_id, user in users.items()}
    known[target.dsp.entity_identifier] = "the entity_identifier of the DSP"
    for index, device in enumerate(target.device):
        place = ("device", index)
        if device.device_id in known:
            yield (*place, "device_id"), f"{device.device_id} is {known[device.device_id]} too"
        known.setdefault(device.device_id, f"the device_id of device[{index}]")
        yield from _system(target, device, place)
        yield from _registered(device, place, users)
        yield from _slots(device, place, users)
    unknown = target.safety.unknown_device
    if unknown is not None and unknown in known:
        message = f"expected the EUI-64 of a device that nobody has, found {known[unknown]}"
        yield ("safety", "unknown_device"), message


def _system(target: TargetFile, device: DeviceEntry, place: KeyPath) -> Iterator[Finding]:
    if device.s1sp not in target.s1sp:
        known = ", ".join(target.s1sp)
        yield (*place, "s1sp"), f"expected an S1SP of this file ({known}), not {device.s1sp!r}"
        return
    emulated = next((name for name in ("DSP", device.s1sp) if target.kind_of(name) == "emulated"), None)
    if device.device_type in METERS and device.mpxn is None and emulated is not None:
        point = "MPAN" if device.device_type is DeviceType.ESME else "MPRN"
        yield (
            place,
            f"needs mpxn, its {point}, because {emulated} is emulated and checks who is registered for it",
        )


def _registered(
    device: DeviceEntry, place: KeyPath, users: dict[EUI64, ServiceUserEntry]
) -> Iterator[Finding]:
    registrable = _registrable(device.device_type)
    for role, user_id in device.registered.items():
        user = users.get(user_id)
        if role not in registrable:
            expected = ", ".join(registrable)
            message = (
                f"nobody is registered as {role} for device type {device.device_type}; expected {expected}"
            )
            yield (*place, "registered", role), message
        elif user is not None and role not in user.roles:
            message = (
                f"{user.name!r} acts as {', '.join(user.roles)} and not as {role}; correct one of the two"
            )
            yield (*place, "registered", role), message
    for role in METERS.get(device.device_type, ()):
        party = device.registered.get(role)
        who = "Network Operator" if role in NETWORK_OPERATORS else "Supplier"
        user = users.get(party) if party is not None else None
        if party is None:
            message = (
                f"needs {role}, the registered {who}: without it the {device.device_type} cannot be prepared"
            )
            yield (*place, "registered"), message
        elif user is None:
            yield (
                (*place, "registered", role),
                f"{party} is no [[service_user]] of this file; without the means to act as the registered "
                f"{who} the device cannot be prepared and restored: add that User, or remove the device",
            )
        elif role in NETWORK_OPERATORS and (user.digital_signing is None or user.key_agreement is None):
            yield (
                (*place, "registered", role),
                f"{user.name!r} has no certificates to put back into its slot; give it digital_signing and "
                "key_agreement",
            )


def _slots(device: DeviceEntry, place: KeyPath, users: dict[EUI64, ServiceUserEntry]) -> Iterator[Finding]:
    operators = [role for role in METERS.get(device.device_type, ()) if role in NETWORK_OPERATORS]
    for slot, holder in device.slots.items():
        if holder == DCC:
            continue
        user = users.get(EUI64(holder))
        where: KeyPath = (*place, "slots", slot)
        if user is None:
            yield (
                where,
                f"{holder} is no [[service_user]] of this file, so the slot cannot be put back as it was; "
                "add that User, or remove the device",
            )
        elif slot is RemotePartyRole.NETWORK_OPERATOR and not set(operators) & set(user.roles):
            expected = " or ".join(operators) or "ED or GT"
            yield (
                where,
                f"{user.name!r} is no Network Operator for device type {device.device_type}; "
                f"expected one in role {expected}",
            )
        elif slot is RemotePartyRole.NETWORK_OPERATOR and (
            user.digital_signing is None or user.key_agreement is None
        ):
            yield (
                where,
                f"{user.name!r} has no certificates to put back into its slot; give it digital_signing and "
                "key_agreement",
            )


def _registrable(device_type: DeviceType) -> tuple[UserRole, ...]:
    if device_type not in METERS:
        return tuple(UserRole)
    return ELECTRICITY_ROLES if device_type is DeviceType.ESME else GAS_ROLES
