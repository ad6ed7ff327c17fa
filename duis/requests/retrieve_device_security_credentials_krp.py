"""SRV 6.24.1, Retrieve Device Security Credentials (KRP): whose certificates are in the slots [XSD]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from duis import values
from duis.requests.body import Body, sr
from duis.roles import RemotePartyRole
from duis.values import child
from duis.xml import Children, Element


@dataclass(frozen=True, slots=True)
class RetrieveDeviceSecurityCredentialsKRPBody(Body):
    """SRV 6.24.1.

    Attributes:
        remote_party_roles: the slots asked for, 1 to 7.
    """

    remote_party_roles: tuple[RemotePartyRole, ...]

    SRV: ClassVar[str] = "6.24.1"
    ELEMENT: ClassVar[str] = "RetrieveDeviceSecurityCredentialsKRP"

    def to_text(self) -> str:
        """The element as text."""
        roles = "".join(child("sr:RemotePartyRole", role) for role in self.remote_party_roles)
        return f"<sr:{self.ELEMENT}>{roles}</sr:{self.ELEMENT}>"

    @classmethod
    def from_element(cls, element: Element) -> RetrieveDeviceSecurityCredentialsKRPBody:
        """Read the element; MessageError when it is not one."""
        children = Children(element)
        roles = tuple(
            values.member_of(role, RemotePartyRole) for role in children.repeated(sr("RemotePartyRole"))
        )
        children.end()
        return cls(roles)
