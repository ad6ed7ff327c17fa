"""What the DSP does with a message of an S1SP: verify, wrap, sign, and route to the users concerned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from duis.identifiers import EUI64, RequestID
from duis.response import SecurityCredentialsUpdated, UpdatedCertificate
from duis.roles import DeviceType, UserRole
from duis.signature import SignatureError, verify
from duis.smets1 import (
    FUTURE_DATED_SUCCESS,
    DeviceAlert,
    ExecutionOutcome,
    RequestHandoverOfDCCControlledDeviceRsp,
    S1SPAlert,
    SMETS1Response,
    UpdateSecurityCredentialsKRPRsp,
)
from duis.xml import SR, Element, MessageError
from emulators.database import Transaction
from emulators.dsp.parts import DSPParts
from emulators.dsp.store import ANSWERED, StoredRequest
from emulators.dsp.user_port import DSPEstate, Handled
from emulators.faults import FaultScript
from emulators.inventory import Device
from emulators.web import Answer, refusal

_ACCEPTED = Answer(204)
_SUPPLIER_ROLES = {DeviceType.ESME: UserRole.IMPORT_SUPPLIER}
_OPERATOR_ROLES = {DeviceType.ESME: UserRole.ELECTRICITY_DISTRIBUTOR}


class _Refused(Exception):
    """The message is not acceptable.

    Attributes:
        status: the HTTP status to answer with.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class S1SPPort:
    """Handles the SMETS1SignedResponses and S1SPAlerts of the S1SPs."""

    def __init__(self, parts: DSPParts, faults: FaultScript) -> None:
        self._parts = parts
        self._faults = faults
        self._names = {identifier: name for name, identifier in parts.s1sp_ids.items()}

    def handle(self, transaction: Transaction, estate: DSPEstate, document: bytes) -> Handled:
        """Take over a message; a repeated delivery is accepted and has no further effect."""
        digest = hashlib.sha256(document).hexdigest()
        if self._parts.store.is_received(transaction, estate.name, digest):
            return Handled(_ACCEPTED, "", "", "received before")
        now = self._parts.clock.now()
        try:
            root, s1sp = self._verify(document, now)
            if root.tag == f"{{{SR}}}S1SPAlert":
                alert = S1SPAlert.parse(root)
                handled = self._s1sp_alert(transaction, estate, alert, document, s1sp, now)
            elif root.tag == f"{{{SR}}}SMETS1SignedResponse":
                response = SMETS1Response.parse(root)
                handled = self._response(transaction, estate, response, document, s1sp, now)
            else:
                raise _Refused(400, f"{root.tag} is not a message of an S1SP")
        except _Refused as error:
            return Handled(refusal(error.status, str(error)), "", "", f"HTTP {error.status} {error}")
        except MessageError as error:
            return Handled(refusal(400, str(error)), "", "", f"HTTP 400 {error}")
        self._parts.store.put_received(transaction, estate.name, digest, now)
        return handled

    def _verify(self, document: bytes, now: datetime) -> tuple[Element, str]:
        """Return the verified tree and the name of the S1SP that signed it."""
        try:
            verified = verify(document, self._parts.trust, now)
        except SignatureError as error:
            raise _Refused(403, str(error)) from error
        signer = verified.signer.entity_identifier
        name = None if signer is None else self._names.get(signer)
        if name is None:
            raise _Refused(403, f"the signer {signer} is no S1SP")
        return verified.root, name

    def _response(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        response: SMETS1Response,
        document: bytes,
        s1sp: str,
        now: datetime,
    ) -> Handled:
        if isinstance(response.payload, DeviceAlert):
            return self._device_alert(transaction, estate, response, response.payload, document, s1sp, now)
        request_id = response.header.user_request_id()
        request = self._request(transaction, estate, request_id, s1sp)
        wrapped = self._parts.messages.result(request, document, estate.settings, now)
        self._send_answer(transaction, estate, request, wrapped, "SMETS1ResponseMessage", now)
        if isinstance(
            response.payload, UpdateSecurityCredentialsKRPRsp | RequestHandoverOfDCCControlledDeviceRsp
        ):
            outcome = response.payload.execution_outcome
            if response.payload.message_success is not False and outcome is not None:
                self._credentials_alert(transaction, estate, request_id.target, outcome, now)
        return Handled(_ACCEPTED, "SMETS1SignedResponse", str(request_id), f"accepted from {s1sp}")

    def _s1sp_alert(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        alert: S1SPAlert,
        document: bytes,
        s1sp: str,
        now: datetime,
    ) -> Handled:
        if alert.request_id is not None:
            request = self._request(transaction, estate, alert.request_id, s1sp)
        else:  # the schema allows it; the user is found by the device
            request = self._last_request(transaction, estate, alert.device_id, s1sp)
        wrapped = self._parts.messages.s1sp_alert(alert.request_id, document, estate.settings, now)
        if estate.rules.passes_on(alert):
            self._send_answer(transaction, estate, request, wrapped, "S1SPAlertDSP", now)
        outcome = f"{alert.s1sp_alert_code} accepted from {s1sp}"
        return Handled(_ACCEPTED, "S1SPAlert", str(request.request_id), outcome)

    def _device_alert(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        response: SMETS1Response,
        alert: DeviceAlert,
        document: bytes,
        s1sp: str,
        now: datetime,
    ) -> Handled:
        header = response.header
        device = self._device(estate, header.business_originator_id, s1sp)
        wrapped = self._parts.messages.device_alert(document, estate.settings, now)
        operator = _registered(estate, device, _OPERATOR_ROLES, UserRole.GAS_TRANSPORTER, now)
        recipients = estate.rules.alert_recipients(header.business_target_id, operator)
        self._send(transaction, estate, recipients, device.device_id, wrapped, "DeviceAlertMessage")
        if alert.execution_outcome is not None and alert.alert_code == FUTURE_DATED_SUCCESS:
            self._credentials_alert(transaction, estate, device.device_id, alert.execution_outcome, now)
        outcome = f"{alert.alert_code} accepted from {s1sp}"
        return Handled(_ACCEPTED, "SMETS1SignedResponse", "", outcome)

    def _request(
        self, transaction: Transaction, estate: DSPEstate, request_id: RequestID, s1sp: str
    ) -> StoredRequest:
        request = self._parts.store.find(transaction, estate.name, request_id)
        if request is None:
            raise _Refused(404, f"no request {request_id}")
        if request.s1sp != s1sp:
            raise _Refused(403, f"request {request_id} is not with {s1sp}")
        return request

    def _last_request(
        self, transaction: Transaction, estate: DSPEstate, device_id: EUI64 | None, s1sp: str
    ) -> StoredRequest:
        request = None
        if device_id is not None:
            request = self._parts.store.last_forwarded(transaction, estate.name, device_id)
        if request is None or request.s1sp != s1sp:
            raise _Refused(404, f"no request for {device_id} is with {s1sp}")
        return request

    def _device(self, estate: DSPEstate, device_id: EUI64, s1sp: str) -> Device:
        device = estate.devices.get(device_id)
        if device is None:
            raise _Refused(404, f"no device {device_id}")
        if device.s1sp != s1sp:
            raise _Refused(403, f"{s1sp} does not serve {device_id}")
        return device

    def _send_answer(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        request: StoredRequest,
        document: bytes,
        kind: str,
        now: datetime,
    ) -> None:
        self._parts.store.set_state(transaction, estate.name, request.request_id, ANSWERED)
        delivery = self._faults.next_delivery(estate.name, request.srv)
        not_before = None
        if delivery.delay_seconds:
            not_before = now + timedelta(seconds=delivery.delay_seconds)
        for _ in range(delivery.copies):
            self._parts.outbox.put(
                transaction,
                estate.name,
                f"user:{request.originator}",
                request.device_id,
                document,
                kind,
                str(request.request_id),
                not_before,
            )

    def _send(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        recipients: Iterable[EUI64],
        device_id: EUI64,
        document: bytes,
        kind: str,
    ) -> None:
        for user in recipients:
            self._parts.outbox.put(transaction, estate.name, f"user:{user}", device_id, document, kind, "")

    def _credentials_alert(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        device_id: EUI64,
        outcome: ExecutionOutcome,
        now: datetime,
    ) -> None:
        """Send N42 to the parties with an interest in the slot [WG63]; to whom is a setting [ASSUMED]."""
        settings = estate.settings
        device = estate.devices.get(device_id)
        roles = {each.remote_party_role for each in outcome.replacement_outcomes}
        role = roles.pop() if len(roles) == 1 else None
        certificates = tuple(
            UpdatedCertificate(each.certificate_type, each.new_certificate_hash)
            for each in outcome.replacement_outcomes
            if each.certificate_type is not None and each.new_certificate_hash is not None
        )
        if not settings.credentials_alert or device is None or role is None or not certificates:
            return
        change = outcome.remote_party_seq_number_change
        alert = SecurityCredentialsUpdated(
            device_id,
            role,
            certificates,
            None if change is None else change.remote_party_floor_seq_number,
            None if change is None else change.remote_party_prepayment_top_up_floor_seq_number,
        )
        recipients: dict[EUI64 | None, None] = {}
        for each in outcome.replacement_outcomes:
            if "old" in settings.credentials_alert_recipients:
                recipients[each.existing_remote_party_id] = None
            if "new" in settings.credentials_alert_recipients:
                recipients[each.new_remote_party_id] = None
        if "supplier" in settings.credentials_alert_recipients:
            supplier = _registered(estate, device, _SUPPLIER_ROLES, UserRole.GAS_SUPPLIER, now)
            recipients[supplier] = None
        users = [user for user in recipients if user is not None and user in self._parts.users]
        document = self._parts.messages.credentials_alert(alert, settings, now)
        self._send(transaction, estate, users, device_id, document, "SecurityCredentialsUpdated")


def _registered(
    estate: DSPEstate,
    device: Device,
    roles: Mapping[DeviceType, UserRole],
    otherwise: UserRole,
    now: datetime,
) -> EUI64 | None:
    """The party registered for the device's point, in the role that suits the type of device."""
    if device.mpxn is None:
        return None
    role = roles.get(device.device_type, otherwise)
    return estate.registration_data.registered(device.mpxn, role, now)
