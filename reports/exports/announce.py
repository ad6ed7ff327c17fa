"""Tells the CI that a run belongs to how it ended, where the environment shows that there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reports.exports.github import announce_to_github
from reports.exports.gitlab import announce_to_gitlab
from reports.results import ScenarioResult
from reports.run_information import RunInformation


def announce(
    directory: Path,
    run: RunInformation,
    results: Sequence[ScenarioResult],
    environ: Mapping[str, str],
    write: Callable[[str], object],
) -> None:
    """Tell GitHub Actions or GitLab CI how a run ended; anywhere else nothing is done.

    Args:
        directory: the results folder.
        run: what holds for the whole run.
        results: of its scenarios.
        environ: the environment variables; only those that a CI documents are read.
        write: prints a line, without its end.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        announce_to_github(directory, run, results, environ, write)
    if environ.get("GITLAB_CI") == "true":
        announce_to_gitlab(directory, run, results, environ, write)
