"""Sentences about an S1SP: its signed responses and S1SP Alerts, as they reach the sender."""

from __future__ import annotations

from contextlib import suppress

from pytest_bdd import parsers

from duis.roles import RemotePartyRole
from steps.actors import TYPES
from steps.context import S1SPS, Scenario
from steps.sentences import then
from steps.verdict import expect_alert, expect_rejected, expect_replacement, expect_success
from target.errors import DeadlinePassed, NonconformingAnswer, TargetNonconformity
from target.exchange import Exchange
from target.observations import Acknowledged, S1SPRejection


def _exchange(scenario: Scenario, s1sp: str) -> Exchange:
    """The latest exchange with the device of the S1SP that the sentence names."""
    if s1sp not in scenario.exchanges:
        raise LookupError(f"nothing was sent to a device of {s1sp}")
    return scenario.exchanges[s1sp]


@then(
    parsers.cfparse(
        "{s1sp} answers with a signed success that names {owner:Actor} as the new party", extra_types=TYPES
    )
)
def answers_with_new_party(scenario: Scenario, s1sp: str, owner: str) -> None:
    """A verified SMETS1 response whose ReplacementOutcome names the new party."""
    exchange = _exchange(scenario, s1sp)
    role = exchange.remote_party_role or RemotePartyRole.NETWORK_OPERATOR
    device = scenario.devices[s1sp]
    expect_replacement(exchange, role, scenario.party(owner, device))
    scenario.placed(device, role, scenario.party(owner, device))


@then(parsers.re(r"(?P<s1sp>S1SP\d) answers with a signed success"))
def answers_with_success(scenario: Scenario, s1sp: str) -> None:
    """A verified SMETS1 response that reports success."""
    expect_success(_exchange(scenario, s1sp))


@then(parsers.re(r"(?P<s1sp>S1SP\d) does not reject the request because of Registration Data"))
def admits_by_exception(scenario: Scenario, s1sp: str) -> None:
    """The exceptions hold for validation 2 too [FIA 3.2].

    What else comes of the request the sources do not say: it is recorded. Whether answers come, and in which
    form, is what other test cases are about.
    """
    exchange = _exchange(scenario, s1sp)
    code = scenario.session.target.assumptions.s1sp_alert_codes.registration
    answer = "nothing that belongs to the request"
    with suppress(NonconformingAnswer, DeadlinePassed):
        result = exchange.result()
        answer = (
            f"S1SP Alert {result.alert_code}" if isinstance(result, S1SPRejection) else "a SMETS1 response"
        )
    if answer == f"S1SP Alert {code}":
        raise TargetNonconformity(
            requirement=f"an exception of SRPD 6.2 frees {exchange.title} from the check of {s1sp} too "
            "[SRPD 16.1]",
            expected=f"any answer but S1SP Alert {code}",
            actual=answer,
        )
    scenario.recorder.observe(
        f"what {s1sp} answers to SRV {exchange.srv} of the {exchange.sender.role}", answer
    )


@then("the other two S1SPs answer with a signed success")
def others_answer_with_success(scenario: Scenario) -> None:
    """Every S1SP but the one that lags carries the update out."""
    lagging = scenario.lagging
    for s1sp in S1SPS:
        if s1sp != lagging:
            device = scenario.devices[s1sp]
            owner = scenario.party("the correct Network Operator", device)
            expect_replacement(_exchange(scenario, s1sp), RemotePartyRole.NETWORK_OPERATOR, owner)


@then(parsers.parse("the answer's replacement mode is {mode}"))
def replacement_mode(scenario: Scenario, mode: str) -> None:
    """CredentialsReplacementMode tells who replaced whose certificates [XSD]."""
    payload = expect_success(scenario.exchange).payload
    outcome = getattr(payload, "execution_outcome", None)
    found = outcome.credentials_replacement_mode if outcome else None
    if found != mode:
        raise TargetNonconformity(
            requirement=f"{scenario.exchange.title} is answered with its replacement mode [XSD]",
            expected=mode,
            actual=str(found),
        )


