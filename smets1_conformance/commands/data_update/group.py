"""The group of commands, in the order of the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import click

from smets1_conformance.lazy import LazyGroup

_FOLDER = "smets1_conformance.commands.data_update"


class _Commands(LazyGroup):
    lazy: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "plan": (
            f"{_FOLDER}.plan",
            "plan",
            "Find what is incorrect, decide what replaces it; nothing is written.",
        ),
        "apply": (f"{_FOLDER}.apply", "apply", "Carry a plan out, in batches, while Service Users work."),
        "verify": (
            f"{_FOLDER}.verify",
            "verify",
            "Show that the plan was carried out, and nothing else changed.",
        ),
        "rollback": (f"{_FOLDER}.rollback", "rollback", "Put back what an update replaced."),
        "report": (f"{_FOLDER}.report", "report", "Tell what was planned, done and verified, as HTML."),
        "populate": (
            f"{_FOLDER}.populate",
            "populate",
            "Make a database with incorrect slots to practise on.",
        ),
    }


@click.group("data-update", cls=_Commands)
def data_update() -> None:
    """Replace incorrect Network Operator certificates in an S1SP's database (Requirement 2).

    \b
    Exit codes: 0 done
                1 verify found something that must not be
                2 something given, or the database, cannot be used; nothing half-written
                3 stopped before the end; the same command goes on
    """  # noqa: D301 - click wants the character, not its name
