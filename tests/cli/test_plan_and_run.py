"""What `plan` told is what a run then does: the Service Requests it sends, and waiting that overlaps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.test_cli import call, environment
from tests.cli.test_plan import plan

ROOT = Path(__file__).parents[2]


@contextmanager
def emulators(state: Path, *options: str) -> Iterator[Path]:
    """A target file of emulators that run meanwhile."""
    command = [sys.executable, "-m", "emulators.up", "--state", str(state), "--until-stdin-closes", *options]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        yield state / "target.toml"
        assert process.stdin is not None
        process.stdin.close()


def results_of(output: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (output / "results.jsonl").read_text().splitlines()]


def sent_by(output: Path, result: dict[str, object]) -> Counter[str]:
    """The Service Requests of a scenario, by SRV, from its evidence."""
    attachments = [
        *result["attachments"],
        *(each for step in result["steps"] for each in step["attachments"]),
    ]  # type: ignore[misc,index,attr-defined]
    sent: Counter[str] = Counter()
    for attachment in attachments:
        if attachment["kind"] == "request":
            document = (output / "evidence" / attachment["file"]).read_bytes()
            # One is no valid DUIS document on purpose, so it is not read as one here.
            found = re.search(rb"ServiceReferenceVariant>([0-9.]+)<", document)
            sent[found[1].decode() if found else "?"] += 1
    return sent


def test_a_run_sends_what_the_plan_told(tmp_path: Path) -> None:
    told = plan(tmp_path, "--", "-k", "S1SP1")
    answer = call("run", "-n", "4", "--output", "out", "--", "-k", "S1SP1", folder=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    planned = {each["nodeid"]: each["service_requests"] for each in told["scenarios"]}
    results = results_of(tmp_path / "out")
    assert {each["nodeid"] for each in results} == planned.keys()
    sent = {result["nodeid"]: dict(sent_by(tmp_path / "out", result)) for result in results}
    assert sent == planned


def test_waiting_for_late_answers_overlaps(tmp_path: Path) -> None:
    """Twelve scenarios with some thirty answers of 0.4 s each, one after another in no chain but four."""
    with emulators(tmp_path / "emulators", "--answer-after", "0.4") as target:
        selection = ("--", "-m", "MP107-T10 or MP107-T11", "-k", "S1SP1 or S1SP2")
        answer = call(
            "run", "-n", "4", "--target", str(target), "--output", "out", *selection, folder=tmp_path
        )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    timing = json.loads((tmp_path / "out" / "run.json").read_text())["timing"]
    results = results_of(tmp_path / "out")
    assert all(float(str(each["duration"])) >= 0.8 for each in results)
    assert timing["workers"] == 4
    assert timing["longest_chain"]["seconds"] <= 0.5 * timing["scenario_seconds"]
    assert "times the longest chain" in answer.stdout
    assert "times the longest chain" in (tmp_path / "out" / "completion-report.html").read_text()
