"""The part of the pytest plugin that makes a run resumable: its record, its journal, and what is replayed.

A scenario whose attempt was interrupted is carried out once more; what it had sent is recalled, not sent.
Where that cannot be done the attempt is abandoned, and the scenario runs again with new RequestIDs.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from reports.plugin import forget_record, is_scenario, run_of
from reports.results import ScenarioResult
from target.attempts import Attempts
from target.errors import FateUnknown
from target.journal import Journal
from target.journal_courier import NotReplayable
from target.run_record import RunRecord, digest_of
from target.session import TargetSession
from target.site import RunDirectory

RECORD = pytest.StashKey[RunRecord]()
_ATTEMPTS = pytest.StashKey[Attempts]()
_ABANDONED = pytest.StashKey[str]()
_NEW_ATTEMPT = "new attempt"


def interrupted_run(config: pytest.Config) -> RunRecord | None:
    """The record of the run that is gone on with.

    Raises:
        HarnessError: It cannot be read.
    """
    path = config.getoption("conformance_resume")
    return RunRecord.read(Path(path)) if path is not None else None


def run_directory_of(record: RunRecord | None) -> RunDirectory | None:
    """The directory of a run in the site of its target, where that is pooled."""
    return RunDirectory(record.site_run) if record is not None and record.site_run is not None else None


def take_over_conclusions(config: pytest.Config, record: RunRecord) -> None:
    """Take verdicts over from the journal that did not come to be written to the results."""
    directory, run = run_directory_of(record), run_of(config)
    if directory is None or run is None or not directory.journal.exists():
        return
    journal = Journal(directory.journal)
    run.take_over(ScenarioResult.from_json(each) for each in journal.conclusions().values())
    journal.close()


def write_record(config: pytest.Config, target: TargetSession, former: RunRecord | None) -> None:
    """Write down how the run was called, so that it can be gone on with."""
    run = run_of(config)
    if run is None:
        return
    directory = target.run_directory.path if target.run_directory is not None else target.state_dir
    if former is not None:
        record = former.after_resumption(directory)
    else:
        base = config.invocation_params.dir
        target_file = config.getoption("conformance_target")
        path = (base / target_file).resolve() if target_file else None
        record = RunRecord(
            run_id=directory.name,
            arguments=tuple(str(argument) for argument in config.invocation_params.args),
            folder=base,
            output=run.output,
            target_file=path,
            target_digest=digest_of(path) if path is not None else None,
            directory=directory,
            site_run=target.run_directory.path if target.run_directory is not None else None,
            seed=_seed(config),
            started=datetime.now(UTC),
        )
    record.save()
    config.stash[RECORD] = record
    run.tell_how_to_resume(how_to_resume(record))


def how_to_resume(record: RunRecord) -> str:
    """The command that goes on with a run."""
    if record.site_run is not None:
        return f"smets1-conformance run --target {record.target_file} --resume {record.run_id}"
    return f"smets1-conformance run --resume --output {record.output}"


def _seed(config: pytest.Config) -> int | None:
    with suppress(ValueError, TypeError):
        return int(config.getoption("randomly_seed"))
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write down that nothing is left to do, if that is so."""
    record, run = config.stash.get(RECORD, None), run_of(config)
    if record is not None and run is not None and not run.unfinished:
        record.after_end().save()


def begin_attempt(item: pytest.Item, target: TargetSession) -> None:
    """Turn to the scenario that is carried out from now on."""
    if target.attempts is not None:
        target.attempts.turn_to(item.nodeid)
        item.stash[_ATTEMPTS] = target.attempts


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the verdict into the journal, or find out that an interrupted attempt cannot be replayed."""
    report = yield
    attempts = item.stash.get(_ATTEMPTS, None)
    if attempts is None:
        return report
    exception = call.excinfo.value if call.excinfo is not None else None
    if isinstance(exception, NotReplayable | FateUnknown):
        item.stash[_ABANDONED] = str(exception)
    record = getattr(report, "conformance_result", None)
    if record is not None:
        if _ABANDONED in item.stash:
            attempts.abandon(item.stash[_ABANDONED])
        else:
            attempts.conclude(record)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object | None:
    """In a resumed run: carry a scenario out again whose interrupted attempt could not be replayed."""
    if item.config.getoption("conformance_resume") is None or not is_scenario(item):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    why = ""
    while True:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if why:
            for report in reports:
                _put_on_record(report, why)
        why = item.stash.get(_ABANDONED, "")
        if not why:
            break
        del item.stash[_ABANDONED]
        forget_record(item)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _put_on_record(report: pytest.TestReport, why: str) -> None:
    record = getattr(report, "conformance_result", None)
    if record is not None:
        record["observations"].setdefault(_NEW_ATTEMPT, []).append(why)
