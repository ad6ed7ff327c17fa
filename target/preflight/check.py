"""A preflight: every check of a target, none of which changes anything there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from duis.identifiers import EUI64
from target.component_files import emulated_components
from target.components import Components
from target.errors import HarnessError
from target.file import TargetFile
from target.inbox import InboxConfig, InboxReader, SharedInbox
from target.pool import Consumed, DeviceNeed, Ledger, Population, Quarantined
from target.preflight.callback import check_base_url, check_listening, not_started
from target.preflight.certificates import check_certificates
from target.preflight.connections import check_connections
from target.preflight.devices import check_devices, most_requests
from target.preflight.enquiry import Enquiries
from target.preflight.findings import Finding, Group, Outcome
from target.site import Site
from target.trust import load_trust


@dataclass(frozen=True)
class Demand:
    """Devices of one kind that all scenarios together need.

    Attributes:
        need: Which kind.
        at_once: How many one scenario needs at the same time, at most.
        used_up: How many are used up in all; 0 where they are given back.
    """

    need: DeviceNeed
    at_once: int
    used_up: int = 0

    @property
    def count(self) -> int:
        """How many must be there."""
        return max(self.at_once, self.used_up)


def requests_of(target: TargetFile, *, offline: bool) -> int:
    """How many Service Requests a preflight sends at most."""
    return 0 if offline or target.isolated else most_requests(target)


def preflight(
    target: TargetFile,
    demands: Sequence[Demand] = (),
    *,
    offline: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Finding]:
    """Check a target file that could be read, and the target.

    Args:
        target: The target file.
        demands: The devices that the scenarios need.
        offline: Leave out whatever needs the network.
        progress: Called with a line when something is about to happen.
    """
    kinds = (
        f"{len(target.service_user)} service users, {len(target.s1sp)} S1SPs, {len(target.device)} devices"
    )
    yield Finding(Group.FILE, target.path.name, Outcome.FINE, f"{target.name}: {kinds}")
    progress("looking at certificates and keys")
    yield from check_certificates(target)
    ledger = _Ledger(target)
    if offline:
        for group in (Group.CONNECTIONS, Group.CALLBACK, Group.DEVICES):
            if group is not Group.DEVICES or not target.isolated:
                yield Finding(group, str(group), Outcome.UNCHECKED, "--offline was given")
    else:
        yield from _online(target, ledger, progress)
    if not target.isolated:
        yield from _enough(ledger, demands)


class _Ledger:
    """What the device pool says of the devices; nothing where it was never used."""

    def __init__(self, target: TargetFile) -> None:
        self.population = Population.of(target)
        self.out_of_use: dict[EUI64, str] = {}
        self.leased: dict[EUI64, str] = {}
        self.trouble = ""
        site = Site(target)
        if target.isolated or not site.pool.exists():
            return
        try:
            with closing(Ledger(site.pool, "check", self.population)) as ledger:
                rows: list[Consumed | Quarantined] = [*ledger.consumed(), *ledger.quarantined()]
                self.out_of_use = {row.device_id: row.describe() for row in rows}
                self.leased = {row.device_id: row.describe() for row in ledger.leases()}
        except HarnessError as error:
            self.trouble = str(error)

    @property
    def out_of_home(self) -> Mapping[EUI64, str]:
        """Devices whose slots need not hold what is declared."""
        return {**self.leased, **self.out_of_use}


def _online(target: TargetFile, ledger: _Ledger, progress: Callable[[str], None]) -> Iterator[Finding]:
    if target.isolated:
        progress("connecting")
        yield from check_connections(target)
        yield from check_listening(target)
        return
    with ExitStack() as cleanup:
        inbox = SharedInbox(InboxConfig.shared(target))
        try:
            Site(target).open()
            progress("starting the inbox, or finding it")
            cleanup.callback(inbox.release)
            inbox.use()
            yield from check_base_url(target, inbox)
        except HarnessError as error:
            yield not_started(error)
            progress("connecting")
            yield from check_connections(target)
            why = "results would not arrive, as the inbox could not be started"
            yield Finding(Group.DEVICES, "devices", Outcome.UNCHECKED, why)
            return
        if emulated_components(target):
            components = Components(target, Site(target).emulators)
            cleanup.callback(components.close)
            try:
                components.start(target.callback.base_url or inbox.base_url, progress)
            except HarnessError as error:
                mend = "See the message; another run may use these emulators"
                yield Finding(Group.CONNECTIONS, "emulators", Outcome.PROBLEM, str(error), mend)
        progress("connecting")
        reached = True
        for finding in check_connections(target):
            reached = reached and not (
                finding.outcome is Outcome.UNREACHABLE and finding.subject.startswith("dsp.send_command")
            )
            yield finding
        if not reached:
            yield Finding(Group.DEVICES, "devices", Outcome.UNCHECKED, "the DSP cannot be reached")
            return
        progress(f"reading {len(target.device)} devices")
        trust = load_trust(target.trust.anchors, target.trust.certificates)
        reader = InboxReader(inbox.database, trust, inbox.ensure)
        enquiries = Enquiries(target, Site(target).counters, reader)
        cleanup.callback(enquiries.close)
        yield from check_devices(target, enquiries, ledger.out_of_home)


def _enough(ledger: _Ledger, demands: Sequence[Demand]) -> Iterator[Finding]:
    if ledger.trouble:
        mend = "See the message; `smets1-conformance pool` shows the device pool"
        yield Finding(Group.PLAN, "device pool", Outcome.PROBLEM, ledger.trouble, mend)
    for demand in demands:
        fitting = [device.device_id for device in ledger.population.candidates(demand.need)]
        lost = [ledger.out_of_use[each] for each in fitting if each in ledger.out_of_use]
        usable = len(fitting) - len(lost)
        subject = demand.need.describe()
        told = f"{len(fitting)} declared, {usable} usable, {demand.count} needed"
        if demand.used_up:
            told += " (each scenario uses one up)"
        if usable >= demand.count:
            yield Finding(Group.PLAN, subject, Outcome.FINE, told)
            continue
        mend = (
            f"Declare {demand.count - usable} more as [[device]]"
            + (", or have these mended and release them with `smets1-conformance pool`" if lost else "")
            + "; without them scenarios are " + ("not run" if lost else "not applicable")
        )  # fmt: skip
        yield Finding(Group.PLAN, subject, Outcome.WARNING, ". ".join((told, *lost)), mend)
