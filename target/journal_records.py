"""What stands in the journal of a run: attempts at scenarios, parcels, and what came back for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from duis.identifiers import EUI64, RequestID

State = Literal["open", "concluded", "abandoned"]


@dataclass(frozen=True)
class Attempt:
    """One attempt at a scenario.

    Attributes:
        scenario: Which scenario.
        number: 1 for the first.
        begun_at: When it began (UTC).
        devices: The devices it has leased.
        since: The last message in the inbox before it began.
        refused_since: The last refused message before it began.
        state: `open` while it goes on or after an interruption, `concluded`, or `abandoned`.
        reason: Why it was abandoned.
        side_effects: What it did elsewhere than through the protocol; it cannot be replayed if there is any.
    """

    scenario: str
    number: int
    begun_at: datetime
    devices: tuple[EUI64, ...]
    since: int
    refused_since: int
    state: State = "open"
    reason: str = ""
    side_effects: tuple[str, ...] = ()


@dataclass(frozen=True)
class JournalAnswer:
    """What came back for a parcel: the answer of the gateway as it came."""

    status: int
    media_type: str
    body: bytes
    seconds: float


@dataclass(frozen=True)
class JournalError:
    """Why nothing came back: the name of the exception, and its text."""

    name: str
    text: str
    seconds: float


@dataclass(frozen=True)
class JournaledParcel:
    """A parcel as it was written down.

    Attributes:
        ordinal: 1 for the first of its attempt.
        sent_at: When it was about to leave (UTC).
        sender: Name of the Service User.
        user_id: Its User ID.
        service: Where to.
        title: What it is, in one line.
        srv: Service Reference Variant, where it can be told.
        device_id: Business Target, where it can be told.
        request_id: RequestID, where it has one.
        digest: SHA-256 of the document, in hexadecimal digits.
        document: The octets.
        outcome: What came back; `None` when the run was killed before that was known.
    """

    ordinal: int
    sent_at: datetime
    sender: str
    user_id: EUI64
    service: str
    title: str
    srv: str | None
    device_id: EUI64 | None
    request_id: RequestID | None
    digest: str
    document: bytes
    outcome: JournalAnswer | JournalError | None = None
