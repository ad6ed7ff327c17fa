"""The devices of a pooled target and the switches of its systems, as the target file declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from target.arrangement import DeviceUnderTest
from target.errors import NotArrangeable
from target.file import DSP_COMPONENT, TargetFile
from target.file_devices import DeviceEntry
from target.pool.request import DeviceNeed, LeaseRequest


@dataclass(frozen=True)
class PoolDevice:
    """A device that scenarios lease.

    Attributes:
        entry: Its `[[device]]` table.
        home: What its slots hold when nobody tests: User IDs, or `"ACB"` for DCC control.
        managed: Whether its S1SP is emulated: its slots are put right by management plane, so a 6.21 uses
            nothing up and any such device can be put under DCC control.
    """

    entry: DeviceEntry
    home: Mapping[RemotePartyRole, EUI64 | str]
    managed: bool = False

    @property
    def device_id(self) -> EUI64:
        """Its EUI-64."""
        return self.entry.device_id

    @property
    def consumable(self) -> bool:
        """Whether its Network Operator slot is under DCC control, from where no protocol leads back."""
        return self.entry.is_consumable

    @property
    def under_test(self) -> DeviceUnderTest:
        """The device as a scenario sees it."""
        entry = self.entry
        return DeviceUnderTest(
            entry.device_id, entry.device_type, entry.s1sp, entry.mpxn, dict(entry.registered), entry.chf_id
        )

    def fits(self, need: DeviceNeed) -> bool:
        """Whether it can serve a need."""
        same_kind = (self.entry.s1sp, self.entry.device_type) == (need.s1sp, need.device_type)
        return need.fits(self.entry) or (self.managed and same_kind)


@dataclass(frozen=True)
class Population:
    """Everything the target file declares for scenarios to share.

    Attributes:
        devices: Its devices, in the order of the file.
        declared: The position of MP107 by component that is an endpoint.
        switchable: The components whose MP107 can be switched: the emulated ones.
        name: What the file is called, for messages.
    """

    devices: tuple[PoolDevice, ...]
    declared: Mapping[str, bool]
    switchable: frozenset[str] = frozenset()
    name: str = "the target file"

    @classmethod
    def of(cls, target: TargetFile) -> Population:
        """The population of a target file."""
        positions = {DSP_COMPONENT: target.dsp.mp107} | {
            name: s1sp.mp107 for name, s1sp in target.s1sp.items()
        }
        switchable = frozenset(name for name in positions if target.kind_of(name) == "emulated")
        devices = tuple(
            PoolDevice(each, target.home_slots(each), managed=each.s1sp in switchable)
            for each in target.device
        )
        declared = {name: on for name, on in positions.items() if name not in switchable}
        return cls(devices, declared, switchable, target.path.name)

    def device(self, device_id: EUI64) -> PoolDevice:
        """The device with that EUI-64.

        Raises:
            NotArrangeable: The target file does not list it.
        """
        for device in self.devices:
            if device.device_id == device_id:
                return device
        raise NotArrangeable(f"{self.name} lists no device {device_id}")

    def candidates(self, need: DeviceNeed, prefer: Iterable[EUI64] = ()) -> list[PoolDevice]:
        """The devices that can serve a need, the most suitable first."""
        wanted = list(prefer)
        fitting = [device for device in self.devices if device.fits(need)]
        return sorted(
            fitting,
            key=lambda device: (
                wanted.index(device.device_id) if device.device_id in wanted else len(wanted),
                not need.fits(device.entry),
            ),
        )

    def check(self, request: LeaseRequest) -> None:
        """See whether a request could ever be granted.

        Raises:
            NotArrangeable: It could not; says why.
        """
        for component, position in request.switches.items():
            self._check_switch(component, position)
        for need in dict.fromkeys(request.devices):
            there, wanted = len(self.candidates(need)), request.devices.count(need)
            if there < wanted:
                count = "no" if there == 0 else f"only {there}"
                raise NotArrangeable(f"{self.name} lists {count} {need.describe()}, of {wanted} needed")

    def _check_switch(self, component: str, position: bool | None) -> None:
        if component in self.switchable:
            return
        if component not in self.declared:
            raise NotArrangeable(f"{self.name} has no system {component}")
        declared = self.declared[component]
        if position is None:
            raise NotArrangeable(
                f"{component} is an endpoint, so MP107 cannot be switched there during a scenario"
            )
        if position != declared:
            raise NotArrangeable(
                f"{component} is an endpoint that {self.name} declares with MP107 {state_of(declared)}; "
                f"the scenario needs it {state_of(position)}"
            )


def state_of(on: bool) -> str:
    """`on` or `off`."""
    return "on" if on else "off"
