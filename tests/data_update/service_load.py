"""Service Requests while slots are updated beside them, each answer held against what may be right.

The model of a slot is who may hold it. Before the update that is one party; while it runs it is that party or
the registered one; and once an answer has shown the registered one, it is the registered one for ever.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from duis.requests import RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import RemotePartyRole
from duis.smets1 import RetrieveDeviceSecurityCredentialsKRPRsp
from target.credentials import update_credentials
from target.deadline import Deadline
from target.estate import DeviceUnderTest, TestEstate
from target.exchange import Exchange
from target.observations import Acknowledged, InventoryAnswer, S1SPRejection, SMETS1Result, slot_readings
from target.service_user import ServiceUser

SLOT = RemotePartyRole.NETWORK_OPERATOR
NOT_THE_OWNER = "S1VE64"
SENDERS = 8
PATIENCE_SECONDS = 60.0


class Kind(StrEnum):
    """What is sent."""

    READ_BY_SUPPLIER = "6.24.1 of the Supplier"
    READ_BY_NETWORK_OPERATOR = "6.24.1 of the registered Network Operator"
    UPDATE_BY_CORRECT = "6.15.1 of the registered Network Operator"
    UPDATE_BY_INCORRECT = "6.15.1 of the incorrect Network Operator"
    INVENTORY = "8.2"


SHARES = {
    Kind.READ_BY_SUPPLIER: 30,
    Kind.READ_BY_NETWORK_OPERATOR: 20,
    Kind.UPDATE_BY_CORRECT: 20,
    Kind.UPDATE_BY_INCORRECT: 10,
    Kind.INVENTORY: 20,
}
"""How often, in per cent."""


class Slot:
    """The Network Operator slot of a device, and what the answers have shown of it.

    Attributes:
        device: whose slot.
        may_hold: who may be in it now.
        repaired: whether the incorrect Network Operator has put the registered one into it, by SRV 6.15.1.
        found_updated: whether the registered one was found in it without that.
        written_by_request: whether a Service Request was the last to write it, as far as answers tell.
        exchanges: what was sent to the S1SP and answered.
    """

    def __init__(self, estate: TestEstate, device: DeviceUnderTest, *, is_incorrect: bool) -> None:
        self.device = device
        self._supplier = estate.supplier_of(device)
        self._correct = estate.network_operator_of(device)
        self.incorrect = estate.other_network_operator(device)
        self.may_hold = {self.incorrect if is_incorrect else self._correct}
        self.repaired = self.found_updated = self.written_by_request = False
        self.exchanges: list[Exchange] = []

    def update_begins(self) -> None:
        """From now on the registered Network Operator may be in the slot."""
        self.may_hold.add(self._correct)

    def update_has_ended(self) -> None:
        """From now on nobody else may be in it."""
        self.may_hold = {self._correct}

    def send(self, kind: Kind) -> None:
        """Send a request and check its answer.

        Raises:
            AssertionError: the answer is not right, whatever the update has done so far.
        """
        if kind is Kind.INVENTORY:
            answer = self._supplier.read_inventory(self.device.device_id).answer
            assert isinstance(answer, InventoryAnswer), answer.describe()
            assert [each.device_id for each in answer.devices] == [self.device.device_id]
        elif kind is Kind.UPDATE_BY_CORRECT:
            accepted = self._update(self._correct)
            self._seen(self._correct if accepted else self.incorrect)
        elif kind is Kind.UPDATE_BY_INCORRECT:
            accepted = self._update(self.incorrect)
            self._seen(self.incorrect if accepted else self._correct)
            if accepted:
                self.may_hold = {self._correct}
                self.repaired = True
        else:
            self._read(self._supplier if kind is Kind.READ_BY_SUPPLIER else self._correct)

    def _seen(self, holder: ServiceUser) -> None:
        found, possible = holder.name, sorted(each.name for each in self.may_hold)
        assert holder in self.may_hold, f"{self.device.device_id}: {found} is in the slot, not {possible}"
        if holder is self._correct:
            self.found_updated |= len(self.may_hold) > 1
            self.may_hold = {holder}

    def _update(self, sender: ServiceUser) -> bool:
        """Put the registered Network Operator into the slot; whether the sender passed as its owner."""
        body = update_credentials(self._correct.credentials, SLOT)
        result = self._result(sender.send(body, self.device.device_id))
        if isinstance(result, S1SPRejection):
            assert result.alert_code == NOT_THE_OWNER, result.describe()
            return False
        assert result.success, result.describe()
        self.written_by_request = True
        return True

    def _read(self, sender: ServiceUser) -> None:
        body = RetrieveDeviceSecurityCredentialsKRPBody((SLOT,))
        result = self._result(sender.send(body, self.device.device_id))
        assert isinstance(result, SMETS1Result), result.describe()
        assert isinstance(result.payload, RetrieveDeviceSecurityCredentialsKRPRsp)
        (reading,) = slot_readings(result.payload.remote_party_details)
        (holder,) = (each for each in (self._correct, self.incorrect) if each.user_id == reading.party)
        algorithm = sender.link.target.assumptions.certificate_hash
        assert dict(reading.hashes) == holder.credentials.hashes(algorithm), "certificates of one party"
        self._seen(holder)

    def _result(self, exchange: Exchange) -> SMETS1Result | S1SPRejection:
        assert isinstance(exchange.answer, Acknowledged), exchange.answer.describe()
        result = exchange.result(PATIENCE_SECONDS)
        self.exchanges.append(exchange)
        return result

    def check_answered_once(self) -> None:
        """Check that no request has two results that differ; a message may be delivered again."""
        for exchange in self.exchanges:
            answers = [each for each in exchange.arrived() if isinstance(each, SMETS1Result | S1SPRejection)]
            assert len({each.describe() for each in answers}) == 1, f"{exchange.request_id}: {answers}"


class Load:
    """Sends requests for many slots at once, one at a time for each.

    Attributes:
        latencies: seconds from building a request to its verified answer.
        sent: how many of each kind.
    """

    def __init__(self, slots: Sequence[Slot], seed: int) -> None:
        self._chance = random.Random(seed)
        shuffled = list(slots)
        self._chance.shuffle(shuffled)
        self._idle = deque(shuffled)
        self._taking = threading.Lock()
        self._failed = threading.Event()
        self.latencies: list[float] = []
        self.sent: Counter[Kind] = Counter()

    def run(
        self, requests: int, also_while: Callable[[], bool] = lambda: False, within: float = 900
    ) -> float:
        """Send at least so many requests, and go on while a condition holds; return the seconds it took.

        Raises:
            AssertionError: an answer is wrong or missing.
        """
        limit, started = Deadline(within), time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as pool:
            senders = [pool.submit(self._send, requests, also_while, limit) for _ in range(SENDERS)]
        for sender in senders:
            sender.result()
        return time.perf_counter() - started

    def milliseconds(self) -> str:
        """The latencies for a reader."""
        cuts = statistics.quantiles(self.latencies, n=100)
        figures = {"p50": cuts[49], "p99": cuts[98], "longest": max(self.latencies)}
        return ", ".join(f"{name} {seconds * 1e3:.0f} ms" for name, seconds in figures.items())

    def _send(self, requests: int, also_while: Callable[[], bool], limit: Deadline) -> None:
        while not self._failed.is_set() and (self.sent.total() < requests or also_while()):
            assert not limit.passed
            with self._taking:
                slot = self._idle.popleft()
                (kind,) = self._chance.choices(list(SHARES), list(SHARES.values()))
                self.sent[kind] += 1
            started = time.perf_counter()
            try:
                slot.send(kind)
            except BaseException:
                self._failed.set()
                raise
            self.latencies.append(time.perf_counter() - started)
            self._idle.append(slot)
