"""Changes to a set that make the Network Operator slot of one of its devices incorrect or exceptional."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import Final

from duis.identifiers import EUI64
from duis.roles import DeviceStatus, DeviceType, RemotePartyRole, UserRole
from emulators.inventory import Device
from emulators.population import MeterSet
from emulators.registration import Registration
from emulators.slots import DCC_CONTROL, SlotAssignment

NOBODY: Final = "nobody"
"""In the place of a User ID: the slot is there, and holds no certificates."""

PARTY_WITHOUT_CERTIFICATES: Final = EUI64("06-4E-6F-53-4D-4B-49-01")
"""A Network Operator that is registered, and in no PKI: its identifier is locally administered."""

_CHANGE_OF_OPERATOR: Final = datetime(2023, 6, 1, tzinfo=UTC)
"""After every registration of `emulators.population`."""

_SHARE_OF_OTHER_FUEL: Final = 0.01
"""So many of the incorrect certificates are of the other fuel, as a Gas Transporter's on an ESME [WG63]."""

Change = Callable[[MeterSet], MeterSet]
"""Returns a set with one of its devices changed."""


class Exceptional(StrEnum):
    """A device that the update has to leave alone, or to look at twice."""

    NO_REGISTRATION = "no registration"
    """No Network Operator is registered now: there is no row, or it has ended."""
    AMBIGUOUS_REGISTRATION = "ambiguous registration"
    """Two Network Operators are registered now."""
    UNDER_DCC_CONTROL = "under DCC control"
    NOT_ENROLLED = "not enrolled"
    """Withdrawn or decommissioned; the slot holds another Network Operator's certificates."""
    REGISTERED_PARTY_WITHOUT_CERTIFICATES = "registered party without certificates"
    """The registered Network Operator is in no list of certificates."""
    EMPTY_SLOT = "empty slot"
    NO_SLOT = "no slot"
    TWO_PARTIES_IN_SLOT = "two parties in slot"
    """The ds certificate is the registered party's, the ka certificate another's: incorrect."""


@dataclass(frozen=True, slots=True)
class SlotOfTwoParties(SlotAssignment):
    """A slot that holds the ds certificate of `party` and the ka certificate of another."""

    key_agreement_party: EUI64


