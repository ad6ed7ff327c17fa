"""SRV 6.21, Request Handover Of DCC Controlled Device: place certificates in a slot DCC controls [XSD]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from duis.requests.credentials import ReplacementBody, replacement_fields, replacement_text
from duis.xml import Element


@dataclass(frozen=True, slots=True)
class RequestHandoverOfDCCControlledDeviceBody(ReplacementBody):
    """SRV 6.21. The schema requires `digital_signing`; without it the message built is invalid."""

    SRV: ClassVar[str] = "6.21"
    ELEMENT: ClassVar[str] = "RequestHandoverOfDCCControlledDevice"

    def to_text(self) -> str:
        """The element as text."""
        return replacement_text(self, self.ELEMENT, None)

    @classmethod
    def from_element(cls, element: Element) -> RequestHandoverOfDCCControlledDeviceBody:
        """Read the element; MessageError when it is not one."""
        return cls(*replacement_fields(element, None))
