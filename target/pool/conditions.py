"""What became of the devices of a pool: at home, in quarantine, used up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from duis.identifiers import EUI64
from duis.roles import CertificateType, RemotePartyRole
from target.observations import SlotReading
from target.pool.population import Population
from target.pool.records import Consumed, Quarantined
from target.pool.store import PoolStore


class DeviceConditions:
    """The part of the ledger that outlives leases.

    Args:
        path: The database, `<site>/pool.sqlite`.
        run_id: The run that asks.
        population: What the target file declares.
        now: Tells the time.

    Raises:
        HarnessError: The database cannot be used.
    """

    def __init__(
        self,
        path: Path,
        run_id: str,
        population: Population,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.run_id = run_id
        self.population = population
        self._store = PoolStore(path)
        self._now = now

    def close(self) -> None:
        """Close the connection of this thread; what is leased stays leased."""
        self._store.close()

    # At home

    def home(self, device_id: EUI64) -> Mapping[RemotePartyRole, SlotReading] | None:
        """The slots of a device as first observed; `None` where nobody has looked yet."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT * FROM home WHERE device_id = ?", (device_id,)).fetchall()
        return {reading.remote_party_role: reading for reading in map(_reading, rows)} or None

    def set_home(self, device_id: EUI64, readings: Iterable[SlotReading]) -> None:
        """Remember how the slots of a device are when nobody tests; what was remembered is replaced."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM home WHERE device_id = ?", (device_id,))
            connection.executemany(
                "INSERT INTO home VALUES (?, ?, ?, ?)",
                [
                    (
                        device_id,
                        reading.remote_party_role.value,
                        reading.party,
                        json.dumps({use.value: digest.hex() for use, digest in reading.hashes.items()}),
                    )
                    for reading in readings
                ],
            )

    # Not to be leased

    def quarantine(self, device_id: EUI64, reason: str, mend: Sequence[str], scenario: str = "") -> None:
        """Lease a device to nobody until it is freed.

        Args:
            device_id: Which one.
            reason: Why.
            mend: What a person can do about it, a step each.
            scenario: What had it last.
        """
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?, ?)",
                (device_id, reason, json.dumps(list(mend)), self.run_id, scenario, self._text()),
            )

    def consume(self, device_id: EUI64, scenario: str, what: str) -> None:
        """Record that a consumable is used up; what used it up first stays on record."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO consumed VALUES (?, ?, ?, ?, ?)",
                (device_id, what, self.run_id, scenario, self._text()),
            )

    def restored(self, device_id: EUI64) -> None:
        """Record that the slots of a device are as they should be: nothing is held against it any more."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM quarantine WHERE device_id = ?", (device_id,))
            connection.execute("DELETE FROM consumed WHERE device_id = ?", (device_id,))
            connection.execute(
                "UPDATE leased_device SET abandoned = 0, handover = 0 WHERE device_id = ?", (device_id,)
            )

    def free(self, device_id: EUI64) -> bool:
        """A person says a device has been mended: it can be leased again, and its slots are read anew.

        Returns:
            Whether it was in quarantine or used up.

        Raises:
            NotArrangeable: The target file does not list it.
        """
        self.population.device(device_id)
        with self._store.transaction() as connection:
            changed = 0
            for table in ("quarantine", "consumed"):
                changed += connection.execute(
                    f"DELETE FROM {table} WHERE device_id = ?",  # noqa: S608  (the names are these two)
                    (device_id,),
                ).rowcount
            if changed:
                connection.execute("DELETE FROM home WHERE device_id = ?", (device_id,))
        return changed > 0

    def quarantined(self) -> tuple[Quarantined, ...]:
        """The devices in quarantine, whichever run put them there, oldest first."""
        with self._store.transaction() as connection:
            return _quarantined(connection)

    def consumed(self) -> tuple[Consumed, ...]:
        """The consumables that were used up, whichever run did it, oldest first."""
        with self._store.transaction() as connection:
            return _consumed(connection)

    def _out_of_use(self, connection: sqlite3.Connection) -> dict[EUI64, Quarantined | Consumed]:
        """The devices that cannot be leased, with what is wrong with each."""
        rows: list[Quarantined | Consumed] = [*_consumed(connection), *_quarantined(connection)]
        return {row.device_id: row for row in rows}

    def _text(self) -> str:
        return self._now().isoformat()


def _quarantined(connection: sqlite3.Connection) -> tuple[Quarantined, ...]:
    return tuple(
        Quarantined(
            EUI64(row["device_id"]),
            row["reason"],
            tuple(json.loads(row["mend"])),
            row["run_id"],
            row["scenario"],
            datetime.fromisoformat(row["since"]),
        )
        for row in connection.execute("SELECT * FROM quarantine ORDER BY since, device_id")
    )


def _consumed(connection: sqlite3.Connection) -> tuple[Consumed, ...]:
    return tuple(
        Consumed(
            EUI64(row["device_id"]),
            row["what"],
            row["run_id"],
            row["scenario"],
            datetime.fromisoformat(row["since"]),
        )
        for row in connection.execute("SELECT * FROM consumed ORDER BY since, device_id")
    )


def _reading(row: sqlite3.Row) -> SlotReading:
    hashes = {
        CertificateType(use): bytes.fromhex(digest) for use, digest in json.loads(row["hashes"]).items()
    }
    return SlotReading(
        RemotePartyRole(row["remote_party_role"]), EUI64(row["party"]) if row["party"] else None, hashes
    )
