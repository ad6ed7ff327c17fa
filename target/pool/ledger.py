"""The ledger of the device pool: who holds which device, and who waits for one.

It is shared by every worker of a run and by every run on the machine. A request gets everything it asks for
at once or nothing, so nobody waits while holding what others need; it is served in the order of its ticket,
so nobody starves.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from duis.identifiers import EUI64
from target.deadline import Deadline, deadline
from target.errors import Depleted
from target.pool.allocation import Offer, Waiting, offer
from target.pool.holder import Holder
from target.pool.lease_rows import LeaseRow, LeaseRows
from target.pool.population import Population
from target.pool.queue_rows import QueueRows
from target.pool.records import Consumed, Lease, Quarantined
from target.pool.request import LeaseRequest
from target.pool.views import LeaseViews
from target.pool.waiting import PoolWaitOver, waiting_for
from target.waiting import waiting as told

_FIRST_POLL_SECONDS = 0.02
_LONGEST_POLL_SECONDS = 0.5


def _silent(_: str) -> None:
    """Tell nobody."""


class Ledger(LeaseViews):
    """The device pool of a target, as one run sees it.

    Args:
        path: The database, `<site>/pool.sqlite`.
        run_id: The run that asks.
        population: What the target file declares: `Population.of(target)`.
        resuming: Scenarios that this run was interrupted in and has yet to finish: what they held is kept for
            them.
        now: Tells the time.

    Raises:
        HarnessError: The database cannot be used.
    """

    def __init__(
        self,
        path: Path,
        run_id: str,
        population: Population,
        *,
        resuming: Collection[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(path, run_id, population, now)
        self._path = path
        self._resuming = frozenset(resuming)

    def at_the_end(self) -> Ledger:
        """The same, with nothing kept for scenarios any more: every one has come to its end."""
        return Ledger(self._path, self.run_id, self.population, now=self._now)

    def acquire(
        self, request: LeaseRequest, within: Deadline | float, waiting: Callable[[str], None] = _silent
    ) -> Lease:
        """Lease devices, all at once, and positions of MP107.

        What the same scenario of the same run held when it was interrupted comes back to it.

        Args:
            request: What is needed.
            within: How long to wait at most, in seconds.
            waiting: Called with a line each time it is seen that there is more waiting to do.

        Raises:
            NotArrangeable: The target file could never satisfy it.
            Depleted: Too few devices are left, because others were used up or are in quarantine.
            PoolWaitOver: The time is up.
        """
        self.population.check(request)
        with self._store.transaction() as connection:
            interrupted = self._interrupted(connection, request)
            if interrupted is not None:
                LeaseRows(connection).hand_to(interrupted.lease_id, Holder.this_process())
        if interrupted is None:
            return self._wait(request, None, within, waiting)
        try:
            return self._wait(request, interrupted.lease_id, within, waiting, adopted=True)
        except BaseException:
            with self._store.transaction() as connection:
                LeaseRows(connection).abandon(interrupted.lease_id)
            raise

    def take(self, device_id: EUI64, purpose: str) -> Lease:
        """Lease one device at once, even from quarantine or from a dead holder: to mend it.

        Args:
            device_id: Which one.
            purpose: Who takes it, in place of a scenario.

        Raises:
            NotArrangeable: The target file does not list it.
            PoolWaitOver: Somebody uses it.
        """
        self.population.device(device_id)
        with self._store.transaction() as connection:
            rows = LeaseRows(connection)
            for row in rows.all():
                if device_id in row.devices and self._in_use(row, ""):
                    raise PoolWaitOver(f"{device_id}, held by {row.scenario} of run {row.run_id}", purpose, 0)
            lease_id = rows.add(self.run_id, purpose, Holder.this_process(), self._text())
            rows.take(lease_id, 0, device_id)
            return self._lease(rows.one(lease_id), {}, {})

    def change_switches(
        self,
        lease: Lease,
        switches: Mapping[str, bool | None],
        within: Deadline | float,
        waiting: Callable[[str], None] = _silent,
    ) -> Lease:
        """Give up the switch positions of a lease for others, and keep its devices.

        It is served before those who wait for devices, since one of them may wait for these.

        Raises:
            NotArrangeable: A switch cannot be moved there.
            PoolWaitOver: The time is up; the lease then holds no switch position.
        """
        request = LeaseRequest((), switches, lease.scenario)
        self.population.check(request)
        with self._store.transaction() as connection:
            LeaseRows(connection).give_up_switches(lease.lease_id)
        return self._wait(request, lease.lease_id, within, waiting, adopted=lease.adopted)

    def release(self, lease: Lease) -> None:
        """Give everything back; a device still to be restored goes to the next one as abandoned."""
        with self._store.transaction() as connection:
            LeaseRows(connection).release(lease.lease_id, self._out_of_use(connection))

    def switched(self, lease: Lease, component: str) -> None:
        """The holder has switched a component as the lease said."""
        position = lease.switches[component]
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO switch VALUES (?, ?, ?)", (component, position, self.run_id)
            )

    # Waiting

    def _wait(
        self,
        request: LeaseRequest,
        lease_id: int | None,
        within: Deadline | float,
        waiting: Callable[[str], None],
        *,
        adopted: bool = False,
    ) -> Lease:
        until, pause = deadline(within), _FIRST_POLL_SECONDS
        began = self._now()
        awaited = " and ".join(f"a free {need.describe()}" for need in request.devices) or "MP107 switches"
        with self._ticket(request, lease_id) as ticket, told(awaited, until.seconds):
            while True:
                found = self._try(ticket, request, lease_id, adopted=adopted)
                if isinstance(found, Lease):
                    return found
                seconds = (self._now() - began).total_seconds()
                if until.passed:
                    raise PoolWaitOver(found, request.scenario, until.seconds)
                waiting(f"waiting for {seconds:.0f} s for {found}")
                time.sleep(min(pause, max(until.remaining, 0.001)))
                pause = min(pause * 2, _LONGEST_POLL_SECONDS)

    @contextmanager
    def _ticket(self, request: LeaseRequest, lease_id: int | None) -> Iterator[int]:
        with self._store.transaction() as connection:
            ticket = QueueRows(connection).join(request, lease_id, Holder.this_process(), self._text())
        try:
            yield ticket
        finally:
            with self._store.transaction() as connection:
                QueueRows(connection).leave(ticket)

    def _try(self, ticket: int, request: LeaseRequest, lease_id: int | None, *, adopted: bool) -> Lease | str:
        """Take everything at once, or say in words what is waited for."""
        with self._store.transaction() as connection:
            rows = LeaseRows(connection).all()
            busy = {each: row for row in rows if self._in_use(row, request.scenario) for each in row.devices}
            out_of_use = self._out_of_use(connection)
            self._see_enough_left(request, out_of_use)
            free = [
                each.device_id
                for each in self.population.devices
                if each.device_id not in busy and each.device_id not in out_of_use
            ]
            others = [row for row in rows if row.alive and row.lease_id != lease_id]
            queue = QueueRows(connection).waiting()
            offered = offer(ticket, queue, free, [row.switches for row in others], self.population)
            if offered.complete:
                return self._grant(connection, request, lease_id, offered, adopted=adopted)
            ahead = queue[: [each.ticket for each in queue].index(ticket)]
            return self._blocked(request, offered, busy, others, ahead)

    def _blocked(
        self,
        request: LeaseRequest,
        offered: Offer,
        busy: Mapping[EUI64, LeaseRow],
        others: list[LeaseRow],
        ahead: list[Waiting],
    ) -> str:
        holders = {device_id: row.scenario for device_id, row in busy.items()}
        switches = [(row.scenario, row.switches) for row in others]
        return waiting_for(request, offered, self.population, holders, switches, ahead)

    def _grant(
        self,
        connection: sqlite3.Connection,
        request: LeaseRequest,
        lease_id: int | None,
        offered: Offer,
        *,
        adopted: bool,
    ) -> Lease:
        rows = LeaseRows(connection)
        if lease_id is None:
            lease_id = rows.add(self.run_id, request.scenario, Holder.this_process(), self._text())
            for place, device in enumerate(offered.devices):
                rows.take(lease_id, place, device.device_id)
        rows.hold_switches(lease_id, request.switches)
        to_switch = rows.to_switch(request.switches, self.population.switchable, self.run_id)
        return self._lease(rows.one(lease_id), request.switches, to_switch, adopted=adopted)

    def _lease(
        self,
        row: LeaseRow,
        switches: Mapping[str, bool | None],
        to_switch: Mapping[str, bool],
        *,
        adopted: bool = False,
    ) -> Lease:
        return Lease(
            lease_id=row.lease_id,
            run_id=self.run_id,
            scenario=row.scenario,
            devices=tuple(self.population.device(each) for each in row.devices),
            switches=dict(switches),
            to_switch=to_switch,
            abandoned_devices=row.abandoned,
            adopted=adopted,
            since=row.since,
        )

    def _in_use(self, row: LeaseRow, scenario: str) -> bool:
        """Whether the devices of a lease are not to be taken."""
        kept = row.run_id == self.run_id and row.scenario in self._resuming
        return row.alive or (kept and row.scenario != scenario)

    def _interrupted(self, connection: sqlite3.Connection, request: LeaseRequest) -> LeaseRow | None:
        """What the same scenario of this run held before it was interrupted, if it still suits it."""
        out_of_use = self._out_of_use(connection)
        listed = {device.device_id: device for device in self.population.devices}
        for row in LeaseRows(connection).all():
            if row.alive or (row.run_id, row.scenario) != (self.run_id, request.scenario):
                continue
            if len(row.devices) == len(request.devices) and all(
                each in listed and each not in out_of_use and listed[each].fits(need)
                for each, need in zip(row.devices, request.devices, strict=True)
            ):
                return row
        return None

    def _see_enough_left(
        self, request: LeaseRequest, out_of_use: Mapping[EUI64, Quarantined | Consumed]
    ) -> None:
        for need in dict.fromkeys(request.devices):
            candidates = self.population.candidates(need)
            lost = [out_of_use[each.device_id] for each in candidates if each.device_id in out_of_use]
            left, wanted = len(candidates) - len(lost), request.devices.count(need)
            if left < wanted:
                count = "no" if left == 0 else f"only {left}"
                why = ". ".join(each.describe() for each in lost)
                raise Depleted(f"{count} {need.describe()} left, of {wanted} needed. {why}")
