"""Send Command, Transform and Non-Device: what the DSP does with a Service Request of a user [CLIENT]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from duis.countersigned import CountersignedServiceRequest
from duis.request import ServiceRequest
from duis.requests import ReadInventoryBody
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, UserRole
from duis.schema import SchemaInvalid
from duis.signature import SignatureError, sign, verify
from duis.smki.certificate import OrganisationCertificate
from duis.xml import Element, MalformedXML, MessageError, parse
from emulators.checks import Failure, HTTPRefusal, Rejection, first_failure
from emulators.database import Transaction
from emulators.dsp.checks import DSPContext, Service
from emulators.dsp.messages import ACKNOWLEDGED
from emulators.dsp.parts import DSPParts
from emulators.dsp.rules import DSPRules
from emulators.dsp.store import DONE, FORWARDED, StoredRequest
from emulators.estate_settings import EstateSettings
from emulators.estates import Estate
from emulators.inventory import Device
from emulators.settings import CounterRule
from emulators.web import Answer, refusal

DSPEstate: TypeAlias = Estate[EstateSettings, DSPRules]

SERVED = frozenset({"4.1.1", "4.10", "6.15.1", "6.21", "6.24.1", "8.7.1", "8.7.2", "8.12.2"})
"""What the emulated S1SPs can carry out. Any other SRV passes the checks too, and is then turned down."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What could be read of a document."""

    request: ServiceRequest | None = None
    document_error: str | None = None
    signer: OrganisationCertificate | None = None
    signature_error: str | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """The answer to a message, and what recorded traffic says of it."""

    answer: Answer
    kind: str
    request_id: str
    outcome: str


_KNOWN_TO_DEVICES = SUPPLIERS | NETWORK_OPERATORS


def is_sent_by_the_dcc(srv: str, roles: frozenset[UserRole]) -> bool:
    """Whether the DCC, not the user, is the originator towards the device; the user is then supplementary.

    So it is for a user that no slot of a device knows, and for 6.21, which the DCC's own certificate in the
    slot authorises [ASSUMED].
    """
    return srv == "6.21" or roles.isdisjoint(_KNOWN_TO_DEVICES)


