"""What a run has found so far: in memory, and in its results folder as far as that can be written."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reports.allure_report.results import write_allure_results
from reports.completion import write_completion_report
from reports.exit_codes import without_outputs
from reports.known_issues import KnownIssueLedger
from reports.ledger.missing import EXECUTED
from reports.outputs import make_outputs
from reports.refresh import Refresh
from reports.results import ExitCode, ScenarioResult
from reports.resume import TakenOver, take_over
from reports.run_information import RunInformation, Timing
from reports.safekeeping import Safekeeping
from reports.software import software


class Logbook:
    """Kept by the process that controls a run.

    Args:
        output: the results folder.
        information: what holds for the whole run.
        ledger: of known issues, against which each result is judged.
        tell: is told in a sentence what cannot be written.

    Attributes:
        results: of the scenarios that have ended.
    """

    def __init__(
        self,
        output: Path,
        information: RunInformation,
        ledger: KnownIssueLedger | None,
        tell: Callable[[str], object],
    ) -> None:
        self.information = information
        self.ledger = ledger
        self.results: list[ScenarioResult] = []
        self._output = output
        self._nodeids: set[str] = set()
        self._keeping = Safekeeping(output, tell)
        self._refresh = Refresh(self._write_incomplete, tell)
        self._taken_over: TakenOver | None = None

    def open(self, *, resume: bool = False) -> None:
        """Make the results folder ready.

        Args:
            resume: go on with the results that are there.

        Raises:
            OSError: the folder cannot be written.
            ResultsError: the results that are there cannot be read, or not gone on with.
        """
        if resume:
            self._taken_over = take_over(self._output, self.ledger)
            earlier = self._taken_over.information
            self.information.started = earlier.started
            self.information.environment = earlier.environment
            self.information.assumptions = earlier.assumptions
            self._take(self._taken_over.results)
        else:
            self._keeping.writer.prepare()
        self.information.started = self.information.started or now()
        self.information.software = software()
        if self.ledger is not None:
            self.information.known_issues = self.ledger.issues
            self.information.known_issues_file = str(self.ledger.path)
        self._keeping.writer.write_run(self.information)
        self._refresh.now()

    def take_over(self, results: Iterable[ScenarioResult]) -> None:
        """Add verdicts that were reached before an interruption and are missing from the results."""
        if self._taken_over is not None:
            added = self._taken_over.add(results)
            self._take(added)
            for result in added:
                self._keeping.append(result)

    @property
    def resumes(self) -> bool:
        """Whether the run goes on with one that was interrupted."""
        return self._taken_over is not None

    @property
    def taken_over(self) -> Collection[str]:
        """The scenarios whose verdict was reached before an interruption, by node id."""
        return frozenset(result.nodeid for result in self._taken_over.results) if self._taken_over else ()

    def begin(self) -> None:
        """The scenarios begin."""
        self._refresh.now()

    def add(self, result: ScenarioResult) -> None:
        """A scenario has ended, or will not run."""
        self._judge(result)
        self._keeping.append(result)
        self._refresh.if_due()

    def __contains__(self, nodeid: object) -> bool:
        return nodeid in self._nodeids

    def write_run(self) -> None:
        """Put on record what holds for the whole run."""
        self._keeping.write_run(self.information)

    def write_evidence(self, name: str, document: bytes) -> None:
        """Put a raw document on record that belongs to no scenario."""
        self._keeping.write_evidence(name, document)

    def break_off(self) -> None:
        """The run has ended before anything was selected."""
        self.information.exit_code = int(ExitCode.HARNESS_ERROR)
        self.information.finished = now()
        self._refresh.now()

    def close(self, timing: Timing | None) -> ExitCode:
        """Write all that is made from the results, and return the exit code.

        What cannot be written is put among the problems of the run, and counts (docs/adr/0008).

        Args:
            timing: how long the run took.
        """
        run, began = self.information, time.monotonic()
        run.finished, run.timing = now(), timing
        lost = self._keeping.finish(run, self.results)
        try:
            write_allure_results(self._output, run, self.results)
            make_outputs(self._output, run, self.results)
        except Exception as error:  # a report that cannot be made must not take the verdict with it
            lost.append(f"{self._output}: not every output can be written: {error}")
        if lost:
            self._count(lost)
        if timing is not None:
            run.timing = replace(timing, report_seconds=self._refresh.seconds + time.monotonic() - began)
        self.write_run()
        return ExitCode(run.exit_code)

    def _count(self, lost: list[str]) -> None:
        run = self.information
        run.problems.extend(lost)
        code = without_outputs(ExitCode(run.exit_code))
        if code is ExitCode.HARNESS_ERROR:
            run.exit_meaning = f"harness error: outputs are missing; the scenarios alone: {run.exit_meaning}"
        run.exit_code = int(code)
        self._refresh.now()

    def _take(self, results: Iterable[ScenarioResult]) -> None:
        for result in results:
            self._judge(result)
        self.information.taken_over = len(self.results)

    def _judge(self, result: ScenarioResult) -> None:
        self.results.append(result)
        self._nodeids.add(result.nodeid)
        if self.ledger is not None:
            self.ledger.judge(result)

    def _write_incomplete(self) -> None:
        """The report as it stands, should the run not come to its end."""
        self.information.executed = sum(result.status in EXECUTED for result in self.results)
        self.write_run()
        write_completion_report(self._output, self.information, self.results)


def now() -> str:
    """The time (UTC, ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")
