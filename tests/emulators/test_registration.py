"""Registration Data: effective dates at their boundaries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duis.identifiers import EUI64
from duis.roles import UserRole
from emulators.registration import Period, Registration, RegistrationData

MPAN = "1200023305967"
OLD = EUI64("02-53-31-00-00-00-00-31")
NEW = EUI64("02-53-31-00-00-00-00-32")
START = datetime(2020, 1, 1, tzinfo=UTC)
CHANGE = datetime(2024, 6, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SUPPLIER = UserRole.IMPORT_SUPPLIER

CHANGED = RegistrationData(
    [Registration(MPAN, SUPPLIER, OLD, START, CHANGE), Registration(MPAN, SUPPLIER, NEW, CHANGE)]
)


@pytest.mark.parametrize(
    ("at", "registered"),
    [
        (START - TICK, None),
        (START, OLD),
        (CHANGE - TICK, OLD),
        (CHANGE, NEW),
        (CHANGE + timedelta(days=36500), NEW),
    ],
)
def test_the_start_is_included_and_the_end_is_not(at: datetime, registered: EUI64 | None) -> None:
    assert CHANGED.registered(MPAN, SUPPLIER, at) == registered
    for user_id in (OLD, NEW):
        assert CHANGED.is_registered(user_id, MPAN, SUPPLIER, Period.instant(at)) is (user_id == registered)


@pytest.mark.parametrize(
    ("start", "end", "eligible"),
    [
        (START, CHANGE - TICK, True),
        (START - TICK, CHANGE - TICK, False),
        (START, CHANGE, False),
        (CHANGE, CHANGE, False),
    ],
)
def test_all_times_of_a_range_must_be_covered(start: datetime, end: datetime, eligible: bool) -> None:
    assert CHANGED.is_registered(OLD, MPAN, SUPPLIER, Period(start, end)) is eligible


def test_adjoining_rows_of_one_party_cover_a_range_together_and_a_gap_breaks_it() -> None:
    first = Registration(MPAN, SUPPLIER, OLD, START, CHANGE)
    adjoining = Registration(MPAN, SUPPLIER, OLD, CHANGE)
    after_a_gap = Registration(MPAN, SUPPLIER, OLD, CHANGE + TICK)
    period = Period(START, CHANGE + timedelta(days=1))
    assert RegistrationData([adjoining, first]).is_registered(OLD, MPAN, SUPPLIER, period)
    assert not RegistrationData([first, after_a_gap]).is_registered(OLD, MPAN, SUPPLIER, period)


@pytest.mark.parametrize(
    ("mpxn", "role"), [("1106527907880", SUPPLIER), (MPAN, UserRole.ELECTRICITY_DISTRIBUTOR)]
)
def test_another_point_or_role_is_another_matter(mpxn: str, role: UserRole) -> None:
    assert CHANGED.registered(mpxn, role, CHANGE) is None
    assert not CHANGED.is_registered(NEW, mpxn, role, Period.instant(CHANGE))


def test_several_agents_are_registered_at_once() -> None:
    agent = UserRole.REGISTERED_SUPPLIER_AGENT
    data = RegistrationData([Registration(MPAN, agent, OLD, START), Registration(MPAN, agent, NEW, CHANGE)])
    assert data.registered(MPAN, agent, CHANGE) == NEW
    assert all(data.is_registered(each, MPAN, agent, Period.instant(CHANGE)) for each in (OLD, NEW))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10), st.sampled_from([OLD, NEW])), max_size=6),
    st.integers(0, 40),
    st.integers(0, 12),
)
def test_coverage_agrees_with_asking_each_hour(
    rows: list[tuple[int, int, EUI64]], first: int, length: int
) -> None:
    """With whole hours, a range is covered when each of its hours and its end are."""
    hour = timedelta(hours=1)
    data = RegistrationData(
        Registration(MPAN, SUPPLIER, user_id, START + begin * hour, START + (begin + duration) * hour)
        for begin, duration, user_id in rows
    )
    expected = all(
        any(begin <= each < begin + duration for begin, duration, user_id in rows if user_id == OLD)
        for each in range(first, first + length + 1)
    )
    period = Period(START + first * hour, START + (first + length) * hour)
    assert data.is_registered(OLD, MPAN, SUPPLIER, period) is expected


@pytest.mark.parametrize(
    ("role", "start", "end"),
    [
        (UserRole.OTHER_USER, START, None),
        (SUPPLIER, datetime(2020, 1, 1), None),
        (SUPPLIER, START, datetime(2024, 1, 1)),
        (SUPPLIER, START, START),
        (SUPPLIER, CHANGE, START),
    ],
)
def test_an_impossible_row_is_refused(role: UserRole, start: datetime, end: datetime | None) -> None:
    with pytest.raises(ValueError):
        Registration(MPAN, role, OLD, start, end)


@pytest.mark.parametrize("row", list(CHANGED))
def test_a_row_survives_the_management_plane(row: Registration) -> None:
    assert Registration.from_json(row.as_json()) == row


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"role": "XX"}, "XX"),
        ({"user_id": "nobody"}, "EUI-64"),
        ({"effective_from": "yesterday"}, "yesterday"),
        ({"effective_from": None}, "wrong type"),
        ({"effective_from": "2024-01-01T00:00:00"}, "zone"),
    ],
)
def test_a_malformed_row_is_refused_by_name(change: dict[str, str | None], named: str) -> None:
    row = next(iter(CHANGED)).as_json()
    with pytest.raises(ValueError, match=named):
        Registration.from_json({**row, **change})


@pytest.mark.parametrize("field", ["mpxn", "role", "user_id", "effective_from"])
def test_a_missing_field_is_refused_by_name(field: str) -> None:
    row = next(iter(CHANGED)).as_json()
    del row[field]
    with pytest.raises(ValueError, match=field):
        Registration.from_json(row)


def test_a_period_needs_zones_and_an_order() -> None:
    with pytest.raises(ValueError, match="zone"):
        Period.instant(datetime(2024, 1, 1))
    with pytest.raises(ValueError, match="before it starts"):
        Period(CHANGE, START)
