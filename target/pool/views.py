"""What the ledger tells about leases, for plans and reports."""

from __future__ import annotations

from target.pool.lease_rows import LeaseRows
from target.pool.notes import LeaseNotes
from target.pool.records import Leased
from target.pool.request import DeviceNeed


class LeaseViews(LeaseNotes):
    """The leases as others see them."""

    def leases(self) -> tuple[Leased, ...]:
        """The devices that are leased, whichever run holds them, in the order of the leases."""
        with self._store.transaction() as connection:
            rows = LeaseRows(connection).all()
        return tuple(
            Leased(device_id, row.run_id, row.scenario, row.since, not row.alive)
            for row in rows
            for device_id in row.devices
        )

    def abandoned_scenarios(self) -> tuple[str, ...]:
        """Scenarios of this run whose holder is dead and whose devices nobody has taken over."""
        with self._store.transaction() as connection:
            rows = LeaseRows(connection).all()
        return tuple(row.scenario for row in rows if row.run_id == self.run_id and not row.alive)

    def capacity(self, need: DeviceNeed) -> int:
        """How many devices can serve a need now.

        One that is leased counts, since it comes back; a consumable that is leased does not.
        """
        with self._store.transaction() as connection:
            out_of_use = set(self._out_of_use(connection))
            leased = {each for row in LeaseRows(connection).all() if row.alive for each in row.devices}
        return sum(
            device.device_id not in out_of_use
            and not (device.consumable and not device.managed and device.device_id in leased)
            for device in self.population.candidates(need)
        )
