"""A tiny suite of features in a temporary folder, run by a pytest of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reports.results import ScenarioResult
from reports.results_folder import read_results
from reports.run_information import RunInformation

ROOT = Path(__file__).parents[2]

STEPS = """
import os
import pytest
from pytest_bdd import given, parsers, then, when
from reports.plugin import set_environment

class NotMet(AssertionError):
    def __init__(self):
        super().__init__("not met")
        self.requirement, self.expected, self.actual = "SRPD 6.2(d): no RDP check", "I99", "E4"
        self.device, self.message_ids = "90-B3-D5-1F-30-01-00-01", ["A:B:1"]

def pytest_configure(config):
    set_environment(config, {"target": "a tiny one"}, ["N55 carries an S1SP Alert"])

@given("a slot")
def a_slot(recorder):
    recorder.message("incorrect Network Operator", "DSP", "SRV 6.15.1 <&>")

@when(parsers.parse("the target does {what}"), target_fixture="what")
def what(what, recorder):
    recorder.attach("6.15.1", b"<Request><Header/></Request>", "request")
    recorder.observe("reading", "any 6.15.1")
    if what == "nothing for us": pytest.skip("there is no GPF here")
    if what == "break the harness": raise ConnectionError("refused")
    if what == "kill the worker": os._exit(9)
    if what == "stop it all": pytest.exit("the endpoint is not there", returncode=2)
    return what

@then("it conforms")
def conforms(what, recorder):
    recorder.attach("answer", b"<Response/>", "response")
    if what == "wrong": raise NotMet()
    assert what != "plainly wrong"

@pytest.fixture
def broken_ending():
    yield
    raise RuntimeError("cannot clean up")

@given("something that cannot be cleaned up")
def unclean(broken_ending): pass
"""

COLLECTOR = "from pytest_bdd import scenarios\nscenarios('.')\n"

OUTLINE = """
@MP107
Feature: Repair

  @MP107-T01 @FIA-5.2 @severity-critical
  Scenario Outline: The <device_type> of <s1sp> is repaired
    Given a slot
    When the target does <what>
    Then it conforms

    Examples:
      | s1sp  | device_type | what |
"""


def outline(*rows: tuple[str, str, str]) -> str:
    """A feature with one Scenario Outline and these rows."""
    return OUTLINE + "".join(f"      | {' | '.join(row)} |\n" for row in rows)


@dataclass
class Outcome:
    """What a run left behind."""

    exit_code: int
    stdout: str
    stderr: str
    output: Path

    @property
    def run(self) -> RunInformation:
        return read_results(self.output)[0]

    @property
    def results(self) -> list[ScenarioResult]:
        return sorted(read_results(self.output)[1], key=lambda result: result.nodeid)

    @property
    def statuses(self) -> list[str]:
        return [str(result.status) for result in self.results]

    @property
    def allure(self) -> list[dict[str, Any]]:
        files = (self.output / "allure-results").glob("*-result.json")
        return sorted(
            (json.loads(file.read_text()) for file in files), key=lambda test: str(test["parameters"])
        )


class Suite:
    """A folder with features, a collector and steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.features = folder / "features"
        self.features.mkdir()
        (self.features / "test_features.py").write_text(COLLECTOR)
        (folder / "conftest.py").write_text(STEPS)

    def feature(self, text: str, name: str = "repair.feature") -> Path:
        path = self.features / name
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *options: str, paths: tuple[str, ...] = ("features",)) -> Outcome:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment["PYTHONPATH"] = str(ROOT)
        environment["NO_COLOR"] = "1"
        command = [
            sys.executable,
            "-m",
            "pytest",
            *paths,
            "-p",
            "reports.plugin",
            "--rootdir",
            str(self.folder),
        ]
        command += [
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            "-p",
            "no:hypothesispytest",
            "--strict-markers",
            "--output",
            "output",
        ]
        answer = subprocess.run(
            [*command, *options],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Outcome(answer.returncode, answer.stdout, answer.stderr, self.folder / "output")


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """An empty suite."""
    return Suite(tmp_path)
