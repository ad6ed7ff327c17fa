"""SRV 8.2, Read Inventory: devices of the Smart Metering Inventory [XSD]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from duis import values
from duis.identifiers import EUI64
from duis.requests.body import Body, sr
from duis.values import child
from duis.xml import Children, Element, error_at, qualified


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """A property, by post code and the start of its address.

    Attributes:
        post_code: 6 to 8 characters.
        address_identifier: at most 30 characters.
    """

    post_code: str
    address_identifier: str

    def to_text(self) -> str:
        """The element as text."""
        return (
            f"<sr:PropertyFilter>{child('sr:PostCode', self.post_code)}"
            f"{child('sr:AddressIdentifier', self.address_identifier)}</sr:PropertyFilter>"
        )

    @classmethod
    def from_element(cls, element: Element) -> PropertyFilter:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        post_code = values.text_of(children.required(sr("PostCode")))
        address_identifier = values.text_of(children.required(sr("AddressIdentifier")))
        children.end()
        return cls(post_code, address_identifier)


@dataclass(frozen=True, slots=True)
class ReadInventoryBody(Body):
    """SRV 8.2, a Non-Device Service Request. Exactly one of the fields is given.

    Attributes:
        device_id: the device.
        mpxn: the MPAN or MPRN.
        uprn: Unique Property Reference Number, up to 12 digits.
        property_filter: a post code and address.

    Raises:
        ValueError: when none or more than one is given.
    """

    device_id: EUI64 | None = None
    mpxn: str | None = None
    uprn: int | None = None
    property_filter: PropertyFilter | None = None

    SRV: ClassVar[str] = "8.2"
    ELEMENT: ClassVar[str] = "ReadInventory"

    def __post_init__(self) -> None:
        given = [self.device_id, self.mpxn, self.uprn, self.property_filter]
        if sum(value is not None for value in given) != 1:
            raise ValueError("exactly one of device_id, mpxn, uprn and property_filter is needed")

    def to_text(self) -> str:
        """The element as text."""
        if self.property_filter is not None:
            content = self.property_filter.to_text()
        else:
            content = (
                child("sr:UPRN", self.uprn)
                + child("sr:DeviceID", self.device_id)
                + child("sr:MPxN", self.mpxn)
            )
        return f"<sr:{self.ELEMENT}>{content}</sr:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> ReadInventoryBody:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        choice = children.any()
        children.end()
        tag = choice.tag
        if tag == sr("DeviceID"):
            return cls(device_id=values.eui64_of(choice))
        if tag == sr("MPxN"):
            return cls(mpxn=values.text_of(choice))
        if tag == sr("UPRN"):
            return cls(uprn=values.integer_of(choice, minimum=1, maximum=10**12 - 1))
        if tag == sr("PropertyFilter"):
            return cls(property_filter=PropertyFilter.from_element(choice))
        raise error_at(choice, f"{qualified(str(tag))} is not a way to ask for devices")
