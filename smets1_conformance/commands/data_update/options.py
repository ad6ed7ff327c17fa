"""What the commands of the data update have in common."""

from __future__ import annotations

import getpass
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from smets1_conformance.errors import UserError

Option = Callable[[Callable[..., None]], Callable[..., None]]

INCOMPLETE = 3
"""Exit code of what was stopped before its end."""

database_option = click.option(
    "--database",
    "-d",
    required=True,
    metavar="FILE|URL",
    envvar="DATA_UPDATE_DATABASE",
    help="The S1SP's database: a SQLite file or postgresql://…; also from $DATA_UPDATE_DATABASE, where a "
    "password is in no list of processes.",
)


class _DevicesPerSecond(click.FloatRange):
    """A number above 0; click takes "nan" for one in any range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"expected a number of devices such as 50, found {value!r}", param, ctx)
        return number


rate_option = click.option(
    "--rate",
    metavar="DEVICES/S",
    type=_DevicesPerSecond(0, min_open=True),
    help="No more devices a second than these.",
)

plan_argument = click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))


def file_option(*names: str, metavar: str, help: str, required: bool = False) -> Option:
    """Return an option that names a file or a folder; what is wrong with it is told where it is read."""
    return click.option(
        *names, metavar=metavar, type=click.Path(path_type=Path), required=required, help=help
    )


trust_option = file_option(
    "--trust",
    metavar="DIR|FILE",
    help="Certificates of the roots; without it those found with the shared certificates.",
)


def batch_option(help: str) -> Option:
    """Return the option for the size of a batch."""
    return click.option(
        "--batch", default=1000, show_default=True, metavar="N", type=click.IntRange(1), help=help
    )


def default_by() -> str:
    """Return who calls: user and host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user, as in some containers
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


by_option = click.option("--by", default=default_by, help="Who does it, for the audit.  [default: user@host]")


@contextmanager
def told() -> Iterator[None]:
    """Tell what a user can put right in one message, with exit code 2."""
    from data_update.errors import DataUpdateError

    try:
        yield
    except DataUpdateError as error:
        raise UserError(str(error)) from error
