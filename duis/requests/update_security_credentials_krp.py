"""SRV 6.15.1, Update Security Credentials (KRP): replace certificates in a slot [XSD, FIA 3.2]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from duis.requests.credentials import ReplacementBody, replacement_fields, replacement_text
from duis.xml import Element

_WRAPPER = "SupplierOrNetworkOperatorCertificates"


@dataclass(frozen=True, slots=True)
class UpdateSecurityCredentialsKRPBody(ReplacementBody):
    """SRV 6.15.1. Any of the certificates may be left out; what is left out is not touched."""

    SRV: ClassVar[str] = "6.15.1"
    ELEMENT: ClassVar[str] = "UpdateSecurityCredentialsKRP"

    def to_text(self) -> str:
        """The element as text."""
        return replacement_text(self, self.ELEMENT, _WRAPPER)

    @classmethod
    def from_element(cls, element: Element) -> UpdateSecurityCredentialsKRPBody:
        """Read the element; MessageError when it is not one."""
        return cls(*replacement_fields(element, _WRAPPER))
