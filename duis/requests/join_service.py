"""SRVs 8.7.1 and 8.7.2, Join Service: the subject of exception SRPD 6.2(a) [XSD, FIA 4.3]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from duis import values
from duis.identifiers import EUI64
from duis.requests.body import Body, sr
from duis.values import child
from duis.xml import Children, Element


@dataclass(frozen=True, slots=True)
class _JoinServiceBody(Body):
    other_device_id: EUI64

    def to_text(self) -> str:
        """The element as text."""
        return f"<sr:{self.ELEMENT}>{child('sr:OtherDeviceID', self.other_device_id)}</sr:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> Self:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        other_device_id = values.eui64_of(children.required(sr("OtherDeviceID")))
        children.end()
        return cls(other_device_id)


@dataclass(frozen=True, slots=True)
class JoinServiceCriticalBody(_JoinServiceBody):
    """SRV 8.7.1.

    Attributes:
        other_device_id: the device to join with.
    """

    SRV: ClassVar[str] = "8.7.1"
    ELEMENT: ClassVar[str] = "JoinServiceCritical"


@dataclass(frozen=True, slots=True)
class JoinServiceNonCriticalBody(_JoinServiceBody):
    """SRV 8.7.2.

    Attributes:
        other_device_id: the device to join with.
    """

    SRV: ClassVar[str] = "8.7.2"
    ELEMENT: ClassVar[str] = "JoinServiceNonCritical"
