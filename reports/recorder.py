"""Records one scenario while it runs: steps, raw messages, observations, and the verdict with its reason."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports.allure_report.scenario import AllureScenario
from reports.gherkin_lint import SCENARIO_ID
from reports.results import Attachment, AttachmentKind, Message, Reason, ScenarioResult, Status, StepResult

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, Scenario, Step

_EXTENSIONS = {"application/xml": "xml", "text/xml": "xml", "application/json": "json", "text/plain": "txt"}
_REASON_ATTRIBUTES = ("requirement", "expected", "actual")


class NotRun(pytest.skip.Exception):  # type: ignore[name-defined,misc]  # made by pytest while it loads
    """Leaves a scenario that cannot run now, though the target could run it: the verdict is *not run*."""


class Recorder:
    """What steps and fixtures use to put evidence on record; the fixture ``recorder`` hands it out.

    Everything recorded belongs to the step that is being carried out, or to the scenario when none is.
    """

    def __init__(self, result: ScenarioResult, evidence_directory: Path, allure: AllureScenario) -> None:
        self.result = result
        self._evidence_directory = evidence_directory
        self._allure = allure
        self._open_step: StepResult | None = None
        self._step_started = 0.0
        self._scenario_started = time.perf_counter()
        self._files = 0

    def attach(
        self,
        title: str,
        document: bytes,
        kind: AttachmentKind,
        media_type: str = "application/xml",
        *,
        at: str = "",
        facts: Mapping[str, str] | None = None,
    ) -> Attachment:
        """Keep a raw document, octet for octet, with the step that produced it.

        Args:
            title: what the document is, for a reader ("6.15.1 request to the DSP").
            document: the octets as sent or received; they are not changed.
            kind: request, response, callback, refused (not accepted by the inbox) or note.
            media_type: of `document`.
            at: when it was sent or received (UTC, ISO 8601).
            facts: what a reader wants to know of it without reading the XML, by name.

        Returns:
            The record, with the name of its file below the folder ``evidence``.
        """
        self._files += 1
        extension = _EXTENSIONS.get(media_type, "bin")
        name = f"{_file_stem(self.result)}-{self._files:02d}-{kind}.{extension}"
        self._evidence_directory.mkdir(parents=True, exist_ok=True)
        file = self._evidence_directory / name
        file.write_bytes(document)
        attachment = Attachment(title, kind, media_type, name, at, dict(facts or {}))
        holder = self._open_step.attachments if self._open_step else self.result.attachments
        holder.append(attachment)
        self._allure.attach(f"{kind}: {title}", file, media_type)
        return attachment

    def observe(self, name: str, value: object) -> None:
        """Put on record what was seen but is no verdict, such as which reading of 6.2(d) a target shows."""
        self.result.observations.setdefault(name, []).append(str(value))
        self._allure.note(name, str(value))

    def label(self, name: str, value: str) -> None:
        """Label the scenario; ``s1sp`` and ``device_type`` place it in the matrix."""
        if name in ("s1sp", "device_type"):
            setattr(self.result, name, value)
            self.result.parameters[name] = value
            self._allure.parameter(name, value)
        self.result.labels.setdefault(name, []).append(value)
        self._allure.label(name, value)

    def message(
        self, sender: str, receiver: str, label: str, *, at: str = "", code: str = "", file: str = ""
    ) -> None:
        """Put on record who sent what to whom, for the sequence diagram of the report.

        Args:
            sender: who.
            receiver: to whom.
            label: what.
            at: when (UTC, ISO 8601).
            code: a ResponseCode, alert code or HTTP status.
            file: of the attachment, below the folder ``evidence``.
        """
        self.result.messages.append(Message(sender, receiver, label, at, code, file))

    # What follows is called by the plugin, not by steps.

    def begin_scenario(self, feature: Feature, scenario: Scenario) -> None:
        """Take over the names, tags and steps of the scenario as written."""
        tags = sorted(scenario.tags | feature.tags | (scenario.rule.tags if scenario.rule else set()))
        describe(self.result, feature.name, scenario.name, tags)
        self.result.rule = scenario.rule.name if scenario.rule else ""
        self.result.steps = [
            StepResult(step.keyword.strip(), step.name, step.line_number) for step in scenario.steps
        ]
        self.result.description = (scenario.description or feature.description).strip()
        self._allure.begin(self.result)

    def begin_step(self, step: Step) -> None:
        """A step starts."""
        position = next(
            (
                index
                for index, known in enumerate(self.result.steps)
                if known.status == "not run" and known.line == step.line_number and known.text == step.name
            ),
            None,
        )
        if position is None:  # a step made up while running, which pytest-bdd does not do today
            self.result.steps.append(StepResult(step.keyword.strip(), step.name, step.line_number))
            position = len(self.result.steps) - 1
        self._open_step = self.result.steps[position]
        self._open_step.status = "running"
        self._step_started = time.perf_counter()
        self._allure.begin_step(self._open_step.keyword, self._open_step.text)

    def end_step(self, exception: BaseException | None = None) -> None:
        """The open step ended, or was left by `exception`. Does nothing when no step is open."""
        if self._open_step is None:
            return
        self._open_step.duration = round(time.perf_counter() - self._step_started, 4)
        self._open_step.status = _step_status(exception)
        if exception is not None and not isinstance(exception, pytest.skip.Exception):
            self._set_reason(exception, self._open_step)
        self._open_step = None
        self._allure.end_step(exception)

    def end_phase(self, when: str, exception: BaseException | None, traceback: str) -> None:
        """Draw the conclusion of one phase (setup, call, teardown) of the scenario.

        An AssertionError raised while the scenario runs says that the target does not conform; any other
        exception, and any while setting up or tearing down, says that the harness or the environment broke.
        """
        self.end_step(exception)
        result = self.result
        if when == "teardown":
            result.duration = round(time.perf_counter() - self._scenario_started, 4)
        if exception is None:
            if when == "call" and result.status is Status.NOT_RUN:
                result.status = Status.PASSED
        elif isinstance(exception, pytest.skip.Exception) and result.status is not Status.FAILED:
            result.status = Status.NOT_RUN if isinstance(exception, NotRun) else Status.NOT_APPLICABLE
            result.reason = Reason(requirement=exception.msg or "no reason given")
        elif when == "call" and isinstance(exception, AssertionError):
            result.status = Status.FAILED
            if result.reason is None:
                self._set_reason(exception, None)
        elif result.status is not Status.FAILED:
            self._set_error(when, exception, traceback)
        else:
            result.observations.setdefault("trouble while tearing down", []).append(_one_line(exception))

    def _set_reason(self, exception: BaseException, step: StepResult | None) -> None:
        values = [getattr(exception, name, None) for name in _REASON_ATTRIBUTES]
        sentence = f"{step.keyword} {step.text}" if step else self.result.title
        requirement, expected, actual = (str(value) if value is not None else "" for value in values)
        identifiers = getattr(exception, "message_ids", ())
        self.result.reason = Reason(
            requirement=requirement or sentence,
            expected=expected,
            actual=actual or _one_line(exception),
            device=str(getattr(exception, "device", "") or ""),
            message_ids=[str(identifier) for identifier in identifiers],
        )

    def _set_error(self, when: str, exception: BaseException, traceback: str) -> None:
        place = {"setup": "setting up the scenario", "teardown": "tearing down the scenario"}.get(when, "")
        requirement = place or (
            self.result.reason.requirement if self.result.reason else "running the scenario"
        )
        self.result.status = Status.ERROR
        self.result.reason = Reason(requirement=requirement, actual=_one_line(exception), traceback=traceback)


def describe(result: ScenarioResult, feature: str, title: str, tags: list[str]) -> None:
    """Fill in what the feature file says about a scenario.

    Tags: the id (``MP107-T01``), ``severity-…``, and clauses, which start with a capital (``FIA-4.2.1``).
    """
    result.feature, result.title = feature, title
    result.scenario_id = next((tag for tag in tags if SCENARIO_ID.fullmatch(tag)), result.scenario_id)
    result.severity = next(
        (tag.removeprefix("severity-") for tag in tags if tag.startswith("severity-")), "normal"
    )
    result.clauses = [tag for tag in tags if tag[:1].isupper() and not tag.startswith("MP107")]


def new_result(nodeid: str, example: dict[str, str]) -> ScenarioResult:
    """A record for a scenario that is about to run, with the values of its Examples row."""
    return ScenarioResult(
        scenario_id="",
        title=nodeid.rpartition("::")[2],
        feature="",
        nodeid=nodeid,
        s1sp=example.get("s1sp", ""),
        device_type=example.get("device_type", ""),
        parameters=dict(example),
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )


def _file_stem(result: ScenarioResult) -> str:
    """A readable name that no other scenario of the run shares."""
    readable = "-".join(filter(None, [result.scenario_id, result.s1sp, result.device_type])) or "scenario"
    digest = hashlib.sha256(result.nodeid.encode()).hexdigest()[:8]
    return re.sub(r"[^A-Za-z0-9.-]+", "_", f"{readable}-{digest}")


def _step_status(exception: BaseException | None) -> str:
    if exception is None:
        return "passed"
    if isinstance(exception, pytest.skip.Exception):
        return "skipped"
    return "failed" if isinstance(exception, AssertionError) else "error"


def _one_line(exception: BaseException) -> str:
    text = str(exception).strip().partition("\n")[0]
    if isinstance(exception, AssertionError) and text:
        return text
    return f"{type(exception).__name__}: {text}" if text else type(exception).__name__
