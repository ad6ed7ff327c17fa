"""The one door through which every document leaves: who carries it, and what came back.

`GatewayCourier` posts. Others wrap it: one keeps a journal, so that a resumed run sends nothing twice;
one refuses devices that nobody listed. A rehearsal carries nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from target.file_keys import KeyPair
from target.gateway import Gateway, HttpAnswer, Service


@dataclass(frozen=True)
class Parcel:
    """A document on its way to the DSP.

    Attributes:
        sender: Name of the Service User.
        user_id: Its User ID.
        document: The octets to send.
        request: What they say, where they can be read as a Service Request.
        request_id: Its RequestID, where it has one.
        service: Where to.
        title: What it is, in one line: "SRV 6.15.1 of ed-north".
        tls: Transport identity, where it is not that of `[dsp.tls]`.
    """

    sender: str
    user_id: EUI64
    document: bytes
    request: ServiceRequest | None
    request_id: RequestID | None
    service: Service
    title: str
    tls: KeyPair | None = None

    @property
    def device_id(self) -> EUI64 | None:
        """The Business Target, where it can be told."""
        return self.request_id.target if self.request_id is not None else None


@dataclass(frozen=True)
class Carried:
    """What became of a parcel.

    Attributes:
        parcel: What was sent; at a resumption that of the journal, not the one handed over.
        answer: The synchronous answer; `None` when it is not known.
        rehearsed: Whether nothing was sent, because this is a rehearsal.
    """

    parcel: Parcel
    answer: HttpAnswer | None
    rehearsed: bool = False


class Courier(Protocol):
    """Carries a parcel to the DSP, once."""

    def carry(self, parcel: Parcel) -> Carried:
        """Carry one parcel.

        Raises:
            EndpointUnreachable: No conversation was possible.
            DeadlinePassed: The gateway took the document and did not answer in time.
        """


class GatewayCourier:
    """Posts each parcel to the gateway of an estate."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def carry(self, parcel: Parcel) -> Carried:
        """Post it."""
        answer = self._gateway.post(parcel.document, parcel.service, parcel.title, parcel.tls, parcel.sender)
        return Carried(parcel, answer)
