"""Writing what a run finds. A full disk, or a folder that is gone, takes files, but never the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reports.results import ScenarioResult
from reports.results_folder import EVIDENCE_DIRECTORY, RESULTS_FILE, RUN_FILE, ResultsWriter
from reports.run_information import RunInformation


class Safekeeping:
    """Writes records of a run; what cannot be written now is tried again with the next record.

    Args:
        output: the results folder.
        tell: is told once, in a sentence, when something cannot be written; the run goes on.
    """

    def __init__(self, output: Path, tell: Callable[[str], object]) -> None:
        self.writer = ResultsWriter(output)
        self._output = output
        self._tell = tell
        self._told_of_it = False
        self._waiting: list[ScenarioResult] = []
        self._lost: list[str] = []

    def append(self, result: ScenarioResult) -> None:
        """Write the record of a scenario, after those that could not be written before."""
        self._waiting.append(result)
        try:
            while self._waiting:
                self.writer.append(self._waiting[0])
                del self._waiting[0]
        except OSError as error:
            self._say(RESULTS_FILE, error)

    def write_run(self, information: RunInformation) -> None:
        """Write what holds for the whole run."""
        try:
            self.writer.write_run(information)
        except OSError as error:
            self._say(RUN_FILE, error)

    def write_evidence(self, name: str, document: bytes) -> None:
        """Write a raw document; what cannot be written is lost."""
        file = f"{EVIDENCE_DIRECTORY}/{name}"
        try:
            (self._output / file).write_bytes(document)
        except OSError as error:
            self._lost.append(self._told(file, error))
            self._say(file, error)

    def finish(self, information: RunInformation, results: Sequence[ScenarioResult]) -> list[str]:
        """See that everything is on record, and write what is not once more.

        Args:
            information: what holds for the whole run.
            results: all of them.

        Returns:
            What is not on record after all, a sentence each.
        """
        lost = list(self._lost)
        try:
            if not self._holds(len(results)):
                self.writer.replace(results)
        except OSError as error:
            lost.append(self._told(RESULTS_FILE, error))
        try:
            self.writer.write_run(information)
        except OSError as error:
            lost.append(self._told(RUN_FILE, error))
        return lost

    def _holds(self, number: int) -> bool:
        try:
            return self.writer.holds(number)
        except OSError:
            return False

    def _say(self, file: str, error: OSError) -> None:
        if not self._told_of_it:
            self._told_of_it = True
            self._tell(f"{self._told(file, error)}; the run goes on, and tries again")

    def _told(self, file: str, error: OSError) -> str:
        return f"{self._output / file}: cannot be written: {error.strerror or error}"
