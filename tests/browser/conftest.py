"""A run with every kind of verdict, its reports, and a browser that opens them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reports.outputs import write_outputs
from reports.results import ScenarioResult, Status
from reports.results_folder import COMPLETION_REPORT_FILE, ResultsWriter, read_results
from reports.run_information import Assurance, KnownIssue
from tests.allure_page import rendered
from tests.browser.chromium import Chromium, Opened, chromium
from tests.reports.conftest import Suite, outline

SCREENSHOTS = "SMETS1_SCREENSHOTS"
"""Folder that keeps what the browser showed; a temporary one when it is not set."""

MOST_PIXELS = 4000
"""Height of a picture; nobody looks at a longer one."""

_SIZE = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"

ROWS = (
    ("S1SP1", "ESME", "right"),
    ("S1SP1", "GPF", "wrong"),
    ("S1SP2", "ESME", "nothing for us"),
    ("S1SP2", "GPF", "break the harness"),
)
KNOWN = KnownIssue(
    "MP107-T01",
    "S1SP3",
    "ESME",
    "E4",
    "mended in release 2.1",
    "DEF-7",
    "minor",
    "2027-01-01",
    ["MP107-T01 S1SP3 ESME"],
)
LINKS = {"test_case": "https://tests.example/{id}", "defect": "https://defects.example/{id}"}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a run of features, with a known issue and a scenario that did not run added."""
    suite = Suite(tmp_path_factory.mktemp("run"))
    suite.feature(outline(*ROWS))
    folder = suite.run().output
    run, results = read_results(folder)
    failed = next(result for result in results if result.status is Status.FAILED)
    writer = ResultsWriter(folder)
    writer.append(_moved(failed, "ESME", known_issue=KNOWN.defect))
    writer.append(_moved(failed, "GPF", status=Status.NOT_RUN, reason=None, started="", steps=[]))
    run.written = run.collected = run.selected = len(results) + 2
    run.executed += 1
    run.known_issues = [KNOWN]
    run.assurance = Assurance(links=LINKS)
    writer.write_run(run)
    write_outputs(folder)
    return folder


def _moved(result: ScenarioResult, device_type: str, **changes: object) -> ScenarioResult:
    """The same scenario with a device of S1SP3."""
    place = {"s1sp": "S1SP3", "device_type": device_type}
    moved = replace(result, **place, parameters=result.parameters | place, **changes)  # type: ignore[arg-type]
    moved.title = f"The {device_type} of S1SP3 is repaired"
    moved.nodeid = f"{result.nodeid}-{device_type}"
    return moved


@pytest.fixture(scope="module")
def completion_report(output: Path) -> Path:
    """The completion report of the run."""
    return output / COMPLETION_REPORT_FILE


@pytest.fixture(scope="module")
def allure_report(output: Path) -> Path:
    """The Allure report of the run."""
    return rendered(output)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser that the tests of a module share; whatever it asked the network for fails the module."""
    with chromium(tmp_path_factory.mktemp("chromium") / "network.json") as started:
        yield started
        assert started.close() == []


@pytest.fixture
def keep(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Opened, str], Path]:
    """Keep what the browser shows as a picture, or, for a name that ends so, as PDF."""
    folder = Path(os.environ.get(SCREENSHOTS) or tmp_path)

    def keep_page(opened: Opened, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        if path.suffix == ".pdf":
            opened.page.pdf(path=path, format="A4", print_background=True)
        else:
            width, height = opened.page.evaluate(_SIZE)
            area = {"x": 0, "y": 0, "width": width, "height": min(height, MOST_PIXELS)}
            opened.page.screenshot(path=path, full_page=True, clip=area)
        return path

    return keep_page
