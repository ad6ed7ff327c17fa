"""``smets1-conformance inbox``: the inbox that the runs against a target with endpoints share."""

from __future__ import annotations

from pathlib import Path

import click

from smets1_conformance.errors import UserError
from smets1_conformance.target_file import loaded, target_option


@click.command()
@target_option("Target file.")
@click.option("--stop", is_flag=True, help="Stop it, if no run uses it.")
@click.option("--status", is_flag=True, help="Say whether it runs and is used; this is what happens anyway.")
def inbox(target_file: Path, stop: bool, status: bool) -> None:
    """Look after the inbox of a target with endpoints.

    It is started by a run that needs it, and ends by itself some time after the last one that used it.
    """
    from target.errors import HarnessError
    from target.inbox import InboxConfig, SharedInbox

    if stop and status:
        raise UserError("--stop and --status exclude each other")
    target = loaded(target_file)
    if target.isolated:
        raise UserError(f"{target_file}: everything is emulated, so each run has an inbox of its own")
    if not target.site_state.is_dir():
        click.echo("not running: there has been no run against this target")
        return
    shared = SharedInbox(InboxConfig.shared(target))
    try:
        if stop:
            click.echo("stopped" if shared.stop() else "it was not running")
            return
        found = shared.status()
    except HarnessError as error:
        raise UserError(str(error)) from None
    if not found.running:
        click.echo(f"not running; messages are kept in {shared.database}")
        return
    use = (
        "used by a run"
        if found.used
        else f"used by nobody; it ends {target.callback.linger:g} s after it was"
    )
    click.echo(f"running on port {found.port} as process {found.pid}, {use}")
