"""SRV 4.1.1, Read Instantaneous Import Registers: an ordinary non-critical request [XSD]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from duis import values
from duis.requests.body import Body, sr
from duis.values import child
from duis.xml import Children, Element


@dataclass(frozen=True, slots=True)
class ReadInstantaneousImportRegistersBody(Body):
    """SRV 4.1.1, for electricity and gas.

    Attributes:
        execution_date_time: when to read; None is at once.
    """

    execution_date_time: datetime | None = None

    SRV: ClassVar[str] = "4.1.1"
    ELEMENT: ClassVar[str] = "ReadInstantaneousImportRegisters"

    def to_text(self) -> str:
        """The element as text."""
        content = child("sr:ExecutionDateTime", self.execution_date_time)
        return f"<sr:{self.ELEMENT}>{content}</sr:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> ReadInstantaneousImportRegistersBody:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        execution_date_time = values.optional_date_time(children, sr("ExecutionDateTime"))
        children.end()
        return cls(execution_date_time)
