"""A disk that is full, or a results folder that is gone: files are lost, the verdict is not."""

from __future__ import annotations

import resource
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reports.conclusion import conclude
from reports.logbook import Logbook
from reports.results import ExitCode, ScenarioResult, Status
from reports.results_folder import ResultsWriter, read_results
from reports.run_information import RunInformation
from tests.reports.conftest import Suite, outline


def result(number: int, status: Status = Status.PASSED, title: str = "title") -> ScenarioResult:
    return ScenarioResult(f"MP107-T{number:02}", title, "feature", f"nodeid-{number}", status=status)


@contextmanager
def files_no_longer_than(octets: int) -> Iterator[None]:
    """What is written beyond that fails in the middle, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "dont_write_bytecode", True)  # half a file of it could never be read again
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class OneRun:
    """A run of a few scenarios, up to its end."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "out"
        self.told: list[str] = []
        self.logbook = Logbook(self.output, RunInformation(), None, self.told.append)
        self.logbook.open()

    def take_folder(self) -> None:
        """Nothing can be written there any more, whoever tries."""
        shutil.rmtree(self.output)
        self.output.write_text("no folder")

    def give_back(self) -> None:
        self.output.unlink()
        self.output.mkdir()

    def end(self) -> ExitCode:
        self.logbook.information.selected = len(self.logbook.results)
        conclude(self.logbook, all_of=(), stopped=False, interrupted=False)
        return self.logbook.close(None)


@pytest.fixture
def run(tmp_path: Path) -> OneRun:
    return OneRun(tmp_path)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.PASSED, ExitCode.HARNESS_ERROR),
        (Status.NOT_RUN, ExitCode.HARNESS_ERROR),
        (Status.ERROR, ExitCode.HARNESS_ERROR),
        (Status.FAILED, ExitCode.DOES_NOT_CONFORM),
    ],
)
def test_without_its_evidence_a_run_is_never_green_and_a_failure_stays_one(
    run: OneRun, status: Status, code: ExitCode
) -> None:
    run.take_folder()
    run.logbook.add(result(1, status))
    run.logbook.add(result(2))
    assert run.end() is code
    assert run.logbook.information.exit_code == code
    problems = run.logbook.information.problems
    for file in ("results.jsonl", "run.json"):
        assert any(f"{run.output / file}: cannot be written: Not a directory" in each for each in problems)
    assert any(each.startswith(f"{run.output}: not every output can be written") for each in problems)
    meant = run.logbook.information.exit_meaning
    assert meant.startswith("does not conform" if code == 1 else "harness error: outputs are missing")


def test_trouble_is_told_while_the_run_goes_on_and_once(run: OneRun) -> None:
    run.take_folder()
    for number in range(5):
        run.logbook.add(result(number))
    file = run.output / "results.jsonl"
    (told,) = (each for each in run.told if each.startswith(str(file)))
    assert told == f"{file}: cannot be written: Not a directory; the run goes on, and tries again"


def test_what_can_be_written_again_is_on_record_at_the_end(run: OneRun) -> None:
    run.logbook.add(result(1))
    run.take_folder()
    run.logbook.add(result(2))
    run.give_back()
    run.logbook.add(result(3))
    assert run.end() is ExitCode.CONFORMS
    assert {each.scenario_id for each in read_results(run.output)[1]} == {
        "MP107-T01",
        "MP107-T02",
        "MP107-T03",
    }
    assert run.logbook.information.problems == []


def test_a_record_that_a_full_disk_cuts_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    writer = ResultsWriter(tmp_path)
    writer.prepare()
    writer.append(result(1))
    size = (tmp_path / "results.jsonl").stat().st_size
    with files_no_longer_than(size + 100), pytest.raises(OSError, match="File too large"):
        writer.append(result(2))
    assert (tmp_path / "results.jsonl").stat().st_size == size
    writer.append(result(3))
    assert [each.scenario_id for each in read_results(tmp_path)[1]] == ["MP107-T01", "MP107-T03"]


@pytest.mark.parametrize(("what", "code"), [("right", 2), ("wrong", 1)])
def test_a_report_that_cannot_be_made_is_told_and_the_verdict_stands(
    suite: Suite, what: str, code: int
) -> None:
    suite.feature(outline(("S1SP1", "ESME", what)))
    with (suite.folder / "conftest.py").open("a") as conftest:
        conftest.write(
            "\nimport shutil\ndef pytest_sessionfinish(session):\n"
            "    shutil.rmtree('output')\n    open('output', 'w')\n"
        )
    outcome = suite.run()
    assert outcome.exit_code == code, outcome.stdout + outcome.stderr
    said = " ".join(outcome.stdout.split())
    assert "completion-report.html" in said
    assert "output/results.jsonl: cannot be written: Not a directory" in said
    assert f"Exit code {code}" in said
    assert "Traceback" not in outcome.stdout + outcome.stderr
