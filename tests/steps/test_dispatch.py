"""Workers of pytest-xdist get their chains, take over from one another, and replace one that died."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from steps.dispatch import ChainScheduling
from steps.schedule import Job, Schedule, schedule


@dataclass(eq=False)
class Worker:
    """What a scheduler needs of a worker: it carries out what it has when it knows what comes next."""

    name: str
    queue: list[int] = field(default_factory=list)
    shutting_down: bool = False

    @property
    def gateway(self) -> SimpleNamespace:
        return SimpleNamespace(id=self.name)

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        assert not self.shutting_down
        self.queue += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def can_begin(self) -> bool:
        return len(self.queue) >= 2 or (self.shutting_down and len(self.queue) == 1)


class Run:
    """Plays a run through; each test takes as long as it is told to."""

    def __init__(self, costs: Sequence[float], seconds: Sequence[float], workers: int) -> None:
        self.names = [f"test_{number}" for number in range(len(costs))]
        self.costs = dict(zip(self.names, costs, strict=True))
        self.seconds = seconds
        self.done: list[tuple[str, int]] = []
        self.workers = [Worker(f"gw{number}") for number in range(workers)]
        config = SimpleNamespace(
            getoption=lambda _: None, getvalue=lambda _: [f"{workers}*popen"], option=SimpleNamespace()
        )
        self.scheduler = ChainScheduling(config, None, self.arrange)
        for worker in self.workers:
            self.scheduler.add_node(worker)
        for worker in self.workers:
            self.scheduler.add_node_collection(worker, self.names)
        self.scheduler.schedule()

    def arrange(self, names: Sequence[str], workers: int) -> Schedule:
        return schedule([Job(name, self.costs[name]) for name in names], workers)

    def play(self) -> dict[str, float]:
        """Carry everything out; how long each worker was busy."""
        ends: dict[Worker, float] = {}
        busy = dict.fromkeys((worker.name for worker in self.workers), 0.0)
        now = 0.0
        while True:
            for worker in self.workers:
                if worker not in ends and worker.can_begin:
                    ends[worker] = now + self.seconds[worker.queue[0]]
                    busy[worker.name] += self.seconds[worker.queue[0]]
            if not ends:
                return busy
            worker = min(ends, key=lambda each: ends[each])
            now = ends.pop(worker)
            number = worker.queue.pop(0)
            self.done.append((worker.name, number))
            self.scheduler.mark_test_complete(worker, number)


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_everything_is_carried_out_once(workers: int) -> None:
    run = Run([3.0] * 11, [1.0] * 11, workers)
    run.play()
    assert sorted(number for _, number in run.done) == list(range(11))
    assert run.scheduler.tests_finished


def test_fewer_tests_than_workers() -> None:
    run = Run([1.0, 1.0], [1.0, 1.0], 5)
    run.play()
    assert sorted(run.done) == [("gw0", 0), ("gw1", 1)]


def test_who_is_through_takes_over_from_the_one_that_is_slower_than_expected(
    pytestconfig: pytest.Config,
) -> None:
    """All tests are expected to take as long; those of the first worker take three times that."""
    costs = [4.0] * 32
    first = {
        int(each.job.name.removeprefix("test_"))
        for each in Run(costs, costs, 4).arrange([f"test_{number}" for number in range(32)], 4).chains[0]
    }
    seconds = [12.0 if number in first else 4.0 for number in range(32)]
    busy = Run(costs, seconds, 4).play()
    assert max(busy.values()) < 8 * 12.0 * 0.7
    assert max(busy.values()) <= 1.4 * sum(seconds) / 4


def test_what_a_dead_worker_left_is_carried_out_by_others() -> None:
    run = Run([2.0] * 12, [1.0] * 12, 3)
    dead = run.workers.pop(0)
    running = dead.queue[0]
    assert run.scheduler.remove_node(dead) == f"test_{running}"
    run.play()
    assert sorted(number for _, number in run.done) == [each for each in range(12) if each != running]
