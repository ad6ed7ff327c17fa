"""The whole harness side against the bundled emulators, over mutual TLS."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from duis.identifiers import EUI64
from duis.requests import RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import CertificateType, RemotePartyRole, UserRole
from duis.smets1 import UpdateSecurityCredentialsKRPRsp
from target.credentials import handover, update_credentials
from target.errors import DeadlinePassed, HarnessError, NotArrangeable
from target.estate import TestEstate
from target.evidence import EvidenceItem
from target.file import TargetFileError
from target.gateway import Service
from target.observations import (
    Acknowledged,
    InventoryAnswer,
    Refused,
    Rejected,
    S1SPRejection,
    SMETS1Result,
)
from target.session import TargetSession

NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TargetSession]:
    with TargetSession.open(None, tmp_path_factory.mktemp("state")) as opened:
        yield opened


@pytest.fixture
def estate(session: TargetSession, request: pytest.FixtureRequest) -> Iterator[TestEstate]:
    with session.open_estate(request.node.name) as opened:
        yield opened


def test_a_repair_and_its_evidence(session: TargetSession, estate: TestEstate) -> None:
    items: list[EvidenceItem] = []
    unsubscribe = session.evidence.subscribe(items.append)
    device = estate.device("S1SP2", "GPF")
    supplier, correct = estate.supplier_of(device), estate.network_operator_of(device)
    incorrect = estate.other_network_operator(device)
    assert correct.role == incorrect.role == UserRole.GAS_TRANSPORTER

    estate.arrange_slot(device, NETWORK_OPERATOR, "ACB")
    placing = supplier.send(handover(incorrect.credentials, NETWORK_OPERATOR), device.device_id)
    assert isinstance(placing.answer, Acknowledged)
    assert isinstance(placing.result(), SMETS1Result)
    (reading,) = supplier.read_slots(device.device_id, (NETWORK_OPERATOR,))
    assert reading.party == incorrect.user_id
    assert reading.hashes == incorrect.credentials.hashes()
    assert set(reading.hashes) == {CertificateType.DIGITAL_SIGNING, CertificateType.KEY_AGREEMENT}

    repair = incorrect.send(update_credentials(correct.credentials, NETWORK_OPERATOR), device.device_id)
    result = repair.result()
    assert isinstance(result, SMETS1Result)
    assert result.success is True
    assert isinstance(result.payload, UpdateSecurityCredentialsKRPRsp)
    assert repair.title == f"SRV 6.15.1 of {incorrect.name}"
    assert repair.remote_party_role == NETWORK_OPERATOR
    assert [type(each) for each in repair.arrived()] == [SMETS1Result]

    unsubscribe()
    documents = {(item.direction, item.document) for item in items}
    assert ("sent", repair.document) in documents
    assert ("received", repair.http.document) in documents
    assert sum(item.direction == "callback" for item in items) >= 3


def test_an_s1sp_alert_and_a_rejection(estate: TestEstate) -> None:
    device = estate.device("S1SP1", "ESME")
    correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, incorrect)
    body = update_credentials(correct.credentials, NETWORK_OPERATOR)
    alert = correct.send(body, device.device_id).result()
    assert isinstance(alert, S1SPRejection)
    assert alert.alert_code == "S1VE64"
    estate.set_mp107("DSP", False)
    answer = incorrect.send(body, device.device_id).answer
    assert isinstance(answer, Rejected)
    assert answer.code == "E4"
    estate.set_mp107("DSP", True)
    estate.set_mp107("S1SP1", False)
    alert = incorrect.send(body, device.device_id).result()
    assert isinstance(alert, S1SPRejection)
    assert alert.alert_code == "S1VE4"


def test_octets_of_ones_own(estate: TestEstate) -> None:
    device = estate.device("S1SP1", "ESME")
    sender = estate.network_operator_of(device)
    request = sender.build(update_credentials(sender.credentials, NETWORK_OPERATOR), device.device_id)
    unsigned = sender.submit(request.to_xml(), request.request_id)
    assert isinstance(unsigned.answer, Refused | Rejected)
    nonsense = sender.submit(b"nonsense")
    assert isinstance(nonsense.answer, Refused)
    assert nonsense.request_id is None
    with pytest.raises(LookupError, match="no RequestID"):
        nonsense.result()
    wrong_place = sender.send(request.body, device.device_id, service=Service.NON_DEVICE)
    assert isinstance(wrong_place.answer, Rejected)


def test_an_inventory_is_a_synchronous_answer(estate: TestEstate) -> None:
    device = estate.device("S1SP3", "ESME")
    answer = estate.supplier_of(device).read_inventory(device.device_id).answer
    assert isinstance(answer, InventoryAnswer)
    assert device.device_id in {each.device_id for each in answer.devices}


def test_a_device_alert_reaches_one_mailbox(estate: TestEstate) -> None:
    device = estate.device("S1SP1", "ESME")
    holder = estate.other_network_operator(device)
    estate.arrange_slot(device, NETWORK_OPERATOR, holder)
    marks = {user.name: user.last_received for user in estate.users}
    estate.raise_device_alert(device, "8F3F", "Tamper")
    seen = holder.wait_for_device_alert(device.device_id, "8F3F", after=marks[holder.name])
    assert seen.description == "Tamper"
    assert estate.device_alerts_elsewhere(device, "8F3F", holder, marks) == ()


def test_a_result_that_does_not_come_fails_the_target(estate: TestEstate) -> None:
    device = estate.device("S1SP1", "ESME")
    supplier = estate.supplier_of(device)
    estate.add_fault("S1SP1", "6.24.1", "drop")
    with pytest.raises(DeadlinePassed, match=r"the result of SRV 6\.24\.1"):
        supplier.read_slots(device.device_id, (NETWORK_OPERATOR,), within=0.3)


def test_the_parties_of_a_device_follow_from_the_target_file(estate: TestEstate) -> None:
    for device in (estate.device("S1SP1", "ESME"), estate.device("S1SP1", "GPF")):
        assert estate.network_operator_of(device).user_id in device.registered.values()
        assert estate.other_network_operator(device).user_id not in device.registered.values()
        assert estate.unregistered_supplier(device).user_id not in device.registered.values()
        assert estate.unregistered_supplier(device).role == estate.supplier_of(device).role
    assert estate.user_in_role(UserRole.OTHER_USER).name == "ou-a"
    with pytest.raises(NotArrangeable, match="not 9 further service user in role GT"):
        estate.other_network_operator(estate.device("S1SP1", "GPF"), index=8)
    with pytest.raises(NotArrangeable, match="no HCALCS served by S1SP1"):
        estate.device("S1SP1", "HCALCS")


def test_results_survive_the_death_of_the_inbox(session: TargetSession, estate: TestEstate) -> None:
    """The inbox is dead when the result is due; the DSP delivers it once the inbox is back."""
    device = estate.device("S1SP1", "ESME")
    sender = estate.supplier_of(device)
    inbox = session.inbox_process
    assert inbox is not None
    inbox.kill()
    exchange = sender.send(RetrieveDeviceSecurityCredentialsKRPBody((NETWORK_OPERATOR,)), device.device_id)
    assert isinstance(exchange.answer, Acknowledged)
    assert exchange.arrived() == ()
    inbox.start()
    assert isinstance(exchange.result(), SMETS1Result)


def test_estates_are_apart(session: TargetSession) -> None:
    with session.open_estate("same name") as one, session.open_estate("same name") as other:
        device = one.device("S1SP1", "ESME")
        one.arrange_slot(device, NETWORK_OPERATOR, "ACB")
        readings = [
            estate.supplier_of(device).read_slots(device.device_id, (NETWORK_OPERATOR,))[0].party
            for estate in (one, other)
        ]
        assert readings[1] == one.network_operator_of(device).user_id
        assert readings[0] != readings[1]


def test_a_changed_registration_changes_what_the_dsp_accepts(estate: TestEstate) -> None:
    device = estate.device("S1SP1", "ESME")
    former, newcomer = estate.supplier_of(device), estate.unregistered_supplier(device)
    estate.arrange_registration(device, UserRole.IMPORT_SUPPLIER, newcomer)
    body = handover(former.credentials, RemotePartyRole.SUPPLIER)
    answer = former.send(body, device.device_id).answer
    assert isinstance(answer, Rejected)
    assert answer.code == "E4"


def test_faulty_certificates_come_from_the_target_file(session: TargetSession, estate: TestEstate) -> None:
    north = estate.user("ed-north")
    assert session.expired_identity(north).certificate.entity_identifier == north.user_id
    for fault in ("expired", "untrusted"):
        faulty = session.faulty_credentials(north, fault)
        assert faulty.party == north.user_id
        assert faulty.digital_signing != north.credentials.digital_signing
    with pytest.raises(NotArrangeable, match="is-a-xmlsign-expired"):
        session.expired_identity(estate.user("is-a"))


def test_the_state_directory_is_private_and_used_by_one_run_only(session: TargetSession) -> None:
    assert stat.S_IMODE(session.state_dir.stat().st_mode) == 0o700
    with pytest.raises(HarnessError, match="in use by another run"):
        TargetSession.open(None, session.state_dir)


def test_a_directory_with_other_files_is_not_made_private(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    before = stat.S_IMODE(tmp_path.stat().st_mode)
    with pytest.raises(HarnessError, match="holds other files"):
        TargetSession.open(None, tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == before


ATTACHED = """
import sys
from pathlib import Path
from duis.roles import RemotePartyRole
from target.session import TargetSession
session = TargetSession.attach(Path(sys.argv[1]))
with session.open_estate("worker") as estate:
    device = estate.device("S1SP1", "ESME")
    print(estate.supplier_of(device).read_slots(device.device_id, (RemotePartyRole.SUPPLIER,))[0].party)
