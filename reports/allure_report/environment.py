"""Files beside the Allure results: environment, who executed the run, and categories in the field's words."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reports.allure_report.wording import CATEGORIES
from reports.exit_codes import exit_sentence
from reports.matrix import counts
from reports.results import EXIT_MEANINGS, ExitCode, ScenarioResult
from reports.run_information import RunInformation


@dataclass(frozen=True)
class _System:
    """A CI system: the variable that shows it, and where it says which build this is."""

    shown_by: str
    name: str
    kind: str
    build: str
    number: str
    url: str


_SYSTEMS: Final = (
    _System(
        "GITHUB_ACTIONS",
        "GitHub Actions",
        "github",
        "{GITHUB_WORKFLOW} #{GITHUB_RUN_NUMBER}",
        "{GITHUB_RUN_NUMBER}",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    ),
    _System(
        "GITLAB_CI",
        "GitLab CI",
        "gitlab",
        "{CI_JOB_NAME} #{CI_PIPELINE_IID}",
        "{CI_PIPELINE_IID}",
        "{CI_JOB_URL}",
    ),
    _System(
        "JENKINS_URL",
        "Jenkins",
        "jenkins",
        "{JOB_NAME} #{BUILD_NUMBER}",
        "{BUILD_NUMBER}",
        "{BUILD_URL}",
    ),
    _System(
        "TF_BUILD",
        "Azure Pipelines",
        "azure",
        "{BUILD_DEFINITIONNAME} #{BUILD_BUILDNUMBER}",
        "{BUILD_BUILDID}",
        "{SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
    ),
)


def write_environment(folder: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> None:
    """Write ``environment.properties``, ``categories.json`` and, in a CI, ``executor.json``.

    Args:
        folder: of the Allure results.
        run: what holds for the whole run.
        results: of the scenarios.
    """
    entries = environment(run, results)
    lines = [f"{_escape(name, key=True)} = {_escape(value)}" for name, value in entries.items()]
    (folder / "environment.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "categories.json").write_text(json.dumps(CATEGORIES, indent=2) + "\n", encoding="utf-8")
    found = executor(os.environ)
    if found:
        (folder / "executor.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def verdict(run: RunInformation) -> str:
    """What the run ended in, such as "does not conform"; while it has not ended, "incomplete"."""
    code = ExitCode(run.exit_code) if run.ended else ExitCode.INCOMPLETE
    return EXIT_MEANINGS[code].partition(":")[0]


def environment(run: RunInformation, results: Sequence[ScenarioResult]) -> dict[str, str]:
    """What a reader wants to know of the run, the verdict first and the assumptions last."""
    code = ExitCode(run.exit_code) if run.ended else ExitCode.INCOMPLETE
    counted = [f"{count} {status}" for status, count in counts(results).items() if count]
    entries = {
        "Verdict": exit_sentence(run),
        "Scenarios": f"{run.written} written, {run.selected} selected, {run.executed} executed: "
        + (", ".join(counted) or "none"),
        "Exit code": str(int(code)),
    }
    entries |= {"Test phase": run.assurance.phase} if run.assurance.phase else {}
    entries |= run.environment
    entries |= {"Harness": run.software["smets1-conformance"]} if "smets1-conformance" in run.software else {}
    entries |= {f"Assumption {number}": text for number, text in enumerate(run.assumptions, start=1)}
    return entries


def executor(variables: Mapping[str, str]) -> dict[str, object]:
    """Who carried the run out, when the environment variables are those of a CI; empty otherwise."""
    system = next((each for each in _SYSTEMS if each.shown_by in variables), None)
    if system is None:
        return {}
    known = defaultdict(str, variables)
    number = system.number.format_map(known)
    return {
        "name": system.name,
        "type": system.kind,
        "buildName": system.build.format_map(known),
        "buildOrder": int(number) if number.isdecimal() else 0,
        "buildUrl": system.url.format_map(known),
    }


def _escape(text: str, *, key: bool = False) -> str:
    """Java's properties syntax: no line breaks, and in a name no unescaped separator."""
    escaped = text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
    if key:
        for separator in (" ", ":", "="):
            escaped = escaped.replace(separator, "\\" + separator)
    return escaped
