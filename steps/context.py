"""What one scenario knows while it runs: its estate, its devices, what was sent, and how the slots stood."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from duis.identifiers import EUI64
from reports.recorder import Recorder
from steps.actors import ACTORS
from steps.slots import WATCHED, Slots, by_role
from target.errors import NotArrangeable
from target.estate import DeviceUnderTest, TestEstate
from target.exchange import Exchange
from target.observations import Acknowledged
from target.service_user import ServiceUser
from target.session import TargetSession

S1SPS = ("S1SP1", "S1SP2", "S1SP3")


class Scenario:
    """The state of one scenario.

    Attributes:
        session: the target under test.
        recorder: where evidence and observations go.
        devices: the devices under test by S1SP; most scenarios have one.
        exchanges: the latest exchange with each device.
        first_repair: the first 6.15.1 that a ``Given`` carried out, for a replay.
        lagging: the S1SP that has not released MP107, where the scenario has one.
    """

    def __init__(
        self, session: TargetSession, recorder: Recorder, name: str, deviations: tuple[str, ...]
    ) -> None:
        self.session = session
        self.recorder = recorder
        self.devices: dict[str, DeviceUnderTest] = {}
        self.exchanges: dict[str, Exchange] = {}
        self.first_repair: Exchange | None = None
        self.lagging: str | None = None
        self._marks: dict[str, int] = {}
        self._name = name
        self._deviations = deviations
        self._estate: TestEstate | None = None
        self._slots: dict[EUI64, Slots] = {}
        self._before: dict[EUI64, Slots] = {}
        self._cleanup = ExitStack()

    @property
    def estate(self) -> TestEstate:
        """The scenario's own population; opened when first asked for."""
        if self._estate is None:
            try:
                self._estate = self._cleanup.enter_context(
                    self.session.open_estate(self._name, deviations=self._deviations)
                )
            except NotArrangeable as missing:
                pytest.skip(missing.reason)
        return self._estate

    def close(self) -> None:
        """Give the estate back."""
        self._cleanup.close()

    def choose(self, s1sp: str, device_type: str) -> DeviceUnderTest:
        """Take a device of the S1SP into the scenario."""
        device = self.estate.device(s1sp, device_type)
        self.devices[s1sp] = device
        return device

    @property
    def device(self) -> DeviceUnderTest:
        """The one device of a scenario that has one."""
        if len(self.devices) != 1:
            raise LookupError(f"the sentence speaks of one device, the scenario has {len(self.devices)}")
        return next(iter(self.devices.values()))

    @property
    def exchange(self) -> Exchange:
        """The latest exchange with the one device."""
        return self.exchanges[self.device.s1sp]

    def party(self, phrase: str, device: DeviceUnderTest | None = None) -> ServiceUser:
        """Who is meant by a phrase such as "the incorrect Network Operator"."""
        return ACTORS[phrase](self.estate, device or self.device)

    def watch(self, device: DeviceUnderTest) -> Slots:
        """How the slots of the device stood before what is sent next.

        They are read by the registered Supplier, which may whoever holds the Network Operator slot; a reading
        stands until a request for the device is acknowledged.
        """
        if device.device_id not in self._slots:
            self._slots[device.device_id] = self.read_slots(device)
        return self._slots[device.device_id]

    def read_slots(self, device: DeviceUnderTest) -> Slots:
        """Read the watched slots by SRV 6.24.1 of the registered Supplier."""
        return by_role(self.estate.supplier_of(device).read_slots(device.device_id, WATCHED))

    def slots_before(self, device: DeviceUnderTest) -> Slots:
        """The reading taken by :meth:`watch` before the latest request."""
        return self._before[device.device_id]

    def keep(self, device: DeviceUnderTest, exchange: Exchange) -> Exchange:
        """Remember an exchange as the latest one with the device."""
        self.exchanges[device.s1sp] = exchange
        self._before[device.device_id] = self._slots[device.device_id]
        if isinstance(exchange.answer, Acknowledged):
            del self._slots[device.device_id]
        return exchange

    def mark_mailboxes(self) -> None:
        """Remember how far every mailbox is filled, to tell what comes next from what came before."""
        self._marks = {user.name: user.last_received for user in self.estate.users}

    def mark(self, user: ServiceUser) -> int:
        """The last message of a mailbox at the latest :meth:`mark_mailboxes`; 0 when there was none."""
        return self._marks.get(user.name, 0)

    def quiet(self) -> None:
        """Let the target's quiet time pass, in which a message that must not come could still come."""
        self.session.quiet()
