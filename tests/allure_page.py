"""The rendered page of Allure, for tests; skipped where Node or npm cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.allure_report.html import render
from reports.allure_report.node import AllureUnavailable, find_node


def rendered(output: Path) -> Path:
    """Render the page of a results folder, and return its path."""
    if find_node() is None:
        pytest.skip("Node is missing")
    try:
        return render(output)
    except AllureUnavailable as error:
        if "npm could not install" in str(error):
            pytest.skip(f"Allure cannot be installed here: {error}")
        raise
