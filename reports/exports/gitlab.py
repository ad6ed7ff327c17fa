"""What a job of GitLab CI is told at the end of a run: the verdict, and where the reports can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from reports.exit_codes import exit_sentence
from reports.exports.wording import counted
from reports.results import ScenarioResult
from reports.results_folder import OUTPUT_FILES
from reports.run_information import RunInformation


def announce_to_gitlab(
    directory: Path,
    run: RunInformation,
    results: Sequence[ScenarioResult],
    environ: Mapping[str, str],
    write: Callable[[str], object],
) -> None:
    """Print the verdict and the addresses of the reports, which the job keeps as artefacts.

    Args:
        directory: the results folder; one outside the project cannot be kept as an artefact.
        run: what holds for the whole run.
        results: of its scenarios.
        environ: CI_PROJECT_DIR and CI_JOB_URL are read.
        write: prints a line, without its end.
    """
    write(f"GitLab CI: {exit_sentence(run)} ({counted(results) or 'no scenario'})")
    project, job = environ.get("CI_PROJECT_DIR", ""), environ.get("CI_JOB_URL", "")
    if not (project and job and directory.resolve().is_relative_to(Path(project).resolve())):
        return
    folder = directory.resolve().relative_to(Path(project).resolve())
    for name in OUTPUT_FILES:
        if (directory / name).is_file():
            write(f"  {job}/artifacts/file/{quote((folder / name).as_posix())}")
