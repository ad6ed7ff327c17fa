"""The command verify: exit codes, what it prints and writes, and the slots as the protocol tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data_update.applying import Options, apply
from data_update.certificate_list import load_certificate_list
from data_update.database import Database
from data_update.layout import Layout
from data_update.plan_file import Plan
from data_update.planning import PlanRequest, make_plan
from data_update.verification import Verification
from duis.smki.testpki import TestPKI
from smets1_conformance.commands.data_update import data_update
from target.file import load_target
from target.gateway import Connections
from target.management import management_planes
from target.session_start import start_emulators
from target.slot_databases import database_beside
from tests.data_update.databases import execute, query
from tests.data_update.pki import list_of_test_pki

NETWORK_OPERATOR = "remote_party_role = 'NetworkOperator'"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(data_update, [str(each) for each in arguments])


@pytest.fixture
def plan(sqlite_database: str, certificate_folder: Path, tmp_path: Path) -> Path:
    """A plan that was made and applied by the commands."""
    path = tmp_path / "plan.jsonl"
    for result in (
        run("plan", path, "-d", sqlite_database, "--certificates", certificate_folder),
        run("apply", path, "-d", sqlite_database),
    ):
        assert result.exit_code == 0, result.output
    return path


def test_a_good_update_ends_with_0_and_its_checks_are_written(
    plan: Path, sqlite_database: str, tmp_path: Path
) -> None:
    written = tmp_path / "verified.json"
    result = run("verify", plan, "-d", sqlite_database, "--json", written)
    assert result.exit_code == 0, result.output
    assert "0 failed, 0 not checked" in result.output
    assert all(len(line) <= 100 for line in result.stdout.splitlines())
    found = Verification.load(written)
    assert found.passed
    assert found.digest == Plan(plan).digest


def test_what_was_found_ends_with_1_and_is_printed_and_written(
    plan: Path, sqlite_database: str, tmp_path: Path
) -> None:
    device = next(Plan(plan).rows()).device_id
    execute(sqlite_database, f"DELETE FROM anchor_slots WHERE device_id = '{device}' AND {NETWORK_OPERATOR}")
    written = tmp_path / "verified.json"
    result = run("verify", plan, "-d", sqlite_database, "--json", written)
    assert result.exit_code == 1
    assert f"  {device}: the slot is no longer there" in result.stdout.splitlines()
    assert json.loads(written.read_text())["passed"] is False


def test_without_the_baseline_of_the_plan_the_mend_is_told(plan: Path, sqlite_database: str) -> None:
    plan.with_name("plan.jsonl.baseline").unlink()
    result = run("verify", plan, "-d", sqlite_database)
    assert result.exit_code == 2
    assert "--no-baseline" in result.output
    assert run("verify", plan, "-d", sqlite_database, "--no-baseline").exit_code == 0


def test_without_the_certificate_list_of_the_plan_another_is_asked_for(
    plan: Path, sqlite_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    text = plan.read_text()
    assert str(certificate_folder) in text
    moved = tmp_path / "moved"
    second = tmp_path / "second.jsonl"
    for each in certificate_folder.iterdir():
        moved.mkdir(exist_ok=True)
        (moved / each.name).write_bytes(each.read_bytes())
    assert run("plan", second, "-d", sqlite_database, "--certificates", moved).exit_code == 0
    for each in moved.iterdir():
        each.unlink()
    moved.rmdir()
    result = run("verify", second, "-d", sqlite_database)
    assert result.exit_code == 2
    assert "--certificates" in result.output


def test_registrations_of_a_file_must_be_those_of_the_plan(
    sqlite_database: str, certificate_folder: Path, tmp_path: Path
) -> None:
    plan, registrations = tmp_path / "of-file.jsonl", tmp_path / "registrations.csv"
    rows = query(
        sqlite_database,
        "SELECT mpxn, role, user_id, effective_from, coalesce(effective_to, '') FROM registrations"
        " WHERE role IN ('ED', 'GT')",
    )
    lines = ["mpxn,role,party,effective_from,effective_to", *(",".join(row) for row in rows)]
    registrations.write_text("\n".join(lines) + "\n")
    options = ("-d", sqlite_database, "--registrations", registrations)
    assert run("plan", plan, *options, "--certificates", certificate_folder).exit_code == 0
    assert run("apply", plan, *options).exit_code == 0
    assert run("verify", plan, "-d", sqlite_database).exit_code == 0
    registrations.write_text("\n".join(lines[:-1]) + "\n")
    result = run("verify", plan, *options)
    assert result.exit_code == 2
    assert "not the Registration Data the plan was made with" in result.output


def test_reading_back_needs_a_target(plan: Path, sqlite_database: str) -> None:
    result = run("verify", plan, "-d", sqlite_database, "--read-back", 3)
    assert result.exit_code == 2
    assert "--read-back and --target go together" in result.output


# Through the protocol


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The target file of running emulators."""
    with ExitStack() as cleanup:
        folder = tmp_path_factory.mktemp("running") / "emulators"
        yield start_emulators(folder, (), True, cleanup, lambda _: None)


