"""Answers that are due only after a while: not before, not lost, in order. The time is the emulators'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import requests

from duis.requests import ReadInstantaneousImportRegistersBody
from tests.emulators.running import CallbackServer, Estate, Restartable, until

LATE = {"credentials_alert": False, "answer_after_seconds": 600}
BODY = ReadInstantaneousImportRegistersBody()


@pytest.fixture
def set_clock(estate: Estate) -> Iterator[Callable[[float], None]]:
    """Moves the clock of S1SP2, and puts it right in the end."""
    url = f"{estate.emulators.target['s1sp']['S1SP2']['management']}/clock"

    def move(seconds: float) -> None:
        assert estate.management.put(url, json={"offset_seconds": seconds}, timeout=5).ok

    yield move
    move(0)


def test_results_and_alerts_come_when_they_are_due_and_in_order(
    new_estate: Callable[..., Estate], set_clock: Callable[[float], None]
) -> None:
    estate = new_estate(settings=LATE)
    device = estate.device("ESME", "S1SP2")
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    # Carried out at once; only the answer waits: so says the second request, which fails validation 3.
    first, _ = estate.send(correct, device, estate.replacement(incorrect))
    second, _ = estate.send(correct, device, estate.replacement(correct))
    other = estate.device("GPF", "S1SP1")
    elsewhere, _ = estate.send(estate.registered(other, "GS"), other, BODY)
    until(lambda: len(estate.manage("S1SP2", "GET", "/traffic")) == 2)
    assert estate.slot(device)["party"] == incorrect.entity_identifier
    set_clock(599)
    assert estate.callback.received.empty()
    set_clock(601)
    _, result = estate.next_message()
    assert (result.response.request_id, result.inner.payload.message_success) == (first, True)
    _, alert = estate.next_message()
    assert (alert.inner.request_id, alert.inner.s1sp_alert_code) == (second, "S1VE64")
    assert estate.callback.received.empty(), f"{elsewhere} is still due"
    times: dict[str, list[datetime]] = {}
    for message in estate.manage("S1SP2", "GET", "/traffic"):
        times.setdefault(message["request_id"], []).append(datetime.fromisoformat(message["at"]))
    for request_id in (first, second):
        received, sent = times[str(request_id)]
        assert (sent - received).total_seconds() >= 600


def test_an_answer_that_is_due_later_survives_a_kill(tmp_path: Path) -> None:
    running = Restartable(tmp_path / "state", ("dsp", "s1sp1"))
    callback = CallbackServer()
    try:
        estate = Estate.create(
            running.emulators, callback, name="main", components=("S1SP1", "DSP"), settings=LATE
        )
        device = estate.device()
        correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
        request_id, code = estate.send(correct, device, estate.replacement(incorrect))
        assert code == "I99"
        until(lambda: estate.manage("S1SP1", "GET", "/slot-changes"))
        running.kill("s1sp1")
        running.start("s1sp1")
        running.wait("s1sp1")
        assert estate.slot(device)["party"] == incorrect.entity_identifier
        assert callback.received.empty()
        url = f"{running.emulators.target['s1sp']['S1SP1']['management']}/clock"
        assert requests.put(url, json={"offset_seconds": 601}, timeout=5).ok
        assert estate.next_message()[1].response.request_id == request_id
    finally:
        running.close()
        callback.close()


@pytest.mark.parametrize("seconds", [-1, 2_592_001, "soon", float("inf")])
def test_what_is_no_waiting_time(estate: Estate, seconds: object) -> None:
    url = f"{estate.emulators.target['s1sp']['S1SP1']['management']}/estates/{estate.name}"
    body = (
        f'{{"settings": {{"answer_after_seconds": {"1e999" if seconds == float("inf") else repr(seconds)}}}}}'
    )
    answer = estate.management.patch(url, data=body.replace("'", '"'), timeout=5)
    assert answer.status_code == 400
    assert "settings.answer_after_seconds" in answer.json()["error"]
