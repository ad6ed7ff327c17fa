"""The ledger of the device pool between processes, and over the death of one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from target.pool import Ledger, PoolWaitOver
from target.pool.holder import Holder
from tests.target.pool_population import ESME, device, device_id, population, request

LONG = 60.0
DEVICES = population(device(1), device(2))
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pool.sqlite"


def _use_devices(path: Path, desk: Path, worker: int, times: int) -> None:
    """Lease devices and put a mark on each, which fails where somebody else has put one."""
    ledger = Ledger(path, f"run-{worker % 2}", DEVICES)
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(times):
                needs = (ESME, ESME) if number % 4 == 0 else (ESME,)
                lease = ledger.acquire(request(f"T{worker}-{thread}-{number}", *needs), LONG)
                marks = [desk / each.device_id for each in lease.devices]
                for mark in marks:
                    mark.touch(exist_ok=False)
                for mark in marks:
                    mark.unlink()
                ledger.release(lease)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_threads_of_processes_never_have_a_device_at_the_same_time(path: Path, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    workers = [SPAWN.Process(target=_use_devices, args=(path, desk, number, 8)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LONG)
        assert worker.exitcode == 0
    assert Ledger(path, "run-0", DEVICES).leases() == ()


def _hold(path: Path, telling: Connection) -> None:
    ledger = Ledger(path, "run-1", DEVICES)
    lease = ledger.acquire(request("T1", ESME, switches={"DSP": False}), LONG)
    ledger.note(lease, "slot put")
    ledger.note_handover(device_id(1))
    telling.send(os.getpid())
    signal.pause()


def _wait_for_both(path: Path, telling: Connection) -> None:
    ledger = Ledger(path, "run-2", DEVICES)
    ledger.acquire(request("T2", ESME, ESME), LONG, lambda _: telling.send(os.getpid()))


@contextmanager
def killed(target: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """A process that tells its number when it is where it should be, and is then killed (-9).

    The test goes on before anybody has waited for it, as with any killed child.
    """
    told, telling = SPAWN.Pipe()
    process = SPAWN.Process(target=target, args=(*arguments, telling))
    process.start()
    assert told.poll(LONG)
    os.kill(told.recv(), signal.SIGKILL)
    try:
        assert process.pid is not None
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        yield
    finally:
        process.join(LONG)


def test_another_run_takes_over_what_a_killed_one_held_and_has_to_restore_it(path: Path) -> None:
    with killed(_hold, path):
        other = Ledger(path, "run-2", DEVICES)
        (leased,) = other.leases()
        assert leased.abandoned
        assert other.abandoned_scenarios() == ()
        lease = other.acquire(request("T9", ESME, ESME, switches={"DSP": True}), 0)
        assert lease.abandoned_devices == (device_id(1),)
        assert lease.adopted is False
        assert other.handover_noted(device_id(1)), "what the dead one sent still counts"
        assert not other.noted(lease, "slot put")
        assert len(other.leases()) == 2, "nothing is left of the dead lease"

        other.release(lease)
        again = other.acquire(request("T9", ESME, ESME), 0)
        assert again.abandoned_devices == (device_id(1),), "it has not been restored yet"
        other.restored(device_id(1))
        other.release(again)
        assert other.acquire(request("T9", ESME, ESME), 0).abandoned_devices == ()
        assert not other.handover_noted(device_id(1))


def test_a_resumed_run_gets_back_what_it_held(path: Path) -> None:
    with killed(_hold, path):
        resumed = Ledger(path, "run-1", DEVICES, resuming={"T1"})
        assert resumed.abandoned_scenarios() == ("T1",)
        # Another scenario of the run does not take it, and takes the other device.
        assert resumed.acquire(request("T0", ESME), 0).devices[0].device_id == device_id(2)
        with pytest.raises(PoolWaitOver, match="held by T1"):
            resumed.acquire(request("T2", ESME), 0)
        lease = resumed.acquire(request("T1", ESME, switches={"DSP": False}), 0)
        assert lease.adopted
        assert lease.devices[0].device_id == device_id(1)
        assert lease.abandoned_devices == ()
        assert lease.to_switch == {"DSP": False}, "nobody had said that it was switched"
        assert resumed.noted(lease, "slot put")
        resumed.release(lease)
        assert [each.scenario for each in resumed.leases()] == ["T0"]


def test_a_resumed_scenario_that_waits_in_vain_leaves_its_devices_abandoned(path: Path) -> None:
    with killed(_hold, path):
        resumed = Ledger(path, "run-1", DEVICES, resuming={"T1"})
        resumed.acquire(request("T0", ESME, switches={"DSP": True}), 0)
        with pytest.raises(PoolWaitOver, match="MP107 at DSP to be off"):
            resumed.acquire(request("T1", ESME, switches={"DSP": False}), 0)
        assert resumed.abandoned_scenarios() == ("T1",)


def test_devices_of_a_scenario_that_now_needs_others_are_restored_before_use(path: Path) -> None:
    with killed(_hold, path):
        resumed = Ledger(path, "run-1", DEVICES)
        lease = resumed.acquire(request("T1", ESME, ESME), 0)
        assert not lease.adopted
        assert lease.abandoned_devices == (device_id(1),)


def test_the_ticket_of_a_killed_process_holds_up_nobody(path: Path) -> None:
    ledger = Ledger(path, "run-1", DEVICES)
    first = ledger.acquire(request("T1", ESME), 0)
    with killed(_wait_for_both, path):
        # The dead one would have had the second device set aside.
        assert ledger.acquire(request("T3", ESME), 0).devices[0].device_id == device_id(2)
    ledger.release(first)


def test_a_process_that_lives_keeps_its_ticket(path: Path) -> None:
    ledger = Ledger(path, "run-1", DEVICES)
    ledger.acquire(request("T1", ESME), 0)
    told, telling = SPAWN.Pipe()
    process = SPAWN.Process(target=_wait_for_both, args=(path, telling))
    process.start()
    try:
        assert told.poll(LONG)
        with pytest.raises(PoolWaitOver, match="held by T1"):
            ledger.acquire(request("T3", ESME), 0)
    finally:
        process.kill()
        process.join(LONG)


def test_a_process_that_got_the_number_of_a_dead_one_holds_nothing(path: Path) -> None:
    """The number of a process is used again: its start tells it apart."""
    here = Holder.this_process()
    assert here.alive
    assert not Holder(here.pid, "another boot 123").alive
