"""``smets1-conformance run``: pytest with the features, the steps and the report path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from click.core import ParameterSource

from smets1_conformance.call_pytest import run_features
from smets1_conformance.errors import UserError
from smets1_conformance.output_folder import output_option
from smets1_conformance.target_file import loaded, target_option


@click.command(context_settings={"ignore_unknown_options": False})
@target_option(
    "Target file (TOML). Without one, the bundled emulators are started and tested.", required=False
)
@output_option("Folder for results, evidence and reports.")
@click.option(
    "-n",
    "processes",
    metavar="N",
    help="Run in N processes; 'auto': one for each processor or, at a target with endpoints, each device.",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep keys, databases and logs of the run in DIR (default: a temporary folder).",
)
@click.option(
    "--resume",
    "resume_run",
    is_flag=False,
    flag_value="",
    metavar="[RUN]",
    help="Go on with a run that was interrupted: the one in --output, or with --target the latest unfinished "
    "run of that target (or RUN, its id). Verdicts already reached are taken over, nothing is sent twice.",
)
@click.option(
    "--dry-run",
    "is_dry_run",
    is_flag=True,
    help="Show each message as it would be sent, and write it to dry-run/ in --output. Nothing is sent.",
)
@click.option(
    "--yes",
    is_flag=True,
    help="Do not ask for the name of the target before anything is sent to a system that is not ours.",
)
@click.option(
    "--known-issues",
    "known_issues",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ledger (TOML) of failures that are tolerated for now. One that fails otherwise, or not any more, "
    "fails the run.",
)
@click.option("--deviation", "deviations", multiple=True, metavar="NAME", hidden=True)
@click.argument("pytest_options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(
    context: click.Context,
    target_file: Path | None,
    output: Path,
    processes: str | None,
    state_dir: Path | None,
    resume_run: str | None,
    is_dry_run: bool,
    yes: bool,
    known_issues: Path | None,
    deviations: tuple[str, ...],
    pytest_options: tuple[str, ...],
) -> None:
    """Run the scenarios and say whether the target conforms.

    Options after -- go to pytest: -- -k repair selects scenarios by name, -- -m MP107-T01 by tag.

    \b
    Exit code: 0 conforms
               1 does not conform
               2 harness or configuration error
               3 incomplete: nothing ran, or not all that was selected
    """  # noqa: D301 - click wants the character, not its name
    target = loaded(target_file) if target_file is not None else None
    if known_issues is not None and resume_run is None:
        pytest_options = (f"--known-issues={known_issues.resolve()}", *pytest_options)
    if is_dry_run:
        from smets1_conformance.commands.dry_run import dry_run

        raise SystemExit(dry_run(target_file, output, pytest_options))
    if resume_run is not None:
        from smets1_conformance.commands.resume import resume_features

        given = context.get_parameter_source("output") is not ParameterSource.DEFAULT
        _refuse_beside_resume(
            {
                "-n": processes,
                "--state-dir": state_dir,
                "--known-issues": known_issues,
                "--": pytest_options,
            }
        )
        raise SystemExit(resume_features(target_file, resume_run, output, output_given=given))
    if target is not None:
        from smets1_conformance.confirmation import confirm

        confirm(target, pytest_options, yes=yes)
    if processes in ("auto", "logical") and target is not None:
        from smets1_conformance.commands.plan import suitable_processes

        processes = suitable_processes(target, pytest_options)
    raise SystemExit(run_features(target_file, output, processes, state_dir, deviations, pytest_options))


def _refuse_beside_resume(given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value:
            raise UserError(
                f"{name} cannot be given with --resume: a run goes on with the options it was started with"
            )
