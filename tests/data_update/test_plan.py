"""What a plan says of each Network Operator slot, and why it leaves some alone [FIA 4.2.2]."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_update.certificate_list import load_certificate_list
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Layout
from data_update.plan_file import Plan
from data_update.planning import PlanRequest, make_plan
from data_update.reasons import Reason
from data_update.registration_file import RegistrationFile
from duis.identifiers import EUI64
from duis.smki.certificate import OrganisationCertificate
from duis.smki.issuing import Validity
from duis.smki.testpki import TestPKI
from emulators.incorrect_population import scaled, shares
from emulators.unusual_slots import Exceptional
from tests.data_update.conftest import INCORRECT, OF_EACH_KIND
from tests.data_update.databases import execute, query
from tests.data_update.pki import AGREEMENT, SIGNING, Smki, list_of_test_pki, write_csv, write_folder

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
IN_USE = Validity(NOW - DAY, NOW + DAY)
STRANGER = EUI64("02-53-31-00-00-00-00-19")


def planned(
    database: str,
    certificates: Path,
    tmp_path: Path,
    *,
    at: datetime = NOW,
    registrations: RegistrationFile | None = None,
    device_types: tuple[str, ...] = (),
    estate: str = "main",
) -> Plan:
    """Make a plan."""
    path = tmp_path / "update.plan"
    path.unlink(missing_ok=True)
    shared = load_certificate_list(certificates, at=at)
    request = PlanRequest(path, Layout(), estate, shared, at, registrations, device_types)
    with Database(database, read_only=True) as opened:
        make_plan(opened, request)
    return Plan(path)


@dataclass(frozen=True, slots=True)
class Device:
    """An ESME whose slot the plan replaces unless something is changed."""

    device_id: str
    mpxn: str
    registered: str


@pytest.fixture
def device(sqlite_database: str) -> Device:
    """The first ESME with an incorrect slot, found by plain SQL."""
    rows = query(
        sqlite_database,
        "SELECT d.device_id, d.mpxn, r.user_id FROM devices d"
        " JOIN anchor_slots s ON s.device_id = d.device_id AND s.remote_party_role = 'NetworkOperator'"
        " JOIN registrations r ON r.mpxn = d.mpxn AND r.role = 'ED' AND r.effective_to IS NULL"
        " WHERE d.device_type = 'ESME' AND s.remote_party_id LIKE '02-53-31-00-00-00-00-1_'"
        " AND s.remote_party_id <> r.user_id AND d.device_status = 'Commissioned'"
        " AND (SELECT count(*) FROM registrations o WHERE o.mpxn = d.mpxn AND o.role = 'ED') = 1"
        " ORDER BY d.device_id LIMIT 1",
    )
    return Device(*rows[0])


def reason_of(plan: Plan, device_id: str) -> str | None:
    """Why a device is left alone; None when it is not."""
    return next((each.reason for each in plan.left_alone() if each.device_id == device_id), None)


def is_replaced(plan: Plan, device_id: str) -> bool:
    return any(row.device_id == device_id for row in plan.rows())


def hold(database: str, device: Device, signing: str | None, agreement: str | None) -> None:
    """Put certificates into the Network Operator slot of a device."""
    execute(
        database,
        "UPDATE anchor_slots SET digital_signing = :signing, key_agreement = :agreement"
        " WHERE device_id = :device AND remote_party_role = 'NetworkOperator'",
        signing=signing,
        agreement=agreement,
        device=device.device_id,
    )


def keep(database: str, *certificates: OrganisationCertificate) -> None:
    """Add certificates to those of the database."""
    for each in certificates:
        execute(
            database,
            "INSERT INTO certificates VALUES (:sha256, :der)",
            sha256=each.sha256.hex(),
            der=each.der,
        )


def register(database: str, device: Device, party: str) -> None:
    execute(
        database,
        "UPDATE registrations SET user_id = :party WHERE mpxn = :mpxn AND role = 'ED'",
        party=party,
        mpxn=device.mpxn,
    )


def test_every_slot_is_counted_once(any_database: str, certificate_folder: Path, tmp_path: Path) -> None:
    plan = planned(any_database, certificate_folder, tmp_path)
    summary = plan.summary
    expected = {
        (each.s1sp, each.cohort, each.device_type.value): each.incorrect
        for each in shares(scaled(INCORRECT), dict.fromkeys(Exceptional, OF_EACH_KIND))
    }
    found: dict[tuple[str, str, str], int] = {}
    for group in summary.groups:
        key = (group.s1sp, group.cohort, group.device_type)
        found[key] = found.get(key, 0) + group.devices
    assert found == {key: count for key, count in expected.items() if count}
    devices = query(any_database, "SELECT count(*) FROM devices WHERE device_type IN ('ESME', 'GPF', 'GSME')")
    assert (summary.examined,) == devices[0]
    assert summary.correct + summary.devices + summary.left_alone_count == summary.examined
    assert [row.device_id for row in plan.rows()] == sorted({row.device_id for row in plan.rows()})
    reasons = {reason for *_, reason, _ in summary.left_alone}
    assert reasons == {
        Reason.NO_REGISTRATION,
        Reason.AMBIGUOUS,
        Reason.UNDER_DCC_CONTROL,
        Reason.NOT_ENROLLED,
        Reason.NO_CERTIFICATE_SHARED,
        Reason.EMPTY_SLOT,
        Reason.NO_SLOT,
    }


def test_nothing_is_written_to_the_database(
    any_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    before = query(any_database, "SELECT * FROM anchor_slots ORDER BY device_id, remote_party_role")
    planned(any_database, certificate_folder, tmp_path)
    assert query(any_database, "SELECT * FROM anchor_slots ORDER BY device_id, remote_party_role") == before
    with pytest.raises(Exception, match="data_update_audit"):
        query(any_database, "SELECT * FROM data_update_audit")


IN_THE_DATABASE: Mapping[Reason, str] = {
    Reason.UNKNOWN_DEVICE: "DELETE FROM devices WHERE device_id = :device",
    Reason.NO_SLOT: "DELETE FROM anchor_slots WHERE device_id = :device"
    " AND remote_party_role = 'NetworkOperator'",
    Reason.EMPTY_SLOT: "UPDATE anchor_slots SET digital_signing = NULL, key_agreement = NULL"
    " WHERE device_id = :device AND remote_party_role = 'NetworkOperator'",
    Reason.NOT_ENROLLED: "UPDATE devices SET device_status = 'Decommissioned' WHERE device_id = :device",
    Reason.NO_METERING_POINT: "UPDATE devices SET mpxn = NULL WHERE device_id = :device",
    Reason.NO_REGISTRATION: "UPDATE registrations SET effective_to = '2024-01-01T00:00:00+00:00'"
    " WHERE role = 'ED' AND mpxn = (SELECT mpxn FROM devices WHERE device_id = :device)",
    Reason.AMBIGUOUS: "INSERT INTO registrations SELECT estate, 1000000, mpxn, role,"
    " '02-53-31-00-00-00-00-19', effective_from, NULL FROM registrations"
    " WHERE role = 'ED' AND mpxn = (SELECT mpxn FROM devices WHERE device_id = :device)",
    Reason.UNREADABLE_CERTIFICATE: "UPDATE anchor_slots SET key_agreement = 'of no certificate'"
    " WHERE device_id = :device AND remote_party_role = 'NetworkOperator'",
}


@pytest.mark.parametrize("reason", IN_THE_DATABASE)
def test_left_alone_for_what_the_database_holds(
    reason: Reason, sqlite_database: str, device: Device, certificate_folder: Path, tmp_path: Path
) -> None:
    assert is_replaced(planned(sqlite_database, certificate_folder, tmp_path), device.device_id)
    assert execute(sqlite_database, IN_THE_DATABASE[reason], device=device.device_id) == 1
    plan = planned(sqlite_database, certificate_folder, tmp_path)
    assert reason_of(plan, device.device_id) == reason
    assert not is_replaced(plan, device.device_id)


def test_a_slot_under_dcc_control_is_left_alone(
    sqlite_database: str, device: Device, pki: TestPKI, certificate_folder: Path, tmp_path: Path
) -> None:
    dcc = pki.party("dsp")
    hold(sqlite_database, device, dcc.digital_signing.sha256.hex(), dcc.key_agreement.sha256.hex())
    plan = planned(sqlite_database, certificate_folder, tmp_path)
    assert reason_of(plan, device.device_id) == Reason.UNDER_DCC_CONTROL


def test_a_certificate_that_is_none_is_unreadable(
    sqlite_database: str, device: Device, certificate_folder: Path, tmp_path: Path
) -> None:
    execute(sqlite_database, "INSERT INTO certificates VALUES ('of rubbish', :der)", der=b"rubbish")
    hold(sqlite_database, device, "of rubbish", "of rubbish")
    plan = planned(sqlite_database, certificate_folder, tmp_path)
    assert reason_of(plan, device.device_id) == Reason.UNREADABLE_CERTIFICATE


def _expired(smki: Smki) -> Sequence[OrganisationCertificate]:
    return smki.pair(STRANGER, Validity(NOW - 9 * DAY, NOW - DAY))


def _not_yet_valid(smki: Smki) -> Sequence[OrganisationCertificate]:
    return smki.pair(STRANGER, Validity(NOW + DAY, NOW + 9 * DAY))


def _untrusted(_smki: Smki) -> Sequence[OrganisationCertificate]:
    return Smki().pair(STRANGER, IN_USE)


def _two_of_a_use(smki: Smki) -> Sequence[OrganisationCertificate]:
    return (*smki.pair(STRANGER, IN_USE), smki.certificate(STRANGER, SIGNING, IN_USE))


def _without_key_agreement(smki: Smki) -> Sequence[OrganisationCertificate]:
    return (smki.certificate(STRANGER, SIGNING, IN_USE),)


@pytest.mark.parametrize(
    ("shared", "reason"),
    [
        (_expired, Reason.CERTIFICATE_EXPIRED),
        (_not_yet_valid, Reason.CERTIFICATE_EXPIRED),
        (_untrusted, Reason.CERTIFICATE_UNTRUSTED),
        (_two_of_a_use, Reason.AMBIGUOUS),
        (_without_key_agreement, Reason.NO_CERTIFICATE_SHARED),
        (lambda _smki: (), Reason.NO_CERTIFICATE_SHARED),
    ],
)
def test_left_alone_for_what_the_registered_party_shared(
    shared: Callable[[Smki], Sequence[OrganisationCertificate]],
    reason: Reason,
    sqlite_database: str,
    device: Device,
    pki: TestPKI,
    tmp_path: Path,
) -> None:
    smki = Smki()
    folder = list_of_test_pki(pki, tmp_path / "shared")
    write_folder(folder / "stranger", [*smki.authorities, *shared(smki)])
    register(sqlite_database, device, str(STRANGER))
    plan = planned(sqlite_database, folder, tmp_path)
    assert reason_of(plan, device.device_id) == reason
    assert plan.summary.devices > 0, "the certificates of the others are as good as before"


def csv_list(pki: TestPKI, folder: Path, participant: str) -> Path:
    """A list of the test PKI's Electricity Distributors; ed-north has a market participant id."""
    rows = [{"network_operator": "nobody", "market_participant_id": "NOSM"}]
    write_folder(folder, (pki.root, pki.issuing))
    for name in ("ed-north", "ed-central", "ed-south"):
        party = pki.party(name)
        (folder / f"{name}-ds.pem").write_bytes(party.digital_signing.pem())
        (folder / f"{name}-ka.pem").write_bytes(party.key_agreement.pem())
        row = {
            "network_operator": name,
            "entity_identifier": str(party.entity_identifier),
            "digital_signing": f"{name}-ds.pem",
            "key_agreement": f"{name}-ka.pem",
        }
        rows.append(row | ({"market_participant_id": participant} if name == "ed-north" else {}))
    return write_csv(folder / "list.csv", rows)


