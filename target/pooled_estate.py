"""The estate of a scenario at a pooled target: leased devices, looked after before and afterwards.

Two kinds of parcels leave: those of the scenario, which a resumed run recalls from the journal, and those
that prepare and restore devices, which are written down too but depend on what the slots hold just then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Protocol

from target.arrangement_pooled import PooledArrangement
from target.attempts import Attempts
from target.courier import Courier
from target.estate import TestEstate
from target.file import TargetFile
from target.gateway import MAIN_ESTATE
from target.journal import Attempt
from target.management import ManagementClient
from target.pool import LeaseRequest, Ledger
from target.pool.restoration import Caretaker
from target.pool.sweep import restore_abandoned
from target.safety import Budget, ListedDevicesOnly
from target.service_user import EstateLink, ServiceUser


class Sender(Protocol):
    """Makes what Users of the estate `main` send with."""

    def __call__(self, attempt: Attempt, courier: Callable[[Courier], Courier]) -> EstateLink:
        """A link whose parcels belong to an attempt.

        Args:
            attempt: Whose parcels the journal takes them for.
            courier: Put around the courier to the gateway.
        """


class PooledEstates:
    """Opens an estate for one scenario after the other, in one process of a run.

    Args:
        target: The target file.
        ledger: The device pool, as this run sees it.
        attempts: The attempts at scenarios.
        management: The management planes of the emulated systems, by name.
        sender: Makes what Users send with.
        bind: Makes the Users of a link.
    """

    def __init__(
        self,
        target: TargetFile,
        ledger: Ledger,
        attempts: Attempts,
        management: Mapping[str, ManagementClient],
        sender: Sender,
        bind: Callable[[EstateLink], tuple[ServiceUser, ...]],
    ) -> None:
        self._target = target
        self._ledger = ledger
        self._attempts = attempts
        self._management = management
        self._sender = sender
        self._bind = bind

    @contextmanager
    def open(self, request: LeaseRequest, tell: Callable[[str], None]) -> Iterator[TestEstate]:
        """Lease the devices, make them ready, and give them back restored.

        Args:
            request: What the scenario needs.
            tell: Called with what becomes of the devices, and with what is waited for.

        Raises:
            NotArrangeable: The target cannot give it.
            Depleted: Too few devices are left.
            PoolWaitOver: Nothing was free in time.
            HarnessError: A system cannot be reached.
        """
        with ExitStack() as cleanup:
            care = self._care(cleanup)
            arrangement = PooledArrangement.open(
                self._target,
                self._ledger,
                request,
                self._bind(care),
                self._management,
                self._target.deadlines.device,
                tell=tell,
                before_side_effect=self._attempts.note_side_effect,
            )
            cleanup.callback(arrangement.close)
            attempt = self._attempt(arrangement)
            link = self._sender(
                attempt, lambda gateway: arrangement.watching(self._safe(gateway, attempt, budgeted=True))
            )
            cleanup.callback(link.counters.close)
            users = self._bind(link)
            for user in users:
                cleanup.callback(user.record_callbacks)
            yield TestEstate(link, arrangement, users)

    def restore_left_behind(self, tell: Callable[[str], None]) -> None:
        """Restore what dead processes of this run have left behind; what cannot be, stays for the next run.

        Args:
            tell: Called with what becomes of the devices.
        """
        if not any(each.abandoned and each.run_id == self._ledger.run_id for each in self._ledger.leases()):
            return
        with ExitStack() as cleanup:
            users = self._bind(self._care(cleanup))
            caretaker = Caretaker(self._target, users, self._management, MAIN_ESTATE)
            restore_abandoned(self._ledger.at_the_end(), caretaker, self._management, tell)

    def _safe(self, courier: Courier, attempt: Attempt, *, budgeted: bool) -> Courier:
        """Around a courier to the gateway: the budget of the run, its journal, and listed devices only."""
        limit = self._target.safety.request_budget
        if budgeted and limit is not None:
            courier = Budget(courier, limit, self._attempts.journal.requests_sent)
        return ListedDevicesOnly(self._attempts.courier(courier, attempt), self._target)

    def _attempt(self, arrangement: PooledArrangement) -> Attempt:
        """A new attempt, or the interrupted one where its devices came back to it."""
        interrupted = self._attempts.interrupted()
        attempt = self._attempts.begin([device.device_id for device in arrangement.devices])
        replayed = interrupted is not None and interrupted.number == attempt.number
        if arrangement.lease.adopted and not replayed:
            arrangement.start_afresh()
        return attempt

    def _care(self, cleanup: ExitStack) -> EstateLink:
        """What prepares and restores is sent with: in the journal, never recalled, beyond any budget."""
        attempt = self._attempts.look_after()
        cleanup.callback(self._attempts.journal.abandon, attempt, "the devices were given back")
        link = self._sender(attempt, lambda gateway: self._safe(gateway, attempt, budgeted=False))
        cleanup.callback(link.counters.close)
        return link
