"""``smets1-conformance data-update plan``: what is incorrect, and what is to replace it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulators.urls import MAIN_ESTATE
from smets1_conformance.commands.data_update.options import (
    database_option,
    file_option,
    plan_argument,
    told,
    trust_option,
)

if TYPE_CHECKING:
    from data_update.certificate_list import CertificateList


class InstantType(click.ParamType[datetime]):
    """An ISO 8601 date-time with its zone, as an instant in UTC."""

    name = "instant"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it; click tells of a mistake."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(
                f"expected a date-time with zone such as 2026-03-01T12:00:00Z, found {value!r}", param, ctx
            )
        return moment.astimezone(UTC)


@click.command(short_help="Find what is incorrect, and decide what replaces it.")
@plan_argument
@database_option
@file_option(
    "--certificates",
    required=True,
    metavar="DIR|CSV",
    help="The certificates Network Operators shared (Engineering Recommendation M31): a folder, or a CSV "
    "file that names them.",
)
@trust_option
@file_option(
    "--registrations",
    metavar="CSV",
    help="Registration Data from a file instead of the database.",
)
@click.option(
    "--without-mprn-check-digits",
    is_flag=True,
    help="Take MPRNs of that file whose last two digits are no check digits.",
)
@file_option(
    "--layout",
    "layout_file",
    metavar="TOML",
    help="Names of the tables and columns, where they are not those of the bundled S1SP emulator.",
)
@click.option(
    "--estate",
    default=MAIN_ESTATE,
    show_default=True,
    help="Which population of the database; without meaning where the layout has no scope.",
)
@click.option(
    "--device-type", "device_types", multiple=True, metavar="TYPE", help="Only this type; may be repeated."
)
@click.option(
    "--at",
    type=InstantType(),
    metavar="TIME",
    help="Judge registrations and certificates at this time, such as 2026-03-01T12:00:00Z.  [default: now]",
)
@file_option(
    "--baseline",
    metavar="FILE",
    help="Where to write what every row is now, as hashes, for `verify`.  [default: PLAN.baseline]",
)
@click.option("--no-baseline", is_flag=True, help="Write none; `verify` cannot tell what else changed then.")
@file_option(
    "--sql",
    "sql_folder",
    metavar="DIR",
    help="Also write what apply would do as plain SQL into this folder, for SQLite and for PostgreSQL.",
)
def plan(
    plan_file: Path,
    database: str,
    certificates: Path,
    trust: Path | None,
    registrations: Path | None,
    without_mprn_check_digits: bool,
    layout_file: Path | None,
    estate: str,
    device_types: tuple[str, ...],
    at: datetime | None,
    baseline: Path | None,
    no_baseline: bool,
    sql_folder: Path | None,
) -> None:
    """Find incorrect Network Operator slots, decide what replaces them, and write that as PLAN.

    Nothing is written to the database. A slot about which there is a doubt is left alone, with the reason.
    """
    from data_update.baseline import baseline_path
    from data_update.certificate_list import load_certificate_list
    from data_update.database import Database
    from data_update.layout import Layout, load_layout
    from data_update.plan_file import Plan
    from data_update.planning import PlanRequest, make_plan
    from data_update.registration_file import RegistrationFile
    from data_update.script import script_paths, write_scripts
    from smets1_conformance.commands.data_update.plan_summary import new_console, print_summary
    from smets1_conformance.commands.data_update.progress_line import ProgressLine

    moment = at or datetime.now(UTC)
    with told():
        if sql_folder is not None:
            script_paths(sql_folder, plan_file)  # told before the work, not after it
        layout = Layout() if layout_file is None else load_layout(layout_file)
        shared = load_certificate_list(certificates, at=moment, trust=trust)
        of_file = None
        if registrations is not None:
            of_file = RegistrationFile(registrations, mprn_check_digits=not without_mprn_check_digits)
        kept = None if no_baseline else baseline or baseline_path(plan_file)
        request = PlanRequest(plan_file, layout, estate, shared, moment, of_file, device_types, kept)
        with Database(database, read_only=True) as opened, ProgressLine("examining", "slots") as line:
            make_plan(opened, request, line.show)
            made = Plan(plan_file)
            scripts = () if sql_folder is None else write_scripts(made, opened, sql_folder)
    if not made.header.pairs:
        click.echo(_none_usable(shared), err=True)
    names = {str(identifier): party.name for identifier, party in shared.parties.items()}
    print_summary(new_console(), made, names)
    for script in scripts:
        click.echo(f"Script: {script}")
    click.echo(_next_step(made.summary.devices, plan_file, registrations))


def _none_usable(shared: CertificateList) -> str:
    """Say why no certificate of the list can be placed, with the mend."""
    from data_update.certificate_list import Unusable

    found = [shared.replacement(str(party)) for party in shared.parties]
    lines = [f"  {each.detail}" for each in found if isinstance(each, Unusable)]
    mend = "ask the Network Operators for valid ones, and make the plan anew"
    return "\n".join([f"{shared.source}: none of its certificates can be placed; {mend}:", *lines])


def _next_step(devices: int, plan_file: Path, registrations: Path | None) -> str:
    if not devices:
        return "Nothing is to be replaced."
    again = "" if registrations is None else f" --registrations {registrations}"
    return f"Next:  smets1-conformance data-update apply {plan_file}{again} --database …"
