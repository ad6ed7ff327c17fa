"""A target that nothing is sent to: what a scenario would need and send, told beforehand.

It stands in for an open target (`target.session`). Requests are built as for a run, signed if wanted, and
handed to whoever asked; what only the target can answer ends a sentence with `Rehearsed`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, cast

from duis.identifiers import EUI64
from duis.requests import ReplacementBody
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, DeviceType, RemotePartyRole, UserRole
from duis.schema import Schema
from duis.signature import SigningIdentity
from duis.smki.certificate import load
from target.answers import AnswerReader
from target.arrangement import DCC, DeviceUnderTest, SlotDatabase, TrafficRecord
from target.counters import CounterSource
from target.courier import Carried, Parcel
from target.credentials import Credentials, update_credentials
from target.errors import NotArrangeable, Rehearsed
from target.estate import TestEstate
from target.evidence import Evidence
from target.file import TargetFile
from target.gateway import Connections, Gateway
from target.inbox import InboxReader
from target.inbox.empty import EmptyInbox
from target.pool import DeviceNeed, LeaseRequest, PoolDevice, Population
from target.service_user import EstateLink, ServiceUser
from target.slot_databases import out_of_reach
from target.trust import load_trust
from target.users import UserDirectory

_NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR


class Rehearsal:
    """Stands in for a session of this target.

    Attributes:
        target: The target file.
        switched: Positions of MP107 that were asked for, by component, in order.
        alerts: The devices that were to raise an alert.
        holders: Who would hold the Network Operator slot of each device that was changed.
    """

    def __init__(self, target: TargetFile, sent: Callable[[Parcel], None], *, signs: bool = False) -> None:
        self.target = target
        self._signs = signs
        self.switched: dict[str, list[bool]] = {}
        self.alerts: list[DeviceUnderTest] = []
        self.needed: tuple[DeviceNeed, ...] = ()
        self._population = Population.of(target)
        self.holders: dict[EUI64, EUI64 | str] = {}
        trust = load_trust(target.trust.anchors, target.trust.certificates)
        self._users = UserDirectory(target, trust)
        self._answers = AnswerReader(Schema.bundled(), trust, target.assumptions)
        self._sent = sent

    def begin(self) -> None:
        """Forget what the scenario before this one asked for."""
        self.switched = {}
        self.alerts = []
        self.holders = {}

    def leased(self) -> tuple[DeviceUnderTest, ...]:
        """The devices a run would lease for what is needed, if all were free."""
        return tuple(found[0].under_test for found in map(self._candidates, self.needed) if found)

    def _candidates(self, need: DeviceNeed) -> list[PoolDevice]:
        """The devices that serve a need; else any of its S1SP and type, to see what else there is to see."""
        return self._population.candidates(need) or [
            device
            for device in self._population.devices
            if (device.entry.s1sp, device.entry.device_type) == (need.s1sp, need.device_type)
        ]

    @contextmanager
    def open_estate(
        self,
        name: str,
        *,
        s1sps: Sequence[str],
        deviations: Sequence[str],  # noqa: ARG002  (a rehearsal deviates from nothing, and leases nothing)
        lease: Callable[[], LeaseRequest],  # noqa: ARG002
    ) -> Iterator[TestEstate]:
        """The devices of the target file, one of each kind where a target makes up its own."""
        courier = _Courier(self._sent, self.holders)
        link = EstateLink(
            estate=name,
            target=self.target,
            gateway=Gateway({}, Connections(None), Evidence(), 0.0),
            courier=courier,
            counters=cast(CounterSource, _Counters()),
            inbox=cast(InboxReader, _Inbox()),
            answers=self._answers,
            evidence=Evidence(),
            rehearsed=True,
            signs=self._signs,
        )
        users = self._users.bind(link)
        yield TestEstate(link, _Arrangement(self, s1sps, users, courier), users)

    def expired_identity(self, user: ServiceUser) -> SigningIdentity:
        """The expired signer of a User."""
        return self._users.expired_identity(user.name)

    def faulty_credentials(self, user: ServiceUser, fault: str) -> Credentials:
        """Faulty certificates of a User."""
        return self._users.faulty_credentials(user.name, fault)


class _Courier:
    """Hands each parcel over, and follows who would own the Network Operator slot."""

    def __init__(self, sent: Callable[[Parcel], None], owners: dict[EUI64, EUI64 | str]) -> None:
        self._sent = sent
        self.owners = owners

    def carry(self, parcel: Parcel) -> Carried:
        body = parcel.request.body if parcel.request is not None else None
        device = parcel.device_id
        if isinstance(body, ReplacementBody) and body.remote_party_role == _NETWORK_OPERATOR and device:
            certificate = next(iter(body.replacements().values()), None)
            if certificate is not None and self.owners.get(device) in (parcel.user_id, DCC):
                self.owners[device] = load(certificate).entity_identifier or DCC
        self._sent(parcel)
        return Carried(parcel, None, rehearsed=True)


class _Arrangement:
    """Arranges by protocol what a run would arrange by protocol, and writes the rest down."""

    def __init__(
        self, rehearsal: Rehearsal, s1sps: Sequence[str], users: tuple[ServiceUser, ...], courier: _Courier
    ) -> None:
        self._rehearsal = rehearsal
        self._users = {user.user_id: user for user in users}
        self._courier = courier
        target = rehearsal.target
        self.devices = _made_up(tuple(target.s1sp), s1sps, users) if target.isolated else rehearsal.leased()

    def put_slot(self, device: DeviceUnderTest, role: RemotePartyRole, party: EUI64 | str) -> None:
        """By SRV 6.15.1 of the registered Network Operator, unless a management plane does it."""
        home = next((user for role, user in device.registered.items() if role in NETWORK_OPERATORS), None)
        by_protocol = self._rehearsal.target.kind_of(device.s1sp) == "endpoint"
        if by_protocol and party not in (home, DCC) and home in self._users:
            credentials = self._users[EUI64(party)].credentials
            self._users[home].send(update_credentials(credentials, role), device.device_id)
        self._courier.owners[device.device_id] = party

    def set_mp107(self, component: str, on: bool) -> None:
        """Write it down."""
        self._rehearsal.switched.setdefault(component, []).append(on)

    def raise_device_alert(self, device: DeviceUnderTest, *_: object) -> None:
        """Write it down."""
        self._rehearsal.alerts.append(device)

    def register(self, *_: object) -> None:
        """Only a population of the scenario's own has Registration Data of its own."""
        if not self._rehearsal.target.isolated:
            raise NotArrangeable(
                f"no registration can be changed at {self._rehearsal.target.path.name}: every scenario that "
                "runs at the same time would be concerned"
            )

    def slot_database(self, s1sp: str) -> SlotDatabase:
        """Where there is one, a rehearsal does not look for it."""
        if not self._rehearsal.target.isolated:
            raise out_of_reach(self._rehearsal.target, s1sp)
        return SlotDatabase("", "")

    def _nothing(self, *_: object) -> None:
        """Nothing a rehearsal could tell."""

    set_device_status = change_settings = add_fault = close = _nothing

    def traffic(self, *_: object) -> tuple[TrafficRecord, ...]:
        """There is none."""
        return ()


