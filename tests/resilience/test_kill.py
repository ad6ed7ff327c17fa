"""`kill -9` of the DSP, an S1SP or the inbox: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from target.credentials import update_credentials
from target.deadline import Deadline
from target.errors import DeadlinePassed, EndpointUnreachable
from target.estate import DeviceUnderTest, TestEstate
from target.exchange import Exchange
from target.observations import Acknowledged, S1SPRejection, SMETS1Result
from target.service_user import ServiceUser
from tests.resilience.rig import COMPONENTS, Rig

REQUESTS = 200
SENDERS = 4
KILLS = 15
SLOT = RemotePartyRole.NETWORK_OPERATOR
PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    running = Rig(tmp_path_factory.mktemp("rig"))
    yield running
    running.close()


@dataclass
class Outcomes:
    """What the senders saw."""

    acknowledged: list[Exchange] = field(default_factory=list)
    unanswered: int = 0


class Killer:
    """Kills a component at random and starts it again, each time the senders have got a little further."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self._rig = rig
        self._random = random.Random(seed)
        self._due = set(self._random.sample(range(5, REQUESTS - 5), KILLS))
        self._count = 0
        self._lock = threading.Lock()
        self._busy = threading.Lock()
        self.killed: list[str] = []

    def request_sent(self) -> None:
        """One more request is on its way; its sender now kills something, if that is due."""
        with self._lock:
            self._count += 1
            due = self._count in self._due
        if due:
            with self._busy:
                name = self._random.choice(COMPONENTS)
                self._rig.kill(name)
                self._rig.start(name)
                self.killed.append(name)


def test_nothing_is_lost_and_nothing_is_applied_twice(rig: Rig) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # shown when the test fails
    killer = Killer(rig, seed)
    outcomes = Outcomes()
    with rig.session.open_estate("resilience", sets_per_s1sp=4) as estate:
        devices = [each for each in estate.devices if each.device_type in ("ESME", "GPF")]
        shares = [devices[index::SENDERS] for index in range(SENDERS)]
        with ThreadPoolExecutor(SENDERS) as pool:
            runs = [pool.submit(_send_share, estate, share, killer, outcomes) for share in shares]
            holders = {device_id: user for run in runs for device_id, user in run.result().items()}

        assert len(killer.killed) == KILLS
        _expect_every_acknowledged_request_answered_once(outcomes)
        _expect_every_acknowledged_request_applied_once(rig, outcomes)
        for device in devices:
            assert _holder(estate, device) == holders[device.device_id], f"{device.device_id}, seed {seed}"
        assert len(outcomes.acknowledged) + outcomes.unanswered == REQUESTS


def _send_share(
    estate: TestEstate, devices: list[DeviceUnderTest], killer: Killer, outcomes: Outcomes
) -> dict[EUI64, ServiceUser]:
    """Hand the slots of some devices to and fro between two Network Operators; return who holds them."""
    holders = {device.device_id: estate.network_operator_of(device) for device in devices}
    for number in range(REQUESTS // SENDERS):
        device = devices[number % len(devices)]
        parties = {estate.network_operator_of(device), estate.other_network_operator(device)}
        holder = holders[device.device_id]
        (other,) = parties - {holder}
        try:
            exchange = holder.send(update_credentials(other.credentials, SLOT), device.device_id)
        except (EndpointUnreachable, DeadlinePassed):
            # Not acknowledged, so it may or may not have been carried out; a later read of the device tells,
            # because requests for one device keep their order.
            outcomes.unanswered += 1
            killer.request_sent()
            holders[device.device_id] = _holder(estate, device)
            continue
        assert isinstance(exchange.answer, Acknowledged), exchange.answer.describe()
        outcomes.acknowledged.append(exchange)
        killer.request_sent()
        result = exchange.result(PATIENCE_SECONDS)
        assert isinstance(result, SMETS1Result), result.describe()
        assert result.success, result.describe()
        holders[device.device_id] = other
    return holders


def _holder(estate: TestEstate, device: DeviceUnderTest) -> ServiceUser:
    """Who holds the slot, read by the registered Supplier as soon as everything answers again."""
    limit = Deadline(PATIENCE_SECONDS)
    while True:
        try:
            (reading,) = estate.supplier_of(device).read_slots(device.device_id, (SLOT,))
        except (EndpointUnreachable, DeadlinePassed):
            assert not limit.passed
            continue
        assert reading.party is not None
        return estate.user_of(reading.party)


def _expect_every_acknowledged_request_answered_once(outcomes: Outcomes) -> None:
    for exchange in outcomes.acknowledged:
        answers = [each for each in exchange.arrived() if isinstance(each, SMETS1Result | S1SPRejection)]
        distinct = {(type(each), each.header.originator_counter) for each in answers}
        assert len(distinct) == 1, f"{exchange.request_id}: {[each.describe() for each in answers]}"


def _expect_every_acknowledged_request_applied_once(rig: Rig, outcomes: Outcomes) -> None:
    changes = rig.slot_changes()
    applied = Counter(request_id for request_id, *_ in changes)
    assert [request_id for request_id, count in applied.items() if count > 1] == []
    missing = [each.request_id for each in outcomes.acknowledged if str(each.request_id) not in applied]
    assert missing == []
    assert len(applied) <= len(outcomes.acknowledged) + outcomes.unanswered
    by_device: dict[str, list[tuple[str, str]]] = {}
    for _, device, before, after in changes:
        by_device.setdefault(device, []).append((before, after))
    for device, history in by_device.items():
        for (_, after), (before, _) in pairwise(history):
            assert before == after, f"the slot of {device} changed between two requests"
