"""Virtual anchor slots: rows of an S1SP's database in the place of certificates on the device [FIA 4.2.2]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole

if TYPE_CHECKING:
    from duis.smki.certificate import OrganisationCertificate

DCC_CONTROL: Final = "ACB"
"""In the place of a User ID: the slot holds the DCC's own certificates, so it is under DCC control."""

ACCESS_CONTROL_BROKER_ROLE: Final = "04"
"""Role code of the DCC's access control broker certificates [CERT]."""


class SlotOwnerRule(StrEnum):
    """Which certificates decide who owns a slot that holds two parties: no public text says [ASSUMED]."""

    DIGITAL_SIGNING = "digital signing"
    KEY_AGREEMENT = "key agreement"
    ALL = "all"
    """Every certificate must be of one party; a slot holding two parties has no owner."""


_DECIDING: Mapping[SlotOwnerRule, CertificateType] = {
    SlotOwnerRule.DIGITAL_SIGNING: CertificateType.DIGITAL_SIGNING,
    SlotOwnerRule.KEY_AGREEMENT: CertificateType.KEY_AGREEMENT,
}


@dataclass(frozen=True, slots=True)
class SlotAssignment:
    """What a population says about a slot: whose certificates it holds.

    Attributes:
        device_id: the device.
        remote_party_role: which of its slots.
        party: a User ID, or `DCC_CONTROL`. The server resolves it to the party's certificates.
    """

    device_id: EUI64
    remote_party_role: RemotePartyRole
    party: str


@dataclass(frozen=True, slots=True)
class AnchorSlot:
    """A slot with its certificates, one for each use.

    Attributes:
        device_id: the device.
        remote_party_role: which of its slots.
        certificates: by their use in the slot; a use without a certificate is left out.
    """

    device_id: EUI64
    remote_party_role: RemotePartyRole
    certificates: Mapping[CertificateType, OrganisationCertificate]

    def owner(self, rule: SlotOwnerRule = SlotOwnerRule.DIGITAL_SIGNING) -> EUI64 | None:
        """The Entity Identifier validation 3 compares with (S1SR 4.2); None when the slot has no owner."""
        owners = {certificate.entity_identifier for certificate in self._deciding(rule)}
        return owners.pop() if len(owners) == 1 else None

    def under_dcc_control(self, rule: SlotOwnerRule = SlotOwnerRule.DIGITAL_SIGNING) -> bool:
        """Whether the slot holds the DCC's own (ACB) certificate, as 6.21 needs [ASSUMED, from its name]."""
        deciding = self._deciding(rule)
        return bool(deciding) and all(
            certificate.role == ACCESS_CONTROL_BROKER_ROLE for certificate in deciding
        )

    def with_certificates(
        self, replacements: Mapping[CertificateType, OrganisationCertificate]
    ) -> AnchorSlot:
        """The slot after a replacement; certificates the replacement leaves out are kept [ASSUMED]."""
        return replace(self, certificates={**self.certificates, **replacements})

    def _deciding(self, rule: SlotOwnerRule) -> tuple[OrganisationCertificate, ...]:
        if rule is SlotOwnerRule.ALL:
            return tuple(self.certificates.values())
        certificate = self.certificates.get(_DECIDING[rule])
        return () if certificate is None else (certificate,)
