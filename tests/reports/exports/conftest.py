"""A folder with a feature file and, beside it, the results of a run of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from reports.exit_codes import exit_code_of
from reports.outputs import Writer
from reports.results import Attachment, Reason, ScenarioResult, Status, StepResult
from reports.results_folder import ResultsWriter, read_results
from reports.run_information import KnownIssue, RunInformation

FEATURE = """\
@MP107 @requirement-1
Feature: Repair
  What holds for all of it.

  @MP107-T01 @FIA-5.2 @severity-critical @TEST_ABC-7
  Scenario Outline: The <device_type> of <s1sp> is repaired
    Given a <device_type>
    When SRV 6.15.1 is sent by <sender>
    Then it conforms

    Examples:
      | s1sp  | device_type | sender |
      | S1SP1 | ESME        | one    |
      | S1SP1 | ESME        | two    |
      | S1SP2 | GPF         | one    |

  @under-a-rule
  Rule: Nobody else

    @MP107-T02 @SRPD-6.1
    Scenario: Another sender is refused
      Given a slot
      Then it is refused
"""
COLLECTOR = "features/test_features.py"
EVIDENCE = b"<Response/>"
ROWS = (("S1SP1", "ESME", "one"), ("S1SP1", "ESME", "two"), ("S1SP2", "GPF", "one"))
LINES = (13, 14, 15)
OUTLINE_STEPS = (("Given", 7), ("When", 8), ("Then", 9))


def reason(**more: object) -> Reason:
    """Why a scenario failed."""
    told = {"requirement": "SRPD 6.2(d): no RDP check", "expected": "I99", "actual": "E4", "device": "D-1"}
    return Reason(**{**told, **more})  # type: ignore[arg-type]


_REASONS = {
    Status.FAILED: reason(message_ids=["A:B:1"]),
    Status.ERROR: Reason("tearing down the scenario", actual="OSError", traceback="Traceback: here"),
    Status.NOT_APPLICABLE: Reason("there is no GPF here"),
    Status.NOT_RUN: Reason("no device is left"),
}
_STEP_STATUSES = {
    Status.PASSED: ("passed", "passed", "passed"),
    Status.FAILED: ("passed", "failed", "not run"),
    Status.ERROR: ("passed", "error", "not run"),
    Status.NOT_APPLICABLE: ("skipped", "not run", "not run"),
    Status.NOT_RUN: ("skipped", "not run", "not run"),
}


def row(number: int = 0, status: Status = Status.PASSED, **more: object) -> ScenarioResult:
    """The record of a row of the Scenario Outline; the step that decides has a message in evidence."""
    s1sp, device_type, sender = ROWS[number]
    texts = (f"a {device_type}", f"SRV 6.15.1 is sent by {sender}", "it conforms")
    steps = [
        StepResult(keyword, text, line, step_status, 0.25 if step_status != "not run" else 0.0)
        for (keyword, line), text, step_status in zip(
            OUTLINE_STEPS, texts, _STEP_STATUSES[status], strict=True
        )
    ]
    file = f"MP107-T01-{s1sp}-{device_type}-{sender}-01-response.xml"
    steps[1].attachments.append(Attachment("answer to SRV 6.15.1", "response", "application/xml", file))
    told: dict[str, object] = {
        "scenario_id": "MP107-T01",
        "title": f"The {device_type} of {s1sp} is repaired",
        "written_title": "The <device_type> of <s1sp> is repaired",
        "feature": "Repair",
        "nodeid": f"{COLLECTOR}::test_repaired[{s1sp}-{device_type}-{sender}]",
        "s1sp": s1sp,
        "device_type": device_type,
        "parameters": {"s1sp": s1sp, "device_type": device_type, "sender": sender},
        "severity": "critical",
        "clauses": ["FIA-5.2"],
        "status": status,
        "reason": _REASONS.get(status),
        "started": f"2026-11-21T09:00:1{number}.500+00:00",
        "duration": 0.5,
        "steps": steps,
    }
    return ScenarioResult(**{**told, **more})  # type: ignore[arg-type]


def under_the_rule(status: Status = Status.PASSED) -> ScenarioResult:
    """The record of the plain Scenario."""
    return ScenarioResult(
        scenario_id="MP107-T02",
        title="Another sender is refused",
        written_title="Another sender is refused",
        feature="Repair",
        rule="Nobody else",
        nodeid=f"{COLLECTOR}::test_refused",
        clauses=["SRPD-6.1"],
        status=status,
        reason=_REASONS.get(status),
        steps=[
            StepResult("Given", "a slot", 22, "passed"),
            StepResult("Then", "it is refused", 23, "passed"),
        ],
    )


def known_issue(defect: str = "D-7") -> KnownIssue:
    """An entry of the ledger for the Scenario Outline."""
    return KnownIssue("MP107-T01", "", "", "E4", "agreed with S1SP1", defect, "normal", "2027-01-31")


def ended(results: Sequence[ScenarioResult] = (), **more: object) -> RunInformation:
    """What holds for a run of these results that has ended, with the exit code it has."""
    run = RunInformation(
        started="2026-11-21T09:00:00+00:00",
        finished="2026-11-21T09:01:00+00:00",
        written=4,
        selected=len(results),
        environment={"target": "SIT-A"},
    )
    for name, value in more.items():
        setattr(run, name, value)
    run.exit_code = exit_code_of(
        [result.status for result in results],
        selected=run.selected,
        aborted=bool(run.problems),
        ended_early=bool(run.ended_early),
        known_issues=sum(bool(result.known_issue) for result in results),
        contradicted=bool(run.contradictions),
    )
    return run


@dataclass
class Folder:
    """A working directory with ``features`` and a results folder."""

    root: Path

    @property
    def output(self) -> Path:
        return self.root / "output"

    def written(
        self, write: Writer, results: Sequence[ScenarioResult], run: RunInformation | None = None
    ) -> Path:
        """Put results on record, and make one output from them as they are read again."""
        writer = ResultsWriter(self.output)
        writer.prepare()
        writer.write_run(run or ended(results))
        for result in results:
            writer.append(result)
            for step in result.steps:
                for attachment in step.attachments:
                    (self.output / "evidence" / attachment.file).write_bytes(EVIDENCE)
        return write(self.output, *read_results(self.output))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The working directory of the test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / COLLECTOR).write_text("")
    (tmp_path / "features" / "repair.feature").write_text(FEATURE)
    return Folder(tmp_path)


@pytest.fixture
def lines() -> tuple[list[str], Callable[[str], None]]:
    """What is printed, and how."""
    printed: list[str] = []
    return printed, printed.append
