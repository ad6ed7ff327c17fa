"""``cucumber.json``: the results as Cucumber writes them, for test management such as Xray and Zephyr Scale.

Cucumber knows no status for a scenario without a verdict. A harness error and a scenario that did not run are
"pending", never "passed" and never "failed"; a scenario that is not applicable is "skipped".
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reports.exports.feature_files import FeatureFiles, Place, Tag, WrittenFeature
from reports.exports.wording import kind, traced
from reports.replacing import replace_file
from reports.results import ScenarioResult, Status, StepResult
from reports.results_folder import CUCUMBER_FILE, EVIDENCE_DIRECTORY
from reports.run_information import RunInformation
from reports.telling import telling

LARGEST_EMBEDDING = 256 * 1024
"""Octets of one evidence file; a larger one is named, and stays in the folder ``evidence``."""
EMBEDDINGS_ALTOGETHER = 8 * 1024 * 1024
"""Octets of all evidence in one file; importers refuse large uploads."""

_STEP = {"passed": "passed", "failed": "failed", "error": "pending", "skipped": "skipped"}
_SCENARIO = {
    Status.FAILED: "failed",
    Status.ERROR: "pending",
    Status.NOT_APPLICABLE: "skipped",
    Status.NOT_RUN: "pending",
}
_WENT_WRONG = {
    Status.FAILED: "failed",
    Status.ERROR: "error",
    Status.NOT_APPLICABLE: "skipped",
    Status.NOT_RUN: "skipped",
}
"""The status of the step in which a scenario came to its verdict."""


def write_cucumber(directory: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> Path:
    """Write ``cucumber.json`` into a results folder, in one step.

    Raises:
        OSError: it cannot be written.
    """
    del run  # the format has no place for what holds for the whole run
    places = FeatureFiles(results)
    evidence = _Evidence(directory / EVIDENCE_DIRECTORY)
    features: dict[WrittenFeature, list[tuple[Place, ScenarioResult]]] = {}
    for result in results:
        place = places.place(result)
        features.setdefault(place.feature, []).append((place, result))
    document = []
    for feature in sorted(features, key=lambda feature: feature.uri):
        placed = sorted(features[feature], key=lambda placed: (placed[0].line, placed[1].nodeid))
        elements = [_element(place, result, evidence) for place, result in placed]
        document.append(_feature(feature, elements))
    return replace_file(directory / CUCUMBER_FILE, json.dumps(document, indent=1) + "\n")


def _feature(feature: WrittenFeature, elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "uri": feature.uri,
        "id": _identifier(feature.name),
        "keyword": feature.keyword,
        "name": feature.name,
        "description": feature.description,
        "line": feature.line,
        "tags": _tags(feature.tags),
        "elements": elements,
    }


def _element(place: Place, result: ScenarioResult, evidence: _Evidence) -> dict[str, Any]:
    """A scenario; each row of Examples is one, with the id that Cucumber gives it: the header is row 1."""
    parts = [result.feature, result.rule, result.written_title or result.title]
    identifier = ";".join(_identifier(part) for part in parts if part)
    element = {
        "id": f"{identifier};;{place.row + 1}" if place.row else identifier,
        "type": "scenario",
        "keyword": place.keyword,
        "name": result.title,
        "description": place.description,
        "line": place.line,
        "tags": _tags(place.tags),
        "steps": list(_steps(place, result, evidence)),
    }
    if result.started:
        element["start_timestamp"] = result.started
    return element


def _steps(place: Place, result: ScenarioResult, evidence: _Evidence) -> Iterator[dict[str, Any]]:
    steps = result.steps or [StepResult(*step) for step in place.steps]
    steps = steps or [StepResult("*", "the scenario is carried out", place.line)]
    left_out = "pending" if result.status is Status.NOT_RUN else "skipped"
    deciding = _deciding_step(steps, result)
    for number, step in enumerate(steps):
        written: dict[str, Any] = {"keyword": f"{step.keyword} ", "name": step.text, "line": step.line}
        outcome: dict[str, Any] = {
            "status": _STEP.get(step.status, left_out),
            "duration": round(step.duration * 1_000_000_000),  # nanoseconds
        }
        if number == deciding:
            outcome["status"] = _SCENARIO[result.status]
            outcome["error_message"] = f"{kind(result)}\n{traced(result)}"
            if result.status is Status.FAILED:
                written["embeddings"] = list(evidence.of(result))
        yield written | {"match": {}, "result": outcome}


def _deciding_step(steps: Sequence[StepResult], result: ScenarioResult) -> int | None:
    """The step that carries the verdict: whoever reads steps alone must not take the scenario for passed.

    Where setting up or tearing down went wrong it is the last step that was begun, or the first one.
    """
    if result.status is Status.PASSED:
        return None
    statuses = [step.status for step in steps]
    if _WENT_WRONG[result.status] in statuses:
        return statuses.index(_WENT_WRONG[result.status])
    return max((number for number, status in enumerate(statuses) if status != "not run"), default=0)


class _Evidence:
    """Hands out evidence as embeddings, as far as there is room."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._room = EMBEDDINGS_ALTOGETHER

    def of(self, result: ScenarioResult) -> Iterator[dict[str, str]]:
        """The messages that tell most about a scenario; what is missing or too large is left out."""
        for attachment in telling(result).evidence:
            try:
                document = (self._folder / attachment.file).read_bytes()
            except OSError:
                continue
            if len(document) <= min(LARGEST_EMBEDDING, self._room):
                self._room -= len(document)
                data = base64.b64encode(document).decode()
                yield {"mime_type": attachment.media_type, "data": data, "name": attachment.title}


def _tags(tags: Sequence[Tag]) -> list[dict[str, Any]]:
    return [{"name": tag.name, "line": tag.line} for tag in tags]


def _identifier(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
