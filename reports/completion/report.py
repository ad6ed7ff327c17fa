"""The test completion report: one HTML file that needs no network and no other file to be read."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from reports.completion.diagram import sequence_diagram
from reports.completion.exchange import (
    exchange_of,
    expected_of,
    further_evidence,
    numbers_of,
    observed_in_short,
)
from reports.completion.failures import in_full
from reports.completion.laid_out import shown
from reports.completion.page import SECTIONS, page_of
from reports.completion.pdf import COMPLETION_PDF_FILE
from reports.completion.requirements import source_of, tests_of
from reports.findings import where
from reports.page_templates import page_templates
from reports.replacing import replace_file
from reports.results import ScenarioResult, Status
from reports.results_folder import COMPLETION_REPORT_FILE, EVIDENCE_DIRECTORY
from reports.run_information import RunInformation

_TEMPLATES = files("reports.completion") / "templates"
_ISO_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T([\d:.]+)\+00:00")
_SYMBOLS = {
    Status.PASSED: "✓",
    Status.FAILED: "✗",
    Status.ERROR: "!",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_RUN: "○",
}


def write_completion_report(directory: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> Path:
    """Write the completion report into a results folder, in one step.

    Args:
        directory: the results folder, for the evidence in it.
        run: what holds for the whole run, which may be at work still.
        results: of the scenarios that have ended.

    Returns:
        The path of the file.

    Raises:
        OSError: it cannot be written.
    """
    evidence = directory / EVIDENCE_DIRECTORY
    page = page_of(evidence, run, results)
    pieces = (
        _environment()
        .get_template("report.html.j2")
        .generate(
            page=page,
            run=run,
            in_full=lambda result: in_full(result, page.requirements, page.desk_of(result)),
            laid_out=lambda attachment: shown(evidence, attachment),
        )
    )
    # A PDF of an older report would contradict this one; `smets1-conformance report --pdf` prints it anew.
    (directory / COMPLETION_PDF_FILE).unlink(missing_ok=True)
    document = b"".join(piece.encode("utf-8", "replace") for piece in pieces)
    return replace_file(directory / COMPLETION_REPORT_FILE, document)


@cache
def _environment() -> jinja2.Environment:
    environment = page_templates("reports.completion", "templates")
    script = (_TEMPLATES / "script.js").read_text(encoding="utf-8")
    environment.filters.update(moment=_moment, numbers=_numbers)
    environment.globals.update(
        sections=SECTIONS,
        symbols=_SYMBOLS,
        evidence=EVIDENCE_DIRECTORY,
        diagram=sequence_diagram,
        exchange_of=exchange_of,
        expected_of=expected_of,
        further_evidence=further_evidence,
        numbers_of=numbers_of,
        observed_in_short=observed_in_short,
        source_of=source_of,
        tests_of=tests_of,
        where=where,
        style=Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - a file of ours
        script=Markup(script),  # noqa: S704 - likewise
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return environment


def _moment(at: str) -> str:
    """A text with its times of ISO 8601 as a reader wants them: "2026-11-21 08:58:37 UTC"."""
    return _ISO_TIME.sub(r"\1 \2 UTC", at)


def _numbers(numbers: Sequence[int]) -> str:
    """Numbers that follow one another, briefly: "4", "4 to 6", "4, 6"."""
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))
