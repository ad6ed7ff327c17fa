"""What a run against a vendor's environment has sent, and what it leaves behind, as others see it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing

from duis.identifiers import EUI64, RequestID
from target.file import TargetFile, load_target
from target.journal import LOOKING_AFTER
from target.pool import Ledger, Population
from target.site import RunDirectory, Site
from tests.any_target.vendor import ENTITY_PREFIX, Vendor

DSP = EUI64(f"{ENTITY_PREFIX}-01")


class Observed:
    """One run, over all its interruptions, and the systems it is directed at.

    Args:
        environment: The vendor's systems.

    Attributes:
        target: What the tester was given.
        site: What outlives the run at the tester's.
        slots: Every slot as it was before the run.
    """

    def __init__(self, environment: Vendor) -> None:
        self._environment = environment
        self.target: TargetFile = load_target(environment.target_file)
        self.site = Site(self.target)
        self.slots = environment.slots()
        self._runs_before = {run.run_id for run in self.site.runs()}
        self._consumed_before = (
            {each.device_id for each in self._ledger.consumed()} if self._has_pool else set()
        )
        self._came: dict[int, str] = {}
        self._came_before = set(self._records())

    @property
    def run(self) -> RunDirectory | None:
        """The run, once it has begun."""
        return next((run for run in self.site.runs() if run.run_id not in self._runs_before), None)

    @property
    def begun(self) -> bool:
        """Whether the run could be gone on with."""
        return self.run is not None and self.run.record is not None

    def sent(self, srv: str = "%", *, answered: bool = False, by_scenarios: bool = False) -> int:
        """How many documents stand in the journal: of an SRV, with an answer, not to look after devices."""
        if self.run is None or not self.run.journal.exists():
            return 0
        column = "status" if answered else "*"
        with closing(sqlite3.connect(f"file:{self.run.journal}?mode=ro", uri=True)) as journal:
            try:
                rows = journal.execute(
                    f"SELECT count({column}) FROM parcel WHERE coalesce(srv, '') LIKE ? AND scenario <> ?",
                    (srv, LOOKING_AFTER if by_scenarios else ""),
                )
                return int(rows.fetchone()[0])
            except sqlite3.OperationalError:  # it is just being made
                return 0

    def look(self) -> None:
        """Take note of what has come to the vendor's DSP; it forgets what is long ago."""
        self._came |= self._records()

    def sent_twice(self) -> dict[str, int]:
        """RequestIDs that came more often than a scenario meant it: T34 sends one request twice on purpose.

        Sanity checks (SRV 8.2, to the DSP) belong to no scenario; they may come once.
        """
        self.look()
        came = Counter(text for number, text in self._came.items() if number not in self._came_before)
        assert self.run is not None
        with closing(sqlite3.connect(f"file:{self.run.journal}?mode=ro", uri=True)) as journal:
            rows = journal.execute("SELECT request_id FROM parcel WHERE request_id IS NOT NULL").fetchall()
        meant = Counter(request_id for (request_id,) in rows)
        return {
            request_id: times
            for request_id, times in (came - meant).items()
            if times > 1 or RequestID.parse(request_id).target != DSP
        }

    @property
    def came(self) -> int:
        """How many Service Requests have come to the vendor's DSP."""
        return len(self._came.keys() - self._came_before)

    def left_behind(self) -> tuple[object, ...]:
        """Leases, abandoned ones among them, and devices in quarantine."""
        return (*self._ledger.leases(), *self._ledger.quarantined())

    def consumed(self) -> set[EUI64]:
        """The devices used up meanwhile."""
        return {each.device_id for each in self._ledger.consumed()} - self._consumed_before

    def changed(self) -> set[str]:
        """The devices whose slots are not as they were."""
        slots = self._environment.slots()
        return {device for device in self.slots if slots[device] != self.slots[device]}

    @property
    def _has_pool(self) -> bool:
        return self.site.pool.exists()

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.site.pool, "a look", Population.of(self.target))

    def _records(self) -> dict[int, str]:
        return {
            int(str(row["id"])): str(row["request_id"])
            for row in self._environment.traffic()
            if row["kind"] == "Request" and row["direction"] == "received" and row["request_id"]
        }
