"""What is in the slots of a device, seen through the protocol, and whether it changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from duis.requests import ReplacementBody
from duis.roles import RemotePartyRole
from target.credentials import Credentials
from target.errors import TargetNonconformity
from target.exchange import Exchange
from target.observations import SlotReading
from target.service_user import ServiceUser

WATCHED = (RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR)

Slots = Mapping[RemotePartyRole, SlotReading]


def by_role(readings: tuple[SlotReading, ...]) -> Slots:
    """Readings of one SRV 6.24.1, by the slot they describe."""
    return {reading.remote_party_role: reading for reading in readings}


def after(reading: SlotReading, exchange: Exchange, party: ServiceUser) -> SlotReading:
    """What SRV 6.24.1 must tell of a slot once the certificates of a request are in it."""
    body = exchange.request.body if exchange.request is not None else None
    if not isinstance(body, ReplacementBody):
        raise TypeError(f"{exchange.title} carries no certificates")
    algorithm = exchange.sender.link.target.assumptions.certificate_hash.replace("-", "").lower()
    placed = {use: hashlib.new(algorithm, der).digest() for use, der in body.replacements().items()}
    return replace(reading, party=party.user_id, hashes={**reading.hashes, **placed})


def holding(reading: SlotReading, party: ServiceUser, credentials: Credentials) -> SlotReading:
    """What SRV 6.24.1 must tell of a slot that holds these certificates of a party."""
    hashes = credentials.hashes(party.link.target.assumptions.certificate_hash)
    return replace(reading, party=party.user_id, hashes={**reading.hashes, **hashes})


def expect_holding(expected: Slots, now: Slots) -> None:
    """Every slot holds what the data update has placed or left in it [FIA 4.2.2].

    Raises:
        TargetNonconformity: a slot holds something else.
    """
    _expect(
        expected, now, lambda role: f"the {role} slot holds what it must after the data update [FIA 4.2.2]"
    )


def expect_unchanged(known: Slots, now: Slots, clause: str) -> None:
    """Every known slot still holds the same party and, as far as hashes are told, the same certificates.

    Raises:
        TargetNonconformity: a slot changed.
    """
    _expect(known, now, lambda role: f"a refused request leaves the {role} slot as it was [{clause}]")


def _expect(expected: Slots, now: Slots, requirement: Callable[[RemotePartyRole], str]) -> None:
    for role, reading in expected.items():
        found = now.get(role)
        if found is None or found.party != reading.party or _differ(reading, found):
            raise TargetNonconformity(
                requirement=requirement(role),
                expected=reading.describe(),
                actual=found.describe() if found else f"SRV 6.24.1 no longer reports the {role} slot",
            )


def _differ(known: SlotReading, found: SlotReading) -> bool:
    return any(known.hashes.get(use, value) != value for use, value in found.hashes.items())
