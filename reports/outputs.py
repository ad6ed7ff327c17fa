"""Everything that is made from the results of a run: when it ends, and again by the command `report`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from reports.completion import write_completion_report
from reports.exports.cucumber import write_cucumber
from reports.exports.junit import write_junit
from reports.exports.metrics import write_metrics
from reports.results import ScenarioResult
from reports.results_folder import read_results
from reports.run_information import RunInformation

Writer = Callable[[Path, RunInformation, Sequence[ScenarioResult]], Path]
"""Takes the results folder, the run and its results; writes one file in one step and returns its path."""

WRITERS: Final[tuple[Writer, ...]] = (write_completion_report, write_junit, write_cucumber, write_metrics)


def write_outputs(directory: Path) -> list[Path]:
    """Make everything from the results in a folder; a run may be at work in it, or have been killed.

    Returns:
        The files.

    Raises:
        reports.results_folder.ResultsError: there are no readable results.
        OSError: a file cannot be written.
    """
    return make_outputs(directory, *read_results(directory))


def make_outputs(directory: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> list[Path]:
    """Make everything from results that are at hand; otherwise as `write_outputs`."""
    return [write(directory, run, results) for write in WRITERS]
