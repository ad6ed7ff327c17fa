"""SRPD 6.1(f) and its exceptions, against a second statement of the rule written independently."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from duis.identifiers import EUI64
from duis.roles import DeviceStatus, DeviceType, RemotePartyRole, UserRole
from emulators.checks import with_removed
from emulators.inventory import Device
from emulators.registration import Period, Registration, RegistrationData
from emulators.registration_check import (
    EXCEPTIONS,
    ExemptionReading,
    RegistrationQuestion,
    is_registered,
    passes_registration_check,
)

NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
MPAN, MPRN = "1200023305967", "3938424403"
REGISTERED = {
    (MPAN, UserRole.IMPORT_SUPPLIER): EUI64("02-53-31-00-00-00-00-31"),
    (MPAN, UserRole.EXPORT_SUPPLIER): EUI64("02-53-31-00-00-00-00-51"),
    (MPAN, UserRole.ELECTRICITY_DISTRIBUTOR): EUI64("02-53-31-00-00-00-00-11"),
    (MPAN, UserRole.REGISTERED_SUPPLIER_AGENT): EUI64("02-53-31-00-00-00-00-61"),
    (MPRN, UserRole.GAS_SUPPLIER): EUI64("02-53-31-00-00-00-00-41"),
    (MPRN, UserRole.GAS_TRANSPORTER): EUI64("02-53-31-00-00-00-00-21"),
    (MPRN, UserRole.REGISTERED_SUPPLIER_AGENT): EUI64("02-53-31-00-00-00-00-62"),
}
STRANGER = EUI64("02-53-31-00-00-00-00-99")
DATA = RegistrationData(
    Registration(point, role, user_id, SINCE) for (point, role), user_id in REGISTERED.items()
)
HUB = EUI64("02-01-00-00-00-00-00-00")


def _device(device_type: str, number: int, mpxn: str | None, smets_version: str = "SMETS1") -> Device:
    return Device(
        device_id=EUI64(f"02-01-00-00-00-00-00-{number:02X}"),
        device_type=DeviceType(device_type),
        device_status=DeviceStatus.COMMISSIONED,
        s1sp="S1SP1",
        mpxn=mpxn,
        set_id="S1SP1-000000",
        chf_id=HUB,
        manufacturer="Emulated Meters",
        model="SMETS1",
        smets_version=smets_version,
    )


DEVICES = {
    "CHF": _device("CHF", 0, None),
    "ESME": _device("ESME", 1, MPAN),
    "GPF": _device("GPF", 2, MPRN),
    "GSME": _device("GSME", 3, MPRN),
    "PPMID": _device("PPMID", 4, None),
}
SET = tuple(DEVICES.values())
QUESTION = RegistrationQuestion(
    user_id=STRANGER,
    role=UserRole.ELECTRICITY_DISTRIBUTOR,
    srv="6.15.1",
    remote_party_role=RemotePartyRole.NETWORK_OPERATOR,
    other_device_id=None,
    device=DEVICES["ESME"],
    devices_of_set=SET,
    period=Period.instant(NOW),
    registration_data=DATA,
    mp107=True,
)

SRVS = ("6.15.1", "6.15.2", "6.21", "6.24.1", "4.1.1", "4.10", "8.7.1", "8.7.2", "8.12.2", "1.1.1")


def test_exemption_matrix() -> None:
    """MP107 x role x SRV x slot x reading x SMETS1 x device: when a stranger passes.

    Each line of `expected` restates a sentence of SRPD 6.2 as the impact assessment gives it. The stranger is
    registered for nothing, so exceptions (a) and (b), which need the Import Supplier of the set, never apply.
    """
    seen = {True: 0, False: 0}
    slots = (None, *RemotePartyRole)
    for mp107, role, srv, slot, reading, smets1, name in product(
        (True, False), UserRole, SRVS, slots, ExemptionReading, (True, False), DEVICES
    ):
        device = DEVICES[name] if smets1 else replace(DEVICES[name], smets_version="SMETS2")
        question = replace(
            QUESTION,
            role=role,
            srv=srv,
            remote_party_role=slot,
            device=device,
            mp107=mp107,
            exemption_reading=reading,
        )
        if role.value == "OU":
            expected = True
        elif not mp107 or not smets1 or srv != "6.15.1" or role.value not in ("ED", "GT"):
            expected = False
        else:
            expected = slot == "NetworkOperator" or reading.value == "sender"
        assert passes_registration_check(question) is expected, question
        seen[expected] += 1
    assert seen[True] > 0
    assert seen[False] > 0


def test_without_mp107_the_other_exceptions_stay() -> None:
    """Removing 6.2(d) from the table is the same as switching MP107 off."""
    without = with_removed(EXCEPTIONS, "MP107")
    for role, srv, mp107 in product(UserRole, SRVS, (True, False)):
        question = replace(QUESTION, role=role, srv=srv, mp107=mp107)
        assert passes_registration_check(question, without) is passes_registration_check(
            replace(question, mp107=False)
        )


REGISTERED_ROLES = {
    "ESME": {"IS": MPAN, "ES": MPAN, "ED": MPAN, "RSA": MPAN},
    "GPF": {"GS": MPRN, "GT": MPRN, "RSA": MPRN},
    "GSME": {"GS": MPRN, "GT": MPRN, "RSA": MPRN},
    "CHF": {"IS": MPAN},
    "PPMID": {"IS": MPAN},
}


@pytest.mark.parametrize(("name", "role"), list(product(DEVICES, UserRole)))
def test_who_is_registered_for_which_device(name: str, role: UserRole) -> None:
    """Exactly the party of that role at the device's own point, whoever asks."""
    point = REGISTERED_ROLES[name].get(role.value)
    for user_id in {*REGISTERED.values(), STRANGER}:
        question = replace(QUESTION, user_id=user_id, role=role, device=DEVICES[name], srv="4.1.1")
        expected = point is not None and REGISTERED.get((point, role)) == user_id
        assert is_registered(question) is expected


