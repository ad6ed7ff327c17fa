"""``smets1-conformance run --dry-run``: each message as it would be sent, and nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from steps.plan import PlannedScenario
    from target.courier import Parcel
    from target.file import TargetFile

DIRECTORY = "dry-run"
"""Where the documents are written, below the folder for results."""

_UNREADABLE = "unreadable"


def dry_run(target_file: Path | None, output: Path, pytest_options: tuple[str, ...]) -> int:
    """Show each message that a run would send, scenario by scenario, and write the signed documents.

    Returns:
        The exit code: 0.

    Raises:
        UserError: The target file or the options cannot be used, or the documents cannot be written.
    """
    from smets1_conformance.selection import select, target_of
    from steps.plan import Outlook
    from steps.plan import plan as work_out
    from target.errors import HarnessError

    selected = select(pytest_options)
    folder = output.resolve() / DIRECTORY
    written = 0
    with target_of(target_file) as target:
        try:
            planned = work_out(target, selected, 1)
            _empty(folder)
            messages = _Messages(target, folder)
            for scenario in planned.scenarios:
                if scenario.outlook is Outlook.RUNS:
                    written += messages.show(scenario)
                else:
                    click.echo(f"{scenario.written.name}: {scenario.outlook}: {scenario.reason}")
        except HarnessError as error:
            raise UserError(str(error)) from None
        except BrokenPipeError:
            raise  # the reader of our output has seen enough
        except OSError as error:
            raise UserError(f"--output {error.filename or folder}: {error.strerror or error}") from None
        if target.isolated:
            click.echo(
                "Devices, and who is registered for them, are made up here: in a run each scenario gets a "
                "population of its own."
            )
    click.echo(
        "What depends on an answer, and what restores devices afterwards, is not shown. RequestIDs count "
        "from 1 here."
    )
    click.echo(f"Nothing was sent. {written} documents are in {folder}")
    return 0


class _Messages:
    """Shows the messages of one scenario after the other, and writes their documents."""

    def __init__(self, target: TargetFile, folder: Path) -> None:
        from steps.rehearsal import Rehearser

        self._parcels: list[Parcel] = []
        self._rehearser = Rehearser(target, self._parcels.append, signs=True)
        self._folder = folder
        self._number = 0

    def show(self, scenario: PlannedScenario) -> int:
        """Show the messages of a scenario; how many there are."""
        self._parcels.clear()
        self._rehearser.rehearse(scenario.written.steps)
        click.echo(f"{scenario.written.name}: {scenario.written.title}")
        for parcel in self._parcels:
            self._number += 1
            file = self._folder / self._file_name(scenario, parcel)
            file.write_bytes(parcel.document)
            request = parcel.request
            srv = f"SRV {request.srv}" if request is not None else "unreadable document"
            click.echo(
                f"  {self._number:03d}  {parcel.sender:<11} {srv:<12} to {parcel.device_id or 'nobody'}  "
                f"{parcel.service}  RequestID {parcel.request_id or '-'}"
            )
        return len(self._parcels)

    def _file_name(self, scenario: PlannedScenario, parcel: Parcel) -> str:
        srv = parcel.request.srv if parcel.request is not None else _UNREADABLE
        return f"{self._number:03d}-{scenario.written.name.replace(' ', '-')}-{srv}.xml"


def _empty(folder: Path) -> None:
    """Make the folder, and remove what an earlier dry run wrote there."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*-MP107-*.xml"):
        file.unlink()
