"""One run as seen by the process that reports it: counts, results, progress, exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reports.conclusion import conclude
from reports.exports.announce import announce
from reports.gherkin_lint import LintReport
from reports.known_issues import KnownIssueLedger
from reports.logbook import Logbook
from reports.recorder import describe, new_result
from reports.results import Attachment, AttachmentKind, ExitCode, Reason, ScenarioResult, Status
from reports.run_information import Assurance, RunInformation, SanityCheck
from reports.terminal import Terminal, Wait
from reports.timing import Stopwatch
from reports.written import WrittenTests

_WORKER_OUTPUT = "conformance"
_TAKEN_OVER = "conformance_taken_over"
_PHASES = ("setup", "call", "teardown")


class ConformanceRun:
    """Registered as a plugin; in an xdist worker it only counts, in the controller it writes and prints."""

    def __init__(
        self,
        config: pytest.Config,
        output: Path,
        written: LintReport,
        *,
        whole_files: bool,
        known_issues: KnownIssueLedger | None = None,
    ) -> None:
        self.output = output
        self.information = RunInformation(written=written.count)
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._written = written
        self._whole_files = whole_files
        self.tests = WrittenTests(written.scenarios)
        self._logbook = Logbook(output, self.information, known_issues, self._tell)
        self._selected_nodeids: list[str] = []
        self._started = False
        self._collected = False
        self._begun = False
        self._stopwatch = Stopwatch()
        self._resume_command = ""
        self._terminal: Terminal | None = None
        self._verbose = config.option.verbose

    def prepare(self, *, resume: bool = False) -> None:
        """Make the results folder ready and quieten pytest's own reporting.

        Args:
            resume: go on with the results that are there.

        Raises:
            OSError: the folder cannot be written.
            ResultsError: the results that are there cannot be read, or not gone on with.
        """
        self._logbook.open(resume=resume)
        # Below -1 pytest prints neither header nor dots nor summary; ours shows what went wrong.
        self._config.option.verbose = -2
        self._config.option.tbstyle = "short"
        self._config.option.no_summary = True

    def take_over(self, results: Iterable[ScenarioResult]) -> None:
        """Add verdicts that were reached before an interruption and are missing from the results."""
        self._logbook.take_over(results)

    @property
    def has_verdict(self) -> frozenset[str]:
        """The scenarios whose verdict was reached before an interruption; they are not carried out again."""
        if self._is_worker:
            worker_input: dict[str, Any] = self._config.workerinput  # type: ignore[attr-defined]
            return frozenset(worker_input.get(_TAKEN_OVER, ()))
        return frozenset(self._logbook.taken_over)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist which scenarios are left out."""
        node.workerinput[_TAKEN_OVER] = sorted(self.has_verdict)

    @property
    def unfinished(self) -> bool:
        """Whether scenarios were selected that have not come to their end."""
        missing = any(nodeid not in self._logbook for nodeid in self._selected_nodeids)
        return missing or bool(self.information.ended_early) or not self._collected

    def tell_how_to_resume(self, command: str) -> None:
        """What to call to go on with the run, should it be interrupted."""
        self._resume_command = command

    def describe(self, result: ScenarioResult) -> None:
        """Fill in what the feature files say, for a scenario that did not come to run its first step."""
        found = self.tests.find(result.nodeid)
        if found is not None:
            scenario, row = found.scenario, found.row
            describe(result, scenario.feature, found.title, list(scenario.tags))
            result.written_title = scenario.title
            result.s1sp, result.device_type = row.get("s1sp", ""), row.get("device_type", "")
            result.parameters = dict(row)

    def add_environment(self, environment: dict[str, str], assumptions: list[str]) -> None:
        """Add to what is known about the target."""
        self.information.environment.update(environment)
        known = self.information.assumptions
        known.extend(assumption for assumption in assumptions if assumption not in known)

    def set_assurance(self, assurance: Assurance) -> None:
        """Put on record what test assurance has agreed on."""
        self.information.assurance = assurance

    def add_devices(self, sentences: list[str]) -> None:
        """Put on record what became of the devices of the pool."""
        self.information.devices.extend(sentences)

    def add_sanity_check(
        self, when: str, at: datetime, text: str, messages: Sequence[tuple[str, AttachmentKind, bytes]]
    ) -> None:
        """Put on record, and show, whether the target answered before or after the scenarios.

        Args:
            when: "first" or "last".
            at: when that was (UTC).
            text: why it did not; empty when it did.
            messages: title, kind and octets of what was sent and received.
        """
        attachments = []
        for number, (title, kind, document) in enumerate(messages, start=1):
            name = f"sanity-{when}-{number:02d}-{kind}.xml"
            self._logbook.write_evidence(name, document)
            attachments.append(Attachment(title, kind, "application/xml", name))
        check = SanityCheck(
            when,
            at.isoformat(timespec="seconds"),
            passed=not text,
            text=text or "SRV 8.2 was answered as expected",
            attachments=attachments,
        )
        self.information.sanity.append(check)
        self._logbook.write_run()
        self._printer().sanity_check(check)

    def end_early(self, reason: str) -> None:
        """No further scenario is started. The first reason counts."""
        if not self.information.ended_early:
            self.information.ended_early = reason
            self._logbook.write_run()
            self._printer().ends_early(reason)

    def check_count(self, collected: int) -> bool:
        """Whether as many scenarios were collected as are written."""
        self.information.collected = collected
        if not self._whole_files or collected == self.information.written:
            return True
        self._add_problem(
            f"{self.information.written} scenarios are written in the feature files, {collected} were "
            "collected: a scenario would be missing from the verdict"
        )
        return False

    def _add_problem(self, text: str) -> None:
        if text not in self.information.problems:
            self.information.problems.append(text)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without xdist: the items that are left are the ones selected."""
        self._collected = True
        if not self._is_worker and (
            session.items or (self._logbook.resumes and not _distributes(self._config))
        ):
            self._begin([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With xdist: every worker collects the same items."""
        if not self._begun:
            self._begin(list(ids))

    def _begin(self, nodeids: list[str]) -> None:
        self._begun = self._collected = True
        self._selected_nodeids = nodeids
        self.information.selected = self.information.taken_over + len(nodeids)
        self._printer().begin(self.information, self._logbook.results)
        self._logbook.begin()

    def show_waits(self, waits: Callable[[], Sequence[Wait]]) -> None:
        """Show what the processes of the run wait for, until it has ended.

        Args:
            waits: Tells what that is, the longest wait first.
        """
        self._printer().show_waits(waits)

    def say_at_once(self, text: str) -> None:
        """Show a text on the terminal whatever is being captured: a signal can come at any moment."""
        self._printer().say_at_once(text)

    def _printer(self) -> Terminal:
        if self._terminal is None:
            self._terminal = Terminal(
                self._config.pluginmanager.get_plugin("terminalreporter"), self._verbose
            )
        return self._terminal

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test module that cannot be imported is the harness's fault."""
        if report.failed and not self._is_worker:
            last_line = report.longreprtext.strip().rpartition("\n")[2].removeprefix("E").strip()
            self._add_problem(f"{report.nodeid}: cannot be collected: {last_line}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Keep pytest's own letters off the terminal for scenarios."""
        ours = getattr(report, "conformance_scenario", False) or report.when not in _PHASES
        return ("", "", "") if ours else None

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show that a scenario has begun, in this process or in a worker."""
        if not self._is_worker:
            result = new_result(nodeid, {})
            self.describe(result)
            self._printer().scenario_begun(result)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write and print a scenario as soon as it has ended."""
        if self._is_worker:
            return
        record = getattr(report, "conformance_result", None)
        if record is not None:
            result = ScenarioResult.from_json(record)
            self._stopwatch.scenario_ended(getattr(report, "worker_id", ""), result)
            self._conclude(result)
        elif report.when not in _PHASES:  # xdist: the worker died in the middle of it
            text = report.longreprtext.strip().rpartition("\n")[2]
            self._conclude(self._without_record(report.nodeid, Status.ERROR, text))
        elif report.failed and not getattr(report, "conformance_scenario", False):
            self._add_problem(f"{report.nodeid}: failed, and is not a scenario")

    def _conclude(self, result: ScenarioResult) -> None:
        self._logbook.add(result)
        self._printer().scenario_ended(result, len(self._logbook.results), self.information.selected)

    def _without_record(self, nodeid: str, status: Status, text: str) -> ScenarioResult:
        result = new_result(nodeid, {})
        result.started = ""
        self.describe(result)
        result.status = status
        result.reason = Reason(requirement="running the scenario", actual=text) if text else None
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker knows."""
        output = getattr(node, "workeroutput", None) or {}
        known = output.get(_WORKER_OUTPUT)
        if known:
            self.information.collected = known["collected"]
            self.add_environment(known["environment"], known["assumptions"])
            for problem in known["problems"]:
                self._add_problem(problem)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Every plugin has started; from here on `pytest_sessionfinish` will be called."""
        self._started = True

    @pytest.hookimpl(trylast=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """A fixture or hook stopped the run with `pytest.exit`; what Ctrl-C leaves out counts as not run."""
        value = excinfo.value
        if isinstance(value, pytest.exit.Exception) and value.returncode == ExitCode.HARNESS_ERROR:
            self._add_problem(value.msg)
        if not self._started and not self._is_worker:
            self._logbook.break_off()
            # pytest prints the message on standard error; once is enough
            vars(self._config.pluginmanager.get_plugin("terminalreporter"))["_keyboardinterrupt_memo"] = None

    def pytest_internalerror(self, excrepr: object) -> None:
        """Pytest or a plugin broke."""
        self._add_problem("internal error: " + str(excrepr).strip().rpartition("\n")[2])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Draw the conclusion once every other plugin has finished."""
        if self._is_worker:
            self._config.workeroutput[_WORKER_OUTPUT] = {  # type: ignore[attr-defined]
                "collected": self.information.collected,
                "environment": self.information.environment,
                "assumptions": self.information.assumptions,
                "problems": self.information.problems,
            }
            yield
            return
        yield
        session.exitstatus = self._finish(session)

    def _finish(self, session: pytest.Session) -> ExitCode:
        unfinished = self.unfinished
        for nodeid in self._selected_nodeids:
            if nodeid not in self._logbook:
                self._logbook.add(self._without_record(nodeid, Status.NOT_RUN, ""))
        conclude(
            self._logbook,
            all_of=self._written.scenarios if self._is_of_all else (),
            stopped=session.exitstatus in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR),
            interrupted=session.exitstatus == pytest.ExitCode.INTERRUPTED,
        )
        code = self._logbook.close(self._stopwatch.timing())
        self._printer().end_waits()
        resume_command = self._resume_command if unfinished and self._begun else ""
        self._printer().finish(self.information, self._logbook.results, self.output, resume_command)
        self._announce()
        return code

    def _announce(self) -> None:
        """Tell the CI that the run belongs to; what goes wrong there is no matter of the verdict."""
        try:
            announce(self.output, self.information, self._logbook.results, os.environ, self._tell)
        except Exception as error:
            self._tell(f"the CI cannot be told how the run ended: {error}")

    @property
    def _is_of_all(self) -> bool:
        """Whether every written scenario was to run: nobody has selected some."""
        option = self._config.option
        selections = ("keyword", "markexpr", "deselect", "lf", "stepwise")
        return self._whole_files and not any(getattr(option, name, None) for name in selections)

    def _tell(self, sentence: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(sentence)


def _distributes(config: pytest.Config) -> bool:
    """Whether pytest-xdist has the scenarios carried out; this process then collects none."""
    return bool(getattr(config.option, "tx", None))
