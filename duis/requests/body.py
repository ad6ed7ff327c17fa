"""What all request bodies have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

from duis.xml import SR, Element, canonical, element_from, serialise


class Body(ABC):
    """The content of a Service Request.

    Attributes:
        SRV: the Service Reference Variant the body belongs to; empty for an UnknownBody.
        ELEMENT: the local name of its element [XSD].
    """

    __slots__ = ()

    SRV: ClassVar[str]
    ELEMENT: ClassVar[str]

    @abstractmethod
    def to_text(self) -> str:
        """The element as text, with prefix `sr` left to be declared by the document."""

    @classmethod
    @abstractmethod
    def from_element(cls, element: Element) -> Self:
        """Read the element.

        Raises:
            MessageError: for anything the body cannot represent.
        """

    def to_element(self) -> Element:
        """The element on its own."""
        return element_from(self.to_text())


@dataclass(frozen=True, slots=True, eq=False)
class UnknownBody(Body):
    """The body of a Service Request without a module of its own.

    Attributes:
        srv: Service Reference Variant the header names.
        element: the element as received.
    """

    srv: str
    element: Element

    SRV: ClassVar[str] = ""
    ELEMENT: ClassVar[str] = ""

    def to_text(self) -> str:
        """The element, with its namespace declarations."""
        return serialise(self.element).decode()

    def to_element(self) -> Element:
        """The element itself."""
        return self.element

    @classmethod
    def from_element(cls, element: Element) -> UnknownBody:
        """Wrap an element whose Service Reference Variant is not known."""
        return cls("", element)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UnknownBody):
            return NotImplemented
        return self.srv == other.srv and canonical(self.element) == canonical(other.element)

    def __hash__(self) -> int:
        return hash((self.srv, canonical(self.element)))


def sr(name: str) -> str:
    """`name` in the DUIS namespace, as lxml writes it."""
    return f"{{{SR}}}{name}"
