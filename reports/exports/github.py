"""What GitHub Actions is told at the end of a run: annotations, and a summary of the job in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from reports.exports.feature_files import FeatureFiles
from reports.exports.github_summary import summary
from reports.exports.wording import KNOWN_ISSUE, counts_as, explained, fails, kind, unexplained, why
from reports.findings import findings, where
from reports.results import ScenarioResult, Status
from reports.run_information import RunInformation

_SHOWN = 10
"""Annotations of each kind that GitHub shows for a step; it drops the others silently."""


def announce_to_github(
    directory: Path,
    run: RunInformation,
    results: Sequence[ScenarioResult],
    environ: Mapping[str, str],
    write: Callable[[str], object],
) -> None:
    """Print annotations, and append a summary to the file that GITHUB_STEP_SUMMARY names.

    Args:
        directory: the results folder.
        run: what holds for the whole run.
        results: of its scenarios.
        environ: GITHUB_STEP_SUMMARY, and what the address of the workflow run is made of, are read.
        write: prints a line, without its end.
    """
    for line in workflow_commands(run, results):
        write(line)
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    parts = [environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    address = "{}/{}/actions/runs/{}#artifacts".format(*parts) if all(parts) else ""
    try:
        taken = Path(path).stat().st_size if Path(path).exists() else 0
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(summary(directory, run, results, address=address, taken=taken))
    except OSError as error:  # the verdict does not hang on it
        write(_command("warning", f"GITHUB_STEP_SUMMARY: {error.strerror}", title="no summary was written"))


def workflow_commands(run: RunInformation, results: Sequence[ScenarioResult]) -> Iterator[str]:
    """The annotations: an error for each finding, and a warning for each kind of what did not run."""
    yield from _limited(list(_errors(run, results)))
    for status in (Status.NOT_RUN, Status.NOT_APPLICABLE):
        left_out = [result for result in results if result.status is status]
        if left_out:
            yield _command("warning", _reasons(left_out), title=f"{_scenarios(left_out)} {status}")
    known = [result for result in results if counts_as(result) == KNOWN_ISSUE]
    if known:
        yield _command("notice", _reasons(known), title=f"{_scenarios(known)} failed as known issues say")


def _errors(run: RunInformation, results: Sequence[ScenarioResult]) -> Iterator[str]:
    places = FeatureFiles(results)
    for reason in unexplained(run, results):
        yield _command("error", reason, title="the run as a whole")
    for finding in findings(result for result in results if fails(result) or result.status is Status.ERROR):
        first, others = finding.first, len(finding.results) - 1
        place, lines = places.place(first), [explained(first)]
        if others:
            lines += [f"{'Where:':<13}{line}" for line in where(finding.results)]
        yield _command(
            "error",
            "\n".join(lines),
            file=place.feature.uri,
            line=str(place.line),
            title=f"{first.place}{f' and {others} more' if others else ''}: {kind(first)}",
        )


def _limited(errors: list[str]) -> Iterator[str]:
    if len(errors) <= _SHOWN:
        yield from errors
        return
    yield from errors[: _SHOWN - 1]
    title = f"and {len(errors) - _SHOWN + 1} more"
    yield _command("error", "All are in the completion report.", title=title)


def _reasons(results: Sequence[ScenarioResult]) -> str:
    """Why, and where; what has one reason is told together."""
    return "\n".join(
        f"{_reason(finding.first)} ({'; '.join(where(finding.results))})" for finding in findings(results)
    )


def _reason(result: ScenarioResult) -> str:
    return f"{kind(result)}: {why(result)}" if result.known_issue else why(result)


def _scenarios(results: Sequence[ScenarioResult]) -> str:
    return "1 scenario" if len(results) == 1 else f"{len(results)} scenarios"


def _command(level: str, text: str, **properties: str) -> str:
    """A workflow command; whatever a target answered can neither end it nor begin another one."""
    told = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{level} {told}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
