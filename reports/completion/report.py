"""The self-contained HTML summary: one file that needs no network and no other file to be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import jinja2
from lxml import etree

from reports.completion.diagram import sequence_diagram
from reports.matrix import ANY, column_of, counts, matrix
from reports.replacing import replace_file
from reports.results import (
    ALLURE_REPORT_DIRECTORY,
    COMPLETION_REPORT_FILE,
    EVIDENCE_DIRECTORY,
    EXIT_MEANINGS,
    Attachment,
    ExitCode,
    RunInformation,
    ScenarioResult,
    Status,
)
from reports.timing import timing_sentence

_SYMBOLS = {
    Status.PASSED: "✓",
    Status.FAILED: "✗",
    Status.ERROR: "!",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_RUN: "○",
}
_ORDER = [Status.FAILED, Status.ERROR, Status.NOT_RUN, Status.NOT_APPLICABLE, Status.PASSED]


def write_completion_report(directory: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> Path:
    """Write the completion report into a results folder, in one step.

    Args:
        directory: the results folder, for the evidence in it.
        run: what holds for the whole run, which may be at work still.
        results: of the scenarios that have ended.

    Returns:
        The path of the file.
    """
    results = sorted(results, key=lambda result: (result.scenario_id or "~", column_of(result)))
    evidence = directory / EVIDENCE_DIRECTORY
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports.completion", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("report.html.j2").render(
        run=run,
        results=results,
        wrong=sorted(
            (result for result in results if result.status not in (Status.PASSED, Status.NOT_APPLICABLE)),
            key=lambda result: _ORDER.index(result.status),
        ),
        matrix=matrix(results),
        anchors=_anchors(results),
        counts=counts(results),
        symbols=_SYMBOLS,
        observations=_observations(results),
        exit_code=run.exit_code,
        exit_meaning=EXIT_MEANINGS[ExitCode(run.exit_code)],
        timing=timing_sentence(run.timing) if run.timing is not None else "",
        duration=_duration(run.started, run.finished),
        diagram=sequence_diagram,
        shown=lambda attachment: _shown(evidence, attachment),
        evidence=EVIDENCE_DIRECTORY,
        place=_place,
        allure_report=(
            f"{ALLURE_REPORT_DIRECTORY}/index.html"
            if (directory / ALLURE_REPORT_DIRECTORY / "index.html").is_file()
            else ""
        ),
    )
    return replace_file(directory / COMPLETION_REPORT_FILE, html)


def pretty(document: bytes) -> str:
    """A copy of an XML document laid out for reading; anything else as text. The raw file is what counts."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        return document.decode("utf-8", errors="backslashreplace")
    text: str = etree.tostring(root, pretty_print=True, encoding="unicode")
    return text


def _shown(evidence: Path, attachment: Attachment) -> str:
    try:
        document = (evidence / attachment.file).read_bytes()
    except OSError:
        return "(the evidence file is missing)"
    return pretty(document)


def _anchors(results: list[ScenarioResult]) -> dict[str, dict[tuple[str, str], str]]:
    """Scenario id → column → the anchor of its first scenario."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for number, result in enumerate(results, start=1):
        found.setdefault(result.scenario_id, {}).setdefault(column_of(result), f"s{number}")
    return found


def _place(result: ScenarioResult) -> str:
    return " ".join(value for value in column_of(result) if value != ANY)


def _observations(results: list[ScenarioResult]) -> list[tuple[str, str, list[str]]]:
    seen: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for name, values in result.observations.items():
            for value in values:
                places = seen.setdefault((name, value), [])
                place = f"{result.scenario_id} {_place(result)}".strip()
                if place not in places:
                    places.append(place)
    return [(name, value, places) for (name, value), places in sorted(seen.items())]


def _duration(started: str, finished: str) -> str:
    if not started or not finished:
        return ""
    seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