class UserPort:
    """Handles the Service Requests of users."""

    def __init__(self, parts: DSPParts) -> None:
        self._parts = parts

    def handle(
        self, transaction: Transaction, estate: DSPEstate, service: Service, document: bytes
    ) -> Handled:
        """Check a Service Request and, when every check passes, store it together with all that is due."""
        now = self._parts.clock.now()
        reading = self._read(document, estate.rules.read_request, now)
        context = self._context(transaction, estate, service, reading, now)
        failure = first_failure(estate.rules.checks, context)
        if failure is not None:
            return self._refuse(transaction, estate, context, failure)
        request = context.readable_request
        if isinstance(request.body, ReadInventoryBody):
            self._store(transaction, estate, context, "", DONE)
            return self._inventory(estate, request, request.body, now)
        if request.srv not in SERVED:
            code = estate.settings.unserved_request_code
            return self._answered(estate, request, code, f"{request.srv} is not served here", now)
        s1sp = context.known_device.s1sp
        if s1sp is None:
            code = estate.settings.unserved_request_code
            return self._answered(estate, request, code, "only SMETS1 devices are served here", now)
        self._store(transaction, estate, context, s1sp, FORWARDED)
        self._parts.outbox.put(
            transaction,
            estate.name,
            f"s1sp:{s1sp}",
            request.request_id.target,
            self._countersigned(context, s1sp, document),
            "CountersignedServiceRequest",
            str(request.request_id),
        )
        return self._answered(estate, request, ACKNOWLEDGED, "acknowledged", now)

    def _countersigned(self, context: DSPContext, s1sp: str, document: bytes) -> bytes:
        request = context.readable_request
        roles = context.admitted_roles or context.eligible_roles or frozenset(UserRole)
        supplementary = is_sent_by_the_dcc(request.srv, roles)
        countersigned = CountersignedServiceRequest(
            request=document,
            request_id=request.request_id,
            dsp_id=self._parts.dsp_id,
            s1sp_id=self._parts.s1sp_ids[s1sp],
            user_role=min(roles),
            srv=request.srv,
            received_at=context.now,
            supplementary_remote_party_id=context.originator if supplementary else None,
            supplementary_remote_party_counter=request.request_id.counter if supplementary else None,
        )
        return sign(countersigned.to_xml(), self._parts.identity)

    def _read(self, document: bytes, read: Callable[[Element], ServiceRequest], now: datetime) -> _Reading:
        """Parse once; schema, signature and request are all about the same tree."""
        try:
            root = parse(document)
            self._parts.schema.validate(root)
            request = read(root)
        except (MalformedXML, MessageError) as error:
            return _Reading(document_error=str(error))
        except SchemaInvalid as error:
            return _Reading(document_error=str(error), request=_request_if_readable(root, read))
        try:
            return _Reading(request, signer=verify(root, self._parts.trust, now).signer)
        except SignatureError as error:
            return _Reading(request, signature_error=str(error))

    def _context(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        service: Service,
        reading: _Reading,
        now: datetime,
    ) -> DSPContext:
        request = reading.request
        device: Device | None = None
        last_counter: int | None = None
        counter_used = False
        if request is not None:
            device = estate.devices.get(request.request_id.target)
            last_counter = self._last_counter(transaction, estate, request)
            if estate.settings.counter_rule is CounterRule.UNIQUE:
                counter_used = self._parts.store.counter_used(transaction, estate.name, request.request_id)
        return DSPContext(
            now=now,
            mp107=estate.rules.mp107(estate.options.mp107, device),
            settings=estate.settings,
            trust=self._parts.trust,
            users=self._parts.users,
            request=request,
            signer=reading.signer,
            signature_error=reading.signature_error,
            device=device,
            devices_of_set=() if device is None else estate.sets[device.set_id],
            registration_data=estate.registration_data,
            registration_exceptions=estate.rules.registration_exceptions,
            service=service,
            document_error=reading.document_error,
            last_counter=last_counter,
            counter_used=counter_used,
        )

    def _last_counter(
        self, transaction: Transaction, estate: DSPEstate, request: ServiceRequest
    ) -> int | None:
        originator = request.request_id.originator
        counter = estate.counters.get(originator)
        if counter is None and originator in self._parts.users:
            counter = self._parts.store.last_counter(transaction, estate.name, originator)
            if counter is not None:
                estate.counters[originator] = counter
        return counter

    def _store(
        self, transaction: Transaction, estate: DSPEstate, context: DSPContext, s1sp: str, state: str
    ) -> None:
        request = context.readable_request
        request_id = request.request_id
        stored = StoredRequest(request_id, request.srv, request_id.target, s1sp, state)
        self._parts.store.put(transaction, estate.name, stored, context.last_counter, context.now)
        highest = max(request_id.counter, context.last_counter or 0)
        transaction.after_commit(lambda: estate.counters.update({request_id.originator: highest}))

    def _refuse(
        self,
        transaction: Transaction,
        estate: DSPEstate,
        context: DSPContext,
        failure: Failure[DSPContext],
    ) -> Handled:
        request = context.request
        request_id = "" if request is None else str(request.request_id)
        if isinstance(failure.outcome, HTTPRefusal) or request is None:
            status = failure.outcome.status if isinstance(failure.outcome, HTTPRefusal) else 400
            outcome = f"HTTP {status} {failure.check.name}: {failure.detail}"
            return Handled(refusal(status, failure.check.name), "Request", request_id, outcome)
        if not isinstance(failure.outcome, Rejection):
            raise TypeError(f"the DSP cannot answer with {failure.outcome}")
        counter_is_new = context.last_counter is None or request.request_id.counter > context.last_counter
        if estate.settings.rejected_request_uses_counter and context.user is not None and counter_is_new:
            self._store(transaction, estate, context, "", DONE)
        code = failure.outcome.response_code
        return self._answered(estate, request, code, f"{failure.check.name}: {failure.detail}", context.now)

    def _inventory(
        self, estate: DSPEstate, request: ServiceRequest, body: ReadInventoryBody, now: datetime
    ) -> Handled:
        settings = estate.settings
        if body.device_id is not None:
            device = estate.devices.get(body.device_id)
            found = [] if device is None else [device]
        elif body.mpxn is not None:
            found = [device for device in estate.devices.values() if device.mpxn == body.mpxn]
        else:
            return self._answered(estate, request, settings.inventory_lookup_code, "look-up not served", now)
        if not found and settings.unknown_inventory == "refused":
            return self._answered(estate, request, "E19", "nothing of that kind in the inventory", now)
        document = self._parts.messages.inventory(request, found, now)
        return Handled(Answer(200, document), "Request", str(request.request_id), f"{len(found)} devices")

    def _answered(
        self, estate: DSPEstate, request: ServiceRequest, code: str, why: str, now: datetime
    ) -> Handled:
        document = self._parts.messages.answer(request, code, estate.settings, now)
        return Handled(Answer(200, document), "Request", str(request.request_id), f"{code} {why}")


def _request_if_readable(root: Element, read: Callable[[Element], ServiceRequest]) -> ServiceRequest | None:
    try:
        return read(root)
    except MessageError:
        return None
