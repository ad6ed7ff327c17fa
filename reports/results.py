"""The results of a run: ``results.jsonl`` (a line a scenario), ``run.json`` and the folder ``evidence``.

Every record is flushed as soon as its scenario has ended, so that what ran before a crash is kept.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from reports.replacing import replace_file

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

AttachmentKind = Literal["request", "response", "callback", "refused", "note"]


class Status(StrEnum):
    """The verdict of one scenario."""

    PASSED = "passed"
    FAILED = "failed"
    """The target does not conform: a requirement was checked and not met."""
    ERROR = "error"
    """The harness or the environment broke: nothing is known about the target."""
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"


class ExitCode(IntEnum):
    """What the exit code of a run means."""

    CONFORMS = 0
    DOES_NOT_CONFORM = 1
    HARNESS_ERROR = 2
    INCOMPLETE = 3


EXIT_MEANINGS = {
    ExitCode.CONFORMS: "conforms: every selected scenario ran and passed, or is not applicable",
    ExitCode.DOES_NOT_CONFORM: "does not conform: at least one requirement was checked and not met",
    ExitCode.HARNESS_ERROR: "harness or configuration error: no verdict on the target",
    ExitCode.INCOMPLETE: "incomplete: nothing ran, or scenarios that were selected did not run",
}


@dataclass(frozen=True)
class Attachment:
    """One raw message or note; `file` is its name below the folder ``evidence``.

    `at` is UTC in ISO 8601, `facts` is what a reader wants to know of it without reading the XML, by name:
    "RequestID", "ResponseCode", "HTTP status", ...
    """

    title: str
    kind: str
    media_type: str
    file: str
    at: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """Who sent what to whom, for the sequence diagram.

    `at` is UTC in ISO 8601, `code` a ResponseCode, alert code or HTTP status, `file` the attachment.
    """

    sender: str
    receiver: str
    label: str
    at: str = ""
    code: str = ""
    file: str = ""


@dataclass
class StepResult:
    """One Gherkin step. `duration` is in seconds; `status` is passed, failed, error, skipped or not run."""

    keyword: str
    text: str
    line: int
    status: str = "not run"
    duration: float = 0.0
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True)
class Reason:
    """Why a scenario did not pass, in the field's words.

    Attributes:
        requirement: the sentence or clause that was not met, or what broke.
        expected: what the sources ask for.
        actual: what was observed.
        device: Device ID, where known.
        message_ids: Request IDs or Response IDs concerned.
        traceback: only for errors of the harness or the environment.
    """

    requirement: str
    expected: str = ""
    actual: str = ""
    device: str = ""
    message_ids: list[str] = field(default_factory=list)
    traceback: str = ""


@dataclass
class ScenarioResult:
    """The record of one scenario. `duration` is in seconds, `started` is UTC in ISO 8601.

    `written_title` is the title in the feature file, with its placeholders; `title` has them filled in.
    """

    scenario_id: str
    title: str
    feature: str
    nodeid: str
    s1sp: str = ""
    device_type: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    written_title: str = ""
    rule: str = ""
    description: str = ""
    """Of the scenario, else of its feature, as the feature file has it."""
    severity: str = ""
    clauses: list[str] = field(default_factory=list)
    status: Status = Status.NOT_RUN
    reason: Reason | None = None
    started: str = ""
    duration: float = 0.0
    steps: list[StepResult] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    observations: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    known_issue: str = ""
    """Defect reference of the known issue that this failure is; judged as soon as the scenario has ended."""

    @property
    def place(self) -> str:
        """How a person calls it: "MP107-T10 S1SP2 ESME"."""
        parts = (self.scenario_id, self.s1sp, self.device_type)
        return " ".join(part for part in parts if part) or self.title or self.nodeid

    @property
    def steps_taken(self) -> bool:
        """Whether the scenario came to carry out a step."""
        return any(step.status != "not run" for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """This record as plain JSON values."""
        record = dataclasses.asdict(self)
        record["status"] = str(self.status)
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> ScenarioResult:
        """The record that `as_json` wrote.

        Raises:
            ValueError: the record is not one of ours.
        """
        return _SCENARIO.validate_python(record)


@dataclass(frozen=True)
class SanityCheck:
    """Whether the target answered SRV 8.2 as expected, before the first scenario or after the last one.

    `when` is "first" or "last", `at` is UTC in ISO 8601.
    """

    when: str
    at: str
    passed: bool
    text: str
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True)
class ChainTime:
    """The scenarios that one worker carried out one after another, and how long they took in seconds."""

    worker: str
    scenarios: int
    seconds: float


@dataclass(frozen=True)
class Timing:
    """How long a run took, in seconds; after a resumption what it did since.

    `wall_seconds` includes starting and stopping, `before_seconds` passed before the first scenario began,
    `scenario_seconds` is the sum over all scenarios. `report_seconds` went into reports: those kept fresh
    during the run, and those made after it, which `wall_seconds` does not include.
    """

    wall_seconds: float
    before_seconds: float
    scenario_seconds: float
    workers: int
    longest_chain: ChainTime
    report_seconds: float = 0.0

    @property
    def ratio(self) -> float | None:
        """How many times the longest chain the run took; `None` when that took no time."""
        return self.wall_seconds / self.longest_chain.seconds if self.longest_chain.seconds else None


@dataclass(frozen=True)
class KnownIssue:
    """An entry of the ledger of known issues, and what became of it in this run.

    Attributes:
        scenario_id: the test case, such as "MP107-T10".
        s1sp: where it applies; empty for every S1SP.
        device_type: likewise.
        observed: what is observed, as it appears in what the failure says.
        reason: why it is tolerated.
        defect: reference of the defect.
        severity: of the defect, in the words of whoever keeps the ledger.
        review_by: date of the next review, ISO 8601.
        places: where it was met in this run, such as "MP107-T10 S1SP2 ESME".
        requirement: what was not met, as it appears in what the failure says; empty for anything.
        passed: where it applies and the scenario passed.
        otherwise: where it applies and the scenario failed, but not as listed.
        line: of the entry in the ledger.
    """

    scenario_id: str
    s1sp: str
    device_type: str
    observed: str
    reason: str
    defect: str
    severity: str
    review_by: str
    places: list[str] = field(default_factory=list)
    requirement: str = ""
    passed: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    line: int = 0

    def applies_to(self, s1sp: str, device_type: str) -> bool:
        """Whether it is about this place, in scenarios of its id."""
        return self.s1sp in ("", s1sp) and self.device_type in ("", device_type)


@dataclass(frozen=True)
class Assurance:
    """What test assurance has agreed on, from the target file.

    Attributes:
        title: of the completion report; empty for the usual one.
        phase: such as "SIT".
        scope: what is tested, a sentence each.
        entry_criteria: judged by people, a sentence each.
        exit_criteria: likewise.
        limits: how many of each may be there at the end, by name (`reports.criteria`).
        sign_off: the roles that sign, in order.
        links: addresses with ``{id}`` for what is linked, by name: "test_case", "defect", "clause".
    """

    title: str = ""
    phase: str = ""
    scope: list[str] = field(default_factory=list)
    entry_criteria: list[str] = field(default_factory=list)
    exit_criteria: list[str] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)
    sign_off: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


@dataclass
class RunInformation:
    """What holds for the whole run. Scenarios are counted with the rows of their Examples expanded."""

    started: str = ""
    finished: str = ""
    written: int = 0
    collected: int = 0
    selected: int = 0
    executed: int = 0
    exit_code: int = int(ExitCode.INCOMPLETE)
    environment: dict[str, str] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    sanity: list[SanityCheck] = field(default_factory=list)
    timing: Timing | None = None
    ended_early: str = ""
    """Why no further scenario was started: an endpoint that is dead, a budget, Ctrl-C."""
    taken_over: int = 0
    """How many verdicts were reached before the run was interrupted and resumed."""
    devices: list[str] = field(default_factory=list)
    """What became of the devices of the pool: used up in this run, or in quarantine; a sentence each."""
    callbacks: dict[str, int] = field(default_factory=dict)
    """Messages at the callbacks that no verdict rests on, by kind: duplicate, late, refused, of nobody."""
    messages_of_nobody: list[str] = field(default_factory=list)
    """The first of those, a line each."""
    software: dict[str, str] = field(default_factory=dict)
    """The harness, Python, the platform and every package the run depends on, with their versions."""
    assurance: Assurance = field(default_factory=Assurance)
    known_issues: list[KnownIssue] = field(default_factory=list)
    known_issues_file: str = ""
    """The ledger they are listed in; empty when the run had none."""
    contradictions: list[str] = field(default_factory=list)
    """What the ledger lists and the run has shown to be otherwise, a sentence each; any fails the run."""
    exit_meaning: str = ""
    """What the exit code says of this run (`reports.exit_codes.exit_sentence`)."""

    @property
    def ended(self) -> bool:
        """Whether the run came to its end; otherwise it is at work, or was killed."""
        return bool(self.finished)


_SCENARIO = TypeAdapter(ScenarioResult)
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
            results.append(_SCENARIO.validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            field_name = ".".join(str(part) for part in first["loc"]) or "record"
            raise ResultsError(f"{results_path}:{number}: {field_name}: {first['msg']}") from error
    try:
        run = _RUN.validate_json(run_path.read_bytes()) if run_path.is_file() else RunInformation()
    except ValidationError as error:
        raise ResultsError(f"{run_path}: {error.errors()[0]['msg']}") from error
    return run, results
