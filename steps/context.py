"""What one scenario knows while it runs: its estate, its devices, what was sent, and what the slots hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from reports.recorder import Recorder
from steps.actors import ACTORS
from steps.slots import WATCHED, Slots, after, by_role
from target.errors import NotArrangeable
from target.estate import DeviceUnderTest, TestEstate
from target.exchange import Exchange
from target.service_user import ServiceUser
from target.session import TargetSession

S1SPS = ("S1SP1", "S1SP2", "S1SP3")


@contextmanager
def arrangeable() -> Iterator[None]:
    """What the target cannot arrange makes the scenario not applicable."""
    try:
        yield
    except NotArrangeable as missing:
        pytest.skip(missing.reason)


class Scenario:
    """The state of one scenario.

    Attributes:
        session: the target under test.
        recorder: where evidence and observations go.
        devices: the devices under test by S1SP; most scenarios have one.
        exchanges: the latest exchange with each device.
        first_repair: the first 6.15.1 that a ``Given`` carried out, for a replay.
        lagging: the S1SP that has not released MP107, where the scenario has one.
        marks: the last message of each mailbox, by user, at the latest :meth:`mark_mailboxes`.
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
        self.marks: dict[str, int] = {}
        self._name = name
        self._deviations = deviations
        self._estate: TestEstate | None = None
        self._known: dict[EUI64, Slots] = {}
        self._cleanup = ExitStack()

    @property
    def estate(self) -> TestEstate:
        """The scenario's own population, opened by :meth:`take`."""
        if self._estate is None:
            raise LookupError("the scenario has no device yet; a Given takes one")
        return self._estate

    def close(self) -> None:
        """Give the estate back."""
        self._cleanup.close()

    def take(self, device_type: str, *s1sps: str) -> tuple[DeviceUnderTest, ...]:
        """Open the scenario's own population and take a device of each of these S1SPs."""
        with arrangeable():
            estate = self._estate = self._cleanup.enter_context(
                self.session.open_estate(self._name, s1sps=s1sps, deviations=self._deviations)
            )
            self.devices = {s1sp: estate.device(s1sp, device_type) for s1sp in s1sps}
        return tuple(self.devices.values())

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

    def read_slots(self, device: DeviceUnderTest) -> Slots:
        """Read the watched slots by SRV 6.24.1 of the registered Supplier.

        It may read them whoever holds the Network Operator slot.
        """
        return by_role(self.estate.supplier_of(device).read_slots(device.device_id, WATCHED))

    def know_slots(self, device: DeviceUnderTest) -> Slots:
        """Read the slots; they must hold this until something is placed in them."""
        slots = self._known[device.device_id] = self.read_slots(device)
        return slots

    def placed(self, device: DeviceUnderTest, role: RemotePartyRole, party: ServiceUser) -> None:
        """The latest request for the device was carried out: the slot now holds what it carried."""
        known = self._known[device.device_id]
        exchange = self.exchanges[device.s1sp]
        self._known[device.device_id] = {**known, role: after(known[role], exchange, party)}

    def known_slots(self, device: DeviceUnderTest) -> Slots:
        """What the slots hold unless something changed them that should not have."""
        return self._known[device.device_id]

    def mark_mailboxes(self) -> None:
        """Remember how far every mailbox is filled, to tell what comes next from what came before."""
        self.marks = {user.name: user.last_received for user in self.estate.users}
