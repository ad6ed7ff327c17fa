"""Those who wait, in the database of the pool; every method belongs inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from duis.identifiers import EUI64
from duis.roles import DeviceType
from target.pool.allocation import Waiting
from target.pool.holder import Holder
from target.pool.request import DeviceNeed, LeaseRequest


class QueueRows:
    """The tickets, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def join(self, request: LeaseRequest, lease_id: int | None, holder: Holder, since: str) -> int:
        """Draw a ticket; with a lease, which holds devices already, for switches only."""
        content = {
            "devices": [
                [need.s1sp, need.device_type.value, need.under_dcc_control]
                for need in (request.devices if lease_id is None else ())
            ],
            "switches": dict(request.switches),
            "prefer": list(request.prefer),
        }
        cursor = self._connection.execute(
            "INSERT INTO ticket (scenario, pid, started, since, request, lease_id) VALUES (?, ?, ?, ?, ?, ?)",
            (request.scenario, holder.pid, holder.started, since, json.dumps(content), lease_id),
        )
        assert cursor.lastrowid is not None  # an INSERT into a table with a rowid has one
        return cursor.lastrowid

    def leave(self, ticket: int) -> None:
        """Give a ticket back."""
        self._connection.execute("DELETE FROM ticket WHERE ticket = ?", (ticket,))

    def waiting(self) -> list[Waiting]:
        """Everybody who waits, in the order of being served; the dead leave the queue.

        Who holds devices and waits for a switch comes first: others may wait for these devices.
        """
        queue = []
        for row in self._connection.execute(
            "SELECT * FROM ticket ORDER BY lease_id IS NULL, ticket"
        ).fetchall():
            if Holder(row["pid"], row["started"]).alive:
                queue.append(Waiting(row["ticket"], _request(json.loads(row["request"]), row["scenario"])))
            else:
                self.leave(row["ticket"])
        return queue


def _request(content: Mapping[str, Any], scenario: str) -> LeaseRequest:
    return LeaseRequest(
        tuple(
            DeviceNeed(s1sp, DeviceType(device_type), under_dcc_control)
            for s1sp, device_type, under_dcc_control in content["devices"]
        ),
        content["switches"],
        scenario,
        tuple(EUI64(each) for each in content["prefer"]),
    )
