"""Future-dated requests: carried out when their time comes, and told of by a device alert [XSD, SRPD 6.1(f)].

How the outcome is told is not public: ours is the alert the schema has for it, 8F66 or 8F67 [ASSUMED].
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from duis.smets1 import FUTURE_DATED_FAILURE, FUTURE_DATED_SUCCESS, DeviceAlert
from emulators.clock import Clock
from emulators.database import Database, Transaction
from emulators.s1sp.device_alerts import DeviceAlerts
from emulators.s1sp.execution import execute_future_dated
from emulators.s1sp.parts import S1SPEstate, S1SPParts
from emulators.s1sp.request_port import RequestPort
from emulators.s1sp.store import FutureDated

FindEstate = Callable[[Transaction, str], S1SPEstate | None]


class FutureDatedRequests:
    """Watches the clock and carries out what is due."""

    def __init__(
        self,
        database: Database,
        parts: S1SPParts,
        port: RequestPort,
        alerts: DeviceAlerts,
        find_estate: FindEstate,
    ) -> None:
        self._database = database
        self._parts = parts
        self._port = port
        self._alerts = alerts
        self._find_estate = find_estate
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start watching the clock."""
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching; what is waiting stays stored."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Look anew: a request has come, or the clock has been moved."""
        self._changed.set()

    async def _watch(self) -> None:
        while True:
            self._changed.clear()
            with self._database.transaction() as transaction:
                due = self._parts.store.due(transaction, self._parts.clock.now())
            for request in due:
                with self._database.transaction() as transaction:  # locks the slots of one device only
                    self._carry_out(transaction, request)
            with self._database.transaction() as transaction:
                next_time = self._parts.store.next_time(transaction)
            wait = None
            if next_time is not None:
                wait = max(0.0, seconds_until(self._parts.clock, next_time.timestamp()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)

    def _carry_out(self, transaction: Transaction, future: FutureDated) -> None:
        self._parts.store.remove_future_dated(transaction, future)
        estate = self._find_estate(transaction, future.estate)
        if estate is None:
            return
        now = self._parts.clock.now()
        context = self._port.context(transaction, estate, future.document, now)
        if context.request is None or context.device is None:
            return  # its device has been taken away since
        outcome, failure = execute_future_dated(self._parts, transaction, estate, context)
        alert = DeviceAlert(
            FUTURE_DATED_SUCCESS if failure is None else FUTURE_DATED_FAILURE,
            "Future dated command carried out" if failure is None else "Future dated command failed",
            now,
            outcome,
        )
        originator, device_id = context.originator, context.device.device_id
        self._alerts.send_to(transaction, estate, device_id, originator, alert, now)


def seconds_until(clock: Clock, timestamp: float) -> float:
    """Return how far ahead of the emulator's clock a time is."""
    return timestamp - clock.now().timestamp()
