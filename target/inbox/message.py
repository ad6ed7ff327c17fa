"""Messages as they lie in the inbox: accepted, or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from duis.identifiers import RequestID
from duis.response import DCCAlertMessage, SMETS1ResponseMessage
from duis.signature import VerifiedResponse, verify_response
from duis.smets1 import DeviceAlert, S1SPAlert, SMETS1Response
from duis.smki.trust import TrustStore


@dataclass(frozen=True)
class Message:
    """A message the inbox accepted.

    Attributes:
        sequence: Its number in the database: later messages have greater ones.
        mailbox: `<estate>/<service user>`.
        received_at: When it was stored (UTC).
        document: The octets on the wire.
        duplicate: Whether the mailbox had an identical message before.
    """

    sequence: int
    mailbox: str
    received_at: datetime
    document: bytes
    duplicate: bool
    _trust: TrustStore = field(repr=False, compare=False)

    @cached_property
    def verified(self) -> VerifiedResponse:
        """The message, read from the trees whose signatures were verified, as of the time it was received."""
        return verify_response(self.document, self._trust, at=self.received_at)

    @property
    def request_id(self) -> RequestID | None:
        """The RequestID of its outer header."""
        return self.verified.response.request_id

    def describe(self) -> str:
        """One line for a reader."""
        response = self.verified.response
        about = f" for {response.request_id}" if response.request_id is not None else ""
        return f"{self.content} {response.response_code}{about}"

    @property
    def content(self) -> str:
        """What it holds, in few words: "N42 SecurityCredentialsUpdated", "result of 6.15.1"."""
        message, inner = self.verified.response.message, self.verified.inner
        match message, inner:
            case DCCAlertMessage(), S1SPAlert():
                return f"{message.dcc_alert_code} S1SP Alert {inner.s1sp_alert_code}"
            case DCCAlertMessage(), _:
                return f"{message.dcc_alert_code} {type(message.alert).__name__}"
            case SMETS1ResponseMessage(), SMETS1Response(payload=DeviceAlert() as alert):
                return f"device alert {alert.alert_code}"
            case SMETS1ResponseMessage(), SMETS1Response():
                return f"result of {inner.header.srv or message.srv or 'a request'}"
        return type(message).__name__


@dataclass(frozen=True)
class RefusedMessage:
    """A message the inbox answered 400 or 413.

    Attributes:
        sequence: Its number among the refused.
        mailbox: `<estate>/<service user>`.
        received_at: When it came (UTC).
        reason: Why it was refused.
        document: The octets on the wire; empty when it was too large.
    """

    sequence: int
    mailbox: str
    received_at: datetime
    reason: str
    document: bytes

    def describe(self) -> str:
        """One line for a reader."""
        return f"a message the inbox refused ({self.reason})"
