"""``smets1-conformance data-update populate``: a database with incorrect slots, to practise on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulators.urls import MAIN_ESTATE
from smets1_conformance.commands.data_update.options import file_option
from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from duis.smki.testpki import TestPKI
    from emulators.incorrect_population import CohortFigures

_LIST = "network-operators.csv"


class FiguresType(click.ParamType[str]):
    """The FIA's figures, or a number of incorrect devices."""

    name = "figures"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it; click tells of a mistake."""
        if value != "fia" and not (value.isascii() and value.isdigit() and int(value)):
            self.fail(
                f"expected fia or a number of incorrect devices such as 1000, found {value!r}", param, ctx
            )
        return value


@click.command(short_help="Make a database with incorrect slots to practise on.")
@click.argument("database", metavar="FILE|URL")
@file_option(
    "--pki",
    required=True,
    metavar="DIR",
    help="A test PKI of smets1-conformance pki mint, whose certificates are in the slots.",
)
@click.option(
    "--figures",
    type=FiguresType(),
    default="fia",
    show_default=True,
    metavar="fia|N",
    help="As many incorrect devices as the FIA says, or N in the same proportions.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same devices.")
@click.option(
    "--estate", default=MAIN_ESTATE, show_default=True, help="The name of the population in the database."
)
@file_option(
    "--certificates-to",
    metavar="DIR",
    help=f"Write the certificates Network Operators share into this new folder, and {_LIST} beside them.",
)
def populate(
    database: str, pki: Path, figures: str, seed: int, estate: str, certificates_to: Path | None
) -> None:
    """Make DATABASE: a SQLite file that is not there yet, or a new estate in a PostgreSQL database.

    It is laid out as the bundled S1SP emulator has it. Network Operator slots of IOC and MOC devices hold
    another Network Operator's certificates, scattered among correct ones.
    """
    from duis.smki.testpki import TestPKI, TestPKIError
    from emulators.database import DatabaseError
    from emulators.incorrect_population import FIA_FIGURES, scaled
    from emulators.population_database import fill_database
    from smets1_conformance.commands.data_update.progress_line import ProgressLine

    chosen = FIA_FIGURES if figures == "fia" else scaled(int(figures))
    try:
        test_pki = TestPKI.load(pki)
    except TestPKIError as error:
        raise UserError(f"{error}; give a folder that smets1-conformance pki mint made") from error
    if certificates_to is not None:
        _check_new(certificates_to)
    try:
        with ProgressLine("populating", "sets") as line:
            filled = fill_database(database, seed, chosen, pki, estate=estate, progress=line.show)
    except (DatabaseError, ValueError) as error:
        raise UserError(str(error)) from error
    click.echo(
        f"{filled.devices:,} devices, {filled.incorrect:,} of them with incorrect Network Operator "
        f"certificates ({_by_cohort(chosen)}), seed {seed}"
    )
    if certificates_to is not None:
        _write_list(test_pki, certificates_to)
        click.echo(
            f"Next:  smets1-conformance data-update plan PLAN --certificates {certificates_to / _LIST} "
            "--database …"
        )


def _by_cohort(figures: Sequence[CohortFigures]) -> str:
    return ", ".join(
        f"{each.cohort} {count:,} {device_type}"
        for each in figures
        for device_type, count in each.incorrect.items()
    )


def _check_new(folder: Path) -> None:
    if folder.exists():
        raise UserError(f"{folder}: exists already; give another folder, or remove it")
    if not folder.parent.is_dir():
        raise UserError(f"{folder}: there is no folder {folder.parent}; make it first")


def _write_list(pki: TestPKI, folder: Path) -> None:
    """Write the list of Engineering Recommendation M31 as `certificate_list` reads it."""
    from duis.roles import NETWORK_OPERATORS

    rows = []
    try:
        folder.mkdir()
        for name, authority in (("root", pki.root), ("issuing-authority", pki.issuing)):
            (folder / f"{name}.pem").write_bytes(authority.pem())
        for party in pki.parties:
            if not NETWORK_OPERATORS.intersection(party.user_roles):
                continue
            signing, agreement = f"{party.name}-digital-signing.pem", f"{party.name}-key-agreement.pem"
            (folder / signing).write_bytes(party.digital_signing.pem())
            (folder / agreement).write_bytes(party.key_agreement.pem())
            rows.append((party.name, str(party.entity_identifier), signing, agreement))
        with (folder / _LIST).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("network_operator", "entity_identifier", "digital_signing", "key_agreement"))
            writer.writerows(rows)
    except OSError as error:
        raise UserError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
