"""A results folder as a run leaves it, made directly, and what bundles and verifies it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from reports.bundle import Contents, Redaction, SigningKey, write_bundle
from reports.results import Attachment, Message, ScenarioResult, Status, StepResult
from reports.results_folder import ResultsWriter
from reports.run_information import RunInformation

ROOT = Path(__file__).parents[3]
MADE_WITH = {"smets1-conformance": "1.2.3"}
TITLE = "The registered Network Operator replaces the certificate"
SENTENCE = "the Network Operator sends SRV 6.15.1"

FEATURE = f"""Feature: Repair

  @MP107-T01
  Scenario Outline: {TITLE}
    When {SENTENCE}

    Examples:
      | s1sp   |
"""


def feature_of(scenarios: int) -> str:
    return FEATURE + "".join(f"      | S1SP{number} |\n" for number in range(1, scenarios + 1))


def results_of(scenario: int, files: int) -> ScenarioResult:
    """A scenario with so many messages."""
    kinds = ("request", "response", "callback")
    attachments = [
        Attachment(
            f"SRV 6.15.1, message {number}",
            kinds[number % 3],
            "application/xml",
            f"MP107-T01-{scenario:04d}-{number:02d}-{kinds[number % 3]}.xml",
            at=f"2026-11-20T10:00:{number:02d}.000+00:00",
            facts={"RequestID": f"A:B:{scenario}{number}", "ResponseCode": "I99"},
        )
        for number in range(files)
    ]
    messages = [Message("ed-north", "DSP", "SRV 6.15.1", code="I99", file=each.file) for each in attachments]
    step = StepResult("When", SENTENCE, 5, "passed", 0.1, attachments)
    return ScenarioResult(
        scenario_id="MP107-T01",
        title=TITLE,
        feature="Repair",
        nodeid=f"features/test_features.py::test_{TITLE.replace(' ', '_').lower()}[S1SP{scenario}]",
        s1sp=f"S1SP{scenario}",
        status=Status.PASSED,
        started="2026-11-20T10:00:00.000+00:00",
        steps=[step],
        messages=messages,
    )


def message(scenario: int, number: int, size: int = 0) -> bytes:
    """A message that differs from all others."""
    text = f'<?xml version="1.0"?>\r\n<Request id="{scenario}-{number}">'
    return f"{text}{filling((scenario + number) % 16, size)}</Request>\n".encode()


@cache
def filling(which: int, size: int) -> str:
    """XML as hard to deflate as messages with certificates are."""
    chance = random.Random(which)
    return "".join(f"<V>{chance.randbytes(20).hex()}</V>" for _ in range(size // 47))


class Folder:
    """A results folder, and the features that were run."""

    def __init__(self, folder: Path, scenarios: int = 3, files: int = 3, size: int = 300) -> None:
        self.folder = folder
        self.results = folder / "output"
        self.features = folder / "features"
        (self.features / "requirement_1").mkdir(parents=True)
        self.feature = self.features / "requirement_1" / "repair.feature"
        self.feature.write_text(feature_of(scenarios))
        (self.features / "requirements.toml").write_text('[[document]]\nname = "FIA"\n')
        writer = ResultsWriter(self.results)
        writer.prepare()
        for scenario in range(1, scenarios + 1):
            result = results_of(scenario, files)
            for number, attachment in enumerate(result.steps[0].attachments):
                (self.evidence / attachment.file).write_bytes(message(scenario, number, size))
            writer.append(result)
        self.run = RunInformation(
            started="2026-11-20T10:00:00+00:00",
            finished="2026-11-20T10:05:00+00:00",
            selected=scenarios,
            exit_code=0,
            environment={"target": "SIT-A"},
            software={"smets1-conformance": "1.2.3", "Python": "CPython 3.11.7"},
        )
        self.write_run()
        (self.results / "completion-report.html").write_text("<!DOCTYPE html><title>Completion</title>")
        (self.results / "junit.xml").write_text("<testsuites/>")
        (self.results / "notes.txt").write_text("not ours")

    @property
    def evidence(self) -> Path:
        return self.results / "evidence"

    def write_run(self) -> None:
        ResultsWriter(self.results).write_run(self.run)

    def contents(self, **options: object) -> Contents:
        options.setdefault("redaction", Redaction())
        return Contents(self.results, self.features, **options)  # type: ignore[arg-type]

    def bundle(self, key: SigningKey, name: str = "evidence.zip", **options: object) -> Path:
        path = self.folder / name
        write_bundle(path, self.contents(**options), key, MADE_WITH)
        return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return SigningKey.throw_away()


def command(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Call ``smets1-conformance evidence``."""
    return subprocess.run(
        [sys.executable, "-m", "smets1_conformance", "evidence", *map(str, arguments)],
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