def test_a_party_without_smki_presence_is_left_alone(
    sqlite_database: str, device: Device, pki: TestPKI, tmp_path: Path
) -> None:
    register(sqlite_database, device, "NOSM")
    plan = planned(sqlite_database, csv_list(pki, tmp_path / "shared", "NRTH"), tmp_path)
    assert reason_of(plan, device.device_id) == Reason.NO_SMKI_PRESENCE


@pytest.mark.parametrize("name", ["NRTH", "nrth", "02-53-31-00-00-00-00-11"])
def test_registration_data_may_name_a_party_by_its_market_participant_id(
    name: str, sqlite_database: str, device: Device, pki: TestPKI, tmp_path: Path
) -> None:
    south = pki.party("ed-south")
    register(sqlite_database, device, name)
    hold(sqlite_database, device, south.digital_signing.sha256.hex(), south.key_agreement.sha256.hex())
    plan = planned(sqlite_database, csv_list(pki, tmp_path / "shared", "NRTH"), tmp_path)
    row = next(row for row in plan.rows() if row.device_id == device.device_id)
    assert plan.header.pairs[row.pair].party == pki.party("ed-north").entity_identifier


def test_a_party_named_in_two_ways_is_one(
    sqlite_database: str, device: Device, pki: TestPKI, tmp_path: Path
) -> None:
    register(sqlite_database, device, str(pki.party("ed-north").entity_identifier))
    execute(sqlite_database, IN_THE_DATABASE[Reason.AMBIGUOUS], device=device.device_id)
    execute(sqlite_database, "UPDATE registrations SET user_id = 'NRTH' WHERE position = 1000000")
    plan = planned(sqlite_database, csv_list(pki, tmp_path / "shared", "NRTH"), tmp_path)
    assert reason_of(plan, device.device_id) is None


