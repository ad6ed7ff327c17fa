"""Rolling back: the database is as it was before, but for what somebody has changed since [FIA 4.2.2]."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect

from data_update.added_certificates import Removed
from data_update.applying import Progress
from data_update.audit import Outcome
from data_update.errors import DataUpdateError
from data_update.pace import Stop
from data_update.plan_file import Plan
from data_update.rolling_back import RolledBack
from duis.smki.testpki import TestPKI
from smets1_conformance.commands.data_update import data_update
from target.process import environment_of_children
from tests.data_update.apply_process import plan_of
from tests.data_update.databases import connected, execute, query
from tests.data_update.planned import applied, devices_of, everything, new_certificates, rolled_back
from tests.emulators.running import until

RESTORED = "SELECT count(*) FROM data_update_audit WHERE action = 'rollback'"


@pytest.fixture(scope="module")
def certificates(pki: TestPKI, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_certificates(pki, tmp_path_factory.mktemp("new") / "shared")


@pytest.fixture
def plan(any_database: str, certificates: Path, tmp_path: Path) -> Plan:
    return plan_of(any_database, certificates, tmp_path / "plan")


def test_the_database_is_as_it_was_before_the_update(any_database: str, plan: Plan) -> None:
    before = everything(any_database)
    applied(any_database, plan)
    during = everything(any_database)
    assert {table for table in before if before[table] != during[table]} == {"anchor_slots", "certificates"}

    done = rolled_back(any_database, plan)

    assert everything(any_database) == before
    count = plan.summary.devices
    new = len(during["certificates"]) - len(before["certificates"])
    assert done == RolledBack({Outcome.RESTORED: count}, 0, count, Removed(new, 0), None)
    rows = query(
        any_database,
        "SELECT a.device_id FROM data_update_audit a JOIN data_update_audit r"
        " ON r.plan = a.plan AND r.device_id = a.device_id"
        " WHERE a.action = 'apply' AND r.action = 'rollback' AND r.by = 'tester'"
        " AND r.before_digital_signing = a.after_digital_signing"
        " AND r.after_digital_signing = a.before_digital_signing"
        " AND r.after_key_agreement = a.before_key_agreement"
        " AND r.after_remote_party_id = a.before_remote_party_id ORDER BY 1",
    )
    assert [device for (device,) in rows] == sorted(devices_of(plan))


def test_a_plan_rolled_back_stays_so(any_database: str, plan: Plan) -> None:
    applied(any_database, plan)
    rolled_back(any_database, plan)
    before = everything(any_database)

    with pytest.raises(DataUpdateError, match=r"its rollback was begun at .*make the plan anew"):
        applied(any_database, plan)
    assert rolled_back(any_database, plan).recorded == 0

    assert everything(any_database) == before
    assert query(any_database, RESTORED) == [(plan.summary.devices,)]
    assert query(any_database, "SELECT count(*) FROM data_update_plans WHERE rolled_back_at > '2'") == [(1,)]


def test_some_devices_only(any_database: str, plan: Plan) -> None:
    before = everything(any_database)
    applied(any_database, plan, batches=1)
    during = everything(any_database)
    chosen = devices_of(plan)[3:8]

    done = rolled_back(any_database, plan, devices=dict.fromkeys(chosen, "--device"), batch_size=2)

    assert (done.recorded, done.left, done.certificates) == (5, 0, None)
    after = everything(any_database)
    changed_back = set(before["anchor_slots"]) & set(after["anchor_slots"]) - set(during["anchor_slots"])
    assert {dict(row)["device_id"] for row in changed_back} == set(chosen)
    assert after["certificates"] == during["certificates"]

    applied(any_database, plan)  # the plan is gone on with, but for what was rolled back
    still = f"SELECT count(*) FROM anchor_slots WHERE updated_by = 'data-update {plan.plan_id}'"
    assert query(any_database, still) == [(plan.summary.devices - len(chosen),)]
    assert rolled_back(any_database, plan).recorded == plan.summary.devices - len(chosen)
    assert everything(any_database) == before


def test_a_plan_that_was_applied_half_way(any_database: str, plan: Plan) -> None:
    before = everything(any_database)
    assert applied(any_database, plan, batch_size=7, batches=2).left == plan.summary.devices - 14

    assert rolled_back(any_database, plan).outcomes == {Outcome.RESTORED: 14}

    assert everything(any_database) == before
    with pytest.raises(DataUpdateError, match="its rollback was begun"):
        applied(any_database, plan)
    assert everything(any_database) == before


def test_stopped_and_gone_on_with(any_database: str, plan: Plan) -> None:
    before = everything(any_database)
    applied(any_database, plan)
    stop = Stop()

    def after_two(progress: Progress) -> None:
        if progress.done == 20:
            stop.request("enough")

    first = rolled_back(any_database, plan, batch_size=10, progress=after_two, stop=stop)
    assert (first.recorded, first.left) == (20, plan.summary.devices - 20)
    assert (first.stopped, first.certificates) == ("enough", None)
    with pytest.raises(DataUpdateError, match="its rollback was begun"):
        applied(any_database, plan)

    assert rolled_back(any_database, plan).recorded == plan.summary.devices - 20
    assert everything(any_database) == before


def test_killed_in_the_middle(any_database: str, plan: Plan) -> None:
    before = everything(any_database)
    applied(any_database, plan)
    command = [sys.executable, "-m", "smets1_conformance", "data-update", "rollback", plan.plan_id]
    slow = ["--database", any_database, "--batch", "1", "--rate", "10"]
    with subprocess.Popen([*command, *slow], env=environment_of_children()) as process:
        try:
            until(lambda: query(any_database, RESTORED) > [(1,)])
        finally:
            process.kill()
    ((done,),) = query(any_database, RESTORED)
    assert 1 < done < plan.summary.devices

    assert rolled_back(any_database, plan).recorded == plan.summary.devices - done
    assert everything(any_database) == before


def test_a_device_the_plan_did_not_replace_is_refused_before_anything_is_written(
    any_database: str, plan: Plan
) -> None:
    skipped, replaced = devices_of(plan)[:2]
    execute(
        any_database,
        "UPDATE anchor_slots SET updated_by = 'x', key_agreement = NULL"
        " WHERE remote_party_role = 'NetworkOperator' AND device_id = :device",
        device=skipped,
    )
    applied(any_database, plan)
    before = everything(any_database)
    with pytest.raises(DataUpdateError) as caught:
        rolled_back(any_database, plan, devices={replaced: "a:1", "it's unknown": "a:2", skipped: "a:3"})
    assert sorted(str(caught.value).splitlines()) == [
        f"a:2: it's unknown: plan {plan.plan_id} replaced nothing there; take it out, or correct it",
        f"a:3: {skipped}: plan {plan.plan_id} left this device as it was (skipped: changed since); "
        "take it out",
    ]
    assert everything(any_database) == before
    assert query(any_database, RESTORED) == [(0,)]


def test_a_plan_that_was_never_begun(any_database: str, plan: Plan) -> None:
    with pytest.raises(DataUpdateError, match=f"plan {plan.plan_id} was never begun here"):
        rolled_back(any_database, plan)
    with connected(any_database) as connection:
        assert not inspect(connection).has_table("data_update_plans")


def test_times_that_are_no_text(any_database: str, certificates: Path, tmp_path: Path) -> None:
    if "://" in any_database:
        execute(
            any_database,
            "ALTER TABLE anchor_slots ALTER COLUMN updated_at TYPE timestamptz USING updated_at::timestamptz",
        )
    else:
        ((declaration,),) = query(any_database, "SELECT sql FROM sqlite_master WHERE name = 'anchor_slots'")
        execute(any_database, "ALTER TABLE anchor_slots RENAME TO former")
        execute(any_database, declaration.replace("updated_at VARCHAR", "updated_at TIMESTAMP"))
        execute(any_database, "INSERT INTO anchor_slots SELECT * FROM former")
        execute(any_database, "DROP TABLE former")
    before = everything(any_database)
    plan = plan_of(any_database, certificates, tmp_path / "plan")
    applied(any_database, plan)
    device = devices_of(plan)[0]
    ((at,),) = query(
        any_database,
        "SELECT substr(CAST(updated_at AS varchar), 1, 5) FROM anchor_slots"
        " WHERE remote_party_role = 'NetworkOperator' AND device_id = :device",
        device=device,
    )
    assert at == f"{datetime.now(UTC).year}-"
    rolled_back(any_database, plan)
    assert everything(any_database) == before


def test_certificates_stay_unless_their_removal_is_asked_for(
    any_database: str, certificates: Path, tmp_path: Path
) -> None:
    plan = plan_of(any_database, certificates, tmp_path / "plan")
    before = everything(any_database)
    applied(any_database, plan)
    during = everything(any_database)
    assert rolled_back(any_database, plan, remove_certificates=False).certificates is None
    after = everything(any_database)
    assert after["certificates"] == during["certificates"] != before["certificates"]
    assert {table for table in after if after[table] != before[table]} == {"certificates"}
    removed = rolled_back(any_database, plan).certificates
    assert removed is not None
    assert removed.removed
    assert everything(any_database) == before


def test_command(sqlite_database: str, certificates: Path, tmp_path: Path) -> None:
    plan = plan_of(sqlite_database, certificates, tmp_path / "plan")
    before = everything(sqlite_database)
    applied(sqlite_database, plan)
    first, second = devices_of(plan)[:2]
    devices = tmp_path / "devices.txt"

    def run(*arguments: str) -> tuple[int, str]:
        command = ["rollback", *arguments, "--database", sqlite_database]
        result = CliRunner().invoke(data_update, command)
        return result.exit_code, result.output

    devices.write_text(f"\n{first}\nanother\n")
    code, said = run(str(plan.path), "--devices", str(devices))
    assert (code, f"{devices}:3: another: plan {plan.plan_id} replaced nothing there" in said) == (2, True)
    devices.write_text("\n")
    code, said = run(str(plan.path), "--devices", str(devices))
    assert (code, f"{devices}: names no device" in said) == (2, True)
    assert run(str(tmp_path / "none"))[0] == 2
    devices.write_text(f"\ufeff{first}\n", encoding="utf-8")
    code, said = run(plan.plan_id, "--device", second, "--devices", str(devices))
    assert (code, f"Plan {plan.plan_id}: 2 devices restored" in said) == (0, True)
    code, said = run(str(plan.path), "--by", "somebody", "--remove-certificates")
    assert (code, "certificates that the update had added were removed" in said) == (0, True)
    assert everything(sqlite_database) == before
    by = "SELECT count(*) FROM data_update_audit WHERE by = 'somebody' AND action = 'rollback'"
    assert query(sqlite_database, by) == [(plan.summary.devices - 2,)]
