"""The documents the DSP makes: acknowledgements, rejections, the inventory, results and alerts for users."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.response import (
    DCCAlertMessage,
    InventoryDevice,
    Message,
    Response,
    ResponseMessage,
    S1SPAlertDSP,
    SecurityCredentialsUpdated,
    SMETS1ResponseMessage,
)
from duis.signature import SigningIdentity, sign
from emulators.dsp.store import StoredRequest
from emulators.estate_settings import EstateSettings
from emulators.inventory import SMETS1, Device

ACKNOWLEDGED = "I99"
"""The request is acknowledged; its result follows [WEB]."""

SUCCESS = "I0"
"""The request is answered with this Response [WEB]."""


class Messages:
    """Makes and signs what the DSP sends."""

    def __init__(self, identity: SigningIdentity) -> None:
        self._identity = identity

    def answer(self, request: ServiceRequest, code: str, settings: EstateSettings, at: datetime) -> bytes:
        """Make the acknowledgement or rejection of a request."""
        request_id = request.request_id
        document = Response(
            request_id,
            request_id.response_id() if settings.response_id_in_acknowledgements else None,
            code,
            at,
            ResponseMessage(request.service_reference, request.srv),
        ).to_xml()
        return sign(document, self._identity) if settings.sign_acknowledgements else document

    def inventory(self, request: ServiceRequest, devices: Iterable[Device], at: datetime) -> bytes:
        """Make the signed answer to 8.2; without devices it carries no inventory, which needs one [XSD]."""
        found = tuple(inventory_device(device) for device in devices)
        message = ResponseMessage(request.service_reference, request.srv, inventory=found or None)
        return self._signed(request.request_id, SUCCESS, at, message)

    def result(
        self, request: StoredRequest, signed_response: bytes, settings: EstateSettings, at: datetime
    ) -> bytes:
        """Wrap what an S1SP signed in answer to a request."""
        reference = ".".join(request.srv.split(".")[:2])
        message = SMETS1ResponseMessage(signed_response, reference, request.srv)
        return self._signed(request.request_id, settings.result_code, at, message)

    def s1sp_alert(
        self,
        request_id: RequestID | None,
        s1sp_alert: bytes,
        settings: EstateSettings,
        at: datetime,
    ) -> bytes:
        """Wrap an S1SP Alert in a DCC alert [FIA 4.2.1]."""
        message = DCCAlertMessage(settings.s1sp_alert_code, S1SPAlertDSP(s1sp_alert))
        header_id = request_id if settings.request_id_in_alerts else None
        return self._signed(header_id, settings.result_code, at, message)

    def device_alert(self, signed_response: bytes, settings: EstateSettings, at: datetime) -> bytes:
        """Wrap a SMETS1 device alert; it belongs to no request."""
        return self._signed(None, settings.result_code, at, SMETS1ResponseMessage(signed_response))

    def credentials_alert(
        self, alert: SecurityCredentialsUpdated, settings: EstateSettings, at: datetime
    ) -> bytes:
        """Tell of new certificates in a slot [WG63]."""
        message = DCCAlertMessage(settings.credentials_alert_code, alert)
        return self._signed(None, settings.result_code, at, message)

    def _signed(self, request_id: RequestID | None, code: str, at: datetime, message: Message) -> bytes:
        response_id = None if request_id is None else request_id.response_id()
        return sign(Response(request_id, response_id, code, at, message).to_xml(), self._identity)


def inventory_device(device: Device) -> InventoryDevice:
    """Return a device as the inventory shows it to users."""
    return InventoryDevice(
        device_id=EUI64(device.device_id),
        device_type=device.device_type,
        manufacturer=device.manufacturer,
        model=device.model,
        device_status=device.device_status,
        smets_chts_version=device.smets_version,
        import_mpxn=device.mpxn,
        csp_region=SMETS1 if device.is_smets1 else None,
        s1sp=device.s1sp,
    )
