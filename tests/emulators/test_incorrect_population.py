"""Populations with incorrect Network Operator slots: which devices, and how many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duis.roles import DeviceType, RemotePartyRole, UserRole
from duis.smki.testpki import PARTIES
from emulators.incorrect_population import FIA_FIGURES, CohortFigures, incorrect_sets, scaled, shares
from emulators.population import generate, iterate_sets
from emulators.unusual_slots import Exceptional

ESME, GPF = DeviceType.ESME, DeviceType.GPF
PARTIES_BY_ROLE = {
    role: [party.entity_identifier for party in PARTIES if role in party.user_roles] for role in UserRole
}


def test_another_seed_makes_other_sets_incorrect() -> None:
    figures = (CohortFigures("MOC", "S1SP2", 100, {ESME: 50}),)

    def incorrect(seed: int) -> set[str]:
        sets = incorrect_sets(seed, figures, parties=PARTIES_BY_ROLE)
        usual = iterate_sets(seed, 100, parties=PARTIES_BY_ROLE, only="S1SP2")
        return {new.set_id for new, old in zip(sets, usual, strict=True) if new != old}

    assert len(incorrect(1)) == len(incorrect(2)) == 50
    assert incorrect(1) != incorrect(2)


def test_the_sets_are_those_that_a_dsp_with_the_seed_knows() -> None:
    figures = (CohortFigures("MOC", "S1SP2", 40, {ESME: 12, GPF: 30}),)
    sets = list(incorrect_sets(8, figures, parties=PARTIES_BY_ROLE))
    expected = generate(8, 40, parties=PARTIES_BY_ROLE, only="S1SP2")
    assert tuple(device for each in sets for device in each.devices) == expected.devices
    assert tuple(row for each in sets for row in each.registrations) == expected.registrations
    slots = [slot for each in sets for slot in each.slots]
    changed = [new for new, old in zip(slots, expected.slots, strict=True) if new != old]
    assert len(changed) == 42
    assert {slot.remote_party_role for slot in changed} == {RemotePartyRole.NETWORK_OPERATOR}


@given(st.integers(1, 5_000_000))
def test_scaled_figures_have_exactly_so_many_incorrect_devices(incorrect: int) -> None:
    figures = scaled(incorrect)
    assert sum(sum(each.incorrect.values()) for each in figures) == incorrect
    assert sum(share.incorrect for share in shares(figures)) == incorrect


def test_the_scale_of_the_fia_is_that_of_the_fia() -> None:
    assert scaled(29_280) == FIA_FIGURES


def test_nothing_incorrect_is_no_scale() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        scaled(0)


IOC = CohortFigures("IOC", "S1SP1", 10, {ESME: 8, GPF: 3})


@pytest.mark.parametrize(
    ("figures", "exceptional", "expected"),
    [
        ((IOC, IOC), {}, "each S1SP has one cohort"),
        ((CohortFigures("MOC", "S1SP1", 1, {}),), {}, "S1SP1 does not serve the cohort MOC"),
        ((CohortFigures("IOC", "S1SP1", 5, {ESME: 6}),), {}, "6 of 5 ESME"),
        ((CohortFigures("IOC", "S1SP1", 5, {GPF: -1}),), {}, "-1 of 5 GPF"),
        ((CohortFigures("IOC", "S1SP1", 5, {DeviceType.GSME: 1}),), {}, "only ESME and GPF"),
        ((IOC,), {Exceptional.NO_SLOT: 10}, "no slot: there is room for 9 more"),
        ((IOC,), {Exceptional.NO_SLOT: -1}, "no slot: 0 or more"),
    ],
)
def test_figures_that_cannot_be(
    figures: tuple[CohortFigures, ...], exceptional: dict[Exceptional, int], expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        incorrect_sets(1, figures, parties=PARTIES_BY_ROLE, exceptional=exceptional)


def test_exceptional_devices_fill_whatever_room_there_is() -> None:
    dealt = shares((IOC,), {Exceptional.NO_SLOT: 9})
    assert [(share.device_type, share.exceptional[Exceptional.NO_SLOT]) for share in dealt] == [
        (ESME, 2),
        (GPF, 7),
    ]


def test_one_network_operator_cannot_be_mistaken_for_another() -> None:
    parties = {**PARTIES_BY_ROLE, UserRole.GAS_TRANSPORTER: PARTIES_BY_ROLE[UserRole.GAS_TRANSPORTER][:1]}
    with pytest.raises(ValueError, match="at least two parties in the role GT"):
        incorrect_sets(1, (IOC,), parties=parties)
