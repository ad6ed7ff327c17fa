"""Entity Identifiers and message identifiers [XSD EUI, RequestIDType, ResponseIDType]."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EUI64 = re.compile(r"[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){7}")
_REQUEST_ID = re.compile(r"([0-9A-Fa-f-]{23}):([0-9A-Fa-f-]{23}):(0|[1-9][0-9]{0,19})")

MAXIMUM_COUNTER = 2**64 - 1
"""The largest Originator Counter the wire can carry [XSD RequestIDType]."""


class EUI64(str):
    """An EUI-64 as eight hyphenated hex pairs, held in upper case [XSD EUI].

    Both cases are allowed on the wire and equality must not depend on the case, so one is canonical.

    Raises:
        ValueError: when the text is not eight hyphenated hex pairs.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> EUI64:
        """Check the form of `text` and keep it in upper case."""
        if type(text) is cls:
            return text
        if _EUI64.fullmatch(text) is None:
            raise ValueError(f"not an EUI-64 of eight hyphenated hex pairs: {text!r}")
        return super().__new__(cls, text.upper())

    @classmethod
    def from_bytes(cls, octets: bytes) -> EUI64:
        """The EUI-64 of 8 octets.

        Raises:
            ValueError: when there are not exactly 8 octets.
        """
        if len(octets) != 8:
            raise ValueError(f"an EUI-64 has 8 octets, not {len(octets)}")
        return cls(octets.hex("-"))

    def to_bytes(self) -> bytes:
        """The 8 octets."""
        return bytes.fromhex(self.replace("-", ""))


@dataclass(frozen=True, slots=True, order=True)
class RequestID:
    """BusinessOriginatorID:BusinessTargetID:OriginatorCounter [XSD RequestIDType, ResponseIDType].

    Attributes:
        originator: who sent the message.
        target: for whom it is.
        counter: 0 to 2^64 - 1, strictly increasing per originator; by custom
            milliseconds since 1970 [CLIENT].
    """

    originator: EUI64
    target: EUI64
    counter: int

    def __post_init__(self) -> None:
        if type(self.originator) is not EUI64:
            object.__setattr__(self, "originator", EUI64(self.originator))
        if type(self.target) is not EUI64:
            object.__setattr__(self, "target", EUI64(self.target))
        if not 0 <= self.counter <= MAXIMUM_COUNTER:
            raise ValueError(f"an Originator Counter runs from 0 to 2^64 - 1, not {self.counter}")

    def __str__(self) -> str:
        return f"{self.originator}:{self.target}:{self.counter}"

    @classmethod
    def parse(cls, text: str) -> RequestID:
        """Read the text form.

        Raises:
            ValueError: when it is not EUI-64, EUI-64 and a counter without leading zeros, joined by colons.
        """
        match = _REQUEST_ID.fullmatch(text)
        if match is None:
            raise ValueError(f"not originator:target:counter, the counter without leading zeros: {text!r}")
        return cls(EUI64(match[1]), EUI64(match[2]), int(match[3]))

    def response_id(self) -> RequestID:
        """The identifier of a response to this request: target:originator:counter [RTDS]."""
        return RequestID(self.target, self.originator, self.counter)
