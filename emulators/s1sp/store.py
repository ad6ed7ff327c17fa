"""What an S1SP keeps of the requests it has processed and of those whose time is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, func, insert, select

from duis.identifiers import EUI64
from emulators.database import Transaction
from emulators.tables import FUTURE_DATED_REQUESTS, PROCESSED_REQUESTS

_ANSWER = select(PROCESSED_REQUESTS.c.answer).where(
    PROCESSED_REQUESTS.c.estate == bindparam("in_estate"),
    PROCESSED_REQUESTS.c.request_id == bindparam("of_request"),
)
_INSERT_PROCESSED = insert(PROCESSED_REQUESTS)
_INSERT_FUTURE_DATED = insert(FUTURE_DATED_REQUESTS)
_DUE = (
    select(FUTURE_DATED_REQUESTS)
    .where(FUTURE_DATED_REQUESTS.c.execute_at <= bindparam("moment"))
    .order_by(FUTURE_DATED_REQUESTS.c.execute_at)
)
_NEXT = select(func.min(FUTURE_DATED_REQUESTS.c.execute_at))
_REMOVE_FUTURE_DATED = delete(FUTURE_DATED_REQUESTS).where(
    FUTURE_DATED_REQUESTS.c.estate == bindparam("in_estate"),
    FUTURE_DATED_REQUESTS.c.request_id == bindparam("of_request"),
)


@dataclass(frozen=True, slots=True)
class FutureDated:
    """A request that is to take effect later; `document` is what the user signed."""

    estate: str
    request_id: str
    document: bytes


class S1SPStore:
    """Processed requests and future-dated ones."""

    def answer_of(self, transaction: Transaction, estate: str, request_id: str) -> bytes | None:
        """Return the answer to a request that has been processed before."""
        parameters = {"in_estate": estate, "of_request": request_id}
        answer: bytes | None = transaction.scalar(_ANSWER, parameters)
        return answer

    def put_processed(
        self,
        transaction: Transaction,
        estate: str,
        request_id: str,
        srv: str,
        device_id: EUI64,
        answer: bytes,
        at: datetime,
    ) -> None:
        """Store that a request has been processed; the database refuses to process one twice."""
        transaction.execute(
            _INSERT_PROCESSED,
            {
                "estate": estate,
                "request_id": request_id,
                "srv": srv,
                "device_id": device_id,
                "answer": answer,
                "processed_at": at.isoformat(),
            },
        )

    def put_future_dated(self, transaction: Transaction, request: FutureDated, execute_at: datetime) -> None:
        """Store a request until its time comes."""
        transaction.execute(
            _INSERT_FUTURE_DATED,
            {
                "estate": request.estate,
                "request_id": request.request_id,
                "execute_at": _sortable(execute_at),
                "document": request.document,
            },
        )

    def due(self, transaction: Transaction, at: datetime) -> list[FutureDated]:
        """Return the requests whose time has come, in the order of their times."""
        rows = transaction.rows(_DUE, {"moment": _sortable(at)})
        return [FutureDated(row["estate"], row["request_id"], row["document"]) for row in rows]

    def next_time(self, transaction: Transaction) -> datetime | None:
        """Return when the next request is due; None when none is waiting."""
        text = transaction.scalar(_NEXT)
        return None if text is None else datetime.fromisoformat(text)

    def remove_future_dated(self, transaction: Transaction, request: FutureDated) -> None:
        """Remove a request that has been carried out or has failed."""
        transaction.execute(
            _REMOVE_FUTURE_DATED, {"in_estate": request.estate, "of_request": request.request_id}
        )


def _sortable(at: datetime) -> str:
    """Text of one zone and one length, so that it sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
