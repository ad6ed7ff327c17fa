"""From verified messages to observations."""

from __future__ import annotations

from duis.response import DCCAlertMessage, SecurityCredentialsUpdated, SMETS1ResponseMessage
from duis.smets1 import (
    DeviceAlert,
    ReadInstantaneousImportRegistersRsp,
    ReadNetworkDataRsp,
    RequestHandoverOfDCCControlledDeviceRsp,
    RetrieveDeviceSecurityCredentialsKRPRsp,
    S1SPAlert,
    SMETS1Response,
    UpdateSecurityCredentialsKRPRsp,
)
from target.correlation import inner_request_id
from target.inbox.reader import Message
from target.observations import (
    CredentialsUpdated,
    DeviceAlertSeen,
    OtherMessage,
    Received,
    S1SPRejection,
    SMETS1Result,
)

_TELL_SUCCESS = (
    UpdateSecurityCredentialsKRPRsp,
    RequestHandoverOfDCCControlledDeviceRsp,
    RetrieveDeviceSecurityCredentialsKRPRsp,
    ReadInstantaneousImportRegistersRsp,
    ReadNetworkDataRsp,
)


def observation_of(message: Message) -> Received:
    """What a message in the inbox says."""
    verified = message.verified
    response = verified.response
    if isinstance(response.message, SMETS1ResponseMessage) and isinstance(verified.inner, SMETS1Response):
        return _smets1(message, verified.inner)
    if isinstance(response.message, DCCAlertMessage):
        return _dcc_alert(message, response.message)
    return OtherMessage(response, message.received_at)


def _smets1(message: Message, inner: SMETS1Response) -> Received:
    verified = message.verified
    signer = verified.inner_signer
    request_id = inner_request_id(verified)
    payload = inner.payload
    if signer is None:
        return OtherMessage(verified.response, message.received_at)
    if isinstance(payload, DeviceAlert):
        return DeviceAlertSeen(
            device_id=inner.header.business_originator_id,
            alert_code=payload.alert_code,
            description=payload.description,
            header=inner.header,
            signer=signer,
            outer_signer=verified.outer_signer,
            received_at=message.received_at,
        )
    if request_id is None:
        return OtherMessage(verified.response, message.received_at)
    return SMETS1Result(
        success=payload.message_success if isinstance(payload, _TELL_SUCCESS) else None,
        payload=payload,
        header=inner.header,
        request_id=request_id,
        signer=signer,
        outer_signer=verified.outer_signer,
        inner_context=verified.inner_context,
        response_code=verified.response.response_code,
        received_at=message.received_at,
    )


def _dcc_alert(message: Message, alert_message: DCCAlertMessage) -> Received:
    verified = message.verified
    inner, alert = verified.inner, alert_message.alert
    if isinstance(inner, S1SPAlert) and verified.inner_signer is not None:
        return S1SPRejection(
            alert_code=inner.s1sp_alert_code,
            request_id=inner.request_id,
            outer_request_id=verified.response.request_id,
            device_id=inner.device_id,
            dcc_alert_code=alert_message.dcc_alert_code,
            additional_information=inner.additional_information,
            signer=verified.inner_signer,
            outer_signer=verified.outer_signer,
            inner_context=verified.inner_context,
            received_at=message.received_at,
        )
    if isinstance(alert, SecurityCredentialsUpdated):
        return CredentialsUpdated(
            device_id=alert.device_id,
            remote_party_role=alert.remote_party_role,
            hashes={each.certificate_type: each.certificate_hash for each in alert.certificates},
            dcc_alert_code=alert_message.dcc_alert_code,
            request_id=verified.response.request_id,
            outer_signer=verified.outer_signer,
            received_at=message.received_at,
        )
    return OtherMessage(verified.response, message.received_at)
