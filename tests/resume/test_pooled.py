"""Going on with a run against the systems of others: nothing is sent twice, devices are as they were."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from duis.identifiers import EUI64, RequestID
from reports.results import Status
from target.file import load_target
from target.inbox import InboxConfig, SharedInbox
from target.run_lock import RunLock
from target.site import RunDirectory, Site
from tests.any_target.vendor import ENTITY_PREFIX, Vendor, vendor
from tests.resume.runs import Run, results_of

DSP = EUI64(f"{ENTITY_PREFIX}-01")
SELECTION = ("--", "-p", "no:randomly", "-k", "ESME and S1SP1 and (T10 or T11 or T12 or T30 or T31 or T40)")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    with vendor(
        tmp_path_factory.mktemp("any") / "vendor", ordinary=2, consumables=1, answer_after=0.3, deadline=6.0
    ) as opened:
        text = opened.target_file.read_text()
        opened.target_file.write_text(re.sub(r"(?m)^\[callback\]$", "[callback]\nlinger = 0", text, count=1))
        yield opened


def sent(run: RunDirectory) -> int:
    """How many documents stand in the journal of a run that goes on."""
    if not run.journal.exists():
        return 0
    with closing(sqlite3.connect(f"file:{run.journal}?mode=ro", uri=True)) as journal:
        try:
            return int(journal.execute("SELECT count(*) FROM parcel").fetchone()[0])
        except sqlite3.OperationalError:  # it is just being made
            return 0


def request_ids_in_journal(run: RunDirectory) -> list[str]:
    """The RequestIDs a run has sent, each as often as a scenario meant it to be sent."""
    with closing(sqlite3.connect(f"file:{run.journal}?mode=ro", uri=True)) as journal:
        rows = journal.execute("SELECT request_id FROM parcel WHERE request_id IS NOT NULL")
        return [request_id for (request_id,) in rows]


def request_ids_at(environment: Vendor) -> list[str]:
    """The RequestIDs users have sent to the vendor's DSP, each as often as it came."""
    return [
        str(row["request_id"])
        for row in environment.traffic()
        if row["kind"] == "Request" and row["direction"] == "received" and row["request_id"]
    ]


def not_meant(came: Counter[str], meant: Counter[str]) -> dict[str, int]:
    """What came more often than a scenario meant it; sanity checks (SRV 8.2 to the DSP) belong to none."""
    return {
        request_id: times
        for request_id, times in (came - meant).items()
        if times > 1 or RequestID.parse(request_id).target != DSP
    }


@pytest.mark.parametrize("after", [3, 8, 13], ids=lambda count: f"killed after {count} requests")
def test_a_killed_run_goes_on_and_sends_nothing_twice(
    environment: Vendor, tmp_path: Path, after: int
) -> None:
    before, slots = Counter(request_ids_at(environment)), environment.slots()
    site = Site(load_target(environment.target_file))
    known = {run.run_id for run in site.runs()}

    def current() -> RunDirectory | None:
        return next((run for run in site.runs() if run.run_id not in known), None)

    first = Run(tmp_path / "out", "--target", str(environment.target_file), *SELECTION)
    first.wait_until(lambda: (run := current()) is not None and sent(run) >= after)
    first.kill()
    run = current()
    assert run is not None
    unfinished = site.latest_unfinished()
    assert unfinished is not None
    assert unfinished.run_id == run.run_id

    second = Run(tmp_path / "out", "--target", str(environment.target_file), "--resume")
    assert second.end() == 0, second.text
    information, results = results_of(tmp_path / "out")
    assert {result.status for result in results} <= {Status.PASSED, Status.NOT_APPLICABLE}, second.text
    assert len(results) == information.selected == len({result.nodeid for result in results})
    came = Counter(request_ids_at(environment)) - before
    meant = Counter(request_ids_in_journal(run))
    assert sum(came.values()) > after
    assert not_meant(came, meant) == {}
    assert environment.slots() == slots
    assert site.latest_unfinished() is None
    assert not RunLock(run.path).held


def test_two_runs_share_one_inbox(environment: Vendor, tmp_path: Path) -> None:
    target = load_target(environment.target_file)
    runs = [
        Run(tmp_path / name, "--target", str(environment.target_file), *SELECTION)
        for name in ("one", "other")
    ]
    inbox = SharedInbox(InboxConfig.shared(target))
    runs[0].wait_until(lambda: inbox.status().running)
    assert [run.end() for run in runs] == [0, 0], runs[0].text + runs[1].text
    for run in runs:
        _, results = results_of(run.output)
        assert {result.status for result in results} <= {Status.PASSED, Status.NOT_APPLICABLE}


def test_workers_end_soon_after_a_controller_that_was_killed(environment: Vendor, tmp_path: Path) -> None:
    target = load_target(environment.target_file)
    site = Site(target)
    known, before = {run.run_id for run in site.runs()}, Counter(request_ids_at(environment))
    first = Run(tmp_path / "out", "--target", str(environment.target_file), "-n", "2", *SELECTION)
    first.wait_until(lambda: any(sent(run) >= 4 for run in site.runs() if run.run_id not in known))
    (run,) = (run for run in site.runs() if run.run_id not in known)
    first.kill()
    second = Run(tmp_path / "out", "--target", str(environment.target_file), "--resume")
    assert second.end(120) == 0, second.text
    assert f"Going on with the run {run.run_id}" in second.text
    came = Counter(request_ids_at(environment)) - before
    assert not_meant(came, Counter(request_ids_in_journal(run))) == {}


def test_a_changed_target_file_is_refused(environment: Vendor, tmp_path: Path) -> None:
    site = Site(load_target(environment.target_file))
    known = {run.run_id for run in site.runs()}
    first = Run(tmp_path / "out", "--target", str(environment.target_file), *SELECTION)
    first.wait_until(lambda: any(sent(run) >= 2 for run in site.runs() if run.run_id not in known))
    first.kill()
    text = environment.target_file.read_text()
    environment.target_file.write_text(f"# changed\n{text}")
    refused = Run(tmp_path / "out", "--target", str(environment.target_file), "--resume")
    assert refused.end() == 2
    assert "has changed since the run" in refused.text
    environment.target_file.write_text(text)
    assert Run(tmp_path / "out", "--target", str(environment.target_file), "--resume").end() == 0
