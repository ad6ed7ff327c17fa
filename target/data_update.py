"""The data update of an S1SP's database, as a scenario has it planned, applied and rolled back [FIA 4.2.2].

What carries it out is in `target.own_data_update`: it takes its time to import, and most processes need none.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NoReturn, Protocol, TypeAlias

from data_update.outcomes import Action, Outcome
from duis.identifiers import EUI64
from target.errors import Rehearsed

__all__ = ["Action", "DataUpdate", "Meanwhile", "Moment", "Outcome", "RehearsedDataUpdate", "nothing"]


class Moment(StrEnum):
    """A moment of an update at which a scenario may do something of its own."""

    BEFORE = "before its first batch"
    """The update has begun, and has found that the plan still matches the data."""
    WITHIN = "within the transaction of a batch"
    BETWEEN = "between two batches"
    AFTER = "after its last batch"


Meanwhile: TypeAlias = Callable[[Moment], None]
"""Called at each moment of an update; the update goes on when it returns."""


def nothing(_moment: Moment) -> None:
    """Let the update go on."""


class DataUpdate(Protocol):
    """One update of one population: planned once, then applied, and perhaps rolled back."""

    def plan(self) -> None:
        """Plan the update of every incorrect slot."""

    def apply(self, batch_size: int = 500, meanwhile: Meanwhile = nothing) -> None:
        """Apply the plan; make it first where that has not been done.

        Args:
            batch_size: Slots in one transaction.
            meanwhile: Called at each moment of the update.
        """

    def roll_back(self) -> None:
        """Roll back what was applied."""

    def outcome(self, device_id: EUI64, action: Action = Action.APPLY) -> Outcome | None:
        """What the audit says became of a device; `None` when it does not name it."""


class RehearsedDataUpdate:
    """Nothing happens, but for what a scenario does meanwhile."""

    def plan(self) -> NoReturn:
        """Not planned."""
        raise Rehearsed("the data update")

    def apply(self, batch_size: int = 500, meanwhile: Meanwhile = nothing) -> NoReturn:  # noqa: ARG002
        """Not applied."""
        for moment in Moment:
            meanwhile(moment)
        raise Rehearsed("the data update")

    def roll_back(self) -> NoReturn:
        """Not rolled back."""
        raise Rehearsed("the data update")

    def outcome(self, device_id: EUI64, action: Action = Action.APPLY) -> NoReturn:
        """Nothing has become of any device."""
        raise Rehearsed(f"what became of {device_id} by {action}")