def _made_up(
    every: Sequence[str], s1sps: Sequence[str], users: tuple[ServiceUser, ...]
) -> tuple[DeviceUnderTest, ...]:
    """The devices of one premises at each of these S1SPs, of the first User in each role."""
    registered: dict[UserRole, EUI64] = {}
    for user in users:
        for role in user.roles:
            if role in NETWORK_OPERATORS | SUPPLIERS:
                registered.setdefault(role, user.user_id)
    return tuple(
        DeviceUnderTest(_made_up_id(hub, kind), device_type, s1sp, None, registered, _made_up_id(hub, 0))
        for hub, s1sp in enumerate(every)
        for kind, device_type in enumerate(_PREMISES, 1)
        if s1sp in s1sps
    )


_PREMISES = (DeviceType.ESME, DeviceType.GPF, DeviceType.GSME, DeviceType.PPMID)


def _made_up_id(hub: int, kind: int) -> EUI64:
    return EUI64(f"02-53-31-00-00-FF-{hub:02X}-{kind:02X}")


class _Inbox(EmptyInbox):
    """What would come is not known."""

    def wait(self, mailbox: str, *_: object, **__: object) -> NoReturn:
        raise Rehearsed(f"what comes to {mailbox}")

    wait_for_request = wait


class _Counters:
    """Originator Counters of nobody: in a rehearsal nothing is sent with them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def next(self, *_: object) -> int:
        return next(self._numbers)

    @contextmanager
    def sending(self, *_: object) -> Iterator[int]:
        yield self.next()
