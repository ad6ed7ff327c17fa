"""Going on with a run against the systems of others: nothing is sent twice, devices are as they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from reports.results import Status
from smets1_conformance.cli import group
from target.deadline import Deadline
from target.journal import LOOKING_AFTER
from target.run_lock import RunLock
from target.site import RunDirectory
from tests.any_target.vendor import Vendor
from tests.resume.observed import Observed
from tests.resume.runs import Run, results_of, runs

SELECTION = ("--", "-p", "no:randomly", "-k", "ESME and S1SP1 and (T10 or T12)")


def see_that_all_is_well(seen: Observed, output: Path) -> None:
    """Every verdict is there, and nothing else is left behind."""
    information, results = results_of(output)
    assert [result.status for result in results] == [Status.PASSED] * 2
    assert len({result.nodeid for result in results}) == information.selected == 2
    assert seen.sent_twice() == {}
    assert seen.came > 0
    assert seen.changed() == set()
    assert seen.left_behind() == ()
    assert seen.run is not None
    assert not RunLock(seen.run.path).held
    assert seen.site.latest_unfinished() is None


def lose_the_answer(run: RunDirectory) -> bool:
    """Have the journal look as if the run was killed before the 6.15.1 of its scenario left."""
    with closing(sqlite3.connect(run.journal)) as journal, journal:
        changed = journal.execute(
            "UPDATE parcel SET status = NULL WHERE srv = '6.15.1' AND scenario IN "
            "(SELECT scenario FROM attempt WHERE state = 'open' AND scenario <> ?)",
            (LOOKING_AFTER,),
        )
        return changed.rowcount == 1


def test_a_killed_run_goes_on_and_sends_nothing_twice(environment: Vendor, tmp_path: Path) -> None:
    """One request has no answer, and no result comes (it is refused): its scenario begins anew."""
    seen, target = Observed(environment), ("--target", str(environment.target_file))
    first = Run(tmp_path / "out", *target, "--yes", *SELECTION)
    first.wait_until(lambda: seen.sent("6.15.1", answered=True, by_scenarios=True) == 1)
    first.kill()
    assert seen.run is not None
    assert lose_the_answer(seen.run)
    unfinished = seen.site.latest_unfinished()
    assert unfinished is not None
    assert unfinished.run_id == seen.run.run_id

    text = environment.target_file.read_text()
    environment.target_file.write_text(f"# changed\n{text}")
    refused = CliRunner().invoke(group, ["run", "--output", str(tmp_path / "out"), *target, "--resume"])
    assert refused.exit_code == 2
    assert "has changed since the run" in refused.output
    environment.target_file.write_text(text)

    second = Run(tmp_path / "out", *target, "--resume")
    assert second.end() == 0, second.text
    see_that_all_is_well(seen, tmp_path / "out")
    assert "was on its way when the run was killed. It is not sent again: its result" in second.text
    assert "up to 6 s" in second.text
    anew = [result for result in results_of(tmp_path / "out")[1] if "new attempt" in result.observations]
    assert len(anew) == 1
    assert "was lost when the run was killed, and no result came" in anew[0].observations["new attempt"][0]


def test_workers_end_by_themselves_and_a_resumed_run_waits_for_them(
    environment: Vendor, tmp_path: Path
) -> None:
    """Nobody asks any more for the result that a worker waits for when the controlling process is killed."""
    seen, target = Observed(environment), ("--target", str(environment.target_file))
    environment.script_fault("s1sp1", srv="6.15.1", action="late", delay_seconds=5.0)
    first = Run(tmp_path / "out", *target, "--yes", "-n", "2", *SELECTION)
    first.wait_until(lambda: seen.sent("6.15.1") > 0)
    workers = first.workers
    assert len(workers) == 2
    assert seen.run is not None
    slow = RunLock(seen.run.path)
    slow.join()  # as a worker that a busy machine does not let end
    first.kill()
    limit = Deadline(4)  # the result comes later
    while any(runs(worker) for worker in workers):
        assert not limit.passed

    second = Run(tmp_path / "out", *target, "--resume")
    second.wait_until(lambda: "waiting for processes of the interrupted run to end" in second.text)
    assert "Going on with the run" not in second.text
    slow.release()
    assert second.end() == 0, second.text
    see_that_all_is_well(seen, tmp_path / "out")
