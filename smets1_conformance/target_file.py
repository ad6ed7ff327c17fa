"""The target file of a command: the option that names it, and reading it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from target.file import TargetFile


def target_option(text: str, *, required: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `--target FILE`, handed over as `target_file`.

    Args:
        text: Its help.
        required: Whether the command needs one.
    """
    return click.option(
        "--target",
        "target_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        required=required,
        help=text,
    )


def loaded(path: Path) -> TargetFile:
    """Read a target file.

    Raises:
        UserError: It cannot be used; names file, line and field.
    """
    from target.file import TargetFileError, load_target

    if not path.is_file():
        raise UserError(f"{path}: there is no such target file")
    try:
        return load_target(path)
    except TargetFileError as error:
        raise UserError(str(error)) from None
