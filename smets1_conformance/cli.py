"""``smets1-conformance``: one command for each piece of a user's work.

Everything heavy is imported by the command that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path

import click

from smets1_conformance.lazy import LazyGroup

HARNESS_ERROR = 2
"""The value of `reports.results.ExitCode.HARNESS_ERROR`, not imported as that would slow down ``--help``."""

_LAZY_COMMANDS = {
    "run": ("smets1_conformance.commands.run", "run", "Run the conformance scenarios against a target."),
    "check": (
        "smets1_conformance.commands.check",
        "check",
        "Check a target file and the target; nothing is changed there.",
    ),
    "plan": (
        "smets1_conformance.commands.plan",
        "plan",
        "Tell what a run would do; nothing is sent.",
    ),
    "emulate": (
        "smets1_conformance.commands.emulate",
        "emulate",
        "Run the DSP and S1SP emulators until stopped.",
    ),
    "inbox": (
        "smets1_conformance.commands.inbox",
        "inbox",
        "Look after the inbox that runs against endpoints share.",
    ),
    "sign": ("smets1_conformance.commands.documents", "sign", "Sign a DUIS document."),
    "verify": (
        "smets1_conformance.commands.documents",
        "verify",
        "Verify the signatures of a DUIS document.",
    ),
    "pool": (
        "smets1_conformance.commands.pool",
        "pool",
        "See and mend the devices of a target with endpoints.",
    ),
    "pki": ("smets1_conformance.commands.pki", "pki", "Mint and inspect a test PKI."),
    "report": (
        "smets1_conformance.commands.report",
        "report",
        "Make the reports of a run anew from its results.",
    ),
    "evidence": (
        "smets1_conformance.commands.evidence",
        "evidence",
        "Bundle the evidence of a run, signed, and verify such a bundle.",
    ),
    "compare": ("smets1_conformance.commands.compare", "compare", "Tell what changed between two runs."),
    "requirements": (
        "smets1_conformance.commands.requirements",
        "requirements",
        "Check the ledger of requirements, and write its pages.",
    ),
    "data-update": (
        "smets1_conformance.commands.data_update",
        "data_update",
        "Requirement 2: plan, apply, verify and roll back the one-off data update.",
    ),
    "schema": (
        "smets1_conformance.commands.schema",
        "schema",
        "Print the JSON Schema of target files, for editors.",
    ),
}


class _Commands(LazyGroup):
    lazy = _LAZY_COMMANDS


def _show_version(ctx: click.Context, _parameter: click.Parameter, is_wanted: bool) -> None:
    if not is_wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # takes as long as all else of --help

    try:
        number = version("smets1-conformance")
    except PackageNotFoundError:
        number = "not installed"
    click.echo(f"smets1-conformance, version {number}")
    ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def group() -> None:
    """Conformance tests for MP107 (DCC CR4296): SMETS1 SRV 6.15.1 at the DSP and the S1SPs.

    Exit codes of "run": 0 conforms, 1 does not conform, 2 harness or configuration error, 3 incomplete.
    """


def main() -> None:
    """The console script: what a user got wrong is one message and exit code 2, never a traceback."""
    try:
        group(prog_name="smets1-conformance")
    except OSError as error:
        place = f"{Path(error.filename)}: " if error.filename else ""
        click.echo(f"Error: {place}{error.strerror or error}", err=True)
        raise SystemExit(HARNESS_ERROR) from None
