"""A future-dated 6.15.1: acknowledged now, carried out then, with the checks of then (SRPD 6.1(f))."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from duis.smets1 import DeviceAlert
from tests.emulators.running import Estate


@pytest.fixture
def set_clock(estate: Estate) -> Iterator[Callable[[float], None]]:
    """Moves the clock of S1SP3, and puts it right in the end."""
    url = f"{estate.emulators.target['s1sp']['S1SP3']['management']}/clock"

    def move(seconds: float) -> None:
        assert estate.management.put(url, json={"offset_seconds": seconds}, timeout=5).ok

    yield move
    move(0)


def test_it_is_carried_out_when_its_time_comes(estate: Estate, set_clock: Callable[[float], None]) -> None:
    device = estate.device("ESME", "S1SP3")
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    at = datetime.now(UTC) + timedelta(minutes=10)
    _, code = estate.send(correct, device, estate.replacement(incorrect, execution_date_time=at))
    assert code == "I99"
    accepted = estate.result()[1]
    assert (accepted.message_success, accepted.execution_outcome) == (True, None)
    assert estate.slot(device)["party"] == correct.entity_identifier
    set_clock(601)
    user, alert = estate.result()
    assert user == correct.name
    assert isinstance(alert, DeviceAlert)
    assert alert.alert_code == "8F66"
    parties = {each.new_remote_party_id for each in alert.execution_outcome.replacement_outcomes}
    assert parties == {incorrect.entity_identifier}
    assert estate.slot(device)["party"] == incorrect.entity_identifier


def test_it_fails_when_the_slot_has_changed_hands(estate: Estate, set_clock: Callable[[float], None]) -> None:
    device = estate.device("GPF", "S1SP3")
    correct, incorrect = estate.registered(device, "GT"), estate.other(device, "GT")
    at = datetime.now(UTC) + timedelta(minutes=10)
    estate.send(correct, device, estate.replacement(correct, execution_date_time=at))
    estate.result()
    estate.put_slot(device, incorrect.entity_identifier)
    set_clock(601)
    user, alert = estate.result()
    assert (user, alert.alert_code) == (correct.name, "8F67")
    assert estate.slot(device)["party"] == incorrect.entity_identifier
