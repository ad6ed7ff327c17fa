"""Writes Allure results from the record of a run: whole, and the same each time, also after a kill."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import allure_commons.model2 as allure
import attr
from allure_commons.logger import AllureFileLogger

from reports.allure_report import wording
from reports.allure_report.environment import write_environment
from reports.findings import findings
from reports.ledger import Ledger, LedgerError, Requirement, load_ledger
from reports.results import Attachment, ScenarioResult, Status, StepResult
from reports.results_folder import ALLURE_RESULTS_DIRECTORY, EVIDENCE_DIRECTORY
from reports.run_information import RunInformation

_STEP_STATUSES = {"passed": "passed", "failed": "failed", "error": "broken"}
"""Any other step was not carried out, which Allure calls skipped."""

_MILLISECONDS = 1000


@attr.s(auto_attribs=True)
class _StatusDetails(allure.StatusDetails):
    """With what Allure 3 shows side by side; allure-python-commons does not know these two yet."""

    expected: str | None = None
    actual: str | None = None


def write_allure_results(directory: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> Path:
    """Write the folder ``allure-results``, in place of what is in it.

    Each scenario is there once, however often the run was interrupted: a scenario keeps its ``uuid`` and its
    ``historyId`` from run to run.

    Args:
        directory: the results folder.
        run: what holds for the whole run.
        results: of the scenarios.

    Returns:
        The folder.

    Raises:
        OSError: it cannot be written.
    """
    folder = directory / ALLURE_RESULTS_DIRECTORY
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        if file.is_file():
            file.unlink()
    ledger, trouble = _ledger()
    write = AllureFileLogger(str(folder))  # type: ignore[no-untyped-call]
    results = list({result.nodeid: result for result in results}.values())
    tests = _Tests(directory / EVIDENCE_DIRECTORY, folder, run, results, ledger)
    for result in results:
        write.report_result(tests.test(result))  # type: ignore[no-untyped-call]
    errors = [*run.problems, *([run.ended_early] if run.ended_early else []), *trouble]
    errors += [f"sanity check, {check.when}: {check.text}" for check in run.sanity if not check.passed]
    if errors:
        found = allure.Globals(errors=[allure.GlobalError(message=error) for error in errors])
        write.report_globals(found)  # type: ignore[no-untyped-call]
    write_environment(folder, run, results)
    return folder


def _ledger() -> tuple[Ledger | None, list[str]]:
    """The requirement ledger; without one, what is wrong with it: a report of a run is due all the same."""
    try:
        return load_ledger(), []
    except LedgerError as error:
        return None, [str(error)]


class _Tests:
    """Makes the Allure record of a scenario."""

    def __init__(
        self,
        evidence: Path,
        folder: Path,
        run: RunInformation,
        results: Iterable[ScenarioResult],
        ledger: Ledger | None,
    ) -> None:
        self._evidence = evidence
        self._folder = folder
        self._run = run
        self._addresses = run.assurance.links
        self._ledger = ledger
        failed = findings(result for result in results if result.status is Status.FAILED)
        self._findings = {
            result.nodeid: wording.finding(finding) for finding in failed for result in finding.results
        }

    def test(self, result: ScenarioResult) -> allure.TestResult:
        requirements = self._ledger.of_scenario(result.scenario_id) if self._ledger is not None else ()
        parameters = [allure.Parameter(name=name, value=value) for name, value in result.parameters.items()]
        test_case = result.scenario_id or wording.story(result)
        known_issue = self._run.known_issue_of(result)
        details = _details(result, known_issue.reason if known_issue is not None else "")
        finding = self._findings.get(result.nodeid, "")
        started = _started(result)
        return allure.TestResult(
            uuid=_stable(result.nodeid),
            fullName=result.nodeid,
            testCaseId=_stable(test_case),
            historyId=_stable(test_case, *(f"{each.name}={each.value}" for each in parameters)),
            name=wording.title(result),
            description=wording.description(result, requirements, self._documents()),
            status=wording.STATUSES[result.status],
            statusDetails=details,
            start=started,
            stop=None if started is None else started + round(result.duration * _MILLISECONDS),
            parameters=parameters,
            labels=[allure.Label(name, value) for name, value in _labels(result, requirements, finding)],
            links=[
                allure.Link(kind, url, name) for kind, url, name in wording.links(result, self._addresses)
            ],
            steps=self._steps(result.steps, started, details),
            attachments=self._attachments(result.attachments),
        )

    def _documents(self) -> dict[str, str]:
        documents = self._ledger.documents if self._ledger is not None else ()
        return {document.tag: document.title for document in documents}

    def _steps(
        self, steps: Iterable[StepResult], started: int | None, details: _StatusDetails | None
    ) -> list[allure.TestStepResult]:
        """Every sentence as written, also those that were not carried out any more."""
        made = []
        for step in steps:
            status = _STEP_STATUSES.get(step.status, "skipped")
            ended = None if started is None else started + round(step.duration * _MILLISECONDS)
            made.append(
                allure.TestStepResult(
                    name=f"{step.keyword} {step.text}",
                    status=status,
                    statusDetails=details if status in ("failed", "broken") else None,
                    start=started,
                    stop=ended,
                    attachments=self._attachments(step.attachments),
                )
            )
            started = ended
        return made

    def _attachments(self, attachments: Iterable[Attachment]) -> list[allure.Attachment]:
        """The evidence, under a second name in the folder of the results."""
        made = []
        for attachment in attachments:
            file = self._evidence / attachment.file
            name = f"{file.stem}-attachment{file.suffix}"
            if file.is_file() and not (self._folder / name).exists():
                _second_name(file, self._folder / name)
            title = f"{attachment.kind}: {attachment.title}"
            made.append(allure.Attachment(name=title, source=name, type=attachment.media_type))
        return made


def _second_name(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:  # another file system, or one without links
        shutil.copyfile(file, name)


def _details(result: ScenarioResult, known_issue: str) -> _StatusDetails | None:
    text = wording.message(result, known_issue)
    if not text:
        return None
    reason = result.reason
    return _StatusDetails(
        message=text,
        trace=(reason.traceback or None) if reason is not None else None,
        expected=(reason.expected or None) if reason is not None else None,
        actual=(reason.actual or None) if reason is not None else None,
    )


def _stable(*parts: str) -> str:
    """The same identifier for the same parts, in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(parts)))


def _started(result: ScenarioResult) -> int | None:
    """Milliseconds since 1970; `None` for a scenario that never began."""
    if not result.started:
        return None
    return round(datetime.fromisoformat(result.started).timestamp() * _MILLISECONDS)


def _labels(
    result: ScenarioResult, requirements: Iterable[Requirement], finding: str
) -> list[tuple[str, str]]:
    epic = wording.epic(result.scenario_id)
    labels = [  # the page shows the first eight names at once
        ("finding", finding),
        ("defect", result.known_issue),
        ("s1sp", result.s1sp),
        ("device_type", result.device_type),
        *((name, value) for name, values in result.labels.items() for value in values),
        *(("clause", clause) for clause in result.clauses),
        *(("requirement", each.id) for each in requirements),
        ("epic", epic),
        ("feature", result.feature),
        ("story", wording.story(result)),
        ("parentSuite", epic),
        ("suite", result.feature),
        ("subSuite", result.scenario_id or result.title),
        ("severity", result.severity),
        ("testCase", result.scenario_id),
        ("verdict", str(result.status)),
        *(("tag", tag) for tag in wording.tags(result)),
    ]
    return [(name, value) for name, value in dict.fromkeys(labels) if value]
