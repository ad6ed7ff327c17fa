"""Going on with an interrupted run: the verdicts it has reached, and what is left of its results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reports.known_issues import KnownIssueLedger
from reports.results import ScenarioResult, Status
from reports.results_folder import (
    ALLURE_REPORT_DIRECTORY,
    OUTPUT_FILES,
    RESULTS_FILE,
    ResultsError,
    ResultsWriter,
    read_results,
)
from reports.run_information import RunInformation

OBSERVATION = "verdict"
VERDICTS = (Status.PASSED, Status.FAILED, Status.NOT_APPLICABLE)
"""What a resumed run takes over; an error says nothing about the target, so the scenario runs again."""


@dataclass
class TakenOver:
    """What an interrupted run has left behind.

    Attributes:
        information: what held for it.
        results: its verdicts, marked as such.
    """

    information: RunInformation
    results: list[ScenarioResult] = field(default_factory=list)

    def add(self, results: Iterable[ScenarioResult]) -> list[ScenarioResult]:
        """Add verdicts that were reached and did not come to be written to the results.

        Returns:
            Those that were not known yet.
        """
        known = {result.nodeid for result in self.results}
        added = [each for each in results if each.nodeid not in known and each.status in VERDICTS]
        for result in added:
            _mark(result)
        self.results.extend(added)
        return added


def take_over(directory: Path, ledger: KnownIssueLedger | None = None) -> TakenOver:
    """Make the results of an interrupted run ready to be gone on with, and keep its verdicts.

    A line that was cut short, errors, and what did not run are left out of ``results.jsonl``, which is
    replaced in one step. Evidence stays.

    Args:
        directory: the results folder.
        ledger: of known issues, which must list what it did when the run was started.

    Raises:
        ResultsError: a line is not one of ours, or the ledger has changed; nothing is touched then.
        OSError: the folder cannot be written.
    """
    try:
        information, results = read_results(directory)
    except ResultsError:
        if (directory / RESULTS_FILE).exists():
            raise
        information, results = RunInformation(), []
    else:
        if ledger is not None and (changed := ledger.check_same(information)):
            raise ResultsError(changed)
    taken = TakenOver(
        RunInformation(
            started=information.started,
            environment=information.environment,
            assumptions=information.assumptions,
        )
    )
    taken.add(results)
    ResultsWriter(directory).replace(taken.results)
    for name in (*OUTPUT_FILES, f"{ALLURE_REPORT_DIRECTORY}/index.html"):
        (directory / name).unlink(missing_ok=True)
    return taken


def _mark(result: ScenarioResult) -> None:
    if OBSERVATION not in result.observations:
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        result.observations[OBSERVATION] = [f"reached before the interruption; taken over {now}"]
