"""The plan as plain SQL: run by sqlite3 or psql, it does what `apply` does [FIA 3.3.2, 5.1.2]."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from data_update import script
from data_update.audit import Outcome
from data_update.certificate_list import CertificateList
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Layout
from data_update.plan_file import Plan
from data_update.planning import PlanRequest, make_plan
from data_update.rolling_back import Options, rollback
from duis.smki.testpki import TestPKI
from smets1_conformance.commands.data_update import data_update
from tests.data_update.apply_process import contents, plan_of
from tests.data_update.databases import execute, query
from tests.data_update.planned import applied, everything, new_certificates
from tests.postgresql import program

BATCH = 20
AWKWARD = 'it\'s \\ 100% "odd" :x $$ -- ;'
"""What a value may hold that means something to somebody."""
DEVICE = f"{AWKWARD}'); DROP TABLE devices; --"
_WHO_AND_WHEN = {
    "data_update_plans": {"started_at", "started_by"},
    "data_update_batches": {"done_at", "attempts"},
    "data_update_audit": {"at", "by"},
}


@pytest.fixture(scope="module")
def certificates(pki: TestPKI, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_certificates(pki, tmp_path_factory.mktemp("new") / "shared")


@pytest.fixture
def plan(any_database: str, certificates: Path, tmp_path: Path) -> Plan:
    return plan_of(any_database, certificates, tmp_path / "plan")


@pytest.fixture
def another_database(any_database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A copy of the database, to compare with."""
    if "://" not in any_database:
        return str(shutil.copy(any_database, tmp_path / "another.sqlite"))
    new_copy: Callable[[], str] = request.getfixturevalue("_new_postgresql_copy")
    return new_copy()


def script_of(plan: Plan, database: str, folder: Path) -> Path:
    """Write the scripts; return the one for the database."""
    with Database(database, read_only=True) as opened:
        scripts = script.write_scripts(plan, opened, folder, BATCH)
    return scripts["://" in database]


def run(database: str, file: Path) -> str:
    """Run a script by psql, or by sqlite3 where it is installed and the driver's own otherwise."""
    if "://" in database:
        address, _, host = database.partition("?host=")
        connection = f"host={host} user=postgres dbname={address.rpartition('/')[2]}"
        command = [program("psql"), "--no-psqlrc", "--file", str(file), connection]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    elif (sqlite := shutil.which("sqlite3")) is not None:
        with file.open() as text:
            command = [sqlite, "-bail", database]
            done = subprocess.run(command, stdin=text, capture_output=True, text=True, check=False)
    else:
        with closing(sqlite3.connect(database)) as connected:
            connected.executescript(file.read_text())
        return ""
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def but_who_and_when(database: str) -> dict[str, list[Any]]:
    """Return all that a database holds but who began and ended something when."""
    return {
        table: [
            tuple((name, value) for name, value in row if name not in _WHO_AND_WHEN.get(table, ()))
            for row in rows
        ]
        for table, rows in contents(database).items()
    }


def test_it_leaves_what_apply_leaves(
    any_database: str, another_database: str, plan: Plan, tmp_path: Path
) -> None:
    by_script = another_database
    devices = [row.device_id for row in plan.rows()]
    for database in (any_database, by_script):
        of_operator = "WHERE remote_party_role = 'NetworkOperator' AND device_id = :device"
        changed = f"UPDATE anchor_slots SET digital_signing = NULL, updated_by = 'x' {of_operator}"
        execute(database, changed, device=devices[3])
        execute(database, f"DELETE FROM anchor_slots {of_operator}", device=devices[30])
    applied(any_database, plan, batch_size=BATCH)

    file = script_of(plan, any_database, tmp_path)
    output = run(by_script, file)

    assert but_who_and_when(by_script) == but_who_and_when(any_database)
    outcomes = query(by_script, "SELECT outcome, count(*) FROM data_update_audit GROUP BY outcome")
    assert dict(outcomes) == {
        Outcome.REPLACED: len(devices) - 2,
        Outcome.CHANGED: 1,
        Outcome.GONE: 1,
    }
    if output:
        for outcome, count in outcomes:
            assert re.search(rf"{re.escape(outcome)} *\| *{count}\b", output)
    times = query(by_script, "SELECT at FROM data_update_audit UNION SELECT done_at FROM data_update_batches")
    for (time,) in times:
        moment = datetime.fromisoformat(time)
        assert moment.utcoffset() == UTC.utcoffset(None)
        assert abs((datetime.now(UTC) - moment).total_seconds()) < 600
    same_time = (
        "SELECT count(*) FROM anchor_slots s JOIN data_update_audit a ON a.device_id = s.device_id"
        " AND a.at = s.updated_at WHERE s.remote_party_role = 'NetworkOperator'"
    )
    assert query(by_script, same_time) == [(len(devices) - 2,)]


