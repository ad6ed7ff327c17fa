"""Arrangement of a pooled target: leased devices, prepared and restored by protocol.

What an emulated system can do through its management plane is done there, as long as it stays with the leased
devices: all else is shared by every scenario that runs at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole, UserRole
from target.arrangement import DeviceUnderTest, SlotDatabase, TrafficRecord
from target.arrangement_emulated import EmulatedArrangement
from target.courier import Courier
from target.deadline import Deadline, deadline
from target.errors import HarnessError, NotArrangeable
from target.file import TargetFile
from target.gateway import MAIN_ESTATE
from target.management import ManagementClient
from target.pool import Lease, LeaseRequest, Ledger, PoolDevice
from target.pool.care import LeaseCare
from target.pool.managed_slots import ManagedSlots
from target.pool.population import state_of
from target.pool.preparation import Preparation
from target.pool.restoration import Caretaker
from target.pool.watch import Watch
from target.service_user import ServiceUser
from target.slot_databases import out_of_reach

Tell: TypeAlias = Callable[[str], None]


class _DeviceLost(Exception):
    """A leased device turned out to be of no use; another may do."""


class PooledArrangement:
    """The devices one scenario has leased. Use `open`, and `close` in any case.

    Args:
        target: The target file.
        ledger: The device pool, as this run sees it.
        lease: What the scenario has leased.
        users: The Users that prepare and restore. What they send depends on what the slots hold, so it must
            not be replayed from a journal; it may be interrupted at any moment.
        management: The management planes of the emulated systems, by name.
        tell: Called with what becomes of devices, and with what is waited for.
        before_side_effect: Called with what is about to be done through a management plane in the middle of
            the scenario: a resumed run cannot replay such a scenario.

    Attributes:
        side_effects: Whether there was such a thing.
    """

    def __init__(
        self,
        target: TargetFile,
        ledger: Ledger,
        lease: Lease,
        users: Iterable[ServiceUser],
        management: Mapping[str, ManagementClient],
        *,
        tell: Tell = lambda _: None,
        before_side_effect: Tell = lambda _: None,
    ) -> None:
        bound = {user.user_id: user for user in users}
        caretaker = Caretaker(target, bound.values(), management, MAIN_ESTATE)
        self.side_effects = False
        self._target = target
        self._ledger = ledger
        self._wanted = lease.switches
        self._devices = {device.device_id: device for device in lease.devices}
        self._management = management
        self._planes = EmulatedArrangement(MAIN_ESTATE, management)
        self._managed = ManagedSlots(management, bound, MAIN_ESTATE)
        self._care = LeaseCare(ledger, lease, caretaker, management, tell=tell)
        self._watch = Watch(ledger, lease, bound)
        self._preparation = Preparation(target, ledger, caretaker, self._managed)
        self._before_side_effect = before_side_effect

    @classmethod
    def open(
        cls,
        target: TargetFile,
        ledger: Ledger,
        request: LeaseRequest,
        users: Iterable[ServiceUser],
        management: Mapping[str, ManagementClient],
        within: Deadline | float,
        *,
        tell: Tell = lambda _: None,
        before_side_effect: Tell = lambda _: None,
    ) -> PooledArrangement:
        """Lease what a scenario needs and make it ready; a device that cannot be made so is replaced.

        Raises:
            NotArrangeable: The target cannot give it.
            Depleted: Too few devices are left.
            PoolWaitOver: Nothing was free in time.
            HarnessError: A system cannot be reached.
        """
        bound, until = tuple(users), deadline(within)
        while True:
            arrangement = cls(
                target,
                ledger,
                ledger.acquire(request, until, tell),
                bound,
                management,
                tell=tell,
                before_side_effect=before_side_effect,
            )
            try:
                arrangement.prepare()
            except _DeviceLost:
                arrangement._care.release()
            except BaseException:
                arrangement._care.release()
                raise
            else:
                return arrangement

    @property
    def lease(self) -> Lease:
        """What the scenario has leased."""
        return self._care.lease

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the devices, a sentence each: restored, used up, in quarantine."""
        return tuple(self._care.notes)

    @property
    def devices(self) -> tuple[DeviceUnderTest, ...]:
        """The leased devices."""
        return tuple(device.under_test for device in self.lease.devices)

    def prepare(self) -> None:
        """Switch MP107 as the lease says, restore what a dead holder left behind, look at what is new."""
        self._care.switch()
        for device in self.lease.devices:
            left_behind = device.device_id in self.lease.abandoned_devices
            unseen = self._ledger.home(device.device_id) is None and not self._is_managed(device)
            if (left_behind or (unseen and not self.lease.adopted)) and not self._care.restore(device):
                raise _DeviceLost
        self._switch_back()

    def start_afresh(self) -> None:
        """Put everything back as it was before the scenario began, because it is carried out anew.

        Raises:
            HarnessError: A device could not be put back.
        """
        self._preparation.forget(self.lease)
        for device in self.lease.devices:
            if not self._care.restore(device):
                raise HarnessError(self.notes[-1])
        self._switch_back()

    def watching(self, courier: Courier) -> Courier:
        """The courier the scenario sends with, so that it is known what it may have changed.

        Without it every device is looked at in the end.
        """
        return self._watch.over(courier)

    # Arrangements

    def put_slot(self, device: DeviceUnderTest, role: RemotePartyRole, party: EUI64 | str) -> None:
        """Have the owner of a slot place the certificates of a party in it, unless it holds them already.

        Raises:
            NotArrangeable: Nobody we could act as can do it, or the DCC's own certificate is asked for.
            TargetNonconformity: The target refused what every validation accepts.
        """
        leased = self._leased(device)
        at_home = not self._watch.touched(leased.device_id)
        self._watch.touch(leased.device_id)
        self._preparation.put_slot(self.lease, leased, role, party, at_home=at_home)

    def set_mp107(self, component: str, on: bool) -> None:
        """Switch MP107 where the scenario alone uses it; elsewhere it must stand like that already.

        Raises:
            NotArrangeable: It stands differently, and is shared or cannot be switched.
        """
        population = self._ledger.population
        if component not in population.switchable:
            if population.declared.get(component) != on:
                raise NotArrangeable(
                    f"{component} is an endpoint that {self._target.path.name} declares with MP107 "
                    f"{state_of(not on)}, and it cannot be switched {state_of(on)}"
                )
        elif self.lease.switches.get(component, not on) is None:
            self._side_effect(f"switch MP107 {state_of(on)} at {component}")
            self._planes.set_mp107(component, on)
        elif self.lease.switches.get(component) is not on:
            raise NotArrangeable(
                f"other scenarios rely on MP107 at {component}, and this one did not ask for it to be "
                f"{state_of(on)}"
            )

    def raise_device_alert(self, device: DeviceUnderTest, alert_code: str, description: str) -> None:
        """Have an emulated S1SP send an alert of a leased device.

        Raises:
            NotArrangeable: The S1SP is an endpoint.
        """
        leased = self._leased(device)
        if not self._is_managed(leased):
            raise self._cannot(
                f"have {device.device_id} raise device alert {alert_code}", f"{device.s1sp} is an endpoint"
            )
        self._side_effect(f"raise device alert {alert_code} of {device.device_id}")
        self._planes.raise_device_alert(device, alert_code, description)

    def register(
        self,
        device: DeviceUnderTest,
        role: UserRole,
        user_id: EUI64 | None,
        effective_from: datetime | None,  # noqa: ARG002  (no period would make it possible)
        effective_to: datetime | None,  # noqa: ARG002
    ) -> None:
        """Not possible: Registration Data is that of a metering point, and shared."""
        raise self._cannot(f"register {user_id} as {role} for {device.device_id}", _SHARED)

    def set_device_status(self, device: DeviceUnderTest, status: str) -> None:
        """Not possible: no protocol would put it back after an interruption."""
        raise self._cannot(f"make {device.device_id} {status}", "nothing would put it back for sure")

    def change_settings(self, component: str, settings: Mapping[str, object]) -> None:
        """Not possible: settings are shared."""
        raise self._cannot(f"change {', '.join(settings)} at {component}", _SHARED)

    def traffic(self, component: str) -> tuple[TrafficRecord, ...]:
        """The messages about the leased devices that an emulated system recorded.

        Raises:
            NotArrangeable: It is an endpoint.
        """
        if component not in self._management:
            raise self._cannot(f"look at the traffic of {component}", "it is an endpoint")
        return tuple(
            record
            for record in self._planes.traffic(component)
            if any(each in (record.request_id or "") or each in record.document for each in self._devices)
        )

    def add_fault(self, component: str, srv: str, action: str, delay_seconds: float, times: int) -> None:  # noqa: ARG002
        """Not possible: a fault falls on whoever sends next."""
        raise self._cannot(f"script {action} for SRV {srv} at {component}", _SHARED)

    def slot_database(self, s1sp: str) -> SlotDatabase:
        """Not possible."""
        raise out_of_reach(self._target, s1sp)

    def close(self) -> None:
        """Restore every device, record what cannot be restored, and give everything back.

        It never raises because of a device: the verdict of the scenario stands.
        """
        touched = [device for device in self.lease.devices if self._watch.touched(device.device_id)]
        for device in touched:  # whatever happens on the way
            self._ledger.to_be_restored(device.device_id)
        try:
            for device in touched:
                self._restore_in_the_end(device)
        finally:
            self._care.release()

    def _restore_in_the_end(self, device: PoolDevice) -> None:
        try:
            self._care.restore(device, handover_pending=self._watch.handover_pending(device.device_id))
        except HarnessError:
            return  # on record, and for the next holder to do

    def _switch_back(self) -> None:
        """Restoring may have needed other positions than the scenario does."""
        if self.lease.switches != self._wanted:
            self._care.change_switches(self._wanted)

    def _side_effect(self, what: str) -> None:
        self._before_side_effect(what)
        self.side_effects = True

    def _leased(self, device: DeviceUnderTest) -> PoolDevice:
        try:
            return self._devices[device.device_id]
        except KeyError:
            raise HarnessError(f"{device.device_id} is not leased by {self.lease.scenario}") from None

    def _is_managed(self, device: PoolDevice) -> bool:
        return device.managed and self._managed.covers(device)

    def _cannot(self, what: str, why: str) -> NotArrangeable:
        return NotArrangeable(f"cannot {what} at {self._target.path.name}: {why}")


_SHARED = "every scenario that runs at the same time would be concerned"
