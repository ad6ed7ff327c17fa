"""Asking for the target's name before anything is sent to a system that is not ours."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from target.file import TargetFile

SANITY_REQUESTS = 2
"""SRV 8.2 before the first scenario and after the last one."""


def confirm(target: TargetFile, pytest_options: Sequence[str], *, yes: bool) -> None:
    """Have the user type the name of a target with endpoints; a target that is all emulated is not asked for.

    Args:
        target: The target file.
        pytest_options: What selects scenarios.
        yes: The user has confirmed it on the command line.

    Raises:
        UserError: Not confirmed.
    """
    if yes or target.isolated:
        return
    where = f"{target.dsp.send_command} (target {target.name})"
    if not sys.stdin.isatty():
        raise UserError(
            f"this would send Service Requests to {where}, a system that is not ours, and nobody can be "
            "asked here: standard input is no terminal. Add --yes to confirm it"
        )
    number = _most_requests(target, pytest_options)
    question = (
        f"Type the name of the target ({target.name}) to send up to {number} Service Requests to "
        f"{target.dsp.send_command}"
    )
    try:
        answer = click.prompt(question, err=True, default="", show_default=False)
    except click.Abort:
        raise UserError("not confirmed; nothing was sent") from None
    if answer.strip() != target.name:
        raise UserError(f"that is not the name of the target ({target.name}); nothing was sent")


def _most_requests(target: TargetFile, pytest_options: Sequence[str]) -> int:
    """What the plan of the selected scenarios comes to, within the budget of a run."""
    from smets1_conformance.selection import plan_of

    planned = plan_of(target, pytest_options)
    number = planned.requests.total() + planned.restoration.total() + SANITY_REQUESTS
    budget = target.safety.request_budget
    return number if budget is None else min(number, budget + SANITY_REQUESTS)
