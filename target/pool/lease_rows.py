"""Leases in the database of the pool; every method belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from duis.identifiers import EUI64
from target.pool.holder import Holder

_NOBODY = Holder(0, "nobody")


@dataclass(frozen=True)
class LeaseRow:
    """A lease as the database has it.

    Attributes:
        lease_id: Its number.
        run_id: The run that holds it.
        scenario: The scenario that holds it.
        since: When it was granted.
        alive: Whether the process that holds it is alive.
        devices: Its devices, in the order of the needs of the request.
        abandoned: Those of them whose holder before died.
        switches: The positions of MP107 it holds.
    """

    lease_id: int
    run_id: str
    scenario: str
    since: datetime
    alive: bool
    devices: tuple[EUI64, ...]
    abandoned: tuple[EUI64, ...]
    switches: Mapping[str, bool | None]


class LeaseRows:
    """The leases, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> list[LeaseRow]:
        """Every lease, in the order they were granted."""
        rows = self._connection.execute("SELECT * FROM lease ORDER BY lease_id").fetchall()
        return [self._row(row) for row in rows]

    def one(self, lease_id: int) -> LeaseRow:
        """One lease."""
        row = self._connection.execute("SELECT * FROM lease WHERE lease_id = ?", (lease_id,)).fetchone()
        return self._row(row)

    def add(self, run_id: str, scenario: str, holder: Holder, since: str) -> int:
        """A new lease without devices; return its number."""
        cursor = self._connection.execute(
            "INSERT INTO lease (run_id, scenario, pid, started, since) VALUES (?, ?, ?, ?, ?)",
            (run_id, scenario, holder.pid, holder.started, since),
        )
        assert cursor.lastrowid is not None  # an INSERT into a table with a rowid has one
        return cursor.lastrowid

    def take(self, lease_id: int, place: int, device_id: EUI64) -> None:
        """Give a device to a lease; one that a dead holder had is abandoned."""
        before = self._connection.execute(
            "SELECT lease_id, handover FROM leased_device WHERE device_id = ?", (device_id,)
        ).fetchone()
        self._connection.execute(
            "INSERT OR REPLACE INTO leased_device VALUES (?, ?, ?, ?, ?)",
            (device_id, lease_id, place, before is not None, before["handover"] if before is not None else 0),
        )
        if before is not None:
            self._forget_if_empty(before["lease_id"])

    def hand_to(self, lease_id: int, holder: Holder) -> None:
        """Another process holds the lease from now on, without positions of switches."""
        self._connection.execute(
            "UPDATE lease SET pid = ?, started = ? WHERE lease_id = ?", (holder.pid, holder.started, lease_id)
        )
        self.give_up_switches(lease_id)

    def abandon(self, lease_id: int) -> None:
        """Nobody holds the lease any more, and its devices are as they were left."""
        self.hand_to(lease_id, _NOBODY)

    def give_up_switches(self, lease_id: int) -> None:
        """The lease holds no position of a switch any more."""
        self._connection.execute("DELETE FROM lease_switch WHERE lease_id = ?", (lease_id,))

    def hold_switches(self, lease_id: int, switches: Mapping[str, bool | None]) -> None:
        """The lease holds these positions of switches."""
        self._connection.executemany(
            "INSERT INTO lease_switch VALUES (?, ?, ?)",
            [(lease_id, component, position) for component, position in switches.items()],
        )

    def to_switch(
        self, switches: Mapping[str, bool | None], switchable: Collection[str], run_id: str
    ) -> dict[str, bool]:
        """What has to be switched for a new lease.

        Until the holder says it has done so, nobody knows the position: it may die in between. What another
        run says of it does not count, since the systems may have been started anew since.
        """
        known = {
            row["component"]: row["position"]
            for row in self._connection.execute("SELECT * FROM switch WHERE run_id = ?", (run_id,))
        }
        needed: dict[str, bool] = {}
        for component, position in switches.items():
            if component not in switchable:
                continue
            start = True if position is None else position
            if known.get(component) is None or bool(known[component]) != start:
                needed[component] = start
            if component in needed or position is None:
                self._connection.execute(
                    "INSERT OR REPLACE INTO switch VALUES (?, NULL, ?)", (component, run_id)
                )
        return needed

    def release(self, lease_id: int, out_of_use: Collection[EUI64]) -> None:
        """End a lease; devices nobody has restored stay abandoned, unless they are out of use anyway."""
        for device_id in self._devices(lease_id, abandoned=False):
            self._give_back(device_id)
        for device_id in self._devices(lease_id, abandoned=True):
            if device_id in out_of_use:
                self._give_back(device_id)
        self.abandon(lease_id)
        self._forget_if_empty(lease_id)

    def _give_back(self, device_id: EUI64) -> None:
        self._connection.execute("DELETE FROM leased_device WHERE device_id = ?", (device_id,))

    def _forget_if_empty(self, lease_id: int) -> None:
        self._connection.execute(
            "DELETE FROM lease WHERE lease_id = ? AND NOT EXISTS "
            "(SELECT 1 FROM leased_device WHERE leased_device.lease_id = lease.lease_id)",
            (lease_id,),
        )

    def _devices(self, lease_id: int, *, abandoned: bool | None = None) -> tuple[EUI64, ...]:
        rows = self._connection.execute(
            "SELECT device_id, abandoned FROM leased_device WHERE lease_id = ? ORDER BY place", (lease_id,)
        )
        return tuple(
            EUI64(row["device_id"])
            for row in rows
            if abandoned is None or bool(row["abandoned"]) is abandoned
        )

    def _row(self, row: sqlite3.Row) -> LeaseRow:
        lease_id = row["lease_id"]
        positions = self._connection.execute("SELECT * FROM lease_switch WHERE lease_id = ?", (lease_id,))
        return LeaseRow(
            lease_id,
            row["run_id"],
            row["scenario"],
            datetime.fromisoformat(row["since"]),
            Holder(row["pid"], row["started"]).alive,
            self._devices(lease_id),
            self._devices(lease_id, abandoned=True),
            {
                each["component"]: None if each["position"] is None else bool(each["position"])
                for each in positions
            },
        )
