"""Files beside the Allure results: environment, and categories in the field's words."""

from __future__ import annotations

import json
from pathlib import Path

from reports.results import EXIT_MEANINGS, ExitCode, RunInformation

CATEGORIES = [
    {"name": "The target does not conform", "matchedStatuses": ["failed"]},
    {"name": "The harness or the environment broke", "matchedStatuses": ["broken"]},
    {"name": "Not applicable", "matchedStatuses": ["skipped"]},
]
"""Allure 2 reads these from ``categories.json``, Allure 3 from its configuration (`reports.allure_html`)."""


def write_allure_environment(directory: Path, run: RunInformation) -> None:
    """Write ``environment.properties`` and ``categories.json`` into the Allure results folder."""
    entries = dict(run.environment)
    entries |= {f"Assumption {number}": text for number, text in enumerate(run.assumptions, start=1)}
    entries["Scenarios"] = f"{run.written} written, {run.selected} selected, {run.executed} executed"
    code = ExitCode(run.exit_code)
    entries["Exit code"] = f"{int(code)}: {EXIT_MEANINGS[code]}"
    lines = [f"{_escape(name, key=True)} = {_escape(value)}" for name, value in entries.items()]
    (directory / "environment.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (directory / "categories.json").write_text(json.dumps(CATEGORIES, indent=2) + "\n", encoding="utf-8")


def _escape(text: str, *, key: bool = False) -> str:
    """Java's properties syntax: no line breaks, and in a name no unescaped separator."""
    escaped = text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
    if key:
        for separator in (" ", ":", "="):
            escaped = escaped.replace(separator, "\\" + separator)
    return escaped
