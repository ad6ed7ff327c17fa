"""The parties a sentence names, resolved for the device under test."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from duis.roles import DeviceType, UserRole
from target.estate import DeviceUnderTest, TestEstate
from target.service_user import ServiceUser

Resolver = Callable[[TestEstate, DeviceUnderTest], ServiceUser]


def _electricity_meter_beside(estate: TestEstate, device: DeviceUnderTest) -> DeviceUnderTest:
    """The ESME whose Import Supplier exceptions SRPD 6.2(a) and (b) are about."""
    return estate.on_same_hub(device, DeviceType.ESME)


ACTORS: Mapping[str, Resolver] = {
    "the Supplier": lambda estate, device: estate.supplier_of(device),
    "another Supplier": lambda estate, device: estate.unregistered_supplier(device),
    "the correct Network Operator": lambda estate, device: estate.network_operator_of(device),
    "the incorrect Network Operator": lambda estate, device: estate.other_network_operator(device),
    "the Import Supplier on its Communications Hub Function": lambda estate, device: estate.supplier_of(
        _electricity_meter_beside(estate, device)
    ),
    "another Import Supplier": lambda estate, device: estate.unregistered_supplier(
        _electricity_meter_beside(estate, device)
    ),
    "the Export Supplier": lambda estate, _: estate.user_in_role(UserRole.EXPORT_SUPPLIER),
    "the Registered Supplier Agent": lambda estate, _: estate.user_in_role(
        UserRole.REGISTERED_SUPPLIER_AGENT
    ),
    "the Other User": lambda estate, _: estate.user_in_role(UserRole.OTHER_USER),
}
"""Who is meant: *correct* is the party registered for the device's MPAN or MPRN [FIA 3.2]."""


def one_of(wordings: Mapping[str, object]) -> Callable[[str], str]:
    """A parameter type for step sentences: exactly one of the given wordings.

    The attribute ``pattern`` is how the parser of pytest-bdd learns what the type matches.
    """

    def convert(text: str) -> str:
        return text

    convert.__dict__["pattern"] = "|".join(map(re.escape, wordings))
    return convert


TYPES = {"Actor": one_of(ACTORS)}