def test_once_more_changes_nothing(any_database: str, plan: Plan, tmp_path: Path) -> None:
    file = script_of(plan, any_database, tmp_path)
    run(any_database, file)
    before = contents(any_database)
    assert len(before["data_update_audit"]) == plan.summary.devices
    with_times = query(any_database, "SELECT * FROM anchor_slots ORDER BY 1, 2, 3")

    run(any_database, file)

    assert contents(any_database) == before
    assert query(any_database, "SELECT * FROM anchor_slots ORDER BY 1, 2, 3") == with_times


def test_apply_goes_on_where_it_was_cut_off(any_database: str, plan: Plan, tmp_path: Path) -> None:
    file = script_of(plan, any_database, tmp_path)
    lines = file.read_text().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines) if line == "COMMIT;\n"]
    of_second_batch = ends[3]  # after the tables and the plan
    file.write_text("".join(lines[: of_second_batch + 1]))
    run(any_database, file)
    assert query(any_database, "SELECT count(*) FROM data_update_audit") == [(40,)]

    done = applied(any_database, plan, batch_size=7)

    assert (done.outcomes, done.left) == ({Outcome.REPLACED: plan.summary.devices}, 0)
    by = query(any_database, "SELECT \"by\" = 'tester', count(*) FROM data_update_audit GROUP BY 1")
    assert {bool(tester): count for tester, count in by} == {
        True: plan.summary.devices - 40,
        False: 40,
    }


def test_it_goes_on_where_apply_stopped(any_database: str, plan: Plan, tmp_path: Path) -> None:
    file = script_of(plan, any_database, tmp_path)
    applied(any_database, plan, batch_size=7, batches=2)
    run(any_database, file)
    assert applied(any_database, plan).outcomes == {Outcome.REPLACED: plan.summary.devices}
    outstanding = "SELECT count(*) FROM data_update_batches WHERE done_at IS NULL"
    assert query(any_database, outstanding) == [(0,)]
    assert query(any_database, "SELECT count(*) FROM data_update_audit") == [(plan.summary.devices,)]


def test_a_rollback_undoes_it_and_it_does_nothing_after_that(
    any_database: str, plan: Plan, tmp_path: Path
) -> None:
    before = everything(any_database)
    file = script_of(plan, any_database, tmp_path)
    lines = file.read_text().splitlines(keepends=True)
    half = tmp_path / "half.sql"
    ends = [number for number, line in enumerate(lines) if line == "COMMIT;\n"]
    half.write_text("".join(lines[: ends[3] + 1]))
    run(any_database, half)
    assert everything(any_database) != before
    with Database(any_database) as opened:
        done = rollback(opened, plan.plan_id, Options("tester", remove_certificates=True))
    assert done.outcomes == {Outcome.RESTORED: 40}
    assert everything(any_database) == before

    run(any_database, file)

    assert everything(any_database) == before