session.close()
"""


def test_another_process_attaches_and_closes_nothing(session: TargetSession, estate: TestEstate) -> None:
    device = estate.device("S1SP1", "ESME")
    for _ in range(2):
        worker = subprocess.run(
            [sys.executable, "-c", ATTACHED, str(session.state_dir)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert worker.stderr == ""
        assert EUI64(worker.stdout.strip()) == estate.supplier_of(device).user_id


def test_there_is_nothing_to_attach_to(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no session is open"):
        TargetSession.attach(tmp_path)


def test_a_missing_target_file_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(TargetFileError, match="no such target file"):
        TargetSession.open(tmp_path / "target.toml", tmp_path / "state", keep_state=False)
    assert not (tmp_path / "state").exists()


def test_an_unusable_schema_is_told_with_file_and_line(session: TargetSession, tmp_path: Path) -> None:
    text = session.target.path.read_text().replace('"pki/', f'"{session.target.path.parent}/pki/')
    (tmp_path / "other.xsd").write_text('<schema xmlns="http://www.w3.org/2001/XMLSchema"/>')
    path = tmp_path / "target.toml"
    path.write_text(f'schema = "other.xsd"\n{text}')
    with pytest.raises(TargetFileError, match=r"target\.toml:1: schema: no usable DUIS schema") as caught:
        TargetSession.open(path, tmp_path / "state")
    assert len(str(caught.value).splitlines()) == 1


def test_an_unknown_deviation_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"the emulators did not start: .*no-such-deviation") as caught:
        TargetSession.open(None, tmp_path / "state", ("no-such-deviation",))
    assert "Traceback" not in str(caught.value)


def test_a_killed_run_leaves_no_processes(tmp_path: Path) -> None:
    program = (
        "import signal, sys; from pathlib import Path; from target.session import TargetSession\n"
        "session = TargetSession.open(None, Path(sys.argv[1])); print('open', flush=True); signal.pause()\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stdout.readline() == b"open\n"
    left = _processes_about(tmp_path, besides=run.pid)
    assert len(left) >= 2
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 15
    while _processes_about(tmp_path, besides=run.pid):
        assert time.monotonic() < deadline, "processes are left"


def _processes_about(directory: Path, besides: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(directory).encode() in command and int(entry.name) != besides:
            found.append(int(entry.name))
    return found