@pytest.fixture
def updated(emulators: Path, tmp_path: Path) -> tuple[Path, str]:
    """A plan applied to an ESME and a GPF that held another operator's certificates, and the database."""
    url = database_beside(emulators.parent, "S1SP1")
    pki = TestPKI.load(emulators.parent / "pki")
    target = load_target(emulators)
    connections = Connections(target.management.tls)
    plane = management_planes(target, connections)["S1SP1"]
    for device_type, name in (("ESME", "ed"), ("GPF", "gt")):
        device, registered = query(
            url,
            "SELECT d.device_id, r.user_id FROM devices d JOIN registrations r ON r.mpxn = d.mpxn AND"
            " r.estate = d.estate WHERE d.estate = 'main' AND d.s1sp = 'S1SP1' AND d.device_type = :type"
            " AND r.role = :role ORDER BY 1",
            type=device_type,
            role=name.upper(),
        )[0]
        other = next(
            party
            for party in pki.parties
            if party.name.startswith(f"{name}-") and party.entity_identifier != registered
        )
        plane.put_slot("main", device, "NetworkOperator", {"party": other.entity_identifier})
    connections.close()
    shared = load_certificate_list(list_of_test_pki(pki, tmp_path / "shared"), at=datetime.now(UTC))
    path = tmp_path / "plan.jsonl"
    with Database(url, read_only=True) as database:
        request = PlanRequest(path, Layout(), "main", shared, datetime.now(UTC))
        assert make_plan(database, request).devices == 2
    with Database(url) as database:
        apply(database, Plan(path), Options("a test"))
    return path, url


def checks_of(path: Path) -> dict[str, tuple[str, dict[str, int]]]:
    found = Verification.load(path)
    return {check.name.partition(" ")[0]: (check.outcome, dict(check.counts)) for check in found.checks}


def test_slots_and_alerts_are_as_the_plan_says(
    updated: tuple[Path, str], emulators: Path, tmp_path: Path
) -> None:
    (plan, url), written = updated, tmp_path / "verified.json"
    result = run("verify", plan, "-d", url, "--read-back", 9, "--target", emulators, "--json", written)
    assert result.exit_code == 0, result.output
    checks = checks_of(written)
    assert checks["slots"] == ("ok", {"as they should be": 2})
    assert checks["device"] == ("ok", {"as they should be": 2})


def test_what_the_protocol_tells_otherwise_is_found(
    updated: tuple[Path, str], emulators: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot holds another operator's certificates again: the read tells so, and the alert goes there."""
    monkeypatch.setenv("SMETS1_CONFORMANCE__DEADLINES__ALERT", "1")  # the one that must not be passed
    (plan, url), written = updated, tmp_path / "verified.json"
    row = next(Plan(plan).rows())
    execute(
        url,
        f"UPDATE anchor_slots SET digital_signing = '{row.before_digital_signing}', key_agreement ="
        f" '{row.before_key_agreement}', remote_party_id = '{row.before_party}' WHERE estate = 'main' AND"
        f" device_id = '{row.device_id}' AND {NETWORK_OPERATOR}",
    )
    result = run("verify", plan, "-d", url, "--read-back", 9, "--target", emulators, "--json", written)
    assert result.exit_code == 1, result.output
    checks = checks_of(written)
    assert checks["slots"][0] == "failed"
    assert checks["slots"][1]["as they should be"] == 1
    assert checks["device"][0] == "failed"
    assert f"{row.device_id}: its alert reached " in result.output
    assert checks["device"][1]["as they should be"] == 1
