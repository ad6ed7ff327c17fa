"""``metrics.txt``: read by a strict reader of OpenMetrics, and as GitLab reads it."""

from __future__ import annotations

import re
import shlex

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from reports.exports.metrics import write_metrics
from reports.results import ScenarioResult, Status
from reports.run_information import ChainTime, RunInformation, Timing
from tests.reports.exports.conftest import Folder, ended, known_issue, row, under_the_rule

RESULTS = [
    row(0),
    row(1, Status.FAILED, known_issue="D-7"),
    row(2, Status.FAILED),
    under_the_rule(Status.NOT_RUN),
]


def samples(folder: Folder, results: list[ScenarioResult], run: RunInformation) -> dict[str, float]:
    text = folder.written(write_metrics, results, run).read_text()
    return {
        " ".join([sample.name.removeprefix("smets1_conformance_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_scenarios_are_counted_by_what_they_count_as(folder: Folder) -> None:
    timing = Timing(12.34, 4.0, 3.21, 1, ChainTime("main", 4, 3.2))
    run = ended(RESULTS, known_issues=[known_issue()], timing=timing)
    found = samples(folder, RESULTS, run)
    assert found["scenarios passed"] == 1
    assert found["scenarios failed"] == 1
    assert found["scenarios known issue"] == 1
    assert found["scenarios not run"] == 1
    assert found["scenarios error"] == found["scenarios not applicable"] == 0
    assert found["s1sp_scenarios S1SP1 known issue"] == 1
    assert found["s1sp_scenarios S1SP2 failed"] == 1
    assert found["s1sp_scenarios any not run"] == 1
    assert found["scenarios_written"] == found["scenarios_selected"] == 4
    assert found["known_issues"] == 1
    assert found["exit_code"] == 1
    assert found["run_duration_seconds"] == 12.3
    assert found["scenarios_duration_seconds"] == 3.2


def test_a_run_that_was_killed_has_no_exit_code(folder: Folder) -> None:
    found = samples(folder, [row(0)], RunInformation(selected=1))
    assert "exit_code" not in found
    assert found["scenarios passed"] == 1


def test_gitlab_reads_a_name_and_a_value_from_each_line(folder: Folder) -> None:
    """Its reader leaves comments out and splits the rest as a shell does."""
    text = folder.written(write_metrics, RESULTS).read_text()
    words = [shlex.split(re.sub(r"#.*$", "", line)) for line in text.splitlines()]
    metrics = dict(pair for pair in words if pair)
    assert metrics["smets1_conformance_scenarios{status=not run}"] == "1"
    assert len(metrics) == sum(1 for pair in words if pair)
