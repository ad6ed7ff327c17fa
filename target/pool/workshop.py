"""Everything that is needed to mend devices of a pooled target without a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from target.components import Components
from target.correspondence import Correspondence
from target.evidence import Evidence
from target.file import TargetFile
from target.gateway import MAIN_ESTATE, Connections
from target.inbox import InboxConfig, InboxReader, SharedInbox
from target.management import ManagementClient, management_planes
from target.pool.ledger import Ledger
from target.pool.population import Population
from target.pool.restoration import Caretaker
from target.reachable import check_reachable
from target.safety import ListedDevicesOnly
from target.site import Site

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
        inbox = SharedInbox(InboxConfig.shared(target))
        cleanup.callback(inbox.release)
        progress("using the inbox of the site")
        inbox.use()
        components = Components(target, site.emulators)
        cleanup.callback(components.close)
        components.start(target.callback.base_url or inbox.base_url, progress)
        check_reachable(target)
        management = Connections(target.management.tls)
        cleanup.callback(management.close)
        correspondence = Correspondence(target, site.counters, Evidence())
        cleanup.callback(correspondence.close)
        reader = InboxReader(inbox.database, correspondence.trust, inbox.ensure)
        link = correspondence.link(MAIN_ESTATE, reader, lambda gateway: ListedDevicesOnly(gateway, target))
        cleanup.callback(link.counters.close)
        planes = management_planes(target, management)
        users = correspondence.users.bind(link)
        yield Workshop(Caretaker(target, users, planes, MAIN_ESTATE), planes)
