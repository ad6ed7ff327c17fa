"""What a resumable run writes down about itself, and what a resumed one takes over."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reports.plugin import run_of
from reports.results import ScenarioResult
from target.attempts import Attempts
from target.journal import Journal
from target.run_record import RunRecord, digest_of
from target.session import TargetSession
from target.site import RunDirectory

RECORD = pytest.StashKey[RunRecord]()
"""How the run was called; in the controlling process."""

ATTEMPTS = pytest.StashKey[Attempts]()
"""The attempts at a scenario against a pooled target, with its test."""


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


def begin_attempt(item: pytest.Item, target: TargetSession) -> None:
    """Turn to the scenario that is carried out from now on."""
    if target.attempts is not None:
        target.attempts.turn_to(item.nodeid)
        item.stash[ATTEMPTS] = target.attempts


def report_unclaimed(config: pytest.Config, target: TargetSession) -> None:
    """Put on record what arrived during the run and no verdict rests on."""
    run, found = run_of(config), target.unclaimed()
    if run is not None and found is not None:
        run.information.callbacks = found.counts
        run.information.messages_of_nobody = list(found.lines)
