"""What is in the slots of a device, seen through the protocol, and whether it changed."""

from __future__ import annotations

from collections.abc import Mapping

from duis.roles import RemotePartyRole
from target.errors import TargetNonconformity
from target.observations import SlotReading

WATCHED = (RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR)

Slots = Mapping[RemotePartyRole, SlotReading]


def by_role(readings: tuple[SlotReading, ...]) -> Slots:
    """Readings of one SRV 6.24.1, by the slot they describe."""
    return {reading.remote_party_role: reading for reading in readings}


def expect_unchanged(before: Slots, now: Slots, clause: str) -> None:
    """Every slot in `before` still holds the same party and the same certificates.

    Raises:
        TargetNonconformity: a slot changed.
    """
    for role, reading in before.items():
        found = now.get(role)
        if found is None or found != reading:
            raise TargetNonconformity(
                requirement=f"a refused request leaves the {role} slot as it was [{clause}]",
                expected=reading.describe(),
                actual=found.describe() if found else f"SRV 6.24.1 no longer reports the {role} slot",
            )
