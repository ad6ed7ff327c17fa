"""The courier that keeps the journal, and recalls from it what an interrupted attempt has sent already."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from duis.request import ServiceRequest
from target.courier import Carried, Courier, Parcel
from target.departures import departures
from target.errors import DeadlinePassed, HarnessError
from target.evidence import Evidence
from target.gateway import MEDIA_TYPE, HttpAnswer, Service, in_short
from target.journal import Journal
from target.journal_records import JournalAnswer, JournaledParcel, JournalError


class NotReplayable(HarnessError):
    """An interrupted attempt cannot be replayed; the scenario needs a new one, with new RequestIDs."""


class JournalCourier:
    """Writes each parcel down before it leaves, and its answer when it is there.

    The k-th parcel of an attempt is recalled where the attempt has sent k parcels before it was interrupted:
    nothing is sent twice.

    Args:
        inner: Carries what is not recalled.
        journal: The journal of the run.
        scenario: Whose parcels these are.
        attempt: Number of the attempt, begun in the journal.
        evidence: Where what is recalled is recorded; what is carried is recorded by the gateway.
    """

    def __init__(
        self,
        inner: Courier,
        journal: Journal,
        scenario: str,
        attempt: int,
        evidence: Evidence | None = None,
    ) -> None:
        self._inner = inner
        self._journal = journal
        self._scenario = scenario
        self._attempt = attempt
        self._evidence = evidence
        self._lock = threading.Lock()
        self._recalled = list(journal.parcels(scenario, attempt))
        self._sent = len(self._recalled)

    @property
    def replaying(self) -> bool:
        """Whether the next parcel is recalled."""
        return bool(self._recalled)

    def carry(self, parcel: Parcel) -> Carried:
        """Recall the parcel, or write it down, carry it, and write down what came back.

        Raises:
            NotReplayable: The attempt sent something else at this point before it was interrupted; what is
                carried from now on is sent.
            EndpointUnreachable: No conversation was possible.
            DeadlinePassed: The gateway took the document and did not answer in time.
        """
        with self._lock:
            if self._recalled:
                return self._recall(parcel)
            self._sent += 1
            ordinal = self._sent
        with departures.one():
            return self._carry(parcel, ordinal)

    def _carry(self, parcel: Parcel, ordinal: int) -> Carried:
        self._journal.write(self._scenario, self._attempt, _journaled(parcel, ordinal))
        started = time.monotonic()
        try:
            carried = self._inner.carry(parcel)
        except (DeadlinePassed, HarnessError) as error:  # a budget that is used up is one of them
            text = error.awaited if isinstance(error, DeadlinePassed) else str(error)
            seconds = error.seconds if isinstance(error, DeadlinePassed) else time.monotonic() - started
            self._write_outcome(ordinal, JournalError(type(error).__name__, text, seconds))
            raise
        answer = carried.answer
        if answer is not None:
            self._write_outcome(
                ordinal, JournalAnswer(answer.status, answer.media_type, answer.document, answer.seconds)
            )
        return carried

    def _write_outcome(self, ordinal: int, outcome: JournalAnswer | JournalError) -> None:
        self._journal.write_outcome(self._scenario, self._attempt, ordinal, outcome)

    def _recall(self, parcel: Parcel) -> Carried:
        written = self._recalled.pop(0)
        now, then = _what(_journaled(parcel, written.ordinal)), _what(written)
        if now != then:
            raise self._not_replayable(f"it sent {then} where it would send {now} now")
        if isinstance(written.outcome, JournalError) and written.outcome.name != DeadlinePassed.__name__:
            raise self._not_replayable(f"{written.title} was not carried: {written.outcome.text}")
        recalled = _parcel(written, parcel)
        self._record(written)
        if isinstance(written.outcome, JournalError):
            raise DeadlinePassed(written.outcome.text, written.outcome.seconds)
        if written.outcome is None:
            return Carried(recalled, None)
        outcome = written.outcome
        return Carried(
            recalled, HttpAnswer(outcome.status, outcome.media_type, outcome.body, outcome.seconds)
        )

    def _not_replayable(self, why: str) -> NotReplayable:
        self._recalled.clear()
        return NotReplayable(
            f"attempt {self._attempt} at {self._scenario}, which was interrupted, cannot be replayed: {why}"
        )

    def _record(self, written: JournaledParcel) -> None:
        if self._evidence is None:
            return
        sent_at = written.sent_at.isoformat(timespec="seconds")
        meta = {"service": written.service, "recalled": f"sent {sent_at}, before the run was interrupted"}
        self._evidence.record(
            *("sent", f"{written.title} (sent {sent_at})", written.document, MEDIA_TYPE),
            {**meta, "from": written.sender, "to": "DSP"},
        )
        if isinstance(written.outcome, JournalAnswer):
            outcome = written.outcome
            answer = HttpAnswer(outcome.status, outcome.media_type, outcome.body, outcome.seconds)
            self._evidence.record(
                "received",
                f"answer to {written.title}: {in_short(answer)}",
                answer.document,
                answer.media_type or "application/octet-stream",
                {**meta, "from": "DSP", "to": written.sender, "http_status": str(answer.status)},
            )


def _journaled(parcel: Parcel, ordinal: int) -> JournaledParcel:
    return JournaledParcel(
        ordinal=ordinal,
        sent_at=datetime.now(UTC),
        sender=parcel.sender,
        user_id=parcel.user_id,
        service=parcel.service.value,
        title=parcel.title,
        srv=parcel.request.srv if parcel.request is not None else None,
        device_id=parcel.device_id,
        request_id=parcel.request_id,
        digest=hashlib.sha256(parcel.document).hexdigest(),
        document=parcel.document,
    )


def _what(parcel: JournaledParcel) -> str:
    """What two parcels have in common that only differ in their RequestID, in words."""
    srv = f"SRV {parcel.srv}" if parcel.srv is not None else "a document that is no Service Request"
    return f"{srv} of {parcel.sender} for {parcel.device_id or 'no device'} to {parcel.service}"


def _parcel(written: JournaledParcel, handed_over: Parcel) -> Parcel:
    """The parcel that was sent."""
    request = handed_over.request
    if request is not None:
        with suppress(ValueError):  # a document with a defect says something else than what was meant
            sent = ServiceRequest.parse(written.document)
            if type(sent.body) is type(request.body):
                request = replace(request, body=sent.body)
        if written.request_id is not None:
            request = replace(request, request_id=written.request_id)
    return Parcel(
        sender=written.sender,
        user_id=written.user_id,
        document=written.document,
        request=request,
        request_id=written.request_id,
        service=Service(written.service),
        title=written.title,
        tls=handed_over.tls,
    )
