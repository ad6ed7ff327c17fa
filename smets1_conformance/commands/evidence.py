"""``smets1-conformance evidence``: bundles of evidence."""

from __future__ import annotations

import click


@click.command()
def evidence() -> None:
    """To be written."""
    raise SystemExit(2)
