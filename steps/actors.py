"""The parties a sentence names, resolved for the device under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from parse import with_pattern
from target.estate import DeviceUnderTest, TestEstate
from target.service_user import ServiceUser

from duis.roles import UserRole

Resolver = Callable[[TestEstate, DeviceUnderTest], ServiceUser]

ACTORS: Mapping[str, Resolver] = {
    "the Supplier": lambda estate, device: estate.supplier_of(device),
    "another Supplier": lambda estate, device: estate.unregistered_supplier(device),
    "the correct Network Operator": lambda estate, device: estate.network_operator_of(device),
    "the incorrect Network Operator": lambda estate, device: estate.other_network_operator(device),
    "the Export Supplier": lambda estate, _: estate.user_in_role(UserRole.EXPORT_SUPPLIER),
    "the Registered Supplier Agent": lambda estate, _: estate.user_in_role(
        UserRole.REGISTERED_SUPPLIER_AGENT
    ),
    "the Other User": lambda estate, _: estate.user_in_role(UserRole.OTHER_USER),
}
"""Who is meant: *correct* is the party registered for the device's MPAN or MPRN [FIA 3.2]."""


@with_pattern("|".join(ACTORS))
def actor(text: str) -> str:
    """Parameter type of step sentences: the phrase that names a party."""
    return text


TYPES = {"Actor": actor}
