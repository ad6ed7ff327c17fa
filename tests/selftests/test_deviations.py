"""Every scenario is shown to fail: a deviation turns red the test cases it says it does, and no other.

The features run as a user runs them, against emulators that deviate in one named way. A scenario is red when
its verdict is *failed*; an *error* would say that the harness broke, not that it saw the defect.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from emulators.deviations import DEVIATIONS
from reports.gherkin_lint import WrittenScenario, feature_files, lint
from target.process import ChildProcess, python_module
from tests.selftests.deviating_updates import DEVIATING_UPDATES

PROJECT = Path(__file__).resolve().parents[2]


@cache
def written_scenarios() -> tuple[WrittenScenario, ...]:
    """What the feature files hold."""
    return tuple(lint(feature_files(["features"], PROJECT)).scenarios)


def _rows() -> str:
    gas_only = (
        each.scenario_id
        for each in written_scenarios()
        if all(row.get("device_type", "ESME") != "ESME" for row in each.rows)
    )
    return f"S1SP2 and ({' or '.join(('ESME', *gas_only))})"


ROWS = _rows()
"""One device type of every outline is enough, the ESME where it has one: a deviation concerns every row
alike, or every S1SP but the first.
"""

EVERY_FEATURE = "SMETS1_EVERY_FEATURE"
"""Environment: with 1, each deviation is tried on all features, not only on those whose test cases it is to
turn red; that takes several times as long.
"""


@pytest.fixture(scope="module")
def target_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Running emulators; each run gives its estates the deviation it is about."""
    state = tmp_path_factory.mktemp("emulators") / "state"
    target = state / "target.toml"
    command = python_module("emulators.up", "--state", str(state), "--until-stdin-closes")
    emulators = ChildProcess("the emulators", command, state.parent / "emulators.log")
    emulators.wait_for_file(target, 60)
    # What a deviation suppresses is waited for in vain: not for long, as these emulators answer at once.
    target.write_text(target.read_text("utf-8") + "\n[deadlines]\nresult = 3.0\nalert = 3.0\n", "utf-8")
    yield target
    emulators.close()


@pytest.mark.parametrize("name", sorted(DEVIATIONS))
def test_deviation_is_caught_by_its_test_cases_alone(name: str, target_file: Path, tmp_path: Path) -> None:
    features = ("-m", " or ".join(beside(DEVIATIONS[name].test_cases)))
    verdicts, output = run_features(target_file, tmp_path, "--deviation", name, *features)

    assert "error" not in verdicts.values(), output
    red = {identifier for identifier, verdict in verdicts.items() if verdict == "failed"}
    assert red == {f"MP107-{case}" for case in DEVIATIONS[name].test_cases}, output


@pytest.mark.parametrize("name", sorted(DEVIATING_UPDATES))
def test_deviating_update_is_caught_by_its_test_cases_alone(
    name: str, target_file: Path, tmp_path: Path
) -> None:
    plugin = ("-p", "tests.selftests.deviating_updates", "--deviating-update", name)
    verdicts, output = run_features(target_file, tmp_path, "-m", "requirement-2", *plugin)

    assert "error" not in verdicts.values(), output
    red = {identifier for identifier, verdict in verdicts.items() if verdict == "failed"}
    assert red == {f"MP107-{case}" for case in DEVIATING_UPDATES[name].test_cases}, output


def test_without_a_deviation_every_test_case_passes(target_file: Path, tmp_path: Path) -> None:
    verdicts, output = run_features(target_file, tmp_path)

    assert set(verdicts.values()) == {"passed"}, output
    assert set(verdicts) == written()


def test_every_test_case_is_caught_failing_by_some_deviation() -> None:
    assert {f"MP107-{case}" for cases in CASES for case in cases} == written()


CASES = [each.test_cases for each in (*DEVIATIONS.values(), *DEVIATING_UPDATES.values())]
"""The test cases that catch each deviation."""


NOT_ALONE = {
    "MP107-T04": "R2-20 sends the same request before the data update has come to the slot",
    "MP107-T05": "an operator that may not place another's certificate cannot set T34 up either",
    "MP107-T21": "the first half of T23 is the same request at the same switches",
}
"""Test cases that no deviation turns red without another, and why."""


def test_a_test_case_is_the_only_one_to_catch_some_deviation_or_says_why_not() -> None:
    alone = {f"MP107-{cases[0]}" for cases in CASES if len(cases) == 1}
    assert written() - alone == set(NOT_ALONE)


def beside(test_cases: Iterable[str]) -> list[str]:
    """The test cases that are run to see that only these catch a deviation: those of their features."""
    names = {f"MP107-{case}" for case in test_cases}
    features = {each.path for each in written_scenarios() if each.scenario_id in names}
    every = os.environ.get(EVERY_FEATURE) == "1"
    return sorted(each.scenario_id for each in written_scenarios() if every or each.path in features)


def written() -> set[str]:
    """The ids of the test cases in the feature files."""
    return {scenario.scenario_id for scenario in written_scenarios()}


def run_features(target_file: Path, output: Path, *arguments: str) -> tuple[Mapping[str, str], str]:
    """Run the chosen rows; the worst verdict of each test case, and what was printed."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "features",
        "-k",
        ROWS,
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
    ]
    command += ["--target", str(target_file), "--output", str(output), *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, env=environment, check=False)
    printed = run.stdout + run.stderr
    results = output / "results.jsonl"
    assert results.exists(), printed
    verdicts: dict[str, str] = {}
    for line in results.read_text("utf-8").splitlines():
        result = json.loads(line)
        identifier, verdict = result["scenario_id"], result["status"]
        if verdicts.get(identifier, "passed") == "passed":
            verdicts[identifier] = verdict
    return verdicts, printed
