"""Looking after leased devices: the switches they need, their restoration, and the record of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from target.errors import HarnessError
from target.file import DSP_COMPONENT
from target.gateway import MAIN_ESTATE
from target.management import ManagementClient
from target.pool.ledger import Ledger
from target.pool.population import PoolDevice
from target.pool.records import Lease
from target.pool.restoration import Caretaker, NotRestorable, Restored, UsedUp


class LeaseCare:
    """Looks after the devices of one lease.

    Args:
        ledger: The device pool, as this run sees it.
        lease: Which lease.
        caretaker: Reads and restores slots.
        management: The management planes of the emulated systems, by name.
        within: How long to wait for a switch to be moved, in seconds.
        tell: Called with what becomes of devices, and with what is waited for.

    Attributes:
        lease: The lease as it stands.
        notes: What became of its devices, a sentence each.
    """

    def __init__(
        self,
        ledger: Ledger,
        lease: Lease,
        caretaker: Caretaker,
        management: Mapping[str, ManagementClient],
        *,
        within: float = 600.0,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.lease = lease
        self.notes: list[str] = []
        self._ledger = ledger
        self._caretaker = caretaker
        self._management = management
        self._within = within
        self._tell = tell

    def switch(self) -> None:
        """Put MP107 where the lease needs it; to be repeated safely, whoever else does so at the same time.

        Raises:
            HarnessError: A management plane cannot be reached, or there is none.
        """
        for component, on in self.lease.to_switch.items():
            if component not in self._management:
                raise HarnessError(f"the management plane of {component} is needed to switch MP107 there")
            self._management[component].change_estate(MAIN_ESTATE, {"mp107": on})
            self._ledger.switched(self.lease, component)

    def change_switches(self, switches: Mapping[str, bool | None]) -> None:
        """Give the positions of the lease up for others.

        Raises:
            PoolWaitOver: They could not be had in time.
        """
        self.lease = self._ledger.change_switches(self.lease, switches, self._within, self._tell)
        self.switch()

    def restore(self, device: PoolDevice, *, handover_pending: bool | None = None) -> bool:
        """Restore a device and record what came of it: it is at home, in quarantine, or used up.

        Args:
            device: Which one.
            handover_pending: Whether a 6.21 was sent to it with an outcome nobody knows; by default what the
                ledger says.

        Returns:
            Whether it is at home.

        Raises:
            HarnessError: It could not be tried; the next holder has to.
        """
        device_id, scenario = device.device_id, self.lease.scenario
        if handover_pending is None:
            handover_pending = self._ledger.handover_noted(device_id)
        try:
            outcome = self._caretaker.restore(
                device,
                self._ledger.home(device_id),
                handover_pending=handover_pending,
                switch_on=lambda: self._switch_on(device),
            )
        except HarnessError as error:
            self._ledger.to_be_restored(device_id)
            self._note(f"{device_id} could not be restored yet: {error}")
            raise
        match outcome:
            case Restored(slots, done):
                if slots:
                    self._ledger.set_home(device_id, slots.values())
                self._ledger.restored(device_id)
                for sentence in done:
                    self._note(f"{device_id} was restored: {sentence}")
            case UsedUp(what):
                self._ledger.consume(device_id, scenario, what)
                self._note(f"{device_id} is used up: {what}")
            case NotRestorable(reason, mend):
                self._ledger.quarantine(device_id, reason, mend, scenario)
                self._note(f"{device_id} is in quarantine: {reason}; to mend it: {'; '.join(mend)}")
        return isinstance(outcome, Restored)

    def release(self) -> None:
        """Give everything back."""
        self._ledger.release(self.lease)

    def _switch_on(self, device: PoolDevice) -> None:
        """See that MP107 is on wherever the device's requests pass and it can be switched."""
        needed = {
            component: True
            for component in (DSP_COMPONENT, device.entry.s1sp)
            if component in self._ledger.population.switchable
        }
        if any(self.lease.switches.get(component) is not True for component in needed):
            self.change_switches(needed)

    def _note(self, sentence: str) -> None:
        self.notes.append(sentence)
        self._tell(sentence)
