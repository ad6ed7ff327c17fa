"""Carrying out a Service Request: the execution checks, the slot, and what to tell the sender."""

from __future__ import annotations

from dataclasses import dataclass

from duis.requests import ReplacementBody
from duis.smets1 import ExecutionOutcome
from emulators.checks import Alert, Failure, HTTPRefusal, Outcome, UnsuccessfulResponse, first_failure
from emulators.database import Transaction
from emulators.s1sp.answers import (
    execution_outcome,
    failed_outcomes,
    result_of_read,
    result_of_replacement,
    unsuccessful_result,
)
from emulators.s1sp.checks import S1SPContext
from emulators.s1sp.parts import S1SPEstate, S1SPParts


@dataclass(frozen=True, slots=True)
class Executed:
    """What came of a request.

    Attributes:
        answer: the signed answer; None when the request is refused by an HTTP status.
        kind: what the answer is, for recorded traffic.
        outcome: in words, for recorded traffic.
        http_status: the status to refuse with.
    """

    answer: bytes | None
    kind: str
    outcome: str
    http_status: int = 204


def execute(parts: S1SPParts, transaction: Transaction, estate: S1SPEstate, context: S1SPContext) -> Executed:
    """Carry out a request that takes effect at once: all of it or nothing."""
    request = context.readable_request
    failure = first_failure(estate.rules.execution_checks, context)
    replaced = _replace(parts, transaction, estate, context, rejected=failure is not None)
    if failure is not None:
        return _rejected(parts, estate, context, failure)
    if replaced is not None:
        payload = result_of_replacement(request, replaced.replacement_outcomes)
    else:
        payload = result_of_read(request, context.known_device, context.slots, context.now)
    answer = parts.answers.response(request, payload, context.now, context.message)
    return Executed(answer, "SMETS1SignedResponse", "carried out")


def execute_future_dated(
    parts: S1SPParts, transaction: Transaction, estate: S1SPEstate, context: S1SPContext
) -> tuple[ExecutionOutcome, str | None]:
    """Carry out a request whose time has come; the checks are those of now (SRPD 6.1(f)).

    Returns:
        What became of the certificates, and why nothing did: None after a success.
    """
    request = context.readable_request
    failure = first_failure(estate.rules.execution_checks, context)
    replaced = _replace(parts, transaction, estate, context, rejected=failure is not None)
    if failure is None and replaced is not None:
        return replaced, None
    status = _asn1_status(failure.outcome) if failure is not None else "other"
    outcome = execution_outcome(request, failed_outcomes(request, status))
    return outcome, failure.detail if failure is not None else "not a replacement of certificates"


def _replace(
    parts: S1SPParts,
    transaction: Transaction,
    estate: S1SPEstate,
    context: S1SPContext,
    *,
    rejected: bool,
) -> ExecutionOutcome | None:
    """Write the slot where that changes it; None for a request that replaces nothing."""
    request = context.readable_request
    role = context.facts.remote_party_role
    replacements = context.replacement_certificates
    slot = None if role is None else context.slots.get(role)
    if not isinstance(request.body, ReplacementBody) or slot is None or not replacements:
        return None
    after = estate.rules.slot_after(slot, replacements, rejected)
    if after is not slot:
        by = str(request.request_id)
        floor = request.body.remote_party_floor_seq_number
        parts.slots.put(transaction, estate.name, after, context.now, by, floor)
        parts.slots.record_change(transaction, estate.name, by, slot, after, context.now)
    return execution_outcome(request, estate.rules.replacement_outcomes(slot, replacements))


def _rejected(
    parts: S1SPParts, estate: S1SPEstate, context: S1SPContext, failure: Failure[S1SPContext]
) -> Executed:
    request = context.readable_request
    why = f"{failure.check.name}: {failure.detail}"
    match failure.outcome:
        case Alert(code):
            answer = parts.answers.s1sp_alert(request, code, estate.rules.s1sp_alert, context.now)
            return Executed(answer, "S1SPAlert", f"{code} {why}")
        case UnsuccessfulResponse(status):
            payload = unsuccessful_result(request, status)
            answer = parts.answers.response(request, payload, context.now, context.message)
            return Executed(answer, "SMETS1SignedResponse", f"{status} {why}")
        case HTTPRefusal(http_status):
            return Executed(None, "", f"HTTP {http_status} {why}", http_status)
        case outcome:
            raise TypeError(f"an S1SP cannot answer with {outcome}")


def _asn1_status(outcome: Outcome) -> str:
    return outcome.asn1_status if isinstance(outcome, UnsuccessfulResponse) else "other"
