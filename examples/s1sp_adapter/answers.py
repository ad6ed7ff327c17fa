"""From what the vendor's system says to the documents the DSP takes: built, then signed once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from duis.identifiers import EUI64
from duis.requests import ReplacementBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import RemotePartyRole
from duis.signature import SigningIdentity, sign
from duis.smets1 import (
    NETWORK_OPERATOR_BY_NETWORK_OPERATOR,
    SUPPLIER_BY_SUPPLIER,
    DeviceAlert,
    ExecutionOutcome,
    RemotePartyDetails,
    RemotePartySeqNumberChange,
    ReplacementOutcome,
    RequestHandoverOfDCCControlledDeviceRsp,
    RetrieveDeviceSecurityCredentialsKRPRsp,
    S1SPAlert,
    SMETS1Header,
    SMETS1Response,
    StatusCode,
    UpdateSecurityCredentialsKRPRsp,
)
from duis.smki.certificate import OrganisationCertificate
from examples.s1sp_adapter.intake import Taken
from examples.s1sp_adapter.vendor_api import USES, Alert, Outcome

ALERT_CODES: Final = {"registration": "S1VE4", "slot owner": "S1VE64"}
"""The S1SP Alert Code of each validation [FIA 4.2.1]."""

_NOT_CARRIED_OUT: Final = StatusCode("other", 99)
_NO_SUCH_SLOT: Final = StatusCode("trustAnchorNotFound", 5)

_Replacement = UpdateSecurityCredentialsKRPRsp | RequestHandoverOfDCCControlledDeviceRsp


def answer(taken: Taken, outcome: Outcome, signer: SigningIdentity) -> bytes:
    """The one signed document that answers a request.

    Raises:
        ValueError: the outcome does not fit the request; the text says why.
    """
    now = datetime.now(UTC)
    request_id = taken.request.request_id
    if outcome.outcome == "refused":
        if outcome.check is None:
            raise ValueError("check: a refused job needs the validation that refused it")
        alert = S1SPAlert(
            ALERT_CODES[outcome.check], now, request_id, request_id.target, outcome.because or None
        )
        return sign(alert.to_xml(), signer)
    body = taken.request.body
    payload: _Replacement | RetrieveDeviceSecurityCredentialsKRPRsp
    if isinstance(body, ReplacementBody):
        payload = _replacement(taken, body, outcome)
    elif isinstance(body, RetrieveDeviceSecurityCredentialsKRPBody):
        details = tuple(_details(body.remote_party_roles, outcome)) if outcome.outcome == "done" else ()
        payload = RetrieveDeviceSecurityCredentialsKRPRsp(outcome.outcome == "done", details)
    else:
        raise ValueError(f"there is no translation for SRV {taken.request.srv}")  # noqa: TRY004
    return sign(SMETS1Response(_header(taken, now), payload).to_xml(), signer)


def device_alert(alert: Alert, signer: SigningIdentity) -> bytes:
    """The signed document that tells a party of an alert.

    Raises:
        ValueError: the device or the party is not an EUI-64.
    """
    header = SMETS1Header(EUI64(alert.device), EUI64(alert.party), alert.alert_id, timestamp=alert.at)
    content = DeviceAlert(alert.alert_code.upper(), alert.description, alert.at)
    return sign(SMETS1Response(header, content).to_xml(), signer)


def _header(taken: Taken, now: datetime) -> SMETS1Header:
    """From the device to the user; to the DCC, naming the user, where the DCC sent the request for a user."""
    request, countersigned = taken.request, taken.countersigned
    request_id = request.request_id
    supplementary = countersigned.supplementary_remote_party_id
    return SMETS1Header(
        business_originator_id=request_id.target,
        business_target_id=request_id.originator if supplementary is None else countersigned.dsp_id,
        originator_counter=request_id.counter,
        supplementary_remote_party_id=supplementary,
        supplementary_remote_party_counter=countersigned.supplementary_remote_party_counter,
        service_reference=request.service_reference,
        srv=request.srv,
        timestamp=now,
    )


def _replacement(taken: Taken, body: ReplacementBody, outcome: Outcome) -> _Replacement:
    done = outcome.outcome == "done"
    before = {USES[name]: certificate.read() for name, certificate in outcome.before.items()}
    outcomes = []
    for use, der in body.replacements().items():
        if not done:
            outcomes.append(ReplacementOutcome(_NOT_CARRIED_OUT, use, body.remote_party_role))
            continue
        old, new = before.get(use), OrganisationCertificate.from_der(der)
        outcomes.append(
            ReplacementOutcome(
                status_code=StatusCode(),
                certificate_type=use,
                remote_party_role=body.remote_party_role,
                existing_remote_party_id=None if old is None else old.entity_identifier,
                new_remote_party_id=new.entity_identifier,
                existing_certificate_hash=None if old is None else old.sha1,
                new_certificate_hash=new.sha1,
            )
        )
    is_operator = body.remote_party_role is RemotePartyRole.NETWORK_OPERATOR
    mode = NETWORK_OPERATOR_BY_NETWORK_OPERATOR if is_operator else SUPPLIER_BY_SUPPLIER
    executed = ExecutionOutcome(taken.request.request_id.counter, mode, _floors(body), tuple(outcomes))
    if taken.request.srv == "6.21":
        return RequestHandoverOfDCCControlledDeviceRsp(done, executed)
    return UpdateSecurityCredentialsKRPRsp(done, executed)


def _floors(body: ReplacementBody) -> RemotePartySeqNumberChange | None:
    if body.remote_party_floor_seq_number is None:
        return None
    return RemotePartySeqNumberChange(
        body.remote_party_role,
        body.remote_party_floor_seq_number,
        body.remote_party_prepayment_top_up_floor_seq_number,
    )


def _details(roles: tuple[RemotePartyRole, ...], outcome: Outcome) -> Iterator[RemotePartyDetails]:
    for role in dict.fromkeys(roles):
        slot = outcome.slots.get(role)
        if slot is None:
            yield RemotePartyDetails(role, _NO_SUCH_SLOT)
            continue
        for name, certificate in slot.items():
            read = certificate.read()
            yield RemotePartyDetails(role, StatusCode(), None, USES[name], read.entity_identifier, read.sha1)
