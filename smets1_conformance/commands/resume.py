"""``smets1-conformance run --resume``: which run, and calling it as it was called."""

from __future__ import annotations

import os
from pathlib import Path

import click

from smets1_conformance.call_pytest import call_pytest
from smets1_conformance.errors import UserError
from target.errors import HarnessError
from target.file import load_target
from target.journal import Journal
from target.run_lock import RunLock
from target.run_record import RESUME_FILE, RunRecord
from target.site import RunDirectory, Site


def resume_features(target_file: Path | None, run: str, output: Path, *, output_given: bool) -> int:
    """Go on with a run that was interrupted.

    Args:
        target_file: Its target file; without one it is looked for in `output`.
        run: Its id; empty for the latest unfinished one.
        output: Folder for results.
        output_given: Whether the user has named that folder.

    Returns:
        The exit code of the whole run, as in docs/adr/0008.

    Raises:
        UserError: There is no such run, or it cannot be gone on with; says what to do.
    """
    try:
        record = find_run(target_file, run, output)
        if output_given and output.resolve() != record.output:
            raise UserError(
                f"the results of the run {record.run_id} are in {record.output}, where it goes on; leave "
                "--output out"
            )
        record.check_target()
        _check_results(record)
        # Nobody of the former run may send anything any more, before it is looked at what was sent.
        if record.directory.is_dir():
            lock = RunLock(record.directory)
            lock.control(lambda line: click.echo(line, err=True))
            lock.release()
    except HarnessError as error:
        raise UserError(str(error)) from None
    click.echo(f"Going on with the run {record.run_id} of {record.begun:%Y-%m-%d %H:%M:%S} UTC")
    for line in _what_is_waited_for(record):
        click.echo(line)
    os.chdir(record.folder)
    arguments = [*record.arguments, f"--resume-run={record.output / RESUME_FILE}"]
    if record.seed is not None:
        arguments.append(f"--randomly-seed={record.seed}")
    return call_pytest(arguments)


def find_run(target_file: Path | None, run: str, output: Path) -> RunRecord:
    """The record of the run to go on with.

    Raises:
        HarnessError: There is none that could be gone on with.
    """
    target = load_target(target_file) if target_file is not None else None
    if target is None or target.isolated:
        record = RunRecord.read(output / RESUME_FILE)
        if run not in ("", record.run_id):
            raise HarnessError(f"{output} holds the run {record.run_id}, not {run}")
        if target is not None and record.target_file != target.path:
            raise HarnessError(f"the run in {output} was one of {record.target_file or 'the emulators'}")
    else:
        site = Site(target)
        directory = site.run(run) if run else site.latest_unfinished()
        found = directory.record if directory is not None else None
        if found is None:
            what = f"the run {run} had not begun" if run else f"{site.path} holds no unfinished run"
            raise HarnessError(f"{what}; start a new run without --resume")
        record = found
    if record.finished is not None:
        raise HarnessError(
            f"the run {record.run_id} ended at {record.finished:%Y-%m-%d %H:%M:%S} UTC; nothing was left "
            "undone. Start a new run without --resume"
        )
    return record


def _what_is_waited_for(record: RunRecord) -> list[str]:
    """A line for each request whose answer was lost: the run may stand still until its deadline."""
    directory = RunDirectory(record.site_run) if record.site_run is not None else None
    if directory is None or record.target_file is None or not directory.journal.exists():
        return []
    journal, deadlines = Journal(directory.journal), load_target(record.target_file).deadlines
    lines = [
        f"  {title} was on its way when the run was killed. It is not sent again: its result is waited for, "
        f"up to {deadlines.result_of(srv or ''):g} s"
        for title, srv in journal.unanswered()
    ]
    journal.close()
    return lines


def _check_results(record: RunRecord) -> None:
    """See that the folder for results still holds those of this run."""
    known = RunRecord.read(record.output / RESUME_FILE)
    if known.run_id != record.run_id:
        raise HarnessError(
            f"{record.output} holds the results of another run ({known.run_id}) by now, so the verdicts of "
            f"{record.run_id} are gone; start a new run without --resume"
        )