def test_a_device_off_the_hub_is_not_the_import_suppliers() -> None:
    supplier = REGISTERED[MPAN, UserRole.IMPORT_SUPPLIER]
    elsewhere = replace(DEVICES["PPMID"], chf_id=EUI64("02-01-00-00-00-00-00-08"))
    for device, expected in (
        (DEVICES["PPMID"], True),
        (elsewhere, False),
        (replace(elsewhere, chf_id=None), False),
    ):
        question = replace(
            QUESTION, user_id=supplier, role=UserRole.IMPORT_SUPPLIER, device=device, srv="4.1.1"
        )
        assert is_registered(question) is expected


IMPORT_SUPPLIER_ON_GAS = replace(
    QUESTION,
    user_id=REGISTERED[MPAN, UserRole.IMPORT_SUPPLIER],
    role=UserRole.IMPORT_SUPPLIER,
    remote_party_role=None,
    mp107=False,
)


@pytest.mark.parametrize(
    ("srv", "device", "other", "expected"),
    [
        ("8.7.1", "GPF", "GSME", True),
        ("8.7.1", "GSME", "GPF", True),
        ("8.7.2", "GPF", "GSME", True),
        ("8.7.2", "GSME", "GPF", True),
        ("8.7.1", "GPF", "ESME", False),
        ("8.7.1", "GSME", "PPMID", False),
        ("8.7.1", "GPF", "GPF", False),
        ("8.7.1", "GPF", None, False),
        ("8.12.2", "GPF", None, True),
        ("8.12.2", "GSME", None, False),
        ("8.12.1", "GPF", None, False),
        ("4.1.1", "GPF", "GSME", False),
        ("6.15.1", "GPF", "GSME", False),
    ],
)
def test_exceptions_a_and_b_for_the_import_supplier_of_the_set(
    srv: str, device: str, other: str | None, expected: bool
) -> None:
    question = replace(
        IMPORT_SUPPLIER_ON_GAS,
        srv=srv,
        device=DEVICES[device],
        other_device_id=None if other is None else DEVICES[other].device_id,
    )
    assert passes_registration_check(question) is expected
    assert not passes_registration_check(replace(question, user_id=STRANGER))
    assert not passes_registration_check(
        replace(question, role=UserRole.EXPORT_SUPPLIER, user_id=REGISTERED[MPAN, UserRole.EXPORT_SUPPLIER])
    )


def test_exception_a_needs_both_devices_on_one_hub() -> None:
    other_hub = EUI64("02-01-00-00-00-00-00-08")
    meter = replace(DEVICES["GSME"], chf_id=other_hub)
    question = replace(
        IMPORT_SUPPLIER_ON_GAS,
        srv="8.7.1",
        device=DEVICES["GPF"],
        other_device_id=meter.device_id,
        devices_of_set=(*[each for each in SET if each is not DEVICES["GSME"]], meter),
    )
    assert not passes_registration_check(question)


TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (Period.instant(SINCE), True),
        (Period.instant(SINCE - TICK), False),
        (Period(SINCE, NOW), True),
        (Period(SINCE - TICK, NOW), False),
    ],
)
def test_eligibility_is_judged_at_the_time_of_execution(period: Period, expected: bool) -> None:
    question = replace(
        QUESTION,
        user_id=REGISTERED[MPAN, UserRole.ELECTRICITY_DISTRIBUTOR],
        srv="4.10",
        remote_party_role=None,
        period=period,
        mp107=False,
    )
    assert passes_registration_check(question) is expected


def test_exceptions_are_named_once_and_cite_their_clause() -> None:
    assert len({each.name for each in EXCEPTIONS}) == len(EXCEPTIONS)
    assert [each.clause for each in EXCEPTIONS] == [f"SRPD 6.2({letter})" for letter in "abcd"]
