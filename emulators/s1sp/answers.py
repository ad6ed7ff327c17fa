"""The documents an S1SP makes and signs: responses, S1SP Alerts and device alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64
from duis.request import ServiceRequest
from duis.requests import ReplacementBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import RemotePartyRole
from duis.signature import SigningIdentity, sign
from duis.smets1 import (
    NETWORK_OPERATOR_BY_NETWORK_OPERATOR,
    SUPPLIER_BY_SUPPLIER,
    DeviceAlert,
    ElectricityRegisters,
    ExecutionOutcome,
    Payload,
    ReadInstantaneousImportRegistersRsp,
    ReadNetworkDataRsp,
    RemotePartyDetails,
    RemotePartySeqNumberChange,
    ReplacementOutcome,
    RequestHandoverOfDCCControlledDeviceRsp,
    RetrieveDeviceSecurityCredentialsKRPRsp,
    S1SPAlert,
    SMETS1Header,
    SMETS1Response,
    StatusCode,
    UnknownContent,
    UpdateSecurityCredentialsKRPRsp,
    VoltageData,
)
from duis.xml import element_from
from emulators.inventory import Device
from emulators.s1sp.readings import import_registers, network_data
from emulators.slots import AnchorSlot

_ELEMENTS_OF_UNMODELLED_RESULTS: Mapping[str, str] = {
    "8.7.1": "<ra:JoinServiceCriticalRsp {success}>{joined}</ra:JoinServiceCriticalRsp>",
    "8.7.2": "<ra:JoinServiceNonCriticalRsp {success}>{joined}</ra:JoinServiceNonCriticalRsp>",
    "8.12.2": "<ra:RestoreGPFDeviceLogRsp {success}/>",
}
_STATUS_NUMBERS: Mapping[str, int] = {
    "success": 0,
    "badCertificate": 1,
    "noTrustAnchor": 2,
    "insufficientMemory": 3,
    "resourcesBusy": 4,
    "other": 99,
    "trustAnchorNotFound": 5,
}
"""Numbers of the words [ASSUMED]: the schema asks for one and does not say which."""


class Answers:
    """Makes and signs what an S1SP sends."""

    def __init__(self, identity: SigningIdentity) -> None:
        self._identity = identity

    def response(
        self,
        request: ServiceRequest,
        payload: Payload,
        at: datetime,
        countersigned: CountersignedServiceRequest | None,
    ) -> bytes:
        """Make a signed response to a request.

        Where the DCC sent the request for a user, it goes to the DCC and names the user as supplementary.
        """
        request_id = request.request_id
        supplementary = countersigned.supplementary_remote_party_id if countersigned is not None else None
        header = SMETS1Header(
            request_id.target,
            request_id.originator if countersigned is None or supplementary is None else countersigned.dsp_id,
            request_id.counter,
            supplementary,
            countersigned.supplementary_remote_party_counter if countersigned is not None else None,
            service_reference=request.service_reference,
            srv=request.srv,
            timestamp=at,
        )
        return sign(SMETS1Response(header, payload).to_xml(), self._identity)

    def s1sp_alert(
        self, request: ServiceRequest, code: str, adapt: Callable[[S1SPAlert], S1SPAlert], at: datetime
    ) -> bytes:
        """Make a signed S1SP Alert that rejects a request [FIA 4.2.1]."""
        alert = S1SPAlert(code, at, request.request_id, request.request_id.target)
        return sign(adapt(alert).to_xml(), self._identity)

    def device_alert(
        self, device_id: EUI64, recipient: EUI64, counter: int, alert: DeviceAlert, at: datetime
    ) -> bytes:
        """Make a signed device alert, addressed to the party in the slot [FIA 1]."""
        header = SMETS1Header(device_id, recipient, counter, timestamp=at)
        return sign(SMETS1Response(header, alert).to_xml(), self._identity)


def result_of_replacement(
    request: ServiceRequest, outcomes: tuple[ReplacementOutcome, ...] | None
) -> Payload:
    """Make the result of a 6.15.1 or 6.21; without outcomes it is accepted and yet to take effect."""
    outcome = None if outcomes is None else execution_outcome(request, outcomes)
    return _replacement_result(request, True, outcome)


def execution_outcome(request: ServiceRequest, outcomes: tuple[ReplacementOutcome, ...]) -> ExecutionOutcome:
    """Say what became of the certificates of a 6.15.1 or 6.21 [XSD ExecutionOutcome]."""
    body = request.body
    assert isinstance(body, ReplacementBody)
    role = body.remote_party_role
    change = None
    if body.remote_party_floor_seq_number is not None:
        change = RemotePartySeqNumberChange(
            role,
            body.remote_party_floor_seq_number,
            body.remote_party_prepayment_top_up_floor_seq_number,
        )
    mode = (
        NETWORK_OPERATOR_BY_NETWORK_OPERATOR
        if role is RemotePartyRole.NETWORK_OPERATOR
        else SUPPLIER_BY_SUPPLIER
    )
    return ExecutionOutcome(request.request_id.counter, mode, change, outcomes)


def failed_outcomes(request: ServiceRequest, status: str) -> tuple[ReplacementOutcome, ...]:
    """Say of each certificate of a 6.15.1 or 6.21 that it was not placed, and why."""
    body = request.body
    assert isinstance(body, ReplacementBody)
    return tuple(
        ReplacementOutcome(status_code(status), use, body.remote_party_role) for use in body.replacements()
    )


def unsuccessful_result(request: ServiceRequest, status: str) -> Payload:
    """Make the result of a request that was not carried out: MessageSuccess is false."""
    if isinstance(request.body, ReplacementBody):
        outcome = execution_outcome(request, failed_outcomes(request, status))
        return _replacement_result(request, False, outcome)
    if request.srv == "6.24.1":
        return RetrieveDeviceSecurityCredentialsKRPRsp(False)
    if request.srv == "4.1.1":
        return ReadInstantaneousImportRegistersRsp(False, ElectricityRegisters())
    if request.srv == "4.10":
        return ReadNetworkDataRsp(False, VoltageData())
    return _unmodelled(request.srv, success=False, status=status)


def result_of_read(
    request: ServiceRequest, device: Device, slots: Mapping[RemotePartyRole, AnchorSlot], now: datetime
) -> Payload:
    """Make the result of a request that changes nothing here."""
    if isinstance(request.body, RetrieveDeviceSecurityCredentialsKRPBody):
        return RetrieveDeviceSecurityCredentialsKRPRsp(
            True, tuple(_details(request.body.remote_party_roles, slots))
        )
    if request.srv == "4.1.1":
        return import_registers(device)
    if request.srv == "4.10":
        return network_data(device, now)
    return _unmodelled(request.srv, success=True, status="success")


def status_code(status: str) -> StatusCode:
    """Return a status with its number."""
    return StatusCode(status, _STATUS_NUMBERS.get(status, _STATUS_NUMBERS["other"]))


def _details(
    roles: Iterable[RemotePartyRole], slots: Mapping[RemotePartyRole, AnchorSlot]
) -> Iterable[RemotePartyDetails]:
    """The certificates of the slots asked for; a slot the device does not have is told as such [ASSUMED]."""
    for role in dict.fromkeys(roles):
        slot = slots.get(role)
        if slot is None:
            yield RemotePartyDetails(role, status_code("trustAnchorNotFound"))
            continue
        for use, certificate in slot.certificates.items():
            yield RemotePartyDetails(
                role, StatusCode(), None, use, certificate.entity_identifier, certificate.sha1
            )


def _replacement_result(request: ServiceRequest, success: bool, outcome: ExecutionOutcome | None) -> Payload:
    if request.srv == "6.21":
        return RequestHandoverOfDCCControlledDeviceRsp(success, outcome)
    return UpdateSecurityCredentialsKRPRsp(success, outcome)


def _unmodelled(srv: str, *, success: bool, status: str) -> UnknownContent:
    joined = status_code(status).to_text().replace("ra:StatusCode", "ra:joinResponseCode")
    text = _ELEMENTS_OF_UNMODELLED_RESULTS[srv].format(
        success=f'MessageSuccess="{"true" if success else "false"}"', joined=joined
    )
    return UnknownContent.of(element_from(text))
