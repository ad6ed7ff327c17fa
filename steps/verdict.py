"""What a sentence expects of an exchange; a nonconformity tells Requirement, Expected and Observed."""

from __future__ import annotations

from duis.roles import RemotePartyRole
from duis.smets1 import (
    RequestHandoverOfDCCControlledDeviceRsp,
    UpdateSecurityCredentialsKRPRsp,
)
from target.assumptions import Assumptions
from target.errors import TargetNonconformity
from target.estate import DeviceUnderTest
from target.exchange import Exchange
from target.observations import Acknowledged, Refused, Rejected, S1SPRejection, SMETS1Result
from target.service_user import ServiceUser

ReplacementRsp = UpdateSecurityCredentialsKRPRsp | RequestHandoverOfDCCControlledDeviceRsp


def expect_acknowledged(exchange: Exchange) -> None:
    """The DSP accepted the request with an acknowledgement."""
    if not isinstance(exchange.answer, Acknowledged):
        raise TargetNonconformity(
            requirement=f"the DSP accepts {exchange.title} [FIA 4.1]",
            expected="an acknowledgement (I99)",
            actual=exchange.answer.describe(),
        )


def expect_rejected(exchange: Exchange, requirement: str, *codes: str) -> None:
    """The DSP rejected the request synchronously, with one of the codes; none given: any E code."""
    answer = exchange.answer
    if isinstance(answer, Rejected) and answer.code.startswith("E") and (not codes or answer.code in codes):
        return
    raise TargetNonconformity(
        requirement=requirement,
        expected=f"a synchronous rejection with response code {' or '.join(codes) or 'E…'}",
        actual=answer.describe(),
    )


def expect_refused(exchange: Exchange, requirement: str) -> None:
    """The DSP refused the message: a rejection, or HTTP 4xx without a Response, may both be right."""
    answer = exchange.answer
    if isinstance(answer, Refused) and 400 <= answer.http_status < 500:
        return
    if isinstance(answer, Rejected) and answer.code.startswith("E"):
        return
    raise TargetNonconformity(
        requirement=requirement,
        expected="a rejection with an E code, or HTTP 4xx without a Response",
        actual=answer.describe(),
    )


def expect_success(exchange: Exchange) -> SMETS1Result:
    """The S1SP answered with a signed SMETS1 response that reports success."""
    result = exchange.result()
    if isinstance(result, SMETS1Result) and result.success is not False:
        return result
    raise TargetNonconformity(
        requirement=f"{exchange.title} is carried out [FIA 4.2.1]",
        expected="a signed SMETS1 response with MessageSuccess=true",
        actual=result.describe(),
    )


def expect_replacement(exchange: Exchange, role: RemotePartyRole, new_party: ServiceUser) -> ReplacementRsp:
    """The S1SP reports that every certificate sent was replaced and names the new party."""
    result = expect_success(exchange)
    requirement = f"{exchange.title} is answered with what was replaced [XSD ExecutionOutcome]"
    payload = result.payload
    if not isinstance(payload, ReplacementRsp):
        raise TargetNonconformity(requirement, "the result of 6.15.1 or 6.21", result.describe())
    if payload.message_success is not True:
        raise TargetNonconformity(
            requirement, "MessageSuccess=true", f"MessageSuccess={payload.message_success}"
        )
    outcome = payload.execution_outcome
    if outcome is None or not outcome.replacement_outcomes:
        raise TargetNonconformity(
            requirement, "an ExecutionOutcome with a ReplacementOutcome", result.describe()
        )
    for replaced in outcome.replacement_outcomes:
        if replaced.new_remote_party_id != new_party.user_id:
            raise TargetNonconformity(
                requirement,
                f"NewRemotePartyID {new_party.user_id} ({new_party.name})",
                f"NewRemotePartyID {replaced.new_remote_party_id} for {replaced.certificate_type}",
            )
        if replaced.remote_party_role not in (None, role):
            raise TargetNonconformity(requirement, f"RemotePartyRole {role}", str(replaced.remote_party_role))
    return payload


def expect_alert(
    exchange: Exchange, device: DeviceUnderTest, code: str, assumptions: Assumptions
) -> S1SPRejection:
    """The S1SP rejected the request with this S1SP Alert, for this request and this device."""
    result = exchange.result()
    requirement = f"the S1SP rejects {exchange.title} with the standard S1SP Alert [FIA 4.1, 4.2.1]"
    if not isinstance(result, S1SPRejection) or result.alert_code != code:
        raise TargetNonconformity(requirement, f"S1SP Alert {code}", result.describe())
    if result.request_id != exchange.request_id:
        raise TargetNonconformity(
            requirement, f"RequestID {exchange.request_id}", f"RequestID {result.request_id}"
        )
    if result.device_id != device.device_id:
        raise TargetNonconformity(requirement, f"DeviceID {device.device_id}", f"DeviceID {result.device_id}")
    if result.dcc_alert_code != assumptions.s1sp_alert_dcc_code:
        raise TargetNonconformity(
            requirement, f"DCC alert {assumptions.s1sp_alert_dcc_code}", f"DCC alert {result.dcc_alert_code}"
        )
    return result
