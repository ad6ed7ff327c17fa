"""Nothing acknowledged is lost, nothing is applied twice: outbox, restarts, repeated deliveries, faults."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from duis.requests import ReadInstantaneousImportRegistersBody
from tests.emulators.running import CallbackServer, Emulators, Estate, Restartable
from tests.ports import free_ports


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[Restartable]:
    running = Restartable(tmp_path / "state")
    yield running
    running.close()


def test_kill_and_restart_of_an_s1sp_and_of_the_dsp(restartable: Restartable) -> None:
    callback = CallbackServer()
    estate = Estate.create(restartable.emulators, callback, settings={"credentials_alert": False})
    device = estate.device()
    first, second = estate.registered(device, "ED"), estate.other(device, "ED")
    restartable.kill("s1sp1")
    sent = [
        estate.send(first, device, estate.replacement(second)),
        estate.send(second, device, estate.replacement(first)),
        estate.send(first, device, estate.replacement(second)),
    ]
    assert [code for _, code in sent] == ["I99"] * 3
    restartable.kill("dsp")
    restartable.start("dsp")
    restartable.start("s1sp1")
    answered = [estate.next_message(20)[1] for _ in sent]
    assert [each.response.request_id for each in answered] == [request_id for request_id, _ in sent]
    assert all(each.inner.payload.message_success for each in answered)
    restartable.wait("s1sp1")
    changes = estate.manage("S1SP1", "GET", "/slot-changes")
    assert [each["request_id"] for each in changes] == [str(request_id) for request_id, _ in sent]
    assert estate.slot(device)["party"] == second.entity_identifier
    restartable.wait("dsp")
    # The counters have survived too.
    replayed = estate.send(first, device, estate.replacement(second), counter=sent[0][0].counter)
    assert replayed[1] == "HTTP 409"
    callback.close()


def test_a_callback_that_is_down_gets_everything_in_order_later(
    emulators: Emulators, new_estate: Callable[..., Estate]
) -> None:
    estate = new_estate(settings={"credentials_alert": False})
    device = estate.device()
    operator = estate.registered(device, "ED")
    port = free_ports(1)[0]
    url = f"https://127.0.0.1:{port}/{estate.name}/{operator.name}"
    estate.manage("DSP", "PATCH", "", {"callbacks": {operator.entity_identifier: url}})
    sent = [estate.send(operator, device, ReadInstantaneousImportRegistersBody())[0] for _ in range(3)]
    estate.callback = CallbackServer(emulators.server_context(), port)
    arrived = [estate.next_message()[1].response.request_id for _ in sent]
    assert arrived == sent
    estate.callback.close()


def test_without_a_callback_messages_wait_for_one(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    callbacks = estate.manage("DSP", "GET")["callbacks"]
    estate.manage("DSP", "PATCH", "", {"callbacks": {}})
    request_id, _ = estate.send(operator, device, ReadInstantaneousImportRegistersBody())
    estate.manage("DSP", "PATCH", "", {"callbacks": callbacks})
    assert estate.next_message()[1].response.request_id == request_id


def test_a_message_the_callback_calls_invalid_is_not_sent_again(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    estate.callback.status = 400
    first, _ = estate.send(operator, device, ReadInstantaneousImportRegistersBody())
    assert estate.next_message()[1].response.request_id == first
    estate.callback.status = 204
    second, _ = estate.send(operator, device, ReadInstantaneousImportRegistersBody())
    assert estate.next_message()[1].response.request_id == second
    assert estate.callback.received.empty()
    outcomes = [each["outcome"] for each in estate.manage("DSP", "GET", f"/traffic?request_id={first}")]
    assert any(outcome.startswith("refused: HTTP 400") for outcome in outcomes)


def test_a_repeated_delivery_is_not_applied_twice(estate: Estate) -> None:
    device = estate.device()
    correct, incorrect = estate.registered(device, "ED"), estate.other(device, "ED")
    request_id, _ = estate.send(correct, device, estate.replacement(incorrect))
    estate.next_message()
    traffic = estate.manage("S1SP1", "GET", f"/traffic?request_id={request_id}")
    delivered = next(each for each in traffic if each["kind"] == "CountersignedServiceRequest")
    port = tomllib.loads((estate.emulators.state / "s1sp1.toml").read_text())["listen"]["port"]
    session = estate.emulators.session("dsp")
    url = f"https://127.0.0.1:{port}{estate.prefix}/s1sp/v1/service-requests"
    # In between the slot changes hands: applying the first request again would be seen.
    estate.send(incorrect, device, estate.replacement(correct))
    estate.next_message()
    assert session.post(url, data=delivered["document"].encode(), timeout=10).status_code == 204
    assert estate.slot(device)["party"] == correct.entity_identifier
    assert len(estate.manage("S1SP1", "GET", "/slot-changes")) == 2
    # The same answer goes to the DSP again, which passes it on no second time.
    last, _ = estate.send(correct, device, ReadInstantaneousImportRegistersBody())
    assert estate.next_message()[1].response.request_id == last
    session.close()


def test_scripted_faults_fall_on_the_answers_they_name(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    body = ReadInstantaneousImportRegistersBody()
    estate.manage("DSP", "POST", "/faults", {"srv": "4.1.1", "action": "twice"})
    first, _ = estate.send(operator, device, body)
    assert [estate.next_message()[1].response.request_id for _ in range(2)] == [first, first]
    estate.manage("S1SP1", "POST", "/faults", {"srv": "4.1.1", "action": "drop"})
    estate.send(operator, device, body)
    estate.manage("S1SP1", "POST", "/faults", {"srv": "4.1.1", "action": "late", "delay_seconds": 0.3})
    started = time.monotonic()
    third, _ = estate.send(operator, device, body)
    assert estate.next_message()[1].response.request_id == third
    assert time.monotonic() - started >= 0.3
    assert estate.manage("S1SP1", "GET", "/faults") == []
