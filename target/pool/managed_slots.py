"""Slots at an emulated S1SP, through its management plane."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from target.arrangement import DCC
from target.errors import NotArrangeable
from target.management import ManagementClient
from target.pool.population import PoolDevice
from target.service_user import ServiceUser


class ManagedSlots:
    """The slots of devices whose S1SP has a management plane.

    Args:
        management: The management planes, by name of the system.
        users: The Users we can act as, by User ID: their certificates are known.
        estate: Name of the estate there.
    """

    def __init__(
        self, management: Mapping[str, ManagementClient], users: Mapping[EUI64, ServiceUser], estate: str
    ) -> None:
        self._management = management
        self._users = users
        self._estate = estate

    def covers(self, device: PoolDevice) -> bool:
        """Whether the S1SP of a device has a management plane."""
        return device.entry.s1sp in self._management

    def put(self, device: PoolDevice, role: RemotePartyRole, party: EUI64 | str) -> None:
        """Put the certificates of a party, or of the DCC, into a slot."""
        self._client(device).put_slot(self._estate, device.device_id, role.value, self._content(party))

    def restore(self, device: PoolDevice) -> tuple[str, ...]:
        """Put the slots of a device back; return a sentence for each that had to be."""
        done = []
        for role, party in device.home.items():
            held = self._client(device).slot(self._estate, device.device_id, role.value)
            if held.get("party") == party and self._same_certificates(held, party):
                continue
            self.put(device, role, party)
            done.append(f"the management plane of {device.entry.s1sp} put {party} into the {role} slot")
        return tuple(done)

    def _client(self, device: PoolDevice) -> ManagementClient:
        return self._management[device.entry.s1sp]

    def _same_certificates(self, held: Mapping[str, Any], party: EUI64 | str) -> bool:
        content = self._content(party)
        return "party" in content or all(held.get(use) == text for use, text in content.items())

    def _content(self, party: EUI64 | str) -> dict[str, str]:
        user = self._users.get(EUI64(party)) if party != DCC else None
        try:
            credentials = user.credentials if user is not None else None
        except NotArrangeable:
            credentials = None
        if credentials is None:
            return {"party": str(party)}
        certificates = {
            "digital_signing": credentials.digital_signing,
            "key_agreement": credentials.key_agreement,
        }
        return {
            use: base64.b64encode(certificate.der).decode()
            for use, certificate in certificates.items()
            if certificate is not None
        }
