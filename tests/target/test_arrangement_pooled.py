"""Leased devices of real systems: prepared and restored by protocol, or through a management plane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from duis.identifiers import EUI64
from duis.roles import DeviceType, RemotePartyRole, UserRole
from target.arrangement import DCC, DeviceUnderTest
from target.courier import Carried, Parcel
from target.credentials import handover, update_credentials
from target.errors import DeadlinePassed, Depleted, EndpointUnreachable, HarnessError, NotArrangeable
from target.observations import SMETS1Result
from target.pool import DeviceNeed, LeaseRequest
from target.pool.restoration import Caretaker
from target.pool.sweep import restore_abandoned, restore_device
from tests.target.pooled_world import NETWORK_OPERATOR, Post, Run, World, world

SUPPLIER = RemotePartyRole.SUPPLIER


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world"), ordinary=1, consumables=2) as started:
        yield started


@pytest.fixture(autouse=True)
def released(systems: World) -> None:
    """MP107 is on everywhere when a test begins, whatever the one before has switched."""
    for component in ("DSP", "S1SP1", "S1SP2", "S1SP3"):
        planes = systems.management(systems.with_management(component))
        planes[component].change_estate("main", {"mp107": True})


@pytest.fixture
def run(systems: World, tmp_path: Path) -> Run:
    """A run against a target of endpoints only, at a site of its own."""
    return Run(systems, systems.target, tmp_path)


def wanted(
    s1sp: str, device_type: DeviceType = DeviceType.ESME, *, acb: bool = False, **switches: bool | None
) -> LeaseRequest:
    return LeaseRequest((DeviceNeed(s1sp, device_type, acb),), switches, "MP107-T01")


def test_a_slot_is_prepared_by_its_owner_and_restored_by_whom_it_holds(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP1", DSP=True, S1SP1=True))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    supplier = estate.supplier_of(device).name
    assert run.care.titles() == [f"SRV 6.24.1 of {supplier}"], "nobody had looked at this device before"
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    assert run.world.holder(device) == incorrect.user_id
    assert run.care.titles()[1:] == [f"SRV 6.15.1 of {correct.name}"]
    arrangement.close()
    assert run.world.holder(device) == correct.user_id
    assert run.care.titles()[2:] == [
        f"SRV 6.24.1 of {supplier}",
        f"SRV 6.15.1 of {incorrect.name}",
        f"SRV 6.24.1 of {supplier}",
    ]
    (note,) = arrangement.notes
    assert f"SRV 6.15.1 of {incorrect.name} placing {correct.name}'s certificates" in note
    assert run.ledger.leases() == ()
    assert not arrangement.side_effects


def test_a_device_the_scenario_repaired_or_never_touched_costs_no_update(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP1"))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, correct)
    assert len(run.care.sent) == 1, "it is at home already"
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    repair = incorrect.send(update_credentials(correct.credentials, NETWORK_OPERATOR), device.device_id)
    assert isinstance(repair.result(), SMETS1Result)
    run.care.sent.clear()
    arrangement.close()
    assert [title.split()[1] for title in run.care.titles()] == ["6.24.1"]
    assert arrangement.notes == ()

    run.care.sent.clear()
    untouched, estate = run.open(wanted("S1SP1"))
    estate.supplier_of(device).read_slots(device.device_id, (NETWORK_OPERATOR,))
    untouched.close()
    assert run.care.sent == [], "a read changes nothing, and the device was known"


def test_renewed_certificates_of_the_supplier_are_put_back(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP1"))
    (device,) = arrangement.devices
    supplier = estate.supplier_of(device)
    renewal = supplier.send(update_credentials(supplier.renewed_credentials, SUPPLIER), device.device_id)
    renewal.result()
    arrangement.close()
    (reading,) = supplier.read_slots(device.device_id, (SUPPLIER,))
    assert reading.hashes == supplier.credentials.hashes()
    assert "certificates in the Supplier slot" in arrangement.notes[0]


def test_a_slot_that_cannot_be_restored_puts_the_device_in_quarantine_with_the_mend(
    systems: World, tmp_path: Path
) -> None:
    """The systems do not have MP107, whatever the target file says of them."""
    all_endpoints = Run(systems, systems.target, tmp_path)
    plane = systems.management(systems.with_management("S1SP2"))["S1SP2"]
    arrangement, estate = all_endpoints.open(wanted("S1SP2", DSP=True, S1SP2=True))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    plane.change_estate("main", {"mp107": False})
    try:
        arrangement.close()
        (held,) = all_endpoints.ledger.quarantined()
        assert held.device_id == device.device_id
        assert "S1VE4" in held.reason
        assert f"it holds {incorrect.name}" in held.reason
        target = systems.target.path
        assert held.mend == (
            f"smets1-conformance pool restore --target {target} {device.device_id}",
            f"SRV 6.15.1 of {incorrect.name} placing {correct.name}'s certificates in the NetworkOperator "
            f"slot of {device.device_id}, once MP107 is released at S1SP2",
            f"smets1-conformance pool free --target {target} {device.device_id}, after mending it in another "
            "way",
        )
        with pytest.raises(Depleted, match="S1VE4"):
            all_endpoints.open(wanted("S1SP2"))
        assert all_endpoints.ledger.leases() == ()
    finally:
        plane.change_estate("main", {"mp107": True})
    caretaker = Caretaker(systems.target, all_endpoints.care_users, {})
    assert restore_device(all_endpoints.ledger, device.device_id, caretaker, {})
    assert all_endpoints.ledger.quarantined() == ()
    assert systems.holder(device) == correct.user_id


def test_a_device_found_otherwise_than_declared_is_restored_before_use(run: Run) -> None:
    """The ledger of a run that died was lost with its disk."""
    arrangement, estate = run.open(wanted("S1SP3"))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    elsewhere = Run(run.world, run.target, run.world.directory / "another-site")
    again, _ = elsewhere.open(wanted("S1SP3"))
    assert run.world.holder(device) == correct.user_id
    again.close()
    arrangement.close()


# Consumables


def test_a_handover_uses_a_consumable_up(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP1", acb=True))
    (device,) = arrangement.devices
    estate.arrange_slot(device, NETWORK_OPERATOR, DCC)
    supplier, incorrect = estate.supplier_of(device), estate.other_network_operator(device)
    supplier.send(handover(incorrect.credentials, NETWORK_OPERATOR), device.device_id).result()
    arrangement.close()
    (used,) = run.ledger.consumed()
    assert (used.device_id, used.scenario) == (device.device_id, "MP107-T01")
    assert used.what == f"after SRV 6.21 the NetworkOperator slot holds {incorrect.name}"

    other_site = Run(run.world, run.target, run.world.directory / "site-that-knows-nothing")
    next_one, _ = other_site.open(wanted("S1SP1", acb=True))
    assert next_one.devices[0].device_id != device.device_id, "it was found used up, and replaced"
    (found,) = other_site.ledger.consumed()
    assert (found.device_id, found.what) == (
        device.device_id,
        f"the NetworkOperator slot holds {incorrect.name}",
    )
    next_one.close()


def test_a_handover_that_was_refused_uses_nothing_up(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP2", acb=True))
    (device,) = arrangement.devices
    stranger = estate.unregistered_supplier(device)
    incorrect = estate.other_network_operator(device)
    refused = stranger.send(handover(incorrect.credentials, NETWORK_OPERATOR), device.device_id)
    assert "rejection" in refused.answer.describe()
    arrangement.close()
    assert run.ledger.consumed() == ()
    assert run.ledger.leases() == ()


def test_a_handover_whose_fate_nobody_knows_uses_a_consumable_up(run: Run) -> None:
    class Lost:
        def carry(self, parcel: Parcel) -> Carried:
            raise DeadlinePassed(f"the answer to {parcel.title}", 10)

    run.scenario = Post(Lost())
    arrangement, estate = run.open(wanted("S1SP2", acb=True))
    (device,) = arrangement.devices
    supplier, incorrect = estate.supplier_of(device), estate.other_network_operator(device)
    with pytest.raises(DeadlinePassed):
        supplier.send(handover(incorrect.credentials, NETWORK_OPERATOR), device.device_id)
    arrangement.close()
    (used,) = run.ledger.consumed()
    assert used.what == "SRV 6.21 was sent, and what became of it is not known"


def test_a_handover_that_never_left_uses_nothing_up(run: Run) -> None:
    class Unreachable:
        def carry(self, parcel: Parcel) -> Carried:
            raise EndpointUnreachable("https://dsp", f"{parcel.title}: connection refused", "See to it.")

    run.scenario = Post(Unreachable())
    arrangement, estate = run.open(wanted("S1SP3", acb=True))
    (device,) = arrangement.devices
    supplier, incorrect = estate.supplier_of(device), estate.other_network_operator(device)
    with pytest.raises(EndpointUnreachable):
        supplier.send(handover(incorrect.credentials, NETWORK_OPERATOR), device.device_id)
    arrangement.close()
    assert run.ledger.consumed() == ()


def test_by_protocol_no_way_leads_into_or_out_of_dcc_control(run: Run) -> None:
    ordinary, estate = run.open(wanted("S1SP3"))
    with pytest.raises(NotArrangeable, match="by protocol no way leads to the DCC"):
        estate.arrange_slot(ordinary.devices[0], NETWORK_OPERATOR, DCC)
    ordinary.close()
    consumable, estate = run.open(wanted("S1SP3", acb=True))
    (device,) = consumable.devices
    with pytest.raises(NotArrangeable, match="holds the DCC; by protocol no way leads to"):
        estate.arrange_slot(device, NETWORK_OPERATOR, estate.network_operator_of(device))
    consumable.close()
    assert run.ledger.consumed() == ()


# Interruptions


def abandon(run: Run) -> None:
    """What the ledger looks like after a kill of this process."""
    with run.ledger._store.transaction() as connection:
        connection.execute("UPDATE lease SET pid = 0, started = 'dead'")


def test_a_resumed_scenario_finds_its_slots_prepared_whatever_it_did_since(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP1"))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    incorrect.send(update_credentials(correct.credentials, NETWORK_OPERATOR), device.device_id).result()
    abandon(run)
    run.care.sent.clear()
    resumed, estate = run.open(wanted("S1SP1"))
    assert resumed.lease.adopted
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    assert run.care.sent == [], "that was done, and the scenario went on from there"
    assert run.world.holder(device) == correct.user_id

    resumed.start_afresh()
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    assert run.world.holder(device) == incorrect.user_id
    resumed.close()
    assert run.world.holder(device) == correct.user_id


def test_a_preparation_that_was_interrupted_is_finished_by_what_the_slot_holds(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP1"))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    owner = next(user for user in run.care_users if user.user_id == correct.user_id)
    owner.send(update_credentials(incorrect.credentials, NETWORK_OPERATOR), device.device_id).result()
    abandon(run)
    run.care.sent.clear()
    resumed, estate = run.open(wanted("S1SP1"))
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    assert [title.split()[1] for title in run.care.titles()] == ["6.24.1"]
    resumed.close()


def test_another_run_restores_what_a_dead_one_left_before_it_starts(run: Run, tmp_path: Path) -> None:
    arrangement, estate = run.open(wanted("S1SP1"))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    abandon(run)
    other = Run(run.world, run.target, tmp_path, "run-2")
    taken, _ = other.open(wanted("S1SP1"))
    assert not taken.lease.adopted
    assert run.world.holder(device) == correct.user_id
    taken.close()
    assert other.ledger.leases() == ()


def test_a_run_restores_in_the_end_what_its_dead_processes_left(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP1"))
    (device,) = arrangement.devices
    estate.arrange_slot(device, NETWORK_OPERATOR, estate.other_network_operator(device))
    abandon(run)
    caretaker = Caretaker(run.target, run.care_users, {})
    assert restore_abandoned(run.ledger, caretaker, {}) is True
    assert run.ledger.leases() == ()
    assert run.world.holder(device) == estate.network_operator_of(device).user_id


# Systems with a management plane


def test_at_an_emulated_s1sp_slots_are_put_by_its_management_plane(systems: World, tmp_path: Path) -> None:
    run = Run(systems, systems.with_management("S1SP2"), tmp_path)
    arrangement, estate = run.open(wanted("S1SP2", DSP=True, S1SP2=True))
    (device,) = arrangement.devices
    home = systems.holder(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, DCC)
    assert systems.holder(device) == DCC
    incorrect = estate.other_network_operator(device)
    supplier = estate.supplier_of(device)
    supplier.send(handover(incorrect.credentials, NETWORK_OPERATOR), device.device_id).result()
    assert systems.holder(device) == incorrect.user_id
    assert run.care.sent == []
    arrangement.close()
    assert systems.holder(device) == home
    assert run.ledger.consumed() == ()
    assert not arrangement.side_effects


def test_a_shared_switch_is_put_once_and_stays_for_all(systems: World, tmp_path: Path) -> None:
    target = systems.with_management("DSP", "S1SP2")
    run = Run(systems, target, tmp_path)
    dsp = run.management["DSP"]
    off, estate = run.open(wanted("S1SP2", DSP=False, S1SP2=True))
    try:
        assert dsp.estate("main")["mp107"] is False
        estate.set_mp107("DSP", False)
        with pytest.raises(NotArrangeable, match="other scenarios rely on MP107 at DSP"):
            estate.set_mp107("DSP", True)
        with pytest.raises(NotArrangeable, match="S1SP1 is an endpoint that DSP-S1SP2"):
            estate.set_mp107("S1SP1", False)
        estate.set_mp107("S1SP1", True)
    finally:
        off.close()
    assert off.side_effects is False
    again, _ = run.open(wanted("S1SP2", DSP=True))
    assert dsp.estate("main")["mp107"] is True
    again.close()


def test_a_restoration_that_needs_mp107_switches_it_on(systems: World, tmp_path: Path) -> None:
    """With MP107 off at an emulated DSP, a scenario leaves an S1SP endpoint with the wrong party."""
    run = Run(systems, systems.with_management("DSP"), tmp_path)
    dsp = run.management["DSP"]
    arrangement, estate = run.open(wanted("S1SP2", DSP=False, S1SP2=True))
    (device,) = arrangement.devices
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    assert systems.holder(device) == incorrect.user_id, "this way works before and after MP107"
    with pytest.raises(NotArrangeable, match="as it does where the sender is not the registered party"):
        estate.arrange_slot(device, NETWORK_OPERATOR, correct)
    arrangement.close()
    assert systems.holder(device) == correct.user_id
    assert dsp.estate("main")["mp107"] is True
    assert run.ledger.quarantined() == ()


def test_a_device_left_behind_is_restored_with_mp107_on_before_a_scenario_without_it(
    systems: World, tmp_path: Path
) -> None:
    run = Run(systems, systems.with_management("DSP"), tmp_path)
    arrangement, estate = run.open(wanted("S1SP2", DSP=True, S1SP2=True))
    (device,) = arrangement.devices
    estate.arrange_slot(device, NETWORK_OPERATOR, estate.other_network_operator(device))
    abandon(run)
    other = Run(systems, run.target, tmp_path, "run-2")
    taken, estate = other.open(wanted("S1SP2", DSP=False, S1SP2=True))
    assert systems.holder(device) == estate.network_operator_of(device).user_id
    assert taken.lease.switches["DSP"] is False
    assert run.management["DSP"].estate("main")["mp107"] is False
    taken.close()


def test_a_scenario_that_switches_mp107_itself_is_alone_and_cannot_be_replayed(
    systems: World, tmp_path: Path
) -> None:
    run = Run(systems, systems.with_management("DSP"), tmp_path)
    dsp = run.management["DSP"]
    arrangement, estate = run.open(wanted("S1SP2", DSP=None, S1SP2=True))
    assert dsp.estate("main")["mp107"] is True
    estate.set_mp107("DSP", False)
    assert dsp.estate("main")["mp107"] is False
    assert arrangement.side_effects
    assert run.side_effects == ["switch MP107 off at DSP"]
    arrangement.close()
    following, _ = run.open(wanted("S1SP2", DSP=True))
    assert dsp.estate("main")["mp107"] is True, "whoever comes next sees to the switch"
    following.close()


def test_what_would_concern_other_scenarios_is_not_arrangeable(systems: World, tmp_path: Path) -> None:
    run = Run(systems, systems.with_management("S1SP2"), tmp_path)
    arrangement, estate = run.open(wanted("S1SP2"))
    (device,) = arrangement.devices
    operator = estate.network_operator_of(device)
    shared = "every scenario that runs at the same time would be concerned"
    with pytest.raises(NotArrangeable, match=shared):
        estate.arrange_registration(device, UserRole.ELECTRICITY_DISTRIBUTOR, operator)
    with pytest.raises(NotArrangeable, match=shared):
        estate.change_settings("S1SP2", {"counter_rule": "unique"})
    with pytest.raises(NotArrangeable, match=shared):
        estate.add_fault("S1SP2", "6.15.1", "late")
    with pytest.raises(NotArrangeable, match="nothing would put it back for sure"):
        estate.arrange_device_status(device, "Suspended")
    with pytest.raises(NotArrangeable, match=r"look at the traffic of DSP .*it is an endpoint"):
        estate.traffic("DSP")
    with pytest.raises(NotArrangeable, match="with MP107 on, and it cannot be switched off"):
        estate.set_mp107("DSP", False)
    stranger = next(each for each in systems.target.device if each.device_id != device.device_id)
    with pytest.raises(HarnessError, match="is not leased by MP107-T01"):
        arrangement.put_slot(_under_test(run, stranger.device_id), NETWORK_OPERATOR, operator.user_id)
    estate.raise_device_alert(device, "8F3F", "Tamper")
    assert operator.wait_for_device_alert(device.device_id, "8F3F")
    assert run.side_effects == [f"raise device alert 8F3F of {device.device_id}"]
    assert all(str(device.device_id) in record.document for record in estate.traffic("S1SP2"))
    assert estate.traffic("S1SP2")
    arrangement.close()


def test_a_device_of_an_s1sp_endpoint_raises_no_alert(run: Run) -> None:
    arrangement, estate = run.open(wanted("S1SP3"))
    with pytest.raises(NotArrangeable, match="S1SP3 is an endpoint"):
        estate.raise_device_alert(arrangement.devices[0], "8F3F", "Tamper")
    arrangement.close()


def _under_test(run: Run, device_id: EUI64) -> DeviceUnderTest:
    return next(each.under_test for each in run.ledger.population.devices if each.device_id == device_id)
