"""SRV 8.12.2, Restore GPF Device Log: the subject of exception SRPD 6.2(b) [XSD, FIA 4.3]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from duis import values
from duis.identifiers import EUI64
from duis.requests.body import Body, sr
from duis.values import child
from duis.xml import Children, Element


@dataclass(frozen=True, slots=True)
class RestoreGPFDeviceLogBody(Body):
    """SRV 8.12.2.

    Attributes:
        old_gpf_id: the Gas Proxy Function the log is restored from.
    """

    old_gpf_id: EUI64

    SRV: ClassVar[str] = "8.12.2"
    ELEMENT: ClassVar[str] = "RestoreGPFDeviceLog"

    def to_text(self) -> str:
        """The element as text."""
        return f"<sr:{self.ELEMENT}>{child('sr:OldGPFID', self.old_gpf_id)}</sr:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> RestoreGPFDeviceLogBody:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        old_gpf_id = values.eui64_of(children.required(sr("OldGPFID")))
        children.end()
        return cls(old_gpf_id)
