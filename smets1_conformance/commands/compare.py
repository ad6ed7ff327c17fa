"""``smets1-conformance compare``: what changed between two runs."""

from __future__ import annotations

import click


@click.command()
def compare() -> None:
    """To be written."""
    raise SystemExit(2)
