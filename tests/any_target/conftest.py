"""Runs of the features against targets of every mix, as a user starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

YES = ("--yes",)
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    code: int
    text: str
    output: Path

    @property
    def results(self) -> list[dict[str, Any]]:
        """The record of each scenario."""
        lines = (self.output / "results.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def verdicts(self) -> Counter[str]:
        """How many scenarios have each status."""
        return Counter(result["status"] for result in self.results)

    @property
    def devices(self) -> list[str]:
        """What became of devices, as the report says."""
        devices: list[str] = json.loads((self.output / "run.json").read_text())["devices"]
        return devices

    def statuses(self, scenario_id: str) -> set[str]:
        """The statuses of the rows of a test case."""
        return {result["status"] for result in self.results if result["scenario_id"] == scenario_id}


Conformance = Callable[..., Run]
"""`smets1-conformance run`: target file, options, and the name of the output folder."""


def environment() -> dict[str, str]:
    """The environment of a run: our packages, whether they are installed or not."""
    paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def command(*arguments: object) -> list[str]:
    """The command line of `smets1-conformance`."""
    return [sys.executable, "-m", "smets1_conformance", *map(str, arguments)]


@pytest.fixture
def conformance(tmp_path: Path) -> Conformance:
    """`smets1-conformance run --target FILE`, in a process of its own."""

    def run(target_file: Path, *options: object, output: str = "output") -> Run:
        folder = tmp_path / output
        done = subprocess.run(
            command("run", "--target", target_file, "--output", folder, *YES, *options),
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return Run(done.returncode, done.stdout + done.stderr, folder)

    return run
