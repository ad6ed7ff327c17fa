"""What a scenario did with its lease that the next holder must know, whatever becomes of this one."""

from __future__ import annotations

from duis.identifiers import EUI64
from target.pool.conditions import DeviceConditions
from target.pool.records import Lease


class LeaseNotes(DeviceConditions):
    """The notes of the holders of leases; they go with the lease."""

    def note(self, lease: Lease, step: str) -> None:
        """Remember that a step of a lease was done, over a kill of its holder."""
        with self._store.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO lease_step VALUES (?, ?)", (lease.lease_id, step))

    def noted(self, lease: Lease, step: str) -> bool:
        """Whether a step of a lease was done before."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT 1 FROM lease_step WHERE lease_id = ? AND step = ?", (lease.lease_id, step)
            ).fetchone()
        return found is not None

    def forget_notes(self, lease: Lease) -> None:
        """The scenario starts afresh."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM lease_step WHERE lease_id = ?", (lease.lease_id,))

    def note_handover(self, device_id: EUI64) -> None:
        """Remember that a 6.21 is about to be sent to a leased device, whoever holds it next."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE leased_device SET handover = 1 WHERE device_id = ?", (device_id,))

    def handover_noted(self, device_id: EUI64) -> bool:
        """Whether a 6.21 was sent to a leased device since it was last seen at home."""
        with self._store.transaction() as connection:
            row = connection.execute(
                "SELECT handover FROM leased_device WHERE device_id = ?", (device_id,)
            ).fetchone()
        return row is not None and bool(row["handover"])

    def to_be_restored(self, device_id: EUI64) -> None:
        """Remember that a leased device could not be restored yet: the next holder does it first."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE leased_device SET abandoned = 1 WHERE device_id = ?", (device_id,))
