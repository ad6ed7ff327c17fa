"""``smets1-conformance requirements``: the ledger of requirements."""

from __future__ import annotations

import click


@click.command()
def requirements() -> None:
    """To be written."""
    raise SystemExit(2)
