from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from target.counters import CounterSource


def _send_some(path: Path, log: Path, times: int) -> None:
    """Take counters and note each, while the lock is held, as a gateway would see them."""
    counters = CounterSource(path, "gateway", now=lambda: 1000)
    for _ in range(times):
        with counters.sending("originator") as counter, log.open("a") as gateway:
            gateway.write(f"{counter}\n")


def test_eight_processes_send_in_the_order_of_their_counters(tmp_path: Path) -> None:
    path, log = tmp_path / "counters.sqlite", tmp_path / "gateway.log"
    context = multiprocessing.get_context("spawn")
    senders = [context.Process(target=_send_some, args=(path, log, 25)) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
        assert sender.exitcode == 0
    seen = [int(line) for line in log.read_text().splitlines()]
    assert seen == list(range(1000, 1000 + 8 * 25))


def test_threads_send_in_the_order_of_their_counters(tmp_path: Path) -> None:
    counters = CounterSource(tmp_path / "counters.sqlite", now=lambda: 5)
    seen: list[int] = []

    def send() -> None:
        for _ in range(20):
            with counters.sending("originator") as counter:
                seen.append(counter)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == list(range(5, 85))


def test_a_counter_is_the_time_in_milliseconds_unless_that_was_used(tmp_path: Path) -> None:
    times = iter([100, 100, 99, 500])
    counters = CounterSource(tmp_path / "counters.sqlite", now=lambda: next(times))
    assert [counters.next("originator") for _ in range(4)] == [100, 101, 102, 500]


def test_a_restart_goes_on_where_it_was_even_if_the_clock_went_back(tmp_path: Path) -> None:
    path = tmp_path / "counters.sqlite"
    assert CounterSource(path, "gateway", now=lambda: 1000).next("originator") == 1000
    assert CounterSource(path, "gateway", now=lambda: 10).next("originator") == 1001


def test_originators_and_gateways_count_apart(tmp_path: Path) -> None:
    counters = CounterSource(tmp_path / "counters.sqlite", "one", now=lambda: 1)
    assert counters.next("a") == 1
    assert counters.next("b") == 1
    assert counters.for_gateway("two").next("a") == 1
    assert counters.next("a") == 2


def _hold(path: Path, telling: Connection) -> None:
    with CounterSource(path, now=lambda: 1).sending("originator"):
        telling.send("holding")
        signal.pause()


def test_the_death_of_a_sender_frees_the_lock_and_keeps_its_counter_used(tmp_path: Path) -> None:
    path = tmp_path / "counters.sqlite"
    context = multiprocessing.get_context("spawn")
    told, telling = context.Pipe()
    sender = context.Process(target=_hold, args=(path, telling))
    sender.start()
    assert told.poll(30)
    assert sender.pid is not None
    os.kill(sender.pid, signal.SIGKILL)
    with CounterSource(path, now=lambda: 1).sending("originator") as counter:
        assert counter == 2
    sender.join(10)
