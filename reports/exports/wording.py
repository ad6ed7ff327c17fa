"""What every export says of a scenario and of a run, in the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from reports.exit_codes import exit_sentence
from reports.results import ExitCode, ScenarioResult, Status
from reports.run_information import RunInformation
from reports.telling import path_of, reason_lines, telling

KNOWN_ISSUE = "known issue"
"""What a failure counts as that the ledger of known issues expects: it does not fail the run."""

COUNTED = (*map(str, Status), KNOWN_ISSUE)
"""Everything that a scenario can count as."""

_KINDS = {
    Status.PASSED: "passed",
    Status.FAILED: "target does not conform",
    Status.ERROR: "harness error",
    Status.NOT_APPLICABLE: "not applicable",
    Status.NOT_RUN: "not run",
}


def counts_as(result: ScenarioResult) -> str:
    """What a scenario counts as: its status, or "known issue" where its failure is one."""
    if result.status is Status.FAILED and result.known_issue:
        return KNOWN_ISSUE
    return str(result.status)


def fails(result: ScenarioResult) -> bool:
    """Whether the scenario makes the run end with "does not conform"."""
    return counts_as(result) == Status.FAILED


def kind(result: ScenarioResult) -> str:
    """What it means that a scenario did not pass: "target does not conform", "known issue D-7"."""
    return (
        f"{KNOWN_ISSUE} {result.known_issue}" if counts_as(result) == KNOWN_ISSUE else _KINDS[result.status]
    )


def why(result: ScenarioResult) -> str:
    """One line that says why a scenario did not pass."""
    if result.reason is None:
        return "the run ended before it"
    return " ".join(result.reason.requirement.split())


def explanation(result: ScenarioResult) -> list[tuple[str, str]]:
    """Requirement, Expected, Observed, Device, Messages and Clauses, where they are known."""
    told = telling(result)
    lines = [
        *reason_lines(result),
        ("Device", ", ".join(told.devices)),
        ("Messages", ", ".join(told.message_ids)),
        ("Clauses", ", ".join(result.clauses)),
        ("Known issue", result.known_issue),
    ]
    return [(name, value) for name, value in lines if value]


def explained(result: ScenarioResult) -> str:
    """The explanation as text, with the evidence files that tell most."""
    lines = [f"{name + ':':<13}{value}" for name, value in explanation(result)]
    lines += [f"{'Evidence:':<13}{path}" for path in evidence(result)]
    return "\n".join(lines)


def traced(result: ScenarioResult) -> str:
    """The explanation as text; for an error of the harness the traceback follows it."""
    traceback = result.reason.traceback if result.reason is not None else ""
    return f"{explained(result)}\n\n{traceback}" if traceback else explained(result)


def evidence(result: ScenarioResult) -> list[str]:
    """The files that tell why a scenario did not pass, the most telling first; below the results folder."""
    return [path_of(attachment) for attachment in telling(result).evidence]


def unexplained(run: RunInformation, results: Sequence[ScenarioResult]) -> list[str]:
    """Why a run does not end with 0, as far as no scenario tells it.

    A tool that counts failures and errors of scenarios only would show a run as conforming that was stopped
    by its configuration, or in which scenarios did not run.
    """
    told = [*run.problems, *run.contradictions, *([run.ended_early] if run.ended_early else [])]
    covered = {
        ExitCode.CONFORMS: run.ended,
        ExitCode.DOES_NOT_CONFORM: any(fails(result) for result in results),
        ExitCode.HARNESS_ERROR: any(result.status is Status.ERROR for result in results),
        ExitCode.INCOMPLETE: False,
    }
    if run.ended and (told or covered[ExitCode(run.exit_code)]):
        return told
    return [*told, exit_sentence(run)]


def from_here(path: Path) -> str:
    """A path as a CI reads it: relative to the working directory, where it is below that."""
    path, here = path.resolve(), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def counted(results: Iterable[ScenarioResult]) -> str:
    """How many scenarios count as what: "3 passed, 1 failed"; what there is none of is left out."""
    numbers = Counter(counts_as(result) for result in results)
    told = [f"{numbers[kind]} {kind}" for kind in COUNTED if numbers[kind]]
    return ", ".join(told) + ("s" if numbers[KNOWN_ISSUE] > 1 else "")
