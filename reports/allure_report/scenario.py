"""Tells allure-pytest about Gherkin while a scenario runs, for whoever asks with ``--alluredir``.

allure-pytest alone writes no Gherkin steps, and allure-pytest-bdd cannot be installed beside it. The results
that a run keeps beside its own record are made from that record (`reports.allure_report.results`).
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import allure
import pytest
from allure_commons.model2 import Parameter

from reports.allure_report import wording
from reports.results import ScenarioResult

_SEVERITIES = {severity.value for severity in allure.severity_level}
# allure has no annotations
_dynamic: Any = allure.dynamic
_attach: Any = allure.attach
_INTERNAL_PARAMETER = "_pytest_bdd_example"


class AllureScenario:
    """The Allure result of one scenario; does nothing when allure-pytest writes none."""

    def __init__(self, config: pytest.Config) -> None:
        self._listener: Any = config.pluginmanager.get_plugin("allure_listener")
        self._step: Any = None

    @property
    def enabled(self) -> bool:
        """Whether Allure results are written."""
        return self._listener is not None

    def begin(self, result: ScenarioResult) -> None:
        """Title, labels and parameters of the scenario."""
        if not self.enabled:
            return
        _dynamic.title(wording.title(result))
        _dynamic.description(result.description)
        _dynamic.epic(wording.epic(result.scenario_id))
        _dynamic.feature(result.feature)
        _dynamic.story(wording.story(result))
        _dynamic.parent_suite(wording.epic(result.scenario_id))
        _dynamic.suite(result.feature)
        _dynamic.sub_suite(result.scenario_id or result.title)
        if result.severity in _SEVERITIES:
            _dynamic.severity(allure.severity_level(result.severity))
        self.label("testCase", result.scenario_id)
        for clause in result.clauses:
            self.label("clause", clause)
        # pytest-bdd hands the whole Examples row over as one parameter; a reader wants one for each column.
        test = self._listener.allure_logger.get_test(None)
        test.parameters = [known for known in test.parameters if known.name != _INTERNAL_PARAMETER]
        for name, value in result.parameters.items():
            self.parameter(name, value)
            if name in ("s1sp", "device_type"):
                self.label(name, value)

    def begin_step(self, keyword: str, text: str) -> None:
        """Open a step, named as the Gherkin sentence."""
        if self.enabled:
            self._step = allure.step(f"{keyword} {text}")
            self._step.__enter__()

    def end_step(self, exception: BaseException | None) -> None:
        """Close the open step."""
        if self._step is None:
            return
        kind: type[BaseException] | None = type(exception) if exception is not None else None
        traceback: TracebackType | None = exception.__traceback__ if exception is not None else None
        self._step.__exit__(kind, exception, traceback)
        self._step = None

    def attach(self, name: str, file: Path, media_type: str) -> None:
        """Attach a file of the evidence to the open step, or to the scenario."""
        if self.enabled:
            extension = file.suffix.removeprefix(".")
            _attach.file(str(file), name=name, attachment_type=media_type, extension=extension)

    def note(self, name: str, value: str) -> None:
        """Attach an observation as text."""
        if self.enabled:
            _attach(value, name=f"observed: {name}", attachment_type=allure.attachment_type.TEXT)

    def label(self, name: str, value: str) -> None:
        """Add a label."""
        if self.enabled and value:
            _dynamic.label(name, value)

    def parameter(self, name: str, value: str) -> None:
        """Add a parameter, or replace its value."""
        if self.enabled:
            test = self._listener.allure_logger.get_test(None)
            test.parameters = [known for known in test.parameters if known.name != name]
            # allure.dynamic.parameter would show a text in quotation marks
            test.parameters.append(Parameter(name=name, value=value))
