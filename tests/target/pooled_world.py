"""A vendor's systems with an inbox and Users for tests of the device pool, without a run around them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from duis.schema import Schema
from duis.smki.trust import TrustStore
from target.answers import AnswerReader
from target.arrangement import DeviceUnderTest
from target.arrangement_pooled import PooledArrangement
from target.counters import CounterSource
from target.courier import Carried, Courier, GatewayCourier, Parcel
from target.estate import TestEstate
from target.evidence import Evidence
from target.file import TargetFile, load_target
from target.gateway import Connections, Gateway
from target.inbox import InboxConfig, InboxProcess, InboxReader
from target.management import ManagementClient
from target.pool import LeaseRequest, Ledger, Population
from target.service_user import EstateLink, ServiceUser
from target.trust import load_trust
from target.users import UserDirectory
from tests.any_target.vendor import Vendor, vendor

NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR


class Post:
    """Carries parcels, and remembers them."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self.sent: list[Parcel] = []

    def carry(self, parcel: Parcel) -> Carried:
        self.sent.append(parcel)
        return self._courier.carry(parcel)

    def titles(self) -> list[str]:
        return [parcel.title for parcel in self.sent]


@dataclass
class World:
    """The vendor's systems, and how to speak to them.

    Attributes:
        vendor: The systems.
        target: What the tester is given.
        inbox: Where results arrive.
        cleanup: Closes what it opens.
        directory: Where it keeps its files.
    """

    vendor: Vendor
    target: TargetFile
    inbox: InboxReader
    cleanup: ExitStack
    directory: Path

    def link(self, target: TargetFile, courier: Courier | None = None) -> EstateLink:
        connections, evidence = Connections(target.dsp.tls), Evidence()
        self.cleanup.callback(connections.close)
        gateway = Gateway.of(target.dsp, connections, evidence, target.deadlines.synchronous, "main")
        return EstateLink(
            estate="main",
            target=target,
            gateway=gateway,
            courier=courier or GatewayCourier(gateway),
            counters=CounterSource(self.directory / "counters.sqlite").for_gateway(gateway.name),
            inbox=self.inbox,
            answers=AnswerReader(Schema.bundled(), self.trust(target), target.assumptions),
            evidence=evidence,
        )

    def users(self, target: TargetFile, courier: Courier | None = None) -> tuple[ServiceUser, ...]:
        return UserDirectory(target, self.trust(target)).bind(self.link(target, courier))

    def post(self, target: TargetFile) -> Post:
        return Post(self.link(target).courier)

    def management(self, target: TargetFile) -> dict[str, ManagementClient]:
        connections = Connections(target.management.tls)
        self.cleanup.callback(connections.close)
        urls = {"DSP": target.dsp.management} | {name: s1sp.management for name, s1sp in target.s1sp.items()}
        return {
            name: ManagementClient(name, url, connections, name)
            for name, url in urls.items()
            if url is not None
        }

    def with_management(self, *components: str) -> TargetFile:
        """A target file that calls some of the vendor's systems emulated, with the planes they have."""
        ports = json.loads((self.vendor.state / "ports.json").read_text())
        text = self.vendor.target_file.read_text()
        for name in ("DSP", *self.target.s1sp):
            lines = 'kind = "endpoint"'
            if name in components:
                url = f"https://127.0.0.1:{ports[name.lower()][1]}"
                lines = f'kind = "emulated"\nmanagement = "{url}"'
            table = "[dsp]" if name == "DSP" else f"[s1sp.{name}]"
            text = text.replace(f'{table}\nkind = "endpoint"', table).replace(table, f"{table}\n{lines}", 1)
        tls = 'ca = "pki/tls/ca.pem", certificate = "pki/tls/management.pem", key = "pki/tls/management.key"'
        path = self.vendor.state / f"{'-'.join(components)}.toml"
        path.write_text(text + f"\n[management]\ntls = {{ {tls} }}\n")
        return load_target(path)

    def holder(self, device: DeviceUnderTest | EUI64, role: RemotePartyRole = NETWORK_OPERATOR) -> str:
        """Who is in a slot, as the S1SP has it."""
        device_id = device if isinstance(device, EUI64) else device.device_id
        slots = self.vendor.slots()[device_id]
        assert isinstance(slots, Mapping)
        return str(slots[role.value]["party"])

    @staticmethod
    def trust(target: TargetFile) -> TrustStore:
        return load_trust(target.trust.anchors, target.trust.certificates)


@contextmanager
def world(directory: Path, *, ordinary: int, consumables: int) -> Iterator[World]:
    """Start the vendor's systems and an inbox."""
    with ExitStack() as cleanup:
        systems = cleanup.enter_context(
            vendor(directory / "vendor", ordinary=ordinary, consumables=consumables)
        )
        target = load_target(systems.target_file)
        state = directory / "state"
        state.mkdir()
        process = InboxProcess(InboxConfig.of(target, state), state)
        cleanup.callback(process.close)
        process.start()
        reader = InboxReader(process.database, load_trust(target.trust.anchors, target.trust.certificates))
        yield World(systems, target, reader, cleanup, directory)


class Run:
    """A run against a target: what a session does for each scenario."""

    def __init__(self, world: World, target: TargetFile, site: Path, run_id: str = "run-1") -> None:
        self.world = world
        self.target = target
        self.ledger = Ledger(site / "pool.sqlite", run_id, Population.of(target))
        self.care = world.post(target)
        self.scenario = world.post(target)
        self.side_effects: list[str] = []
        self.told: list[str] = []
        self.management = world.management(target)
        self.care_users = world.users(target, self.care)

    def open(self, request: LeaseRequest) -> tuple[PooledArrangement, TestEstate]:
        arrangement = PooledArrangement.open(
            self.target,
            self.ledger,
            request,
            self.care_users,
            self.management,
            0,
            tell=self.told.append,
            before_side_effect=self.side_effects.append,
        )
        link = self.world.link(self.target, arrangement.watching(self.scenario))
        users = UserDirectory(self.target, World.trust(self.target)).bind(link)
        return arrangement, TestEstate(link, arrangement, users)