def test_lower_case_entity_identifiers_are_the_same_parties(
    any_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    prefix = "02-53-31-00-00-00-00-"
    before = planned(any_database, certificate_folder, tmp_path).summary
    execute(any_database, "UPDATE registrations SET user_id = lower(user_id)")
    again = planned(any_database, certificate_folder, tmp_path).summary
    assert again == before
    assert all(group.new.startswith(prefix) for group in again.groups)


def test_another_certificate_of_the_registered_party_is_correct(
    sqlite_database: str, device: Device, certificate_folder: Path, tmp_path: Path
) -> None:
    older = Smki().pair(EUI64(device.registered), Validity(NOW - 900 * DAY, NOW - 800 * DAY))
    keep(sqlite_database, *older)
    before = planned(sqlite_database, certificate_folder, tmp_path).summary
    hold(sqlite_database, device, *(each.sha256.hex() for each in older))
    plan = planned(sqlite_database, certificate_folder, tmp_path)
    assert reason_of(plan, device.device_id) is None
    assert not is_replaced(plan, device.device_id)
    assert plan.summary.correct == before.correct + 1


@pytest.mark.parametrize("other", [SIGNING, AGREEMENT])
def test_one_certificate_of_another_party_is_enough_to_be_replaced(
    other: str,
    sqlite_database: str,
    device: Device,
    pki: TestPKI,
    certificate_folder: Path,
    tmp_path: Path,
) -> None:
    right = pki.party_of(EUI64(device.registered))
    assert right is not None
    wrong = next(pki.party(name) for name in ("ed-north", "ed-south") if pki.party(name) != right)
    signing = (wrong if other == SIGNING else right).digital_signing.sha256.hex()
    agreement = (wrong if other == AGREEMENT else right).key_agreement.sha256.hex()
    hold(sqlite_database, device, signing, agreement)
    plan = planned(sqlite_database, certificate_folder, tmp_path)
    assert is_replaced(plan, device.device_id)
    both = {f"{wrong.entity_identifier} + {right.entity_identifier}"}
    both |= {f"{right.entity_identifier} + {wrong.entity_identifier}"}
    assert both & {group.former for group in plan.summary.groups}


def test_registrations_from_a_file_may_have_times_of_any_zone(
    sqlite_database: str, device: Device, certificate_folder: Path, pki: TestPKI, tmp_path: Path
) -> None:
    """Half an hour ago in UTC is later than now as a text of a zone to the east, and the reverse."""
    ended, begun = "2026-03-01T12:30:00+01:00", "2026-03-01T06:30:00-05:00"
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    parties = [pki.party(name).entity_identifier for name in ("ed-north", "ed-south")]
    other = next(each for each in parties if each != device.registered)
    file = tmp_path / "registrations.csv"
    file.write_text(
        "mpxn,role,party,effective_from,effective_to\n"
        f"{device.mpxn},ED,{other},2020-01-01,{ended}\n"
        f"{device.mpxn},ED,{device.registered.lower()},{begun},\n",
        encoding="utf-8",
    )
    smki = Smki()
    pair = smki.pair(EUI64(device.registered), Validity(at - DAY, at + DAY))
    folder = write_folder(tmp_path / "shared", [*smki.authorities, *pair])
    plan = planned(
        sqlite_database, folder, tmp_path, at=at, registrations=RegistrationFile(file), device_types=("ESME",)
    )
    rows = [row for row in plan.rows() if row.device_id == device.device_id]
    assert [plan.header.pairs[row.pair].party for row in rows] == [device.registered]
    assert plan.summary.devices == 1, "nobody else is in the file"


def test_times_that_are_timestamps(
    postgresql_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    before = planned(postgresql_database, certificate_folder, tmp_path).summary
    for column in ("effective_from", "effective_to"):
        execute(
            postgresql_database,
            f"ALTER TABLE registrations ALTER {column} TYPE timestamptz USING {column}::timestamptz",
        )
    name = postgresql_database.partition("?")[0].rpartition("/")[2]
    execute(postgresql_database, f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'")
    assert planned(postgresql_database, certificate_folder, tmp_path).summary == before


def test_only_the_device_types_that_were_asked_for(
    sqlite_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    plan = planned(sqlite_database, certificate_folder, tmp_path, device_types=("GPF",))
    assert {row.device_type for row in plan.rows()} == {"GPF"}
    assert {each.device_type for each in plan.left_alone()} == {"GPF"}


@pytest.mark.parametrize(("estate", "device_types"), [("mian", ()), ("main", ("EMSE",))])
def test_a_plan_over_nothing_is_refused(
    estate: str, device_types: tuple[str, ...], any_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataUpdateError, match=r"table devices has no device.*correct --estate"):
        planned(any_database, certificate_folder, tmp_path, estate=estate, device_types=device_types)
    assert list(tmp_path.glob("*plan*")) == []
