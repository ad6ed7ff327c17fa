"""Everything that is needed to mend devices of a pooled target without a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from duis.schema import Schema
from target.answers import AnswerReader
from target.components import Components
from target.counters import CounterSource
from target.courier import GatewayCourier
from target.evidence import Evidence
from target.file import TargetFile
from target.gateway import Connections, Gateway
from target.inbox import InboxConfig, InboxReader, SharedInbox
from target.management import ManagementClient, management_planes
from target.pool.care import ESTATE
from target.pool.ledger import Ledger
from target.pool.population import Population
from target.pool.restoration import Caretaker
from target.reachable import check_reachable
from target.safety import ListedDevicesOnly
from target.service_user import EstateLink
from target.site import Site
from target.trust import load_trust
from target.users import UserDirectory

RUN_ID = "pool"
"""Stands for the run where a person asks the pool for something."""


@dataclass(frozen=True)
class Workshop:
    """What mends devices.

    Attributes:
        caretaker: Reads and restores slots.
        management: The management planes of the emulated systems, by name.
    """

    caretaker: Caretaker
    management: Mapping[str, ManagementClient]


def open_ledger(target: TargetFile) -> Ledger:
    """The device pool of a target, for a person.

    Raises:
        HarnessError: The site of the target cannot be used.
    """
    site = Site(target)
    site.open()
    return Ledger(site.pool, RUN_ID, Population.of(target))


@contextmanager
def open_workshop(target: TargetFile, progress: Callable[[str], None] = lambda _: None) -> Iterator[Workshop]:
    """Use the inbox of the site, start the emulators of a mixed target, and be ready to send.

    Args:
        target: A pooled target.
        progress: Called with a line when something is about to happen.

    Raises:
        EndpointUnreachable: No connection can be made to a system under test.
        HarnessError: The inbox or an emulator could not start; says why.
    """
    with ExitStack() as cleanup:
        site = Site(target)
        site.open()
        trust = load_trust(target.trust.anchors, target.trust.certificates)
        inbox = SharedInbox(InboxConfig.shared(target))
        cleanup.callback(inbox.release)
        progress("using the inbox of the site")
        inbox.use()
        components = Components(target, site.emulators)
        cleanup.callback(components.close)
        components.start(target.callback.base_url or inbox.base_url, progress)
        check_reachable(target)
        connections, management = Connections(target.dsp.tls), Connections(target.management.tls)
        cleanup.callback(connections.close)
        cleanup.callback(management.close)
        evidence = Evidence()
        gateway = Gateway.of(target.dsp, connections, evidence, target.deadlines.synchronous, ESTATE)
        counters = CounterSource(site.counters).for_gateway(gateway.name)
        cleanup.callback(counters.close)
        schema = (
            Schema.bundled() if target.official_schema is None else Schema.official(target.official_schema)
        )
        link = EstateLink(
            estate=ESTATE,
            target=target,
            gateway=gateway,
            courier=ListedDevicesOnly(GatewayCourier(gateway), target),
            counters=counters,
            inbox=InboxReader(inbox.database, trust, inbox.ensure),
            answers=AnswerReader(schema, trust, target.assumptions),
            evidence=evidence,
        )
        planes = management_planes(target, management)
        users = UserDirectory(target, trust).bind(link)
        yield Workshop(Caretaker(target, users, planes, ESTATE), planes)
