"""What one scenario knows while it runs: its estate, its devices, what was sent, and what the slots hold."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from duis.identifiers import EUI64
from duis.roles import DeviceType, RemotePartyRole
from duis.signature import SigningIdentity
from reports.recorder import NotRun
from steps.actors import ACTORS
from steps.slots import WATCHED, Slots, after, by_role, holding
from steps.traffic_during_update import TrafficDuringUpdate
from target.credentials import Credentials
from target.data_update import DataUpdate
from target.errors import Depleted, HarnessError, NotArrangeable
from target.estate import DeviceUnderTest, TestEstate
from target.exchange import Exchange
from target.file import TargetFile
from target.pool import DeviceNeed, LeaseRequest, PoolWaitOver
from target.service_user import ServiceUser

S1SPS = ("S1SP1", "S1SP2", "S1SP3")


class Target(Protocol):
    """What a scenario needs of an open target; a rehearsal has it too."""

    @property
    def target(self) -> TargetFile:
        """The target file."""

    def open_estate(
        self, name: str, *, s1sps: Sequence[str], deviations: Sequence[str], lease: Callable[[], LeaseRequest]
    ) -> AbstractContextManager[TestEstate]:
        """A population for one scenario, given back at the end."""

    def expired_identity(self, user: ServiceUser) -> SigningIdentity:
        """The expired signer of a User."""

    def faulty_credentials(self, user: ServiceUser, fault: str) -> Credentials:
        """Faulty certificates of a User."""


class Observer(Protocol):
    """Where a scenario puts on record what it saw."""

    def observe(self, name: str, value: object) -> None:
        """Put on record what was seen but is no verdict."""

    def label(self, name: str, value: str) -> None:
        """Label the scenario."""


@contextmanager
def arrangeable() -> Iterator[None]:
    """What the target cannot arrange makes the scenario not applicable; what is used up, not run."""
    try:
        yield
    except Depleted as missing:
        raise NotRun(missing.reason) from None
    except PoolWaitOver as over:
        raise NotRun(str(over)) from None
    except NotArrangeable as missing:
        pytest.skip(missing.reason)


class Scenario:
    """The state of one scenario.

    Attributes:
        session: the target under test.
        recorder: where observations go.
        devices: the devices under test by S1SP; most scenarios have one.
        other_device: a device that the data update corrects beside the one under test.
        exchanges: the latest exchange with each device.
        first_repair: the first 6.15.1 that a ``Given`` carried out, for a replay.
        lagging: the S1SP that has not released MP107, where the scenario has one.
        traffic: what was sent while a data update ran.
        marks: the last message of each mailbox, by user, at the latest :meth:`mark_mailboxes`.
    """

    def __init__(
        self,
        session: Target,
        recorder: Observer,
        name: str,
        deviations: tuple[str, ...],
        lease: Callable[[], LeaseRequest],
    ) -> None:
        self.session = session
        self.recorder = recorder
        self.devices: dict[str, DeviceUnderTest] = {}
        self.exchanges: dict[str, Exchange] = {}
        self.other_device: DeviceUnderTest | None = None
        self.first_repair: Exchange | None = None
        self.lagging: str | None = None
        self.marks: dict[str, int] = {}
        self._name = name
        self._deviations = deviations
        self._lease = lease
        self._estate: TestEstate | None = None
        self._known: dict[EUI64, Slots] = {}
        self.traffic: TrafficDuringUpdate | None = None
        self._data_update: DataUpdate | None = None
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

    def take(
        self, device_type: str, *s1sps: str, under_dcc_control: bool = False
    ) -> tuple[DeviceUnderTest, ...]:
        """Open the scenario's own population and take a device of each of these S1SPs.

        Args:
            device_type: ESME or GPF.
            s1sps: Which S1SPs.
            under_dcc_control: Whether the Network Operator slot must be under DCC control.
        """
        self._needed(*(DeviceNeed(s1sp, DeviceType(device_type), under_dcc_control) for s1sp in s1sps))
        with arrangeable():
            estate = self._estate = self._cleanup.enter_context(
                self.session.open_estate(
                    self._name, s1sps=s1sps, deviations=self._deviations, lease=self._lease
                )
            )
            self.devices = {s1sp: estate.device(s1sp, device_type) for s1sp in s1sps}
        for device in self.devices.values():
            self.recorder.label("device", str(device.device_id))
        return tuple(self.devices.values())

    def _needed(self, *devices: DeviceNeed) -> None:
        """What the scenario is about to take; a rehearsal writes it down."""

    def data_update_of(self, s1sp: str) -> DataUpdate:
        """The one data update of the scenario, of the database of this S1SP."""
        if self._data_update is None:
            folder = self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="data-update-"))
            with arrangeable():
                self._data_update = self.estate.data_update(s1sp, Path(folder))
        return self._data_update

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

    def know_slots(self, device: DeviceUnderTest, held_by: ServiceUser | None) -> None:
        """Read the slots; they must hold this until something is placed in them.

        Args:
            device: Whose slots.
            held_by: Who holds the Network Operator slot by arrangement; `None` for the DCC.

        Raises:
            HarnessError: Somebody else holds it.
        """
        slots = self._known[device.device_id] = self.read_slots(device)
        reading = slots[RemotePartyRole.NETWORK_OPERATOR]
        if held_by is not None and reading.party != held_by.user_id:
            raise HarnessError(f"{held_by.name} should hold the slot by arrangement; {reading.describe()}")

    def placed(self, device: DeviceUnderTest, role: RemotePartyRole, party: ServiceUser) -> None:
        """The latest request for the device was carried out: the slot now holds what it carried."""
        known = self._known[device.device_id]
        exchange = self.exchanges[device.s1sp]
        self._known[device.device_id] = {**known, role: after(known[role], exchange, party)}

    def corrected(self, device: DeviceUnderTest, party: ServiceUser) -> None:
        """The data update was carried out: the Network Operator slot now holds what this party shared."""
        known = self._known[device.device_id]
        role = RemotePartyRole.NETWORK_OPERATOR
        self._known[device.device_id] = {**known, role: holding(known[role], party, party.credentials)}

    def known_slots(self, device: DeviceUnderTest, *roles: RemotePartyRole) -> Slots:
        """What the slots hold unless something changed them that should not have; by default all of them."""
        known = self._known[device.device_id]
        return {role: reading for role, reading in known.items() if not roles or role in roles}

    def mark_mailboxes(self) -> None:
        """Remember how far every mailbox is filled, to tell what comes next from what came before."""
        self.marks = {user.name: user.last_received for user in self.estate.users}
