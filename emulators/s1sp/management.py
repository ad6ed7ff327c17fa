"""The management plane of an S1SP: slots, what requests changed in them, and device alerts to raise."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole
from duis.smets1 import DeviceAlert
from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate
from emulators.management import ManagementPlane, device_id_of, json_of
from emulators.s1sp.rules import S1SPRules
from emulators.slots import AnchorSlot

if TYPE_CHECKING:
    from emulators.s1sp.program import S1SPEmulator


class SlotContent(BaseModel):
    """What to put into a slot: the certificates of a party, or given ones in base64 (DER)."""

    model_config = ConfigDict(extra="forbid")

    party: str | None = None
    digital_signing: str | None = None
    key_agreement: str | None = None
    key_agreement_top_up: str | None = None


class RaisedAlert(BaseModel):
    """A device alert to raise."""

    model_config = ConfigDict(extra="forbid")

    alert_code: str = "8F3F"
    description: str = "Raised by the management plane"
    remote_party_role: RemotePartyRole = RemotePartyRole.NETWORK_OPERATOR


_FIELDS = {
    "digital_signing": CertificateType.DIGITAL_SIGNING,
    "key_agreement": CertificateType.KEY_AGREEMENT,
    "key_agreement_top_up": CertificateType.KEY_AGREEMENT_TOP_UP,
}


class S1SPManagementPlane(ManagementPlane[S1SPRules]):
    """The calls of an S1SP beside the common ones."""

    def __init__(self, emulator: S1SPEmulator) -> None:
        super().__init__(emulator)
        self._s1sp = emulator

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the routes."""
        device = "/estates/{estate}/devices/{device}"
        return [
            *super().routes(),
            web.get("/estates/{estate}/slot-changes", self.get_slot_changes),
            web.get(device + "/slots", self.get_slots),
            web.get(device + "/slots/{role}", self.get_slot),
            web.put(device + "/slots/{role}", self.put_slot),
            web.post(device + "/alerts", self.post_alert),
        ]

    async def get_slots(self, request: web.Request) -> web.Response:
        """Return every slot of a device."""
        device = self._estate(request).device(device_id_of(request))
        with self._s1sp.database.transaction() as transaction:
            slots = self._s1sp.slots.slots_of(transaction, request.match_info["estate"], device.device_id)
        return web.json_response({role: _slot_as_json(slot) for role, slot in slots.items()})

    async def get_slot(self, request: web.Request) -> web.Response:
        """Return one slot."""
        device = self._estate(request).device(device_id_of(request))
        role = RemotePartyRole(request.match_info["role"])
        with self._s1sp.database.transaction() as transaction:
            slot = self._s1sp.slots.slot(transaction, request.match_info["estate"], device.device_id, role)
        if slot is None:
            raise LookupError(f"device {device.device_id} has no {role} slot")
        return web.json_response(_slot_as_json(slot))

    async def put_slot(self, request: web.Request) -> web.Response:
        """Put certificates into a slot, whatever was there: the Given of a scenario, no protocol."""
        estate = self._estate(request)
        device = estate.device(device_id_of(request))
        role = RemotePartyRole(request.match_info["role"])
        content = SlotContent.model_validate(await json_of(request))
        slot = AnchorSlot(device.device_id, role, self._certificates(content))
        with self._s1sp.database.transaction() as transaction:
            now = self._s1sp.clock.now()
            self._s1sp.slots.put(transaction, estate.name, slot, now, "management")
        return web.json_response(_slot_as_json(slot))

    async def get_slot_changes(self, request: web.Request) -> web.Response:
        """Return what requests changed in the slots of an estate."""
        estate = self._estate(request)
        with self._s1sp.database.transaction() as transaction:
            return web.json_response(self._s1sp.slots.changes(transaction, estate.name))

    async def post_alert(self, request: web.Request) -> web.Response:
        """Have a device raise an alert."""
        estate = self._estate(request)
        device = estate.device(device_id_of(request))
        wanted = RaisedAlert.model_validate(await json_of(request))
        now = self._s1sp.clock.now()
        alert = DeviceAlert(wanted.alert_code, wanted.description, now)
        with self._s1sp.database.transaction() as transaction:
            recipient = self._s1sp.alerts.send(
                transaction, estate, device.device_id, alert, now, wanted.remote_party_role
            )
        return web.json_response({"recipient": recipient}, status=202)

    def _certificates(self, content: SlotContent) -> dict[CertificateType, OrganisationCertificate]:
        given = {use: getattr(content, field) for field, use in _FIELDS.items()}
        if content.party is not None:
            if any(given.values()):
                raise ValueError("a party or certificates are expected, not both")
            return self._s1sp.certificates_of(content.party)
        certificates = {use: _certificate(text) for use, text in given.items() if text is not None}
        if not certificates:
            raise ValueError("a party or at least one certificate is expected")
        return certificates


def _certificate(text: str) -> OrganisationCertificate:
    try:
        return OrganisationCertificate.from_der(base64.b64decode(text, validate=True))
    except (binascii.Error, CertificateUnreadable) as error:
        raise ValueError(f"not a DER certificate in base64: {error}") from None


def _slot_as_json(slot: AnchorSlot) -> dict[str, Any]:
    owner: EUI64 | None = slot.owner()
    certificates = {
        field: base64.b64encode(slot.certificates[use].der).decode()
        for field, use in _FIELDS.items()
        if use in slot.certificates
    }
    return {"party": "ACB" if slot.under_dcc_control() else owner, **certificates}
