"""Device alerts: raised by a device, signed by its S1SP, addressed to the party in the slot [FIA 1]."""

from __future__ import annotations

from datetime import datetime

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from duis.smets1 import DeviceAlert
from emulators.database import Transaction
from emulators.s1sp.parts import S1SPEstate, S1SPParts


class NoRecipient(ValueError):
    """The slot that decides who gets the alert holds nobody's certificate."""


class DeviceAlerts:
    """Sends device alerts."""

    def __init__(self, parts: S1SPParts) -> None:
        self._parts = parts
        self._last_counter = 0

    def send(
        self,
        transaction: Transaction,
        estate: S1SPEstate,
        device_id: EUI64,
        alert: DeviceAlert,
        now: datetime,
        role: RemotePartyRole = RemotePartyRole.NETWORK_OPERATOR,
    ) -> EUI64:
        """Send an alert to the party whose digital signing certificate is in a slot.

        Returns:
            The party.

        Raises:
            NoRecipient: there is no such slot, or nobody's certificate in it.
        """
        slot = self._parts.slots.slot(transaction, estate.name, device_id, role)
        if slot is not None:
            slot = estate.rules.slot_of_alerts(slot, estate.options.mp107)
        recipient = None if slot is None else slot.owner(estate.settings.slot_owner_rule)
        if recipient is None:
            raise NoRecipient(f"the {role} slot of {device_id} holds nobody's certificate")
        self.send_to(transaction, estate, device_id, recipient, alert, now)
        return recipient

    def send_to(
        self,
        transaction: Transaction,
        estate: S1SPEstate,
        device_id: EUI64,
        recipient: EUI64,
        alert: DeviceAlert,
        now: datetime,
    ) -> None:
        """Send an alert to a given party."""
        self._last_counter = max(self._last_counter + 1, int(now.timestamp() * 1000))
        counter = self._last_counter
        document = self._parts.answers.device_alert(device_id, recipient, counter, alert, now)
        self._parts.outbox.put(
            transaction, estate.name, "dsp", device_id, document, "SMETS1SignedResponse", ""
        )
