"""What the DSP keeps of the requests it acknowledged and the messages S1SPs delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from duis.identifiers import EUI64, RequestID
from emulators.database import Database, Row, Transaction
from emulators.tables import ORIGINATOR_COUNTERS, RECEIVED_MESSAGES, SERVICE_REQUESTS

FORWARDED, ANSWERED, DONE = "forwarded", "answered", "done"

_COUNTERS = select(ORIGINATOR_COUNTERS.c.counter).where(
    ORIGINATOR_COUNTERS.c.estate == bindparam("in_estate"),
    ORIGINATOR_COUNTERS.c.originator == bindparam("of_originator"),
)
_COUNTER_USED = select(SERVICE_REQUESTS.c.counter).where(
    SERVICE_REQUESTS.c.estate == bindparam("in_estate"),
    SERVICE_REQUESTS.c.originator == bindparam("of_originator"),
    SERVICE_REQUESTS.c.counter == bindparam("number"),
)
_REQUEST = select(SERVICE_REQUESTS).where(
    SERVICE_REQUESTS.c.estate == bindparam("in_estate"),
    SERVICE_REQUESTS.c.request_id == bindparam("of_request"),
)
_LAST_FORWARDED = (
    select(SERVICE_REQUESTS)
    .where(
        SERVICE_REQUESTS.c.estate == bindparam("in_estate"),
        SERVICE_REQUESTS.c.device_id == bindparam("of_device"),
        SERVICE_REQUESTS.c.state == FORWARDED,
    )
    .order_by(SERVICE_REQUESTS.c.received_at.desc())
    .limit(1)
)
_SET_STATE = (
    update(SERVICE_REQUESTS)
    .where(
        SERVICE_REQUESTS.c.estate == bindparam("in_estate"),
        SERVICE_REQUESTS.c.request_id == bindparam("of_request"),
    )
    .values(state=bindparam("new_state"))
)
_RECEIVED = select(RECEIVED_MESSAGES.c.digest).where(
    RECEIVED_MESSAGES.c.estate == bindparam("in_estate"),
    RECEIVED_MESSAGES.c.digest == bindparam("of_document"),
)
_INSERT_RECEIVED = insert(RECEIVED_MESSAGES)


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A Service Request that the DSP acknowledged."""

    request_id: RequestID
    srv: str
    device_id: EUI64
    s1sp: str
    state: str

    @property
    def originator(self) -> EUI64:
        """The user that sent it."""
        return self.request_id.originator


class DSPStore:
    """Originator Counters, acknowledged requests, received messages."""

    def __init__(self, database: Database) -> None:
        self._put_counter = database.upsert(ORIGINATOR_COUNTERS)
        self._put_request = database.upsert(SERVICE_REQUESTS)

    def last_counter(self, transaction: Transaction, estate: str, originator: EUI64) -> int | None:
        """Return the highest counter an originator has used; None before its first request."""
        parameters = {"in_estate": estate, "of_originator": originator}
        counter = transaction.scalar(_COUNTERS, parameters)
        return None if counter is None else int(counter)

    def counter_used(self, transaction: Transaction, estate: str, request_id: RequestID) -> bool:
        """Whether an originator has used this very counter before."""
        parameters = {
            "in_estate": estate,
            "of_originator": request_id.originator,
            "number": _counter_text(request_id),
        }
        return transaction.scalar(_COUNTER_USED, parameters) is not None

    def put(
        self,
        transaction: Transaction,
        estate: str,
        request: StoredRequest,
        last_counter: int | None,
        at: datetime,
    ) -> None:
        """Store a request, and its counter where that is the highest."""
        request_id = request.request_id
        counter = _counter_text(request_id)
        if last_counter is None or request_id.counter > last_counter:
            transaction.execute(
                self._put_counter,
                {"estate": estate, "originator": request_id.originator, "counter": counter},
            )
        transaction.execute(
            self._put_request,
            {
                "estate": estate,
                "request_id": str(request_id),
                "srv": request.srv,
                "originator": request_id.originator,
                "counter": counter,
                "device_id": request.device_id,
                "s1sp": request.s1sp,
                "received_at": at.isoformat(),
                "state": request.state,
            },
        )

    def find(self, transaction: Transaction, estate: str, request_id: RequestID) -> StoredRequest | None:
        """Return an acknowledged request; None when there was none."""
        parameters = {"in_estate": estate, "of_request": str(request_id)}
        return _stored(transaction.first(_REQUEST, parameters))

    def last_forwarded(self, transaction: Transaction, estate: str, device_id: EUI64) -> StoredRequest | None:
        """Return the last request for a device that is still without an answer."""
        parameters = {"in_estate": estate, "of_device": device_id}
        return _stored(transaction.first(_LAST_FORWARDED, parameters))

    def set_state(self, transaction: Transaction, estate: str, request_id: RequestID, state: str) -> None:
        """Store how far a request has come."""
        transaction.execute(
            _SET_STATE, {"in_estate": estate, "of_request": str(request_id), "new_state": state}
        )

    def is_received(self, transaction: Transaction, estate: str, digest: str) -> bool:
        """Whether a document of that SHA-256 has been received before."""
        parameters = {"in_estate": estate, "of_document": digest}
        return transaction.scalar(_RECEIVED, parameters) is not None

    def put_received(self, transaction: Transaction, estate: str, digest: str, at: datetime) -> None:
        """Store that a document has been received."""
        transaction.execute(
            _INSERT_RECEIVED, {"estate": estate, "digest": digest, "received_at": at.isoformat()}
        )


def _counter_text(request_id: RequestID) -> str:
    return f"{request_id.counter:020}"


def _stored(row: Row | None) -> StoredRequest | None:
    if row is None:
        return None
    return StoredRequest(
        RequestID.parse(row["request_id"]),
        row["srv"],
        EUI64(row["device_id"]),
        row["s1sp"],
        row["state"],
    )
