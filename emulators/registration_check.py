"""The Registration Data (RDP) check: SRPD 6.1(f) with its exceptions 6.2(a) to (d).

The DSP asks it as validation 1; an S1SP asks the same, through SRPD 16.1, as validation 2 [FIA 3.2]. MP107 is
exception 6.2(d), one condition beside the other three [FIA 4.3].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from duis.identifiers import EUI64
from duis.roles import NETWORK_OPERATORS, DeviceType, RemotePartyRole, UserRole
from emulators.inventory import Device, of_type
from emulators.registration import ELECTRICITY_ROLES, GAS_ROLES, Period, RegistrationData


class ExemptionReading(StrEnum):
    """How far exception 6.2(d) reaches: the sources differ.

    The legal text exempts any 6.15.1 an Electricity Distributor or Gas Transporter sends [FIA 4.3]; the
    requirement exempts only one that replaces the Network Operator's certificate [FIA 1, 4.2.1, 4.5.1].
    """

    SENDER = "sender"
    SLOT = "slot"


@dataclass(frozen=True, slots=True)
class RegistrationQuestion:
    """May this user, in this role, send this Service Request to this device?

    Attributes:
        user_id: the sender.
        role: one role in which the sender may act.
        srv: Service Reference Variant.
        remote_party_role: the slot a 6.15.1 or 6.21 replaces certificates in; None for other SRVs.
        other_device_id: the second device of a Join Service; None for other SRVs.
        device: the device the request is for.
        devices_of_set: the devices of its set, itself included.
        period: when the request takes effect, or the range of times it reads.
        registration_data: at least the rows of the set's MPAN and MPRN.
        mp107: the feature switch of whoever asks.
        exemption_reading: how far exception 6.2(d) reaches.
    """

    user_id: EUI64
    role: UserRole
    srv: str
    remote_party_role: RemotePartyRole | None
    other_device_id: EUI64 | None
    device: Device
    devices_of_set: tuple[Device, ...]
    period: Period
    registration_data: RegistrationData
    mp107: bool
    exemption_reading: ExemptionReading = ExemptionReading.SLOT


_ROLES_AT_POINT: Mapping[DeviceType, frozenset[UserRole]] = {
    DeviceType.ESME: ELECTRICITY_ROLES,
    DeviceType.GPF: GAS_ROLES,
    DeviceType.GSME: GAS_ROLES,
}


def is_registered(question: RegistrationQuestion) -> bool:
    """SRPD 6.1(f): the sender is registered for the device's MPAN or MPRN at all times of the period.

    An ESME belongs to its MPAN (IS, ES, ED, RSA), a GSME or GPF to its MPRN (GS, GT, RSA). A CHF, a PPMID or
    another device without a point of its own is the Import Supplier's, through the MPAN of an ESME on the
    same Communications Hub Function [ASSUMED].
    """
    roles = _ROLES_AT_POINT.get(question.device.device_type)
    if roles is None:
        return question.role is UserRole.IMPORT_SUPPLIER and _is_import_supplier_of_set(question)
    mpxn = question.device.mpxn
    return (
        mpxn is not None
        and question.role in roles
        and question.registration_data.is_registered(question.user_id, mpxn, question.role, question.period)
    )


def _is_import_supplier_of_set(question: RegistrationQuestion) -> bool:
    """Whether the sender is the Import Supplier of an ESME on the same Communications Hub Function."""
    return any(
        meter.mpxn is not None
        and meter.shares_communications_hub_with(question.device)
        and question.registration_data.is_registered(
            question.user_id, meter.mpxn, UserRole.IMPORT_SUPPLIER, question.period
        )
        for meter in of_type(question.devices_of_set, DeviceType.ESME)
    )


def _joins_gas_meter_to_gas_proxy(question: RegistrationQuestion) -> bool:
    types = {question.device.device_type} | {
        device.device_type
        for device in question.devices_of_set
        if device.device_id == question.other_device_id
        and device.shares_communications_hub_with(question.device)
    }
    return (
        question.srv in {"8.7.1", "8.7.2"}
        and types == {DeviceType.GSME, DeviceType.GPF}
        and question.role is UserRole.IMPORT_SUPPLIER
        and _is_import_supplier_of_set(question)
    )


def _restores_gas_proxy_log(question: RegistrationQuestion) -> bool:
    return (
        question.srv == "8.12.2"
        and question.device.device_type is DeviceType.GPF
        and question.role is UserRole.IMPORT_SUPPLIER
        and _is_import_supplier_of_set(question)
    )


def _acts_as_other_user(question: RegistrationQuestion) -> bool:
    return question.role is UserRole.OTHER_USER


def _is_network_operator_update_under_mp107(question: RegistrationQuestion) -> bool:
    return (
        question.mp107
        and question.device.is_smets1
        and question.srv == "6.15.1"
        and question.role in NETWORK_OPERATORS
        and (
            question.exemption_reading is ExemptionReading.SENDER
            or question.remote_party_role is RemotePartyRole.NETWORK_OPERATOR
        )
    )


@dataclass(frozen=True, slots=True)
class RegistrationException:
    """A case in which SRPD 6.1(f) does not apply.

    Attributes:
        name: unique among the exceptions; deviations refer to it.
        clause: the clause that makes the exception.
        applies: whether it covers the question.
    """

    name: str
    clause: str
    applies: Callable[[RegistrationQuestion], bool]


EXCEPTIONS: tuple[RegistrationException, ...] = (
    RegistrationException("gas join by Import Supplier", "SRPD 6.2(a)", _joins_gas_meter_to_gas_proxy),
    RegistrationException("GPF log restore by Import Supplier", "SRPD 6.2(b)", _restores_gas_proxy_log),
    RegistrationException("Other User", "SRPD 6.2(c)", _acts_as_other_user),
    RegistrationException("MP107", "SRPD 6.2(d)", _is_network_operator_update_under_mp107),
)
"""The exceptions of SRPD 6.2; (d) is what MP107 adds [FIA 4.3]."""


def passes_registration_check(
    question: RegistrationQuestion, exceptions: tuple[RegistrationException, ...] = EXCEPTIONS
) -> bool:
    """SRPD 6.1(f) and 6.2: the sender is registered, or an exception applies."""
    return is_registered(question) or any(exception.applies(question) for exception in exceptions)
