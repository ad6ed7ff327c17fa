"""The record of one scenario: its verdict with the reason, its steps, messages and observations."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Literal

from pydantic import TypeAdapter

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
    def all_attachments(self) -> list[Attachment]:
        """What belongs to the scenario, then what belongs to its steps."""
        return [*self.attachments, *(each for step in self.steps for each in step.attachments)]

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
    def from_line(cls, line: bytes) -> ScenarioResult:
        """The record in a line of JSON.

        Raises:
            pydantic.ValidationError: the record is not one of ours.
        """
        return _SCENARIO.validate_json(line)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> ScenarioResult:
        """The record that `as_json` wrote.

        Raises:
            ValueError: the record is not one of ours.
        """
        return _SCENARIO.validate_python(record)


_SCENARIO = TypeAdapter(ScenarioResult)