@then(parsers.re(r"(?P<s1sp>S1SP\d) rejects (?:the|its) request with S1SP Alert (?P<code>S1VE\d+)"))
def rejects_with_alert(scenario: Scenario, s1sp: str, code: str) -> None:
    """An S1SP Alert with the right RequestID and DeviceID; two codes are documented [FIA 4.2.1]."""
    assumptions = scenario.session.target.assumptions
    codes = {
        "S1VE4": assumptions.s1sp_alert_codes.registration,
        "S1VE64": assumptions.s1sp_alert_codes.slot_owner,
    }
    expect_alert(_exchange(scenario, s1sp), scenario.devices[s1sp], codes[code], assumptions)


@then(parsers.re(r"the request is rejected by the DSP or by the owner check of (?P<s1sp>S1SP\d)"))
def rejected_somewhere(scenario: Scenario, s1sp: str) -> None:
    """Either refusal is right; which one it was is recorded."""
    exchange = _exchange(scenario, s1sp)
    assumptions = scenario.session.target.assumptions
    if isinstance(exchange.answer, Acknowledged):
        device = scenario.devices[s1sp]
        alert = expect_alert(exchange, device, assumptions.s1sp_alert_codes.slot_owner, assumptions)
        who = f"the S1SP, with S1SP Alert {alert.alert_code}"
    else:
        expect_rejected(exchange, f"{exchange.title} is rejected [FIA 4.2.1]")
        who = f"the DSP, with {exchange.answer.describe()}"
    registered = exchange.sender.user_id in scenario.devices[s1sp].registered.values()
    sender = f"{'a registered' if registered else 'an unregistered'} {exchange.sender.role}"
    what = f"SRV {exchange.srv} of {sender} for the {exchange.remote_party_role} slot"
    scenario.recorder.observe(f"who rejects {what}", who)


@then(parsers.re(r"nothing came from (?P<s1sp>S1SP\d) about the request"))
def nothing_came(scenario: Scenario, s1sp: str) -> None:
    """The DSP's rejection was the end of it: no response and no S1SP Alert for the RequestID.

    A later answer about the same device has arrived by now, because the slots were read.
    """
    exchange = _exchange(scenario, s1sp)
    scenario.estate.quiet()
    arrived = exchange.arrived()
    if arrived:
        raise TargetNonconformity(
            requirement=f"what the DSP rejects never reaches {s1sp} [FIA 5.2]",
            expected="no message about the request after the rejection",
            actual="; ".join(observation.describe() for observation in arrived),
        )


@then("it is recorded whether alert N42 told of the change")
def records_n42(scenario: Scenario) -> None:
    """N42 is known to be unreliable [WG63]: a verdict only where the target says so.

    Where it was sent, it names the device, the role and the hashes of the new certificates.
    """
    told = {
        phrase: scenario.party(phrase).credentials_updates(scenario.device.device_id)
        for phrase in ("the incorrect Network Operator", "the correct Network Operator", "the Supplier")
    }
    receivers = [phrase for phrase, updates in told.items() if updates]
    scenario.recorder.observe("N42 received by", ", ".join(receivers) or "nobody")
    assumptions = scenario.session.target.assumptions
    if assumptions.n42_is_verdict and not receivers:
        raise TargetNonconformity(
            requirement="N42 tells of updated security credentials [XSD, WG63]",
            expected="N42 at a party with an interest in the device",
            actual="none arrived",
        )
    wanted = {
        frozenset(scenario.party(phrase).credentials.hashes(assumptions.certificate_hash).items())
        for phrase in ("the incorrect Network Operator", "the correct Network Operator")
    }
    for phrase, updates in told.items():
        for update in updates:
            right = update.remote_party_role == RemotePartyRole.NETWORK_OPERATOR and any(
                frozenset(update.hashes.items()) <= hashes for hashes in wanted
            )
            if not right:
                raise TargetNonconformity(
                    requirement="N42 names the role and the hashes of the certificates placed [XSD]",
                    expected="NetworkOperator and the hashes of the certificates that were sent",
                    actual=f"{phrase} received: {update.describe()}",
                )
