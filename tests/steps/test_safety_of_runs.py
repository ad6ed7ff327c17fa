"""Runs, each a process of its own, against an environment that dies, refuses, or is left in the middle."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from target.deadline import Deadline
from tests.any_target.conftest import command, environment
from tests.any_target.vendor import Vendor, vendor

SELECTED = "S1SP1 and ESME and (T02 or T04 or T10 or T11 or T30)"


@dataclass
class Running:
    """A run that is going on."""

    process: subprocess.Popen[str]
    output: Path
    lines: list[str] = field(default_factory=list)

    def until(self, found: Callable[[str], bool]) -> None:
        """Read what it prints up to a line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found(line):
                return
        raise AssertionError("".join(self.lines))

    def end(self) -> int:
        """Read the rest, and wait for its end."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout
        return self.process.wait()

    @property
    def text(self) -> str:
        """What it printed, in one line."""
        return " ".join("".join(self.lines).split())

    @property
    def verdicts(self) -> Counter[str]:
        """How many scenarios have each status."""
        return Counter(json.loads(line)["status"] for line in (self.output / "results.jsonl").open())

    @property
    def information(self) -> dict[str, Any]:
        """What is on record for the whole run."""
        found: dict[str, Any] = json.loads((self.output / "run.json").read_text())
        return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a run; it is ended with the test, however that ends."""
    with ExitStack() as cleanup:

        def started(target_file: Path, *options: str, select: str = SELECTED) -> Running:
            output = tmp_path / "output"
            process = subprocess.Popen(
                command(
                    "run", "--target", target_file, "--output", output, "--yes", *options, "--", "-k", select
                ),
                cwd=tmp_path,
                env=environment() | {"PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
            )
            cleanup.enter_context(process)
            cleanup.callback(process.kill)
            return Running(process, output)

        yield started


def first_repair(of: Vendor) -> None:
    """Wait until a 6.15.1 has come to the vendor: a device is no more as it was."""
    limit = Deadline(60)
    while not any("UpdateSecurityCredentialsKRP" in str(row["document"]) for row in of.traffic()):
        assert not limit.passed


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "workers"])
def test_an_endpoint_that_dies_ends_the_run_as_incomplete(
    start: Callable[..., Running], tmp_path: Path, options: tuple[str, ...]
) -> None:
    with ExitStack() as systems:
        there = systems.enter_context(vendor(tmp_path / "vendor", answer_after=0.3, deadline=8.0))
        run = start(there.target_file, *options)
        run.until(lambda line: " passed " in line)
        systems.close()
        assert run.end() == 3, run.text
    assert set(run.verdicts) == {"passed", "not run"}, run.text
    assert run.verdicts["not run"] >= 2
    assert "127.0.0.1" in run.information["ended_early"]
    assert re.search(
        r"incomplete: .*\(since 20.*UTC\)\. No further scenario was started; .*--resume", run.text
    )
    record = json.loads((run.output / "resume.json").read_text())
    assert record["finished"] is None


def test_a_target_that_does_not_know_its_device_ends_the_run_before_the_first_scenario(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    with vendor(tmp_path / "vendor") as there:
        text = there.target_file.read_text()
        first = re.search(r'device_id = "([^"]+)"', text)
        assert first is not None
        there.target_file.write_text(text.replace(first[1], "02-01-1E-92-00-00-00-77"))
        run = start(there.target_file)
        assert run.end() == 3, run.text
        sent = [row for row in there.traffic() if row["direction"] == "received"]
    assert set(run.verdicts) == {"not run"}
    assert "the target was not sane before the first scenario" in run.information["ended_early"]
    assert len(sent) <= 1
    (check,) = run.information["sanity"]
    assert not check["passed"]
    kinds = [attachment["kind"] for attachment in check["attachments"]]
    assert kinds == ["request", "response"]
    for attachment in check["attachments"]:
        assert b"<" in (run.output / "evidence" / attachment["file"]).read_bytes()
        assert attachment["file"] in (run.output / "completion-report.html").read_text()


def test_a_budget_that_is_used_up_ends_the_run_and_leaves_devices_as_they_were(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    with vendor(tmp_path / "vendor") as there:
        text = there.target_file.read_text()
        there.target_file.write_text(text.replace("[safety]", "[safety]\nrequest_budget = 4"))
        before = there.slots()
        run = start(there.target_file, select="S1SP1 and ESME and T02")
        assert run.end() == 3, run.text
        assert there.slots() == before
    assert set(run.verdicts) == {"not run"}, run.text
    assert "budget of 4 Service Requests" in run.information["ended_early"]


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "workers"])
def test_ctrl_c_leaves_devices_as_they_were(
    start: Callable[..., Running], tmp_path: Path, options: tuple[str, ...]
) -> None:
    with vendor(tmp_path / "vendor", answer_after=1.0) as there:
        before = there.slots()
        run = start(there.target_file, *options)
        run.until(lambda line: "Sanity (first)" in line)
        first_repair(there)
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 3, run.text
        assert there.slots() == before
    assert run.verdicts["not run"] >= 3
    assert set(run.verdicts) <= {"passed", "not run"}
    assert "Ctrl-C: no further scenario starts" in run.text
    assert "the run was interrupted (Ctrl-C)" in run.information["ended_early"]


def test_ctrl_c_twice_ends_at_once(start: Callable[..., Running], tmp_path: Path) -> None:
    with vendor(tmp_path / "vendor", answer_after=2.0) as there:
        run = start(there.target_file, select="S1SP1 and ESME and T02")
        run.until(lambda line: "Sanity (first)" in line)
        first_repair(there)
        run.process.send_signal(signal.SIGINT)
        run.until(lambda line: "Ctrl-C: no further scenario starts" in line)
        run.process.send_signal(signal.SIGINT)
        assert run.end() in (3, 2), run.text
    assert "Ctrl-C: ending at once" in run.text
