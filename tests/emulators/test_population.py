"""The population is a pure function of its seed, with valid identifiers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duis.identifiers import EUI64
from duis.metering_points import is_mpan, is_mprn, mpan, mprn
from duis.roles import DeviceStatus, DeviceType, RemotePartyRole, UserRole
from duis.smki.testpki import PARTIES
from emulators.population import COHORTS, S1SPS, Population, chunks, generate, iterate_sets
from emulators.registration import RegistrationData

TEST_PARTIES = {
    role: [party.entity_identifier for party in PARTIES if role in party.user_roles] for role in UserRole
}
NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("core", "check_digit"),
    [
        # The weighted sums, worked out by hand:
        ("120002330596", "7"),  # 1019 = 92*11 + 7
        ("000000000000", "0"),
        ("100000000000", "3"),
        ("020000000000", "0"),  # 10: the remainder 10 becomes the digit 0
        ("000000090000", "8"),  # 9*29 = 261 = 23*11 + 8
        ("000000000001", "0"),  # 43 = 3*11 + 10
        ("111111111111", "4"),  # 268 = 24*11 + 4
    ],
)
def test_mpan_check_digit(core: str, check_digit: str) -> None:
    assert mpan(core) == core + check_digit
    assert is_mpan(core + check_digit)
    assert not is_mpan(core + str((int(check_digit) + 1) % 10))


@pytest.mark.parametrize(
    ("number", "check_digits"),
    [
        ("39384244", "03"),  # 24+63+18+40+16+6+8+4 = 179 = 16*11 + 3
        ("00000000", "00"),
        ("10000000", "08"),
        ("00000070", "03"),  # 14 = 11 + 3
        ("05000000", "02"),  # 35 = 3*11 + 2
        ("10000002", "10"),  # 8 + 2: two digits
    ],
)
def test_mprn_check_digits(number: str, check_digits: str) -> None:
    assert mprn(number) == number + check_digits
    assert is_mprn(number + check_digits)
    assert not is_mprn(f"{number}{(int(check_digits) + 1) % 100:02}")


@pytest.mark.parametrize("text", ["", "12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢"])
def test_mpan_needs_twelve_digits(text: str) -> None:
    with pytest.raises(ValueError, match="12 digits"):
        mpan(text)


@given(st.integers(0, 10**12 - 1), st.integers(0, 11), st.integers(1, 9))
def test_no_single_wrong_digit_leaves_the_mpan_sum_as_it_was(core: int, position: int, change: int) -> None:
    """The sum modulo 11 differs; only the digit 0 for both 0 and 10 can hide that."""
    digits = f"{core:012}"
    wrong = digits[:position] + str((int(digits[position]) + change) % 10) + digits[position + 1 :]
    assert mpan(digits)[-1] != mpan(wrong)[-1] or mpan(digits)[-1] == "0"


def test_a_seed_gives_the_same_population_again() -> None:
    assert generate(7, 5, parties=TEST_PARTIES) == generate(7, 5, parties=TEST_PARTIES)


def test_another_seed_gives_other_devices_points_and_parties() -> None:
    one, other = generate(1, 20, parties=TEST_PARTIES), generate(2, 20, parties=TEST_PARTIES)
    assert not {each.device_id for each in one.devices} & {each.device_id for each in other.devices}
    assert not _points(one) & _points(other)
    assert [each.party for each in one.slots] != [each.party for each in other.slots]


def test_an_s1sp_generates_its_own_part_exactly_as_in_the_whole() -> None:
    whole = generate(3, 4, parties=TEST_PARTIES)
    for s1sp in S1SPS:
        part = generate(3, 4, parties=TEST_PARTIES, only=s1sp)
        assert part.devices == tuple(each for each in whole.devices if each.s1sp == s1sp)


def test_a_smaller_population_is_the_beginning_of_a_larger_one() -> None:
    assert set(generate(3, 4, parties=TEST_PARTIES).devices) <= set(
        generate(3, 9, parties=TEST_PARTIES).devices
    )


def test_chunks_add_up_to_the_whole() -> None:
    whole = generate(3, 5, parties=TEST_PARTIES)
    pieces = list(chunks(iterate_sets(3, 5, parties=TEST_PARTIES), 4))
    assert [len(piece.devices) for piece in pieces] == [20, 20, 20, 15]
    assert tuple(slot for piece in pieces for slot in piece.slots) == whole.slots
    assert tuple(row for piece in pieces for row in piece.registrations) == whole.registrations


def test_a_large_population_is_generated_lazily() -> None:
    sets = iterate_sets(1, 20_000_000, parties=TEST_PARTIES)
    assert next(sets).set_id == "S1SP1-000000"


def test_every_set_has_its_devices_on_one_communications_hub() -> None:
    for each in iterate_sets(5, 10, parties=TEST_PARTIES):
        assert [device.device_type for device in each.devices] == ["CHF", "ESME", "GPF", "GSME", "PPMID"]
        assert {device.chf_id for device in each.devices} == {each.devices[0].device_id}
        assert {device.set_id for device in each.devices} == {each.set_id}
        by_type = {device.device_type: device for device in each.devices}
        esme, gpf, gsme = (by_type[DeviceType(name)] for name in ("ESME", "GPF", "GSME"))
        assert esme.mpxn is not None
        assert gpf.mpxn is not None
        assert is_mpan(esme.mpxn)
        assert is_mprn(gpf.mpxn)
        assert gsme.mpxn == gpf.mpxn
        assert all(by_type[DeviceType(name)].mpxn is None for name in ("CHF", "PPMID"))
        for device in each.devices:
            assert device.is_smets1
            assert device.device_status is DeviceStatus.COMMISSIONED
            assert device.s1sp is not None
            assert device.cohort == COHORTS[device.s1sp]


def test_identifiers_and_points_are_unique_and_each_s1sp_has_its_range() -> None:
    population = generate(11, 300, parties=TEST_PARTIES)
    assert len({each.device_id for each in population.devices}) == len(population.devices) == 4500
    assert len(_points(population)) == 2 * 900
    ranges = Counter((each.s1sp, each.device_id[:5]) for each in population.devices)
    assert ranges == {("S1SP1", "02-01"): 1500, ("S1SP2", "02-02"): 1500, ("S1SP3", "02-03"): 1500}
    assert not {each.device_id for each in population.devices} & {
        party.entity_identifier for party in PARTIES
    }


def test_registered_parties_are_those_in_the_slots_and_all_parties_occur() -> None:
    population = generate(13, 60, parties=TEST_PARTIES)
    data = RegistrationData(population.registrations)
    devices = {device.device_id: device for device in population.devices}
    seen: set[EUI64] = set()
    for slot in population.slots:
        device = devices[slot.device_id]
        electricity = device.device_type is DeviceType.ESME
        if slot.remote_party_role is RemotePartyRole.ACB:
            assert slot.party == "ACB"
            continue
        assert device.mpxn is not None
        role = {
            (RemotePartyRole.SUPPLIER, True): UserRole.IMPORT_SUPPLIER,
            (RemotePartyRole.SUPPLIER, False): UserRole.GAS_SUPPLIER,
            (RemotePartyRole.NETWORK_OPERATOR, True): UserRole.ELECTRICITY_DISTRIBUTOR,
            (RemotePartyRole.NETWORK_OPERATOR, False): UserRole.GAS_TRANSPORTER,
        }[slot.remote_party_role, electricity]
        registered = data.registered(device.mpxn, role, NOW)
        assert slot.party == registered
        assert registered is not None
        seen.add(registered)
    owners = ("IS", "ED", "GS", "GT")
    assert seen == {user_id for role in owners for user_id in TEST_PARTIES[UserRole(role)]}


def test_the_last_sets_of_each_s1sp_can_be_under_dcc_control() -> None:
    usual = generate(3, 4, parties=TEST_PARTIES)
    population = generate(3, 4, parties=TEST_PARTIES, under_dcc_control=1)
    assert (population.devices, population.registrations) == (usual.devices, usual.registrations)
    sets = {device.device_id: device.set_id for device in population.devices}
    changed = [(new, old) for new, old in zip(population.slots, usual.slots, strict=True) if new != old]
    assert Counter(sets[new.device_id] for new, _ in changed) == {
        "S1SP1-000003": 3,  # ESME, GPF and GSME
        "S1SP2-000003": 3,
        "S1SP3-000003": 3,
    }
    assert {(new.remote_party_role, new.party) for new, _ in changed} == {
        (RemotePartyRole.NETWORK_OPERATOR, "ACB")
    }
    part = generate(3, 4, parties=TEST_PARTIES, under_dcc_control=1, only="S1SP2")
    assert part.slots == tuple(each for each in population.slots if sets[each.device_id].startswith("S1SP2"))


@pytest.mark.parametrize("number", [-1, 5])
def test_more_sets_under_dcc_control_than_there_are(number: int) -> None:
    with pytest.raises(ValueError, match="under DCC control"):
        generate(3, 4, parties=TEST_PARTIES, under_dcc_control=number)


def test_every_role_with_parties_is_registered_at_each_point() -> None:
    population = generate(1, 1, parties=TEST_PARTIES, only="S1SP2")
    roles = {
        point: {row.role.value for row in population.registrations if row.mpxn == point}
        for point in _points(population)
    }
    assert sorted(roles.values(), key=len) == [{"GS", "GT", "RSA"}, {"IS", "ES", "ED", "RSA"}]


@pytest.mark.parametrize("role", ["IS", "ED", "GS", "GT"])
def test_a_role_without_parties_is_refused(role: str) -> None:
    with pytest.raises(ValueError, match=f"role {role}"):
        generate(1, 1, parties={**TEST_PARTIES, UserRole(role): []})


@pytest.mark.parametrize("sets_per_s1sp", [-1, 40_000_000])
def test_an_impossible_size_is_refused(sets_per_s1sp: int) -> None:
    with pytest.raises(ValueError):
        iterate_sets(1, sets_per_s1sp, parties=TEST_PARTIES)


def test_an_unknown_s1sp_is_refused() -> None:
    with pytest.raises(ValueError, match="S1SP9"):
        generate(1, 1, parties=TEST_PARTIES, only="S1SP9")


def _points(population: Population) -> set[str]:
    return {device.mpxn for device in population.devices if device.mpxn is not None}
