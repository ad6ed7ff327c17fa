"""The exit code of a run, and what it says (docs/adr/0008)."""

from __future__ import annotations

from collections.abc import Sequence

from reports.results import EXIT_MEANINGS, ExitCode, Status
from reports.run_information import RunInformation


def exit_code_of(
    statuses: Sequence[Status],
    *,
    selected: int,
    aborted: bool,
    ended_early: bool = False,
    known_issues: int = 0,
    contradicted: bool = False,
) -> ExitCode:
    """The exit code of a run.

    Args:
        statuses: the verdict of every scenario that has one.
        selected: how many scenarios were selected to run.
        aborted: the harness or the configuration stopped the run.
        ended_early: the run ended before its time, or the target did not answer any more at its end.
        known_issues: how many scenarios failed as the ledger of known issues lists them.
        contradicted: what that ledger lists turned out otherwise.
    """
    if aborted:
        return ExitCode.HARNESS_ERROR
    if statuses.count(Status.FAILED) > known_issues or contradicted:
        return ExitCode.DOES_NOT_CONFORM
    if Status.ERROR in statuses:
        return ExitCode.HARNESS_ERROR
    nothing_ran = Status.PASSED not in statuses and not known_issues
    if nothing_ran or Status.NOT_RUN in statuses or len(statuses) < selected or ended_early:
        return ExitCode.INCOMPLETE
    return ExitCode.CONFORMS


def without_outputs(code: ExitCode) -> ExitCode:
    """The exit code of a run whose outputs cannot all be written.

    A target that does not conform stays one. Nothing else can be accepted without its evidence.
    """
    return code if code is ExitCode.DOES_NOT_CONFORM else ExitCode.HARNESS_ERROR


def meaning_of(run: RunInformation, statuses: Sequence[Status]) -> str:
    """What the exit code says of a run that has ended.

    Args:
        run: with its exit code, its known issues and what contradicts them.
        statuses: the verdict of every scenario.
    """
    code = ExitCode(run.exit_code)
    met = [issue for issue in run.known_issues if issue.places]
    if code is ExitCode.CONFORMS and met:
        number = "1 known issue" if len(met) == 1 else f"{len(met)} known issues"
        return (
            f"conforms but for {number}: every other selected scenario ran and passed, or is not applicable"
        )
    failed = statuses.count(Status.FAILED) - sum(len(issue.places) for issue in met)
    if code is ExitCode.DOES_NOT_CONFORM and not failed:
        return "does not conform to its known issues: what is listed there does not fail any more"
    return EXIT_MEANINGS[code]


def exit_sentence(run: RunInformation) -> str:
    """What a reader is told of the exit code, whether the run has ended or not."""
    if not run.ended:
        return "incomplete: the run has not ended; it is at work, or was killed"
    return run.exit_meaning or EXIT_MEANINGS[ExitCode(run.exit_code)]
