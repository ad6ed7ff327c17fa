"""The folder for results, evidence and reports: the option that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def output_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `--output DIR`, with the folder that a run writes by default.

    Args:
        text: Its help.
    """
    return click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("reports/output"),
        show_default=True,
        metavar="DIR",
        help=text,
    )
