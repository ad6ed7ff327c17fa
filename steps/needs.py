"""What a scenario needs of a target, and whether a target can give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from duis.identifiers import EUI64
from target.file import DSP_COMPONENT, TargetFile
from target.pool import DeviceNeed, LeaseRequest, Population


@dataclass(frozen=True)
class Needs:
    """What a rehearsal found out.

    Attributes:
        devices: The devices the scenario takes.
        switches: The position of MP107 it needs at each component that takes part; `None` where it changes it
            on the way, so that nobody else may rely on it meanwhile.
        alerts: Whether a device must raise an alert.
        requests: How many Service Requests it sends, by Service Reference Variant; "?" for what is none.
        left_elsewhere: How many devices it leaves with another party in the Network Operator slot than the
            registered one, as far as a rehearsal can tell.
        not_applicable: Why it cannot run at this target; empty when nothing is known against it.
        whatever_devices: Whether it could not run there with other devices either.
    """

    devices: tuple[DeviceNeed, ...] = ()
    switches: Mapping[str, bool | None] = field(default_factory=dict)
    alerts: bool = False
    requests: Mapping[str, int] = field(default_factory=dict)
    left_elsewhere: int = 0
    not_applicable: str = ""
    whatever_devices: bool = False

    @property
    def request_count(self) -> int:
        """Service Requests in all."""
        return sum(self.requests.values())

    def lease_request(self, scenario: str, prefer: tuple[EUI64, ...] = ()) -> LeaseRequest:
        """What to ask of the device pool.

        Args:
            scenario: Name of the scenario, for whoever waits for a device it holds.
            prefer: Devices to take where they are free.
        """
        return LeaseRequest(self.devices, dict(self.switches), scenario, prefer)

    def against(self, target: TargetFile) -> str:
        """Why a target cannot run it, as far as the target file tells; empty when nothing is against it."""
        if self.not_applicable or target.isolated:
            return self.not_applicable
        population = Population.of(target)
        for need in self.devices:
            if not population.candidates(need):
                return f"the target file declares no {need.describe()}"
        for component, on in self.switches.items():
            declared = self._declared(target, component)
            if target.kind_of(component) == "endpoint" and on != declared:
                wanted = "switched during the scenario" if on is None else f"switched {_state(on)}"
                return (
                    f"MP107 is declared {_state(declared)} at {component}, and an endpoint cannot be {wanted}"
                )
        if self.alerts:
            for need in self.devices:
                if target.kind_of(need.s1sp) == "endpoint":
                    return f"{need.s1sp} is an endpoint: its devices cannot be made to raise an alert"
        return ""

    @staticmethod
    def _declared(target: TargetFile, component: str) -> bool:
        return target.dsp.mp107 if component == DSP_COMPONENT else target.s1sp[component].mp107


def _state(on: bool) -> str:
    return "on" if on else "off"
