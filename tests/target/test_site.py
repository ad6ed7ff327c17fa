"""What outlives a run: the private directory of a target, its runs, and who is still at work for one."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from target.errors import HarnessError
from target.file import TargetFile
from target.run_lock import RunLock
from target.run_record import RunRecord, digest_of
from target.site import RunDirectory, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_of(tmp_path / "sit-a.toml")


def site_of(target_file: Path) -> Site:
    state = target_file.with_name("sit-a.state")
    return Site(cast(TargetFile, SimpleNamespace(site_state=state, path=target_file)))


def record(run: RunDirectory, output: Path) -> RunRecord:
    return RunRecord(
        run_id=run.run_id,
        arguments=("features", "-n", "2"),
        folder=output.parent,
        output=output,
        target_file=output.with_name("sit-a.toml"),
        target_digest="",
        directory=run.path,
        site_run=run.path,
        started=datetime.now(UTC),
    )


def test_a_site_is_private_and_holds_its_runs_in_order(site: Site) -> None:
    runs = [site.new_run() for _ in range(3)]
    assert [run.run_id for run in site.runs()] == sorted(run.run_id for run in runs)
    for path in (site.path, *(run.path for run in runs)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert site.run(runs[1].run_id).path == runs[1].path
    with pytest.raises(HarnessError, match="holds no run yesterday"):
        site.run("yesterday")


def test_a_directory_with_other_files_is_no_site(site: Site) -> None:
    site.path.mkdir()
    (site.path / "notes.txt").write_text("")
    with pytest.raises(HarnessError, match="holds other files"):
        site.new_run()


def test_the_latest_unfinished_run_is_found(site: Site, tmp_path: Path) -> None:
    assert site.latest_unfinished() is None
    first, second, _without_record = site.new_run(), site.new_run(), site.new_run()
    for run in (first, second):
        record(run, tmp_path / "out").save()
    assert site.latest_unfinished() is not None
    found = second.record
    assert found is not None
    found.after_end().save()
    other_target = site_of(tmp_path / "sit-b.toml")
    assert len(other_target.runs()) == len(site.runs())
    assert other_target.latest_unfinished() is None
    unfinished = site.latest_unfinished()
    assert unfinished is not None
    assert unfinished.run_id == first.run_id
    assert RunRecord.read(tmp_path / "out").finished is not None


def test_a_changed_target_file_is_told(tmp_path: Path, site: Site) -> None:
    target_file = tmp_path / "target.toml"
    target_file.write_text("one")
    known = record(site.new_run(), tmp_path / "out").model_copy(
        update={"target_file": target_file, "target_digest": digest_of(target_file)}
    )
    known.check_target()
    target_file.write_text("another")
    with pytest.raises(HarnessError, match=r"has changed since the run .* without --resume"):
        known.check_target()


def test_a_record_that_is_none_of_ours_is_told(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no run to resume"):
        RunRecord.read(tmp_path)
    (tmp_path / "resume.json").write_text("{}")
    with pytest.raises(HarnessError, match=r"resume\.json: run_id: Field required"):
        RunRecord.read(tmp_path)


WORKER = """
import sys
from pathlib import Path
from target.run_lock import RunLock
RunLock(Path(sys.argv[1])).join()
print("joined", flush=True)
sys.stdin.read()
"""


def test_a_run_is_gone_on_with_when_its_last_worker_has_ended(tmp_path: Path) -> None:
    told: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"joined\n"
        assert RunLock(tmp_path).held

        def end_the_worker(line: str) -> None:
            told.append(line)
            worker.kill()

        lock = RunLock(tmp_path)
        lock.control(end_the_worker)
    assert len(told) == 1
    assert "waiting for processes of the interrupted run to end" in told[0]
    with pytest.raises(HarnessError, match="in use by another process that controls this run"):
        RunLock(tmp_path).control()
    lock.release()
    assert not RunLock(tmp_path).held
