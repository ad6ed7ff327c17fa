"""What an S1SP does with a Countersigned Service Request [FIA 3.2, 4.2.1]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from duis.countersigned import CountersignedServiceRequest
from duis.request import ServiceRequest
from duis.requests import ReplacementBody
from duis.roles import RemotePartyRole
from duis.schema import SchemaInvalid
from duis.signature import SignatureError, verify
from duis.smki.certificate import OrganisationCertificate
from duis.xml import MalformedXML, MessageError, parse
from emulators.checks import HTTPRefusal, first_failure
from emulators.database import Transaction
from emulators.s1sp.answers import result_of_replacement
from emulators.s1sp.checks import S1SPContext
from emulators.s1sp.execution import Executed, execute
from emulators.s1sp.parts import S1SPEstate, S1SPParts
from emulators.s1sp.store import FutureDated
from emulators.slots import AnchorSlot
from emulators.web import Answer, refusal


@dataclass(frozen=True, slots=True)
class Handled:
    """The answer to a message, and what recorded traffic says of it.

    Attributes:
        due_later: whether a future-dated request has been stored.
    """

    answer: Answer
    request_id: str
    outcome: str
    due_later: bool = False


@dataclass(frozen=True, slots=True)
class _Inner:
    """What could be read of the user's request inside."""

    request: ServiceRequest | None = None
    request_error: str | None = None
    signer: OrganisationCertificate | None = None
    signature_error: str | None = None


@dataclass(frozen=True, slots=True)
class _Outer:
    """What could be read of the countersigned document."""

    countersigned: CountersignedServiceRequest | None = None
    document_error: str | None = None
    countersigner: OrganisationCertificate | None = None
    countersignature_error: str | None = None
    inner: _Inner = _Inner()


class RequestPort:
    """Handles Countersigned Service Requests."""

    def __init__(self, parts: S1SPParts) -> None:
        self._parts = parts

    def handle(self, transaction: Transaction, estate: S1SPEstate, document: bytes) -> Handled:
        """Take over a request: carry it out, and store its answer to be delivered."""
        now = self._parts.clock.now()
        outer = self._read(document, now)
        context = self._context(transaction, estate, outer, now)
        failure = first_failure(estate.rules.receipt_checks, context)
        request_id = "" if context.request is None else str(context.request.request_id)
        if failure is not None:
            status = failure.outcome.status if isinstance(failure.outcome, HTTPRefusal) else 400
            outcome = f"HTTP {status} {failure.check.name}: {failure.detail}"
            return Handled(refusal(status, f"{failure.check.name}: {failure.detail}"), request_id, outcome)
        request = context.readable_request
        stored = self._parts.store.answer_of(transaction, estate.name, request_id)
        if stored is not None:
            self._deliver(transaction, estate, request, stored, "answer given again", now)
            return Handled(Answer(204), request_id, "processed before: the same answer again")
        assert outer.countersigned is not None
        if isinstance(request.body, ReplacementBody) and context.facts.executes_at(now) > now:
            executed = self._accept_future_dated(transaction, estate, context, outer.countersigned.request)
        else:
            executed = execute(self._parts, transaction, estate, context)
        if executed.answer is None:
            return Handled(refusal(executed.http_status, executed.outcome), request_id, executed.outcome)
        self._parts.store.put_processed(
            transaction,
            estate.name,
            request_id,
            request.srv,
            request.request_id.target,
            executed.answer,
            now,
        )
        self._deliver(transaction, estate, request, executed.answer, executed.kind, now)
        return Handled(Answer(204), request_id, executed.outcome, executed.outcome == _ACCEPTED)

    def context(
        self, transaction: Transaction, estate: S1SPEstate, document: bytes, now: datetime
    ) -> S1SPContext:
        """Return what the execution checks are asked about, for a stored request of a user."""
        return self._context(transaction, estate, _Outer(inner=self._read_inner(document, now)), now)

    def _read(self, document: bytes, now: datetime) -> _Outer:
        try:
            root = parse(document)
            countersigned = CountersignedServiceRequest.parse(root)
        except (MalformedXML, MessageError) as error:
            return _Outer(document_error=str(error))
        inner = self._read_inner(countersigned.request, now)
        try:
            countersigner = verify(root, self._parts.trust, now).signer
        except SignatureError as error:
            return _Outer(countersigned, countersignature_error=str(error), inner=inner)
        return _Outer(countersigned, countersigner=countersigner, inner=inner)

    def _read_inner(self, document: bytes, now: datetime) -> _Inner:
        try:
            root = parse(document)
            self._parts.schema.validate(root)
            request = ServiceRequest.parse(root)
        except (MalformedXML, MessageError, SchemaInvalid) as error:
            return _Inner(request_error=str(error))
        try:
            return _Inner(request, signer=verify(root, self._parts.trust, now).signer)
        except SignatureError as error:
            return _Inner(request, signature_error=str(error))

    def _context(
        self, transaction: Transaction, estate: S1SPEstate, outer: _Outer, now: datetime
    ) -> S1SPContext:
        inner = outer.inner
        request = inner.request
        device = None if request is None else estate.devices.get(request.request_id.target)
        slots: Mapping[RemotePartyRole, AnchorSlot] = {}
        if request is not None and device is not None:
            store = self._parts.slots
            replaces = isinstance(request.body, ReplacementBody)
            read = store.slots_to_replace if replaces else store.slots_of
            found = read(transaction, estate.name, device.device_id)
            mp107 = estate.options.mp107
            slots = {role: estate.rules.slot_read(slot, mp107) for role, slot in found.items()}
        return S1SPContext(
            now=now,
            mp107=estate.options.mp107,
            settings=estate.settings,
            trust=self._parts.trust,
            users=self._parts.users,
            request=request,
            signer=inner.signer,
            signature_error=inner.signature_error,
            device=device,
            devices_of_set=() if device is None else estate.sets[device.set_id],
            registration_data=estate.registration_data,
            registration_exceptions=estate.rules.registration_exceptions,
            s1sp_id=self._parts.s1sp_id,
            dsp_id=self._parts.dsp_id,
            document_error=outer.document_error,
            message=outer.countersigned,
            countersigner=outer.countersigner,
            countersignature_error=outer.countersignature_error,
            request_error=inner.request_error,
            slots=slots,
        )

    def _accept_future_dated(
        self, transaction: Transaction, estate: S1SPEstate, context: S1SPContext, document: bytes
    ) -> Executed:
        request = context.readable_request
        at = context.facts.executes_at(context.now)
        future = FutureDated(estate.name, str(request.request_id), document)
        self._parts.store.put_future_dated(transaction, future, at)
        payload = result_of_replacement(request, None)
        answer = self._parts.answers.response(request, payload, context.now, context.message)
        return Executed(answer, "SMETS1SignedResponse", _ACCEPTED)

    def _deliver(
        self,
        transaction: Transaction,
        estate: S1SPEstate,
        request: ServiceRequest,
        answer: bytes,
        kind: str,
        now: datetime,
    ) -> None:
        delivery = self._parts.faults.next_delivery(estate.name, request.srv)
        late = timedelta(seconds=delivery.delay_seconds + estate.settings.answer_after_seconds)
        for _ in range(delivery.copies):
            self._parts.outbox.put(
                transaction,
                estate.name,
                "dsp",
                request.request_id.target,
                answer,
                kind,
                str(request.request_id),
                now + late if late else None,
            )


_ACCEPTED = "accepted, to take effect later"
