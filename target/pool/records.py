"""What the ledger tells: leases, and the devices that cannot be leased."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from duis.identifiers import EUI64
from target.pool.population import PoolDevice


@dataclass(frozen=True)
class Lease:
    """Devices and switch positions that belong to one scenario until it gives them back.

    Attributes:
        lease_id: Its number in the ledger.
        run_id: The run that holds it.
        scenario: The scenario that holds it.
        devices: A device for each need of the request, in that order.
        switches: The position of MP107 by component; `None` where the scenario alone may change it.
        to_switch: The components the holder has to switch before it starts, and how. Tell the ledger with
            `Ledger.switched`.
        abandoned_devices: Devices whose last holder died: the new one has to restore them before it starts,
            and to tell the ledger with `Ledger.restored`.
        adopted: Whether this is the lease the same scenario of the same run held before that was interrupted.
        since: When it was granted; at an adopted one, the first time.
    """

    lease_id: int
    run_id: str
    scenario: str
    devices: tuple[PoolDevice, ...]
    switches: Mapping[str, bool | None]
    to_switch: Mapping[str, bool]
    abandoned_devices: tuple[EUI64, ...]
    adopted: bool
    since: datetime


@dataclass(frozen=True)
class Leased:
    """A device that is leased.

    Attributes:
        device_id: Which one.
        run_id: By which run.
        scenario: By which scenario.
        since: Since when.
        abandoned: Whether the process that holds it is dead.
    """

    device_id: EUI64
    run_id: str
    scenario: str
    since: datetime
    abandoned: bool

    def describe(self) -> str:
        """One line for a reader."""
        how = "abandoned by" if self.abandoned else "leased by"
        return f"{how} {self.scenario} of run {self.run_id} since {time_text(self.since)}"


@dataclass(frozen=True)
class Quarantined:
    """A device that could not be restored.

    Attributes:
        device_id: Which one.
        reason: Why.
        mend: What a person can do about it, a step each.
        run_id: The run that found it so.
        scenario: What had it last; empty when it was no scenario.
        since: Since when.
    """

    device_id: EUI64
    reason: str
    mend: tuple[str, ...]
    run_id: str
    scenario: str
    since: datetime

    def describe(self) -> str:
        """One line for a reader."""
        return (
            f"{self.device_id} is in quarantine since {time_text(self.since)}: {self.reason}; "
            f"to mend it: {'; '.join(self.mend)}"
        )


@dataclass(frozen=True)
class Consumed:
    """A consumable that was used up.

    Attributes:
        device_id: Which one.
        what: What used it up.
        run_id: In which run.
        scenario: In which scenario.
        since: Since when.
    """

    device_id: EUI64
    what: str
    run_id: str
    scenario: str
    since: datetime

    def describe(self) -> str:
        """One line for a reader."""
        return f"{self.device_id} was used up by {self.scenario} at {time_text(self.since)}: {self.what}"


def time_text(when: datetime) -> str:
    """A time as reports show it: UTC, to the second."""
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")
