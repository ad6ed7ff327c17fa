"""What a waiting request waits for, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from duis.identifiers import EUI64
from target.errors import HarnessError
from target.pool.allocation import Offer, Switches, Waiting, conflicts
from target.pool.population import Population, state_of
from target.pool.request import DeviceNeed, LeaseRequest


class PoolWaitOver(HarnessError):
    """A device, or a position of MP107, was not to be had in time.

    Attributes:
        awaited: What was waited for, and who had it.
    """

    def __init__(self, awaited: str, scenario: str, seconds: float) -> None:
        self.awaited = awaited
        super().__init__(f"{scenario} waited {seconds:g} s in vain for {awaited}")


def waiting_for(
    request: LeaseRequest,
    offered: Offer,
    population: Population,
    holders: Mapping[EUI64, str],
    held: Sequence[tuple[str, Switches]],
    ahead: Sequence[Waiting],
) -> str:
    """What a request waits for: "an ESME of S1SP2 held by MP107-T10[S1SP2-ESME]".

    Args:
        request: Who waits.
        offered: What it could have now.
        population: What there is.
        holders: The scenario that holds each leased device.
        held: The positions of MP107 that others hold, with their scenarios.
        ahead: Those who are served before.
    """
    parts = [
        f"{a(need)} {_whose(need, population, holders, ahead)}" for need in dict.fromkeys(offered.missing)
    ]
    claims = [*held, *((each.request.scenario, each.request.switches) for each in ahead)]
    for component in offered.conflicts:
        position = request.switches[component]
        wanted = "nobody else's use" if position is None else state_of(position)
        alone = {component: position}
        needs = _names(
            [scenario for scenario, switches in claims if conflicts(alone, [switches], population)]
        )
        parts.append(f"MP107 at {component} to be {wanted} (needed otherwise by {needs})")
    return " and ".join(parts)


def a(need: DeviceNeed) -> str:
    """A need with its article."""
    text = need.describe()
    return f"{'an' if text[0] in 'AEIO' else 'a'} {text}"


def _whose(
    need: DeviceNeed, population: Population, holders: Mapping[EUI64, str], ahead: Sequence[Waiting]
) -> str:
    leased = [holders[each.device_id] for each in population.candidates(need) if each.device_id in holders]
    if leased:
        return f"held by {_names(leased)}"
    return (
        f"set aside for {_names([each.request.scenario for each in ahead if need in each.request.devices])}"
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "another"
