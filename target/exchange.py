"""One request and what came of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from duis.identifiers import RequestID
from duis.request import ServiceRequest
from duis.requests import ReplacementBody
from duis.response import DCCAlertMessage, SMETS1ResponseMessage
from duis.roles import RemotePartyRole
from duis.smets1 import S1SPAlert
from target.correlation import named_request_ids
from target.courier import Carried
from target.deadline import Deadline
from target.errors import DeadlinePassed, FateUnknown, NonconformingAnswer, Rehearsed
from target.gateway import HttpAnswer, Service
from target.inbox.reader import Message
from target.observations import Acknowledged, Answer, Outcome, Received, S1SPRejection, SMETS1Result
from target.reading import observation_of

if TYPE_CHECKING:
    from target.service_user import ServiceUser


class Exchange:
    """A document that was sent, its synchronous answer, and the result that follows.

    Attributes:
        sender: The Service User who sent it.
        request: What was sent, where it can be read as a Service Request.
        request_id: Its RequestID, where it has one.
        document: The octets that were sent.
        service: Where to.
        title: What it is, in one line: "SRV 6.15.1 of ed-north".
        http: The answer of the gateway as it came; `None` where it was lost with a run that was killed.
    """

    def __init__(self, sender: ServiceUser, carried: Carried) -> None:
        self.sender = sender
        self.request: ServiceRequest | None = carried.parcel.request
        self.request_id: RequestID | None = carried.parcel.request_id
        self.document: bytes = carried.parcel.document
        self.service: Service = carried.parcel.service
        self.title: str = carried.parcel.title
        self.http: HttpAnswer | None = carried.answer
        self._rehearsed = carried.rehearsed

    @property
    def srv(self) -> str | None:
        """Service Reference Variant of what was sent, where it can be read."""
        return self.request.srv if self.request is not None else None

    @property
    def remote_party_role(self) -> RemotePartyRole | None:
        """The slot a 6.15.1 or 6.21 aims at."""
        body = self.request.body if self.request is not None else None
        return body.remote_party_role if isinstance(body, ReplacementBody) else None

    @cached_property
    def answer(self) -> Answer:
        """The synchronous answer; its schema, its signature if it has one, and its RequestID are checked.

        Where a run was killed before the answer could be written down, the result that follows proves the
        acknowledgement.

        Raises:
            NonconformingAnswer: It is none.
            FateUnknown: It was lost, and no result tells what it must have been.
            Rehearsed: Nothing was sent.
        """
        if self._rehearsed:
            raise Rehearsed(self.title)
        if self.http is not None:
            return self.sender.link.answers.read(self.http, self.title, self.request_id, self.srv)
        if self.service is Service.NON_DEVICE:  # nothing follows its answer
            raise FateUnknown(self.title, self.request_id)
        self.result()
        return Acknowledged(self.request_id, None)

    def result(self, within: Deadline | float | None = None) -> Outcome:
        """Wait for the SMETS1 result or the S1SP Alert that belongs to the RequestID.

        Args:
            within: Deadline or seconds; by default that of the target file for this SRV.

        Raises:
            DeadlinePassed: Nothing came in time.
            FateUnknown: Nothing came in time, and the request may not have left before the run was killed.
            NonconformingAnswer: What came breaks the schema, a signature, or the correlation.
            Rehearsed: Nothing was sent.
        """
        if self._rehearsed:
            raise Rehearsed(self.title)
        request_id = self._known_request_id()
        link = self.sender.link
        if within is None:
            within = link.target.deadlines.result_of(self.srv or "")
        try:
            message = link.inbox.wait_for_request(
                self.sender.mailbox,
                request_id,
                within,
                awaited=f"the result of {self._awaited} ({request_id})",
                predicate=_is_outcome,
                refused_after=link.scope.refused_since if link.scope is not None else 0,
                about=request_id.target if link.scope is not None else None,
            )
        except DeadlinePassed:
            if self.http is None:
                raise FateUnknown(self.title, self.request_id) from None
            raise
        finally:
            self.sender.record_callbacks()
        return self._outcome(message)

    def arrived(self) -> tuple[Received, ...]:
        """Everything that has arrived so far for the RequestID, without waiting."""
        self.sender.record_callbacks()
        messages = self.sender.link.inbox.messages_about(self.sender.mailbox, self._known_request_id())
        return tuple(observation_of(message) for message in messages)

    @property
    def _awaited(self) -> str:
        """What it is, and why its result is waited for although nobody acknowledged it."""
        if self.http is not None:
            return self.title
        return f"{self.title}, which was on its way when the run was killed and is not sent again"

    def _known_request_id(self) -> RequestID:
        if self.request_id is None:
            raise LookupError(f"{self.title} has no RequestID, so nothing can be awaited for it")
        return self.request_id

    def _outcome(self, message: Message) -> Outcome:
        requirement = f"what the S1SP signs about {self.title} belongs to its RequestID [XSD]"
        named = named_request_ids(message.verified)
        if named != (self.request_id,):
            found = " and ".join(str(each) for each in named)
            raise NonconformingAnswer(requirement, f"RequestID {self.request_id} throughout", found)
        observation = observation_of(message)
        if not isinstance(observation, SMETS1Result | S1SPRejection):
            raise NonconformingAnswer(
                requirement, "a signed SMETS1 response or S1SP Alert", observation.describe()
            )
        if isinstance(observation, SMETS1Result):
            self._check_service_reference(message, observation)
        return observation

    def _check_service_reference(self, message: Message, result: SMETS1Result) -> None:
        """What names a Service Reference Variant, outside or inside, names that of the request."""
        outer = message.verified.response.message
        told = {
            "the Response": outer.srv if isinstance(outer, SMETS1ResponseMessage) else None,
            "the SMETS1Response": result.header.srv,
        }
        for where, srv in told.items():
            if srv is not None and self.srv is not None and srv != self.srv:
                raise NonconformingAnswer(
                    f"the result of {self.title} names its Service Reference Variant [XSD]",
                    self.srv,
                    f"{where} names {srv}",
                )


def _is_outcome(message: Message) -> bool:
    content = message.verified.response.message
    if isinstance(content, SMETS1ResponseMessage):
        return True
    return isinstance(content, DCCAlertMessage) and isinstance(message.verified.inner, S1SPAlert)
