"""``smets1-conformance plan``: what a run would do, without sending or starting anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError
from smets1_conformance.target_file import target_option

if TYPE_CHECKING:
    from target.file import TargetFile


@click.command()
@target_option("Target file (TOML). Without one, the plan is for the bundled emulators.", required=False)
@click.option("-n", "processes", default="1", metavar="N", help="For a run in N processes, or 'auto'.")
@click.option(
    "--answer",
    "answer_seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long an answer takes (default: as in earlier runs against the target, where there are any).",
)
@click.option("--all", "every_scenario", is_flag=True, help="Also list every scenario.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
@click.argument("pytest_options", nargs=-1, type=click.UNPROCESSED)
def plan(
    target_file: Path | None,
    processes: str,
    answer_seconds: float | None,
    every_scenario: bool,
    as_json: bool,
    pytest_options: tuple[str, ...],
) -> None:
    """Tell what a run would do: what runs where, what it needs and sends, how long it takes.

    Nothing is sent and nothing is started. Options after -- go to pytest and select as in a run:
    -- -k repair by name, -- -m MP107-T01 by tag.
    """
    from smets1_conformance.plan_text import described, print_plan
    from smets1_conformance.selection import select, target_of
    from steps.plan import answer_seconds_of
    from steps.plan import plan as work_out
    from target.errors import HarnessError

    selected = select(pytest_options)
    with target_of(target_file) as target:
        try:
            planned = work_out(target, selected, _workers(processes))
            if processes in AUTOMATIC:
                planned = work_out(target, selected, planned.suitable_workers)
            known = answer_seconds or answer_seconds_of(target)
        except HarnessError as error:
            raise UserError(str(error)) from None
        if as_json:
            click.echo(json.dumps(described(planned, known, bundled=target_file is None), indent=2))
        else:
            print_plan(planned, known, bundled=target_file is None, every_scenario=every_scenario)


AUTOMATIC = ("auto", "logical")
"""What pytest-xdist takes for a number it finds out by itself."""


def _workers(processes: str) -> int:
    if processes in AUTOMATIC:
        return 1
    if not processes.isdecimal():
        raise UserError(f"-n {processes}: expected a number, or auto")
    return max(1, int(processes))


def suitable_processes(target: TargetFile, pytest_options: tuple[str, ...]) -> str:
    """What `-n auto` means at a target with endpoints: a process for each device the scenarios can use.

    Returns:
        The number; `auto` where every scenario has a population of its own, since processors count there.
    """
    from smets1_conformance.selection import plan_of

    if target.isolated:
        return AUTOMATIC[0]
    return str(plan_of(target, pytest_options).suitable_workers)