class UnusualSlots:
    """What can be wrong with the Network Operator slot of one type of device; each method changes one set.

    Attributes:
        exceptional: the method for each exceptional kind.
    """

    def __init__(
        self, device_type: DeviceType, parties: Mapping[UserRole, Sequence[EUI64]], chance: Random
    ) -> None:
        """Find the Network Operators whose certificates can be in a slot by mistake.

        Args:
            device_type: ESME or GPF.
            parties: the User IDs in each role.
            chance: where every choice comes from.

        Raises:
            ValueError: there is no other Network Operator.
        """
        self._device_type = device_type
        self._chance = chance
        roles = (UserRole.ELECTRICITY_DISTRIBUTOR, UserRole.GAS_TRANSPORTER)
        self._role, other_role = roles if device_type is DeviceType.ESME else roles[::-1]
        operators = parties.get(self._role, ())
        if len(set(operators)) < 2:
            raise ValueError(f"an incorrect slot needs at least two parties in the role {self._role}")
        self._same_fuel = {each: [other for other in operators if other != each] for each in operators}
        self._other_fuel = [each for each in parties.get(other_role, ()) if each not in operators]
        self.exceptional: Mapping[Exceptional, Change] = {
            Exceptional.NO_REGISTRATION: self.no_registration,
            Exceptional.AMBIGUOUS_REGISTRATION: self.ambiguous_registration,
            Exceptional.UNDER_DCC_CONTROL: self.under_dcc_control,
            Exceptional.NOT_ENROLLED: self.not_enrolled,
            Exceptional.REGISTERED_PARTY_WITHOUT_CERTIFICATES: self.registered_party_without_certificates,
            Exceptional.EMPTY_SLOT: self.empty_slot,
            Exceptional.NO_SLOT: self.no_slot,
            Exceptional.TWO_PARTIES_IN_SLOT: self.two_parties_in_slot,
        }

    def another_operator(self, meter_set: MeterSet) -> MeterSet:
        """Put another Network Operator's certificates into the slot."""
        position, slot = self._slot(meter_set)
        if self._other_fuel and self._chance.random() < _SHARE_OF_OTHER_FUEL:
            party = self._chance.choice(self._other_fuel)
        else:
            party = self._another(slot)
        return _with_slot(meter_set, position, _held_by(slot, party))

    def no_registration(self, meter_set: MeterSet) -> MeterSet:
        """Have nobody registered as Network Operator: without a row, or with one that has ended."""
        position, row = self._registration(meter_set)
        ended = replace(row, effective_to=_CHANGE_OF_OPERATOR)
        rows = (ended,) if self._chance.random() < 0.5 else ()
        return _with_registrations(meter_set, position, *rows)

    def ambiguous_registration(self, meter_set: MeterSet) -> MeterSet:
        """Have another Network Operator registered too, since a later day."""
        position, row = self._registration(meter_set)
        another = self._chance.choice(self._same_fuel[row.user_id])
        second = Registration(row.mpxn, row.role, another, _CHANGE_OF_OPERATOR)
        return _with_registrations(meter_set, position, row, second)

    def under_dcc_control(self, meter_set: MeterSet) -> MeterSet:
        """Put the DCC's own certificates into the slot."""
        position, slot = self._slot(meter_set)
        return _with_slot(meter_set, position, _held_by(slot, DCC_CONTROL))

    def not_enrolled(self, meter_set: MeterSet) -> MeterSet:
        """Have the device withdrawn or decommissioned, with an incorrect slot."""
        status = self._chance.choice((DeviceStatus.WITHDRAWN, DeviceStatus.DECOMMISSIONED))
        changed = self.another_operator(meter_set)
        devices = tuple(
            replace(each, device_status=status) if each.device_type is self._device_type else each
            for each in changed.devices
        )
        return replace(changed, devices=devices)

    def registered_party_without_certificates(self, meter_set: MeterSet) -> MeterSet:
        """Have a Network Operator registered that has no certificates."""
        position, row = self._registration(meter_set)
        return _with_registrations(meter_set, position, replace(row, user_id=PARTY_WITHOUT_CERTIFICATES))

    def empty_slot(self, meter_set: MeterSet) -> MeterSet:
        """Take the certificates out of the slot."""
        position, slot = self._slot(meter_set)
        return _with_slot(meter_set, position, _held_by(slot, NOBODY))

    def no_slot(self, meter_set: MeterSet) -> MeterSet:
        """Take the slot away."""
        position, _ = self._slot(meter_set)
        return _with_slot(meter_set, position)

    def two_parties_in_slot(self, meter_set: MeterSet) -> MeterSet:
        """Leave the registered party's ds certificate, and put another's ka certificate beside it."""
        position, slot = self._slot(meter_set)
        mixed = SlotOfTwoParties(slot.device_id, slot.remote_party_role, slot.party, self._another(slot))
        return _with_slot(meter_set, position, mixed)

    def _another(self, slot: SlotAssignment) -> EUI64:
        return self._chance.choice(self._same_fuel[EUI64(slot.party)])

    def _device(self, meter_set: MeterSet) -> Device:
        return next(each for each in meter_set.devices if each.device_type is self._device_type)

    def _slot(self, meter_set: MeterSet) -> tuple[int, SlotAssignment]:
        device_id = self._device(meter_set).device_id
        for position, slot in enumerate(meter_set.slots):
            if slot.remote_party_role is RemotePartyRole.NETWORK_OPERATOR and slot.device_id == device_id:
                return position, slot
        raise AssertionError(f"a generated {self._device_type} has a Network Operator slot")

    def _registration(self, meter_set: MeterSet) -> tuple[int, Registration]:
        point = self._device(meter_set).mpxn
        for position, row in enumerate(meter_set.registrations):
            if row.role is self._role and row.mpxn == point:
                return position, row
        raise AssertionError(f"a generated {self._device_type} has a registered Network Operator")


def _held_by(slot: SlotAssignment, party: str) -> SlotAssignment:
    return SlotAssignment(slot.device_id, slot.remote_party_role, party)


def _with_slot(meter_set: MeterSet, position: int, *instead: SlotAssignment) -> MeterSet:
    slots = (*meter_set.slots[:position], *instead, *meter_set.slots[position + 1 :])
    return MeterSet(meter_set.set_id, meter_set.devices, meter_set.registrations, slots)


def _with_registrations(meter_set: MeterSet, position: int, *instead: Registration) -> MeterSet:
    before, after = meter_set.registrations[:position], meter_set.registrations[position + 1 :]
    return replace(meter_set, registrations=(*before, *instead, *after))
