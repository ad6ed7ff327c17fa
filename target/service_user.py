"""A User we act as: builds, signs, sends, and looks into its mailbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import (
    Body,
    ReadInventoryBody,
    RetrieveDeviceSecurityCredentialsKRPBody,
    UnknownBody,
)
from duis.roles import RemotePartyRole, UserRole
from duis.service_references import SERVICE_REFERENCE_VARIANTS
from duis.signature import SigningIdentity, sign
from duis.smets1 import RetrieveDeviceSecurityCredentialsKRPRsp
from target.answers import AnswerReader
from target.counters import CounterSource
from target.courier import Courier, Parcel
from target.credentials import Credentials
from target.deadline import Deadline
from target.errors import NotArrangeable, TargetNonconformity
from target.evidence import Evidence
from target.exchange import Exchange
from target.file import TargetFile
from target.file_keys import KeyPair
from target.gateway import Gateway, Service
from target.inbox.reader import InboxReader, Message, RefusedMessage
from target.observations import (
    Acknowledged,
    CredentialsUpdated,
    DeviceAlertSeen,
    Received,
    SlotReading,
    SMETS1Result,
    slot_readings,
)
from target.reading import observation_of
from target.scope import Scope


@dataclass(frozen=True)
class EstateLink:
    """What the Users of one estate share.

    Attributes:
        estate: Name of the estate.
        target: The target file.
        gateway: Where they send.
        courier: Carries what they send there.
        counters: Their Originator Counters at that gateway.
        inbox: Where the DSP's messages arrive.
        answers: Reads synchronous answers.
        evidence: Where every message is recorded.
        rehearsed: Whether nothing is sent, so that nothing needs to be waited for.
        signs: Whether documents are signed; a rehearsal that only counts them leaves keys in tokens alone.
        scope: What concerns the scenario, where its mailboxes are shared with others; `None` where the estate
            is its own.
    """

    estate: str
    target: TargetFile
    gateway: Gateway
    courier: Courier
    counters: CounterSource
    inbox: InboxReader
    answers: AnswerReader
    evidence: Evidence
    rehearsed: bool = False
    signs: bool = True
    scope: Scope | None = None


class ServiceUser:
    """A User in one estate.

    Attributes:
        name: Its name in the target file.
        user_id: Its User ID; the role follows from it, no message carries it.
        roles: Its User Roles.
        identity: Signs its requests.
        link: What it shares with the other Users of the estate.
    """

    def __init__(
        self,
        link: EstateLink,
        name: str,
        user_id: EUI64,
        roles: tuple[UserRole, ...],
        identity: SigningIdentity,
        credentials: Credentials | None = None,
        renewed_credentials: Credentials | None = None,
        tls: KeyPair | None = None,
    ) -> None:
        self.link = link
        self.name = name
        self.user_id = user_id
        self.roles = roles
        self.identity = identity
        self._renewed_credentials = renewed_credentials
        self._credentials = credentials
        self._tls = tls
        if link.scope is None:
            self._recorded = link.inbox.last_in(self.mailbox)
            self._recorded_refused = link.inbox.last_refused_in(self.mailbox)
        else:
            self._recorded, self._recorded_refused = link.scope.since, link.scope.refused_since
        self._recording = threading.Lock()

    def __repr__(self) -> str:
        return f"ServiceUser({self.name}, {self.user_id})"

    @property
    def role(self) -> UserRole:
        """Its first role."""
        return self.roles[0]

    @property
    def mailbox(self) -> str:
        """Its mailbox in the inbox."""
        return f"{self.link.estate}/{self.name}"

    @property
    def credentials(self) -> Credentials:
        """Its certificates for anchor slots.

        Raises:
            NotArrangeable: The target file names none.
        """
        if self._credentials is None:
            raise NotArrangeable(f"the target file names no certificates for anchor slots of {self.name}")
        return self._credentials

    @property
    def renewed_credentials(self) -> Credentials:
        """Other certificates of the same party, to renew those in a slot with.

        Raises:
            NotArrangeable: The target file names none.
        """
        if self._renewed_credentials is None:
            raise NotArrangeable(f"the target file names no renewed certificates for {self.name}")
        return self._renewed_credentials

    # Building and signing

    def build(
        self,
        body: Body | UnknownBody,
        device_id: EUI64 | None = None,
        *,
        counter: int | None = None,
        command_variant: int | None = None,
    ) -> ServiceRequest:
        """Build a request without sending it.

        Args:
            body: The Service Request.
            device_id: Business Target; by default the DSP, which is right for Non-Device requests only.
            counter: Originator Counter; by default the next one.
            command_variant: By default the one of the assumptions.
        """
        srv = _srv(body)
        if command_variant is None:
            assumptions = self.link.target.assumptions
            command_variant = (
                assumptions.non_device_command_variant
                if _is_non_device(srv)
                else assumptions.smets1_command_variant
            )
        return ServiceRequest(
            request_id=RequestID(
                self.user_id,
                device_id if device_id is not None else self.link.target.dsp.entity_identifier,
                counter if counter is not None else self.link.counters.next(self.user_id),
            ),
            command_variant=command_variant,
            body=body,
            schema_version=self.link.target.schema_version,
        )

    def sign(self, request: ServiceRequest, identity: SigningIdentity | None = None) -> bytes:
        """The signed document of a request; another identity may sign in its place."""
        return self.sign_document(request.to_xml(), identity)

    def sign_document(self, document: bytes, identity: SigningIdentity | None = None) -> bytes:
        """Sign any unsigned document, schema-valid or not."""
        return sign(document, identity or self.identity) if self.link.signs else document

    # Sending

    def send(
        self,
        body: Body | UnknownBody,
        device_id: EUI64 | None = None,
        *,
        counter: int | None = None,
        command_variant: int | None = None,
        identity: SigningIdentity | None = None,
        service: Service | None = None,
        document: Callable[[ServiceRequest], bytes] | None = None,
    ) -> Exchange:
        """Build, sign and send a request; senders for this originator take turns, in order of their counters.

        Args:
            body: The Service Request.
            device_id: Business Target; by default the DSP.
            counter: A counter of one's own choice.
            command_variant: Another Command Variant than the usual one.
            identity: Another signer.
            service: Another service than the right one.
            document: Makes the octets to send from the request, in place of signing it: a defect.

        Raises:
            EndpointUnreachable: No conversation was possible.
            DeadlinePassed: The gateway took the request and did not answer in time.
        """
        with self.link.counters.sending(self.user_id) as next_counter:
            request = self.build(
                body,
                device_id,
                counter=next_counter if counter is None else counter,
                command_variant=command_variant,
            )
            octets = self.sign(request, identity) if document is None else document(request)
            return self._carry(octets, request, request.request_id, service)

    def submit(
        self, document: bytes, request_id: RequestID | None = None, service: Service | None = None
    ) -> Exchange:
        """Send octets as they are: something sent before, or what is no request at all.

        A request with a counter of its own goes through `send`, which keeps the order of counters.

        Args:
            document: What to send.
            request_id: To await a result for; by default the one in the document, where it can be read.
            service: By default the one that suits the document, else Send Command.
        """
        request: ServiceRequest | None = None
        with suppress(ValueError):
            request = ServiceRequest.parse(document)
        if request_id is None and request is not None:
            request_id = request.request_id
        return self._carry(document, request, request_id, service)

    def _carry(
        self,
        document: bytes,
        request: ServiceRequest | None,
        request_id: RequestID | None,
        service: Service | None,
    ) -> Exchange:
        if service is None:
            non_device = request is not None and _is_non_device(request.srv)
            service = Service.NON_DEVICE if non_device else Service.SEND_COMMAND
        title = f"SRV {request.srv} of {self.name}" if request is not None else f"a document of {self.name}"
        parcel = Parcel(self.name, self.user_id, document, request, request_id, service, title, self._tls)
        carried = self.link.courier.carry(parcel)
        if self.link.scope is not None and carried.parcel.request_id is not None:
            self.link.scope.sent(carried.parcel.request_id)
        return Exchange(self, carried)

    # Reading back

    def read_slots(
        self, device_id: EUI64, roles: Iterable[RemotePartyRole], within: Deadline | float | None = None
    ) -> tuple[SlotReading, ...]:
        """Read slots of a device by SRV 6.24.1, and wait for the result.

        Raises:
            TargetNonconformity: The read was refused, failed, did not come in time, or contradicts itself.
        """
        exchange = self.send(RetrieveDeviceSecurityCredentialsKRPBody(tuple(roles)), device_id)
        requirement = f"{exchange.title} for {device_id} is answered with the certificates in the slots [XSD]"
        if not isinstance(exchange.answer, Acknowledged):
            raise TargetNonconformity(requirement, "an acknowledgement", exchange.answer.describe())
        result = exchange.result(within)
        if (
            not isinstance(result, SMETS1Result)
            or not isinstance(result.payload, RetrieveDeviceSecurityCredentialsKRPRsp)
            or result.success is False
        ):
            raise TargetNonconformity(requirement, "the result of SRV 6.24.1", result.describe())
        try:
            return slot_readings(result.payload.remote_party_details)
        except ValueError as error:
            raise TargetNonconformity(requirement, "one party in each slot", str(error)) from None

    def read_inventory(self, device_id: EUI64) -> Exchange:
        """Ask for a device by SRV 8.2; the answer is synchronous."""
        return self.send(ReadInventoryBody(device_id=device_id))

    @property
    def last_received(self) -> int:
        """The number of the latest message in its mailbox; 0 when it is empty."""
        last = self.link.inbox.last_in(self.mailbox)
        return last if self.link.scope is None else self.link.scope.mark(self.mailbox, last)

    def messages(self, after: int = 0) -> tuple[Message, ...]:
        """What its callback has received, as it came; in a shared mailbox only what concerns the scenario."""
        self.record_callbacks()
        return self._messages(after)

    def _messages(self, after: int) -> tuple[Message, ...]:
        inbox, scope = self.link.inbox, self.link.scope
        if scope is None:
            return inbox.messages(self.mailbox, after)
        after = max(after, scope.since)
        return inbox.messages_concerning(self.mailbox, scope.request_ids, scope.devices, after)

    def _refused(self, after: int) -> tuple[RefusedMessage, ...]:
        scope = self.link.scope
        refused = self.link.inbox.refused(self.mailbox, after)
        return refused if scope is None else tuple(each for each in refused if scope.names(each.document))

    def received(self, after: int = 0) -> tuple[Received, ...]:
        """What its callback has received, as observations."""
        return tuple(observation_of(message) for message in self.messages(after))

    def device_alerts(self, after: int = 0) -> tuple[DeviceAlertSeen, ...]:
        """The device alerts its callback has received."""
        return tuple(each for each in self.received(after) if isinstance(each, DeviceAlertSeen))

    def credentials_updates(self, device_id: EUI64, after: int = 0) -> tuple[CredentialsUpdated, ...]:
        """The N42 alerts about a device its callback has received."""
        return tuple(
            each
            for each in self.received(after)
            if isinstance(each, CredentialsUpdated) and each.device_id == device_id
        )

    def wait_for_device_alert(
        self, device_id: EUI64, alert_code: str, after: int = 0, within: Deadline | float | None = None
    ) -> DeviceAlertSeen:
        """Wait for an alert of a device.

        Raises:
            DeadlinePassed: It did not come in time.
        """
        found: list[DeviceAlertSeen] = []

        def is_it(message: Message) -> bool:
            seen = observation_of(message)
            if (
                isinstance(seen, DeviceAlertSeen)
                and seen.device_id == device_id
                and seen.alert_code == alert_code
            ):
                found.append(seen)
            return bool(found)

        try:
            self.link.inbox.wait(
                self.mailbox,
                is_it,
                self.link.target.deadlines.alert if within is None else within,
                awaited=f"device alert {alert_code} of {device_id} at {self.name}",
                after=after if self.link.scope is None else max(after, self.link.scope.since),
                about=device_id,
            )
        finally:
            self.record_callbacks()
        return found[0]

    def record_callbacks(self) -> None:
        """Put on record what has arrived in its mailbox since the last time."""
        evidence = self.link.evidence
        with self._recording:
            for message in self._messages(self._recorded):
                self._recorded = message.sequence
                meta = {"from": "DSP", "to": self.name, "received_at": message.received_at.isoformat()}
                title = f"callback of {self.name}: {message.content}"
                evidence.record("callback", title, message.document, meta=meta)
            for refused in self._refused(self._recorded_refused):
                self._recorded_refused = refused.sequence
                meta = {"from": "DSP", "to": self.name, "refused": refused.reason}
                title = f"callback of {self.name}: {refused.describe()}"
                evidence.record("callback", title, refused.document, meta=meta)


def _srv(body: Body | UnknownBody) -> str:
    return body.srv if isinstance(body, UnknownBody) else body.SRV


def _is_non_device(srv: str) -> bool:
    variant = SERVICE_REFERENCE_VARIANTS.get(srv)
    return variant is not None and variant.non_device
