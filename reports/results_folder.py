"""The folder of a run: ``results.jsonl`` (a line a scenario), ``run.json`` and the folder ``evidence``.

Every record is flushed as soon as its scenario has ended, so that what ran before a crash is kept.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from reports.replacing import replace_file
from reports.results import ScenarioResult
from reports.run_information import RunInformation

RESULTS_FILE = "results.jsonl"
RUN_FILE = "run.json"
RESUME_FILE = "resume.json"
"""How the run was called; whoever resumes a run writes and reads it."""
EVIDENCE_DIRECTORY = "evidence"
ALLURE_RESULTS_DIRECTORY = "allure-results"
ALLURE_REPORT_DIRECTORY = "allure-report"
COMPLETION_REPORT_FILE = "completion-report.html"
JUNIT_FILE = "junit.xml"
CUCUMBER_FILE = "cucumber.json"
METRICS_FILE = "metrics.txt"
OUTPUT_FILES = (COMPLETION_REPORT_FILE, JUNIT_FILE, CUCUMBER_FILE, METRICS_FILE)
"""What is made from the results, and can be made again at any time (`reports.outputs`)."""


_RUN = TypeAdapter(RunInformation)


class ResultsError(Exception):
    """A results folder that cannot be read; the message names the file."""


class ResultsWriter:
    """Writes one results folder. Only what an earlier run wrote there is removed; foreign files stay."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def prepare(self) -> None:
        """Create the folder and remove the results of an earlier run.

        Raises:
            OSError: the folder cannot be written.
        """
        (self.directory / EVIDENCE_DIRECTORY).mkdir(parents=True, exist_ok=True)
        for name in (RESULTS_FILE, RUN_FILE, RESUME_FILE, *OUTPUT_FILES):
            (self.directory / name).unlink(missing_ok=True)
        for folder in (EVIDENCE_DIRECTORY, ALLURE_RESULTS_DIRECTORY):
            for file in (self.directory / folder).glob("*"):
                if file.is_file():
                    file.unlink()
        (self.directory / ALLURE_REPORT_DIRECTORY / "index.html").unlink(missing_ok=True)
        (self.directory / RESULTS_FILE).touch()

    def append(self, result: ScenarioResult) -> None:
        """Add one record; when this returns it survives the end of the process, however that comes.

        Raises:
            OSError: it cannot be written; what a full disk took of it is removed again, so that the next
                record does not begin in the middle of a line.
        """
        line = _line(result)
        with (self.directory / RESULTS_FILE).open("ab", buffering=0) as file:
            before, written = file.seek(0, os.SEEK_END), 0
            try:
                while written < len(line):
                    written += file.write(line[written:])
            except OSError:
                with suppress(OSError):
                    file.truncate(before)
                raise

    def replace(self, results: Iterable[ScenarioResult]) -> None:
        """Write all records anew, in one step.

        Raises:
            OSError: they cannot be written; what was there is kept.
        """
        replace_file(self.directory / RESULTS_FILE, b"".join(_line(result) for result in results))

    def holds(self, number: int) -> bool:
        """Whether there are so many records on record.

        Raises:
            OSError: they cannot be read.
        """
        return (self.directory / RESULTS_FILE).read_bytes().count(b"\n") == number

    def write_run(self, run: RunInformation) -> None:
        """Write ``run.json`` in one step, as a kill may come at any moment.

        Raises:
            OSError: it cannot be written; the one before is kept.
        """
        text = json.dumps(dataclasses.asdict(run), indent=2, ensure_ascii=False)
        replace_file(self.directory / RUN_FILE, text + "\n")


def _line(result: ScenarioResult) -> bytes:
    return json.dumps(result.as_json(), ensure_ascii=False).encode() + b"\n"


def read_results(directory: Path) -> tuple[RunInformation, list[ScenarioResult]]:
    """Read a results folder; a last line cut short by a crash is left out.

    Raises:
        ResultsError: there are no results, or a line is not one of ours.
    """
    results_path, run_path = directory / RESULTS_FILE, directory / RUN_FILE
    if not results_path.is_file():
        raise ResultsError(f"{results_path}: no results here; run the features first")
    # As octets: the last line may end within a character, and a record may hold Unicode's line ends.
    *lines, _cut_short = results_path.read_bytes().split(b"\n")
    results = []
    for number, line in enumerate(lines, start=1):
        try:
            results.append(ScenarioResult.from_line(line))
        except ValidationError as error:
            first = error.errors()[0]
            field_name = ".".join(str(part) for part in first["loc"]) or "record"
            raise ResultsError(f"{results_path}:{number}: {field_name}: {first['msg']}") from error
    try:
        run = _RUN.validate_json(run_path.read_bytes()) if run_path.is_file() else RunInformation()
    except ValidationError as error:
        raise ResultsError(f"{run_path}: {error.errors()[0]['msg']}") from error
    return run, results
