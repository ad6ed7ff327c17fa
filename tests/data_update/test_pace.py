"""The rate, the maintenance window and the wish to stop; no test waits."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from data_update.pace import Rate, Stop, Window, pause_for_locks, pause_for_other_writers


class Clock:
    """Seconds that go on when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_rate_is_kept_over_the_whole_run() -> None:
    clock = Clock()
    rate = Rate(50, clock)
    for devices in (500, 500, 20, 480, 500):
        clock.seconds += 0.7  # the work of a batch
        clock.seconds += rate.pause_after(devices)
    assert clock.seconds - 100 == pytest.approx(2000 / 50)


def test_a_slow_batch_is_made_up_for_without_a_pause() -> None:
    clock = Clock()
    rate = Rate(50, clock)
    clock.seconds += 15
    assert rate.pause_after(500) == 0, "500 devices may take 10 seconds, and took 15"
    assert rate.pause_after(500) == pytest.approx(5)


def test_without_a_rate_there_is_no_pause() -> None:
    assert Rate(None, Clock()).pause_after(1_000_000) == 0


@pytest.mark.parametrize(
    ("text", "moment", "is_open"),
    [
        ("22:00-05:00", "2026-01-10T22:00+00:00", True),
        ("22:00-05:00", "2026-01-10T21:59:59+00:00", False),
        ("22:00-05:00", "2026-01-11T00:30+00:00", True),
        ("22:00-05:00", "2026-01-11T04:59:59+00:00", True),
        ("22:00-05:00", "2026-01-11T05:00+00:00", False),
        ("09:00-17:00", "2026-01-11T09:00+00:00", True),
        ("09:00-17:00", "2026-01-11T17:00+00:00", False),
        ("22:00-05:00 Europe/London", "2026-07-10T21:00+00:00", True),
        ("22:00-05:00 Europe/London", "2026-07-11T04:00+00:00", False),
        ("22:00-05:00 Europe/London", "2026-01-10T21:00+00:00", False),
    ],
)
def test_a_window_is_open_from_its_beginning_until_before_its_end(
    text: str, moment: str, is_open: bool
) -> None:
    assert Window.parse(text).is_open(datetime.fromisoformat(moment).astimezone(UTC)) is is_open


@pytest.mark.parametrize(
    "text",
    ["", "22-05", "22:00", "24:00-05:00", "22:60-05:00", "22:00-05:00 Europe/Londinium", "05:00-05:00",
     "22:00-05:00 ../../etc/passwd", "22:00-05:00 Europe/London now"],
)  # fmt: skip
def test_a_window_that_is_none_is_named_in_the_message(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        Window.parse(text)


def test_the_first_reason_to_stop_counts() -> None:
    stop = Stop()
    assert not stop.wanted
    stop.request("the window has closed")
    stop.request("somebody was impatient")
    assert stop.wanted
    assert stop.reason == "the window has closed"
    stop.pause(3600)  # does not wait any more


def test_locks_are_tried_again_after_ever_longer_pauses() -> None:
    pauses = [pause_for_locks(attempts) for attempts in range(2000)]
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < pauses[3] < pauses[-1] <= 1


def test_other_writers_get_a_share_of_the_time() -> None:
    assert pause_for_other_writers(0) > 0
    assert pause_for_other_writers(2) == pytest.approx(0.2)
