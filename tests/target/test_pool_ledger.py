"""The ledger of the device pool: who gets a device, who waits, and what a request is told."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from duis.identifiers import EUI64
from duis.roles import CertificateType, DeviceType, RemotePartyRole
from target.errors import Depleted, HarnessError, NotArrangeable
from target.observations import SlotReading
from target.pool import DeviceNeed, Lease, LeaseRequest, Ledger, PoolWaitOver
from tests.target.pool_population import CONSUMABLE, ESME, GPF, device, device_id, population, request

LONG = 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site" / "pool.sqlite"


class Waiter:
    """A request that waits in a thread of its own."""

    def __init__(self, ledger: Ledger, wanted: LeaseRequest) -> None:
        self.told: list[str] = []
        self.lease: Lease | None = None
        self._waits = threading.Event()
        self._thread = threading.Thread(target=self._acquire, args=(ledger, wanted), daemon=True)
        self._thread.start()
        assert self._waits.wait(LONG)

    def _acquire(self, ledger: Ledger, wanted: LeaseRequest) -> None:
        self.lease = ledger.acquire(wanted, LONG, self._waiting)

    def _waiting(self, line: str) -> None:
        self.told.append(line)
        self._waits.set()

    def granted(self) -> Lease:
        self._thread.join(LONG)
        assert self.lease is not None
        return self.lease


def test_a_device_belongs_to_one_scenario_until_it_is_released(path: Path) -> None:
    ledger = Ledger(path, "run-1", population(device(1)))
    other = Ledger(path, "run-2", population(device(1)))
    lease = ledger.acquire(request("MP107-T01", ESME), 0)
    assert [each.device_id for each in lease.devices] == [device_id(1)]
    with pytest.raises(PoolWaitOver) as over:
        other.acquire(request("MP107-T02", ESME), 0)
    assert str(over.value) == "MP107-T02 waited 0 s in vain for an ESME of S1SP2 held by MP107-T01"
    (leased,) = other.leases()
    assert (leased.device_id, leased.run_id, leased.scenario) == (device_id(1), "run-1", "MP107-T01")
    assert not leased.abandoned
    ledger.release(lease)
    assert other.leases() == ()
    assert other.acquire(request("MP107-T02", ESME), 0).abandoned_devices == ()


def test_all_devices_of_a_request_come_at_once_or_none(path: Path) -> None:
    ledger = Ledger(path, "run", population(device(1), device(2, DeviceType.GPF)))
    gpf = ledger.acquire(request("T1", GPF), 0)
    with pytest.raises(PoolWaitOver):
        ledger.acquire(request("T2", ESME, GPF), 0)
    assert [each.device_id for each in ledger.leases()] == [device_id(2)]
    ledger.release(gpf)
    both = ledger.acquire(request("T2", GPF, ESME), 0)
    assert [each.device_id for each in both.devices] == [device_id(2), device_id(1)]


def test_preferred_devices_come_first(path: Path) -> None:
    ledger = Ledger(path, "run", population(device(1), device(2)))
    wanted = LeaseRequest((ESME,), {}, "T1", prefer=(device_id(2),))
    assert ledger.acquire(wanted, 0).devices[0].device_id == device_id(2)


def test_a_request_for_three_devices_is_served_though_others_keep_coming(path: Path) -> None:
    ledger = Ledger(path, "run", population(*map(device, (1, 2, 3))))
    leases = [ledger.acquire(request(f"T{number}", ESME), 0) for number in (1, 2, 3)]
    large = Waiter(ledger, request("large", ESME, ESME, ESME))
    for lease in leases:
        ledger.release(lease)
        if lease is not leases[-1]:
            with pytest.raises(PoolWaitOver, match="held by"):
                ledger.acquire(request("small", ESME), 0)
    granted = large.granted()
    assert len(granted.devices) == 3
    ledger.release(granted)
    assert ledger.acquire(request("small", ESME), 0)


def test_requests_that_do_not_collide_pass_one_that_waits(path: Path) -> None:
    ledger = Ledger(path, "run", population(device(1), device(2, DeviceType.GPF)))
    held = ledger.acquire(request("T1", ESME), 0)
    waiter = Waiter(ledger, request("T2", ESME))
    assert ledger.acquire(request("T3", GPF), 0)
    ledger.release(held)
    assert waiter.granted()
    assert waiter.told[0] == "waiting for 0 s for an ESME of S1SP2 held by T1"


def test_what_is_set_aside_for_one_that_waits_is_said_to_those_behind(path: Path) -> None:
    ledger = Ledger(path, "run", population(device(1), device(2, DeviceType.GPF)))
    held = ledger.acquire(request("T1", ESME), 0)
    waiter = Waiter(ledger, request("T2", ESME, GPF))
    with pytest.raises(PoolWaitOver, match="a GPF of S1SP2 set aside for T2"):
        ledger.acquire(request("T3", GPF), 0)
    ledger.release(held)
    waiter.granted()


# Switches of MP107


def on(*components: str) -> dict[str, bool | None]:
    return dict.fromkeys(components, True)


def test_a_position_is_shared_and_another_one_waits(path: Path) -> None:
    ledger = Ledger(path, "run", population(device(1), device(2), device(3)))
    first = ledger.acquire(request("T1", ESME, switches=on("DSP", "S1SP2")), 0)
    second = ledger.acquire(request("T2", ESME, switches=on("DSP")), 0)
    other = Waiter(ledger, request("T3", ESME, switches={"DSP": False}))
    assert other.told[0].endswith("MP107 at DSP to be off (needed otherwise by T1, T2)")
    # Who comes later does not keep the switch where it is.
    with pytest.raises(PoolWaitOver, match="needed otherwise by T3"):
        ledger.acquire(request("T4", ESME, switches=on("DSP")), 0)
    ledger.release(first)
    ledger.release(second)
    assert other.granted().to_switch == {"DSP": False}


def test_a_scenario_that_changes_a_switch_is_alone_with_it(path: Path) -> None:
    ledger = Ledger(path, "run", population(device(1), device(2), device(3)))
    before = ledger.acquire(request("T0", ESME, switches=on("DSP")), 0)
    ledger.switched(before, "DSP")
    ledger.release(before)
    alone = ledger.acquire(request("T1", ESME, switches={"DSP": None}), 0)
    assert alone.to_switch == {}, "it is on, as at the start of every scenario"
    for switches in ({"DSP": None}, on("DSP"), {"DSP": False}):
        with pytest.raises(PoolWaitOver):
            ledger.acquire(request("T2", ESME, switches=switches), 0)
    assert ledger.acquire(request("T3", ESME), 0), "who says nothing of the switch is not concerned"
    ledger.release(alone)
    shared = ledger.acquire(request("T4", ESME, switches=on("DSP")), 0)
    assert shared.to_switch == {"DSP": True}, "nobody knows where the scenario left it"


def test_a_position_counts_only_once_the_holder_has_switched(path: Path) -> None:
    devices = population(*map(device, (1, 2, 3)))
    ledger = Ledger(path, "run", devices)
    first = ledger.acquire(request("T1", ESME, switches=on("DSP")), 0)
    second = ledger.acquire(request("T2", ESME, switches=on("DSP")), 0)
    assert first.to_switch == second.to_switch == {"DSP": True}
    ledger.switched(first, "DSP")
    assert ledger.acquire(request("T3", ESME, switches=on("DSP")), 0).to_switch == {}
    ledger.release(first)
    other_run = Ledger(path, "another run", devices)
    assert other_run.acquire(request("T1", ESME, switches=on("DSP")), 0).to_switch == {"DSP": True}


def test_a_holder_that_waits_for_a_switch_is_not_held_up_by_those_who_wait_for_its_device(
    path: Path,
) -> None:
    ledger = Ledger(path, "run", population(device(1)))
    lease = ledger.acquire(request("T1", ESME, switches={"DSP": False}), 0)
    waiter = Waiter(ledger, request("T2", ESME, switches={"DSP": False}))
    changed = ledger.change_switches(lease, on("DSP"), 0)
    assert changed.to_switch == {"DSP": True}
    assert changed.devices == lease.devices
    ledger.release(changed)
    waiter.granted()


# What cannot be had


@pytest.mark.parametrize(
    ("switches", "reason"),
    [
        ({"S1SP2": False}, "declares with MP107 on; the scenario needs it off"),
        ({"S1SP2": None}, "S1SP2 is an endpoint, so MP107 cannot be switched there"),
        ({"S1SP9": True}, "target.toml has no system S1SP9"),
    ],
)
def test_positions_an_endpoint_does_not_have_are_not_arrangeable(
    path: Path, switches: dict[str, bool | None], reason: str
) -> None:
    ledger = Ledger(path, "run", population(device(1)))
    with pytest.raises(NotArrangeable, match=reason) as found:
        ledger.acquire(request("T1", ESME, switches=switches), LONG)
    assert not isinstance(found.value, Depleted)


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ((GPF,), "target.toml lists no GPF of S1SP2, of 1 needed"),
        ((CONSUMABLE,), "target.toml lists no ESME of S1SP2 under DCC control, of 1 needed"),
        ((ESME, ESME), "target.toml lists only 1 ESME of S1SP2, of 2 needed"),
    ],
)
def test_devices_nobody_listed_are_not_arrangeable(
    path: Path, needs: tuple[DeviceNeed, ...], reason: str
) -> None:
    ledger = Ledger(path, "run", population(device(1)))
    with pytest.raises(NotArrangeable, match=reason) as found:
        ledger.acquire(request("T1", *needs), LONG)
    assert not isinstance(found.value, Depleted)


def test_a_device_in_quarantine_is_leased_again_when_it_is_freed(path: Path) -> None:
    ledger = Ledger(path, "run-1", population(device(1), device(2)))
    ledger.quarantine(device_id(1), "S1SP2 rejected SRV 6.15.1", ["SRV 6.15.1 of ed-central"], "T1")
    assert ledger.capacity(ESME) == 1
    assert ledger.acquire(request("T2", ESME), 0).devices[0].device_id == device_id(2)
    with pytest.raises(Depleted) as found:
        ledger.acquire(request("T3", ESME, ESME), LONG)
    assert found.value.reason.startswith(
        f"only 1 ESME of S1SP2 left, of 2 needed. {device_id(1)} is in quaran"
    )
    assert found.value.reason.endswith("S1SP2 rejected SRV 6.15.1; to mend it: SRV 6.15.1 of ed-central")
    (held,) = Ledger(path, "run-2", population(device(1))).quarantined()
    assert (held.run_id, held.scenario, held.mend) == ("run-1", "T1", ("SRV 6.15.1 of ed-central",))

    ledger.set_home(device_id(1), [SlotReading(RemotePartyRole.SUPPLIER, None, {})])
    assert ledger.free(device_id(1)) is True
    assert ledger.free(device_id(1)) is False, "it was free already"
    assert ledger.quarantined() == ()
    assert ledger.home(device_id(1)) is None, "its slots are read anew"
    assert ledger.acquire(request("T4", ESME), 0).devices[0].device_id == device_id(1)
    with pytest.raises(NotArrangeable, match="lists no device"):
        ledger.free(device_id(9))


def test_consumables_are_used_up_once_and_for_all(path: Path) -> None:
    devices = population(device(1), device(2, acb=True), device(3, acb=True))
    ledger = Ledger(path, "run-1", devices)
    assert ledger.capacity(CONSUMABLE) == 2
    lease = ledger.acquire(request("T1", CONSUMABLE), 0)
    assert lease.devices[0].device_id == device_id(2)
    assert ledger.capacity(CONSUMABLE) == 1
    ledger.consume(device_id(2), "T1", "SRV 6.21 of is-a")
    ledger.consume(device_id(2), "T1", "seen once more")
    ledger.release(lease)
    second_run = Ledger(path, "run-2", devices)
    assert second_run.acquire(request("T1", CONSUMABLE), 0).devices[0].device_id == device_id(3)
    second_run.consume(device_id(3), "T1", "SRV 6.21 of is-b")
    with pytest.raises(Depleted) as found:
        second_run.acquire(request("T2", CONSUMABLE), LONG)
    assert found.value.reason.startswith("no ESME of S1SP2 under DCC control left, of 1 needed. ")
    assert f"{device_id(2)} was used up by T1 at " in found.value.reason
    assert [(each.run_id, each.what) for each in second_run.consumed()] == [
        ("run-1", "SRV 6.21 of is-a"),
        ("run-2", "SRV 6.21 of is-b"),
    ]
    assert second_run.acquire(request("T3", ESME), 0), "ordinary devices are not concerned"


def test_one_that_waits_is_told_when_the_last_device_is_lost(path: Path) -> None:
    ledger = Ledger(path, "run", population(device(1)))
    lease = ledger.acquire(request("T1", ESME), 0)
    lost: list[Depleted] = []
    waits = threading.Event()

    def wait() -> None:
        try:
            ledger.acquire(request("T2", ESME), LONG, lambda _: waits.set())
        except Depleted as reason:
            lost.append(reason)

    thread = threading.Thread(target=wait)
    thread.start()
    assert waits.wait(LONG)
    ledger.quarantine(device_id(1), "rejected", ["mend it"])
    ledger.release(lease)
    thread.join(LONG)
    assert len(lost) == 1


def test_an_emulated_s1sp_puts_any_of_its_devices_under_dcc_control(path: Path) -> None:
    devices = population(device(1, managed=True), device(2, acb=True, managed=True))
    ledger = Ledger(path, "run", devices)
    assert ledger.capacity(CONSUMABLE) == 2
    assert ledger.acquire(request("T1", CONSUMABLE), 0).devices[0].device_id == device_id(2)
    assert ledger.acquire(request("T2", CONSUMABLE), 0).devices[0].device_id == device_id(1)


# The file


def test_what_was_observed_first_is_remembered(path: Path) -> None:
    reading = SlotReading(
        RemotePartyRole.NETWORK_OPERATOR,
        EUI64("90-B3-D5-1F-30-02-00-00"),
        {CertificateType.DIGITAL_SIGNING: b"\x01\x02"},
    )
    ledger = Ledger(path, "run", population(device(1)))
    assert ledger.home(device_id(1)) is None
    ledger.set_home(device_id(1), [reading])
    ledger.close()
    assert Ledger(path, "later", population(device(1))).home(device_id(1)) == {
        RemotePartyRole.NETWORK_OPERATOR: reading
    }


def test_the_files_are_private_to_the_user(path: Path) -> None:
    before = os.umask(0)
    try:
        ledger = Ledger(path, "run", population(device(1)))
        ledger.acquire(request("T1", ESME), 0)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"no database " * 100), Path.mkdir])
def test_a_file_that_is_no_ledger_is_named(path: Path, spoil: Callable[[Path], object]) -> None:
    path.parent.mkdir()
    spoil(path)
    with pytest.raises(HarnessError, match=r"the device pool .*pool\.sqlite cannot be used: "):
        Ledger(path, "run", population(device(1)))