def test_values_that_mean_something_to_sql(
    any_database: str, certificate_list: CertificateList, tmp_path: Path
) -> None:
    for table in ("anchor_slots", "devices", "registrations"):
        execute(any_database, f"UPDATE {table} SET estate = :name", name=AWKWARD)
    path = tmp_path / "plan"
    with Database(any_database, read_only=True) as opened:
        make_plan(opened, PlanRequest(path, Layout(), AWKWARD, certificate_list, datetime.now(UTC)))
    first = next(Plan(path).rows()).device_id
    path.unlink()
    for table in ("anchor_slots", "devices"):
        changed = f"UPDATE {table} SET device_id = :name WHERE device_id = :device"
        execute(any_database, changed, name=DEVICE, device=first)
    execute(
        any_database,
        "UPDATE anchor_slots SET remote_party_id = :party WHERE device_id = :name",
        party="'\n\\q",
        name=DEVICE,
    )
    with Database(any_database, read_only=True) as opened:
        make_plan(opened, PlanRequest(path, Layout(), AWKWARD, certificate_list, datetime.now(UTC)))
    plan = Plan(path)

    run(any_database, script_of(plan, any_database, tmp_path))

    rows = query(any_database, "SELECT outcome, count(*) FROM data_update_audit GROUP BY outcome")
    assert rows == [(Outcome.REPLACED, plan.summary.devices)]
    of_device = "WHERE device_id = :name AND remote_party_role = 'NetworkOperator'"
    written = query(any_database, f"SELECT updated_by FROM anchor_slots {of_device}", name=DEVICE)
    assert written == [(f"data-update {plan.plan_id}",)]


def test_another_layout_with_times_that_are_no_text(
    postgresql_database: str, certificates: Path, certificate_list: CertificateList, tmp_path: Path
) -> None:
    for statement in (
        "ALTER TABLE anchor_slots ALTER COLUMN updated_at TYPE timestamptz USING updated_at::timestamptz",
        "ALTER TABLE anchor_slots RENAME COLUMN device_id TO guid",
        "CREATE SCHEMA credentials",
        "ALTER TABLE anchor_slots SET SCHEMA credentials",
    ):
        execute(postgresql_database, statement)
    layout = Layout.model_validate({"slots": {"table": "credentials.anchor_slots", "device_id": "guid"}})
    path = tmp_path / "plan"
    with Database(postgresql_database, read_only=True) as opened:
        make_plan(opened, PlanRequest(path, layout, "main", certificate_list, datetime.now(UTC)))
    plan = Plan(path)
    run(postgresql_database, script_of(plan, postgresql_database, tmp_path))
    recent = "updated_at > now() - interval '10 minutes'"
    ours = f"SELECT count(*) FROM credentials.anchor_slots WHERE {recent}"
    assert query(postgresql_database, ours) == [(plan.summary.devices,)]


def test_a_plan_of_nothing(any_database: str, plan: Plan, certificates: Path, tmp_path: Path) -> None:
    applied(any_database, plan)
    nothing = plan_of(any_database, certificates, tmp_path / "nothing")
    assert nothing.summary.devices == 0
    before = everything(any_database)
    run(any_database, script_of(nothing, any_database, tmp_path))
    assert everything(any_database) == before


def test_option_of_plan(sqlite_database: str, certificate_folder: Path, tmp_path: Path) -> None:
    path, folder = tmp_path / "plan", tmp_path / "scripts"
    command = ["plan", str(path), "--database", sqlite_database, "--certificates", str(certificate_folder)]
    refused = CliRunner().invoke(data_update, [*command, "--sql", str(folder)])
    assert (refused.exit_code, f"{folder}: there is no such folder" in refused.output) == (2, True)
    assert not path.exists()

    folder.mkdir()
    result = CliRunner().invoke(data_update, [*command, "--sql", str(folder)])

    assert result.exit_code == 0, result.output
    assert {each.name for each in folder.iterdir()} == {"plan.sqlite.sql", "plan.postgresql.sql"}
    run(sqlite_database, folder / "plan.sqlite.sql")
    ours = f"SELECT count(*) FROM anchor_slots WHERE updated_by = 'data-update {Plan(path).plan_id}'"
    assert query(sqlite_database, ours) == [(Plan(path).summary.devices,)]
    with Database(sqlite_database) as opened, pytest.raises(DataUpdateError, match="exists already"):
        script.write_scripts(Plan(path), opened, folder)
