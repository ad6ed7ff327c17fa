"""``metrics.txt``: the figures of a run in the OpenMetrics format, for the metrics reports of GitLab."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reports.exports.wording import COUNTED, counts_as
from reports.matrix import ANY
from reports.replacing import replace_file
from reports.results import ScenarioResult
from reports.results_folder import METRICS_FILE
from reports.run_information import RunInformation

_PREFIX = "smets1_conformance"


def write_metrics(directory: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> Path:
    """Write ``metrics.txt`` into a results folder, in one step.

    Raises:
        OSError: it cannot be written.
    """
    return replace_file(directory / METRICS_FILE, "".join(_lines(run, results)) + "# EOF\n")


def _lines(run: RunInformation, results: Sequence[ScenarioResult]) -> Iterator[str]:
    counted = Counter(counts_as(result) for result in results)
    by_s1sp = Counter((result.s1sp or ANY, counts_as(result)) for result in results)
    yield from _family("scenarios", "Scenarios by what they count as.")
    for status in COUNTED:
        yield _sample("scenarios", counted[status], {"status": status})
    yield from _family("s1sp_scenarios", "Scenarios by S1SP and by what they count as.")
    for s1sp in sorted({s1sp for s1sp, _ in by_s1sp}):
        for status in COUNTED:
            yield _sample("s1sp_scenarios", by_s1sp[s1sp, status], {"s1sp": s1sp, "status": status})
    for name, value, help_text in (
        ("scenarios_written", run.written, "Scenarios in the feature files, rows of Examples expanded."),
        ("scenarios_selected", run.selected, "Scenarios that were to run."),
        ("scenarios_executed", run.executed, "Scenarios that passed, failed or ended in error."),
        ("known_issues", len(run.known_issues), "Entries of the ledger of known issues."),
    ):
        yield from _family(name, help_text)
        yield _sample(name, value)
    if run.ended:
        yield from _family("exit_code", "0 conforms, 1 does not, 2 harness error, 3 incomplete.")
        yield _sample("exit_code", run.exit_code)
    if run.timing is not None:
        yield from _family("run_duration_seconds", "From start to end of the run.", "seconds")
        yield _sample("run_duration_seconds", round(run.timing.wall_seconds, 1))
        yield from _family("scenarios_duration_seconds", "Sum over all scenarios.", "seconds")
        yield _sample("scenarios_duration_seconds", round(run.timing.scenario_seconds, 1))


def _family(name: str, help_text: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {_PREFIX}_{name} gauge\n"
    if unit:
        yield f"# UNIT {_PREFIX}_{name} {unit}\n"
    yield f"# HELP {_PREFIX}_{name} {help_text}\n"


def _sample(name: str, value: float, labels: Mapping[str, str] | None = None) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in (labels or {}).items())
    return f"{_PREFIX}_{name}{{{told}}} {value}\n" if told else f"{_PREFIX}_{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
