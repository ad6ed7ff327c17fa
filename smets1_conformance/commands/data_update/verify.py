"""``smets1-conformance data-update verify``: show that a plan was carried out, and nothing else changed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.commands.data_update.options import (
    database_option,
    file_option,
    plan_argument,
    told,
    trust_option,
)
from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from data_update.certificate_list import CertificateList
    from data_update.plan_file import Plan
    from data_update.registration_file import RegistrationFile
    from data_update.verification import Verification

FOUND_SOMETHING = 1
"""Exit code of a verification with a check that failed."""


@click.command(short_help="Show that a plan was carried out, and nothing else changed.")
@plan_argument
@database_option
@file_option(
    "--certificates",
    metavar="DIR|CSV",
    help="Judge what is correct with this list.  [default: the one the plan was made with]",
)
@trust_option
@file_option(
    "--registrations",
    metavar="CSV",
    help="The file of Registration Data the plan was made with.  [default: where it was then]",
)
@file_option(
    "--baseline",
    metavar="FILE",
    help="The baseline that was written with the plan.  [default: PLAN.baseline]",
)
@click.option("--no-baseline", is_flag=True, help="Do not look whether anything else changed.")
@click.option(
    "--live",
    is_flag=True,
    help="Others work on the database: tell of other devices, registrations and removed certificates, and "
    "do not take them for failures.",
)
@click.option(
    "--read-back",
    metavar="N",
    type=click.IntRange(1),
    help="Read the slots of N updated devices through the protocol (SRV 6.24.1), and have each raise an "
    "alert where its S1SP is an emulator; needs --target.",
)
@file_option(
    "--target",
    "target_file",
    metavar="FILE",
    help="Target file (TOML) of the system whose database it is, for --read-back.",
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the checks as JSON, for `report --verified`.",
)
def verify(
    plan_file: Path,
    database: str,
    certificates: Path | None,
    trust: Path | None,
    registrations: Path | None,
    baseline: Path | None,
    no_baseline: bool,
    live: bool,
    read_back: int | None,
    target_file: Path | None,
    json_file: Path | None,
) -> None:
    """Show that PLAN was carried out in the database, and that nothing else changed. Only reads.

    Every device is compared with the audit, every Network Operator slot is judged again as at the time of
    the plan, and every row is compared with the baseline. What Service Users changed since is told, and is no
    failure.

    \b
    Exit code: 0 every check passed
               1 a check failed
               2 something given, or the database, cannot be used
    """  # noqa: D301 - click wants the character, not its name
    from data_update import verifying
    from data_update.baseline import baseline_path
    from data_update.database import Database
    from data_update.plan_file import Plan

    if (read_back is None) != (target_file is None):
        raise UserError("--read-back and --target go together: give both, or neither")
    with told():
        plan = Plan(plan_file)
        request = verifying.VerifyRequest(
            _shared(plan, certificates, trust),
            _registrations(plan, registrations),
            None if no_baseline else baseline or baseline_path(plan_file),
            live,
        )
        with Database(database, read_only=True) as opened:
            found = verifying.verify(opened, plan, request, progress=_tell)
            if read_back is not None and target_file is not None:
                from smets1_conformance.commands.data_update.read_back import read_back_checks

                found = found.with_checks(read_back_checks(opened, plan, read_back, target_file, _tell))
    if json_file is not None:
        _write(json_file, found)
    _show(found)
    if not found.passed:
        raise SystemExit(FOUND_SOMETHING)


def _shared(plan: Plan, certificates: Path | None, trust: Path | None) -> CertificateList:
    from data_update.certificate_list import load_certificate_list

    path = certificates or Path(plan.header.certificate_list)
    if certificates is None and not path.exists():
        raise UserError(
            f"{path}: the certificate list of the plan is no longer there; give it, or a fresh one, with "
            "--certificates"
        )
    return load_certificate_list(path, at=datetime.fromisoformat(plan.header.made_at), trust=trust)


def _registrations(plan: Plan, registrations: Path | None) -> RegistrationFile | None:
    """The file of the plan; its digest decides whether it is the one, so its MPRNs are not judged again."""
    from data_update.registration_file import RegistrationFile

    if plan.header.registrations_digest is None:
        if registrations is not None:
            raise UserError(
                f"{registrations}: the plan was made with the registrations in the database; leave out "
                "--registrations"
            )
        return None
    path = registrations or Path(plan.header.registrations)
    return RegistrationFile(path, mprn_check_digits=False)


def _write(path: Path, found: Verification) -> None:
    try:
        path.write_text(json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}; give another path") from error


def _show(found: Verification) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from data_update.verification import CheckOutcome
    from smets1_conformance.commands.data_update.plan_summary import new_console

    console = new_console()
    styles = {CheckOutcome.OK: "green", CheckOutcome.FAILED: "bold red", CheckOutcome.NOT_CHECKED: "cyan"}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("outcome", no_wrap=True)
    table.add_column("check", overflow="fold")
    table.add_column("clause", overflow="fold")
    table.add_column("counts", overflow="fold")
    for check in found.checks:
        counts = "\n".join(f"{number:,} {what}" for what, number in check.counts.items())
        told_more = "\n".join(filter(None, (check.text, counts)))
        table.add_row(Text(check.outcome, styles[check.outcome]), check.name, check.clause, told_more)
    console.print(table)
    for check in found.checks:
        if check.examples:
            console.print(f"{check.name}:", soft_wrap=True)
            for example in check.examples:
                console.print(f"  {example}", soft_wrap=True)
    failed = sum(check.outcome is CheckOutcome.FAILED for check in found.checks)
    unchecked = sum(check.outcome is CheckOutcome.NOT_CHECKED for check in found.checks)
    passed = len(found.checks) - failed - unchecked
    console.print(f"{passed} ok, {failed} failed, {unchecked} not checked", style="bold")


def _tell(line: str) -> None:
    click.echo(line, err=True)
