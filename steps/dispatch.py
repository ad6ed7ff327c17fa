"""Hands scenarios to the workers of pytest-xdist, chain by chain.

A worker of pytest-xdist begins a scenario when it knows the one after it, so each has at most two: the one it
carries out and the next. Who is through with its chain takes the last scenario of the chain that has most
left, unless that worker would come to it sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScheduling  # type: ignore[import-untyped]

from steps.schedule import Appointment, Schedule

if TYPE_CHECKING:
    import pytest
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

_AT_ONCE = 2


class ChainScheduling(LoadScheduling):  # type: ignore[misc]
    """One chain for each worker, with scenarios taken over at the end.

    Args:
        config: That of the controlling process.
        log: As pytest-xdist hands it over.
        arrange: Makes the schedule of the collected tests, for so many workers.
    """

    def __init__(
        self, config: pytest.Config, log: object, arrange: Callable[[Sequence[str], int], Schedule]
    ) -> None:
        super().__init__(config, log)
        self._arrange = arrange
        self._chains: dict[WorkerController, list[int]] = {}
        self._appointments: dict[str, Appointment] = {}

    def schedule(self) -> None:
        """Arrange the tests when all workers have collected them, and hand the first ones out."""
        if self.collection is None:
            if not self._check_nodes_have_same_collection():
                self.log("**Different tests collected, aborting run**")
                return
            self._begin(next(iter(self.node2collection.values())))
        for _ in range(_AT_ONCE):  # everybody begins before anybody gets a second one
            for node in self.nodes:
                self._hand_out(node, _AT_ONCE - 1 if not self.node2pending[node] else _AT_ONCE)

    def check_schedule(self, node: WorkerController, duration: float = 0) -> None:
        """Hand a worker what comes next.

        Args:
            node: The worker.
            duration: How long its latest scenario took, in seconds; not used.
        """
        del duration
        self._hand_out(node, _AT_ONCE)

    def _begin(self, collection: list[str]) -> None:
        self.collection = collection
        numbers = {nodeid: number for number, nodeid in enumerate(collection)}
        arranged = self._arrange(collection, len(self.nodes))
        self._appointments = arranged.appointments()
        self.pending[:] = range(len(collection))
        for node, chain in zip(self.nodes, arranged.chains, strict=False):
            self._chains[node] = [numbers[each.job.name] for each in chain]

    def _hand_out(self, node: WorkerController, at_once: int) -> None:
        while not node.shutting_down and len(self.node2pending[node]) < at_once:
            number = self._next(node)
            if number is None:
                # What it has begins only now that it knows that nothing comes after it.
                node.shutdown()
                return
            self.pending.remove(number)
            self.node2pending[node].append(number)
            node.send_runtest_some([number])

    def _next(self, node: WorkerController) -> int | None:
        own = self._chains.setdefault(node, [])
        if own:
            return own.pop(0)
        chained = {number for chain in self._chains.values() for number in chain}
        orphan: int | None = next((number for number in self.pending if number not in chained), None)
        if orphan is not None:
            return orphan
        ready = self._cost(self.node2pending[node])
        fullest = max(
            (other for other, chain in self._chains.items() if chain),
            key=lambda other: self._cost([*self.node2pending.get(other, ()), *self._chains[other]]),
            default=None,
        )
        if fullest is None:
            return None
        before = self._cost([*self.node2pending.get(fullest, ()), *self._chains[fullest][:-1]])
        return self._chains[fullest].pop() if ready < before else None

    def remove_node(self, node: WorkerController) -> str | None:
        """A worker is gone: what it had left is for the others.

        Returns:
            The test it was carrying out, when it died in one.
        """
        self._chains.pop(node, None)
        crashed: str | None = super().remove_node(node)
        return crashed

    def _cost(self, numbers: Sequence[int]) -> float:
        assert self.collection is not None
        names = (self.collection[number] for number in numbers)
        return sum(self._appointments[name].job.cost if name in self._appointments else 1.0 for name in names)
