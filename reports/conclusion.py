"""What a run comes to at its end: what is missing, what contradicts the known issues, the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.exit_codes import exit_code_of, meaning_of
from reports.gherkin_lint import WrittenScenario
from reports.ledger import missing
from reports.ledger.missing import EXECUTED
from reports.logbook import Logbook
from reports.results import ScenarioResult, Status

_SHOWN = 10


def conclude(
    logbook: Logbook, *, all_of: Iterable[WrittenScenario], stopped: bool, interrupted: bool
) -> None:
    """Put on record what is known at the end of a run, and its exit code.

    Args:
        logbook: with the results of every selected scenario.
        all_of: the written scenarios, where all of them were to run; otherwise empty.
        stopped: pytest could not go on.
        interrupted: the run was ended from outside.
    """
    run, ledger = logbook.information, logbook.ledger
    statuses = [result.status for result in logbook.results]
    run.executed = sum(status in EXECUTED for status in statuses)
    if not (run.ended_early or run.problems or stopped):
        run.ended_early = _lacking(logbook.results, all_of)
    if ledger is not None:
        run.contradictions = ledger.contradictions()
    code = exit_code_of(
        statuses,
        selected=run.selected,
        aborted=bool(run.problems) or stopped,
        ended_early=bool(run.ended_early) or interrupted,
        known_issues=ledger.failures if ledger is not None else 0,
        contradicted=bool(run.contradictions),
    )
    run.exit_code = int(code)
    run.exit_meaning = meaning_of(run, statuses)


def _lacking(results: Sequence[ScenarioResult], all_of: Iterable[WrittenScenario]) -> str:
    """Which written scenarios came to no verdict in a run of all of them; empty when every one did."""
    found = [each for each in missing(results, all_of) if each.status in (None, Status.NOT_RUN)]
    if not found:
        return ""
    names = ", ".join(each.row.name for each in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    number = "1 scenario" if len(found) == 1 else f"{len(found)} scenarios"
    return f"every written scenario was to run, and {number} came to no verdict: {names}{more}"
