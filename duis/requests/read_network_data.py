"""SRV 4.10, Read Network Data: what a Network Operator ordinarily asks a meter for [XSD]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from duis import values
from duis.requests.body import Body, sr
from duis.values import child
from duis.xml import Children, Element


@dataclass(frozen=True, slots=True)
class ReadNetworkDataBody(Body):
    """SRV 4.10, for electricity and gas.

    Attributes:
        start: beginning of the period to read.
        end: end of the period to read.
        execution_date_time: when to read; None is at once.
        key_agreement: DER certificate of a user the device does not know.
    """

    start: datetime
    end: datetime
    execution_date_time: datetime | None = None
    key_agreement: bytes | None = None

    SRV: ClassVar[str] = "4.10"
    ELEMENT: ClassVar[str] = "ReadNetworkData"

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:{self.ELEMENT}>{child('sr:ExecutionDateTime', self.execution_date_time)}"
            f"<sr:ReadLogPeriod>{child('sr:StartDateTime', self.start)}{child('sr:EndDateTime', self.end)}"
            f"</sr:ReadLogPeriod>{child('sr:KAPublicSecurityCredentials', self.key_agreement)}"
            f"</sr:{self.ELEMENT}>"
        )

    @classmethod
    def from_element(cls, element: Element) -> ReadNetworkDataBody:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        execution_date_time = values.optional_date_time(children, sr("ExecutionDateTime"))
        period = Children(children.required(sr("ReadLogPeriod")))
        start = values.date_time_of(period.required(sr("StartDateTime")))
        end = values.date_time_of(period.required(sr("EndDateTime")))
        period.end()
        key_agreement = values.optional_bytes(children, sr("KAPublicSecurityCredentials"))
        children.end()
        return cls(start, end, execution_date_time, key_agreement)
