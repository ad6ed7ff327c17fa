"""Scripted faults: the next answers to one SRV come late, not at all, or twice.

A fault is scripted by a tester and used up by the answers it falls on; nothing here is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Fault(BaseModel):
    """What happens to the next `times` answers to an SRV."""

    model_config = ConfigDict(extra="forbid")

    srv: str
    action: Literal["late", "drop", "twice"]
    delay_seconds: Annotated[float, Field(ge=0)] = 1.0
    times: Annotated[int, Field(ge=1)] = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer is to go out: so many copies, so many seconds later."""

    copies: int = 1
    delay_seconds: float = 0.0


AS_USUAL = Delivery()


class FaultScript:
    """The faults still to come, per estate."""

    def __init__(self) -> None:
        self._faults: dict[str, list[Fault]] = {}

    def add(self, estate: str, fault: Fault) -> None:
        """Script a fault after those already scripted."""
        self._faults.setdefault(estate, []).append(fault)

    def clear(self, estate: str) -> None:
        """Forget the faults of an estate."""
        self._faults.pop(estate, None)

    def of(self, estate: str) -> list[Fault]:
        """Return the faults still to come, in order."""
        return list(self._faults.get(estate, ()))

    def next_delivery(self, estate: str, srv: str) -> Delivery:
        """Say how the next answer to `srv` is to go out, and use up the fault that decides it."""
        faults = self._faults.get(estate)
        if not faults:
            return AS_USUAL
        for fault in faults:
            if fault.srv == srv:
                fault.times -= 1
                if fault.times == 0:
                    faults.remove(fault)
                if fault.action == "late":
                    return Delivery(delay_seconds=fault.delay_seconds)
                return Delivery(copies=0 if fault.action == "drop" else 2)
        return AS_USUAL
