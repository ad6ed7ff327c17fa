"""Who gets what: first come, first served, where requests that do not collide pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from duis.identifiers import EUI64
from target.pool.population import PoolDevice, Population
from target.pool.request import DeviceNeed, LeaseRequest

Switches = Mapping[str, bool | None]


@dataclass(frozen=True)
class Waiting:
    """A request that waits.

    Attributes:
        ticket: Its number, in the order of arrival.
        request: What it asks for.
    """

    ticket: int
    request: LeaseRequest


@dataclass(frozen=True)
class Offer:
    """What a waiting request could have now.

    Attributes:
        devices: A device for each need, as far as there are some.
        missing: The needs no device is there for.
        conflicts: The components at which MP107 is needed in another position.
    """

    devices: tuple[PoolDevice, ...]
    missing: tuple[DeviceNeed, ...]
    conflicts: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything is there at once."""
        return not self.missing and not self.conflicts


def offer(
    ticket: int,
    queue: Sequence[Waiting],
    free: Iterable[EUI64],
    held: Sequence[Switches],
    population: Population,
) -> Offer:
    """Find out what a waiting request could have.

    All before it in the queue come first, one after the other: what they can have now is set aside for them,
    even when they have to wait for more, and so is the position of the switches they need. So nobody starves,
    and a request that needs nothing of this passes.

    Args:
        ticket: Whose turn is asked for.
        queue: Everybody who waits, in the order of being served.
        free: The devices nobody holds.
        held: The positions of MP107 that the holders of leases need.
        population: What there is.
    """
    left, positions = set(free), list(held)
    for waiting in queue:
        request = waiting.request
        chosen: list[PoolDevice] = []
        missing: list[DeviceNeed] = []
        for need in request.devices:
            found = next(
                (each for each in population.candidates(need, request.prefer) if each.device_id in left), None
            )
            if found is None:
                missing.append(need)
            else:
                left.discard(found.device_id)
                chosen.append(found)
        if waiting.ticket == ticket:
            return Offer(tuple(chosen), tuple(missing), conflicts(request.switches, positions, population))
        positions.append(request.switches)
    raise LookupError(f"ticket {ticket} does not wait")


def conflicts(wanted: Switches, held: Iterable[Switches], population: Population) -> tuple[str, ...]:
    """The components at which the wanted position cannot be had beside those that are held."""
    held = tuple(held)
    return tuple(
        component
        for component, position in wanted.items()
        if component in population.switchable
        and any(component in other and (position is None or other[component] != position) for other in held)
    )
