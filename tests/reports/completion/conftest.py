"""The completion report of a run in which one thing of each kind went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import html

from reports.completion import write_completion_report
from reports.results import ScenarioResult
from reports.results_folder import EVIDENCE_DIRECTORY, read_results
from reports.run_information import RunInformation
from tests.reports.completion import planted


@dataclass
class Report:
    """The file as a reader gets it: nothing else is looked at."""

    source: str

    @property
    def tree(self) -> html.HtmlElement:
        return html.document_fromstring(self.source)

    def text(self, path: str = "//body") -> str:
        """What is read at one place, with single spaces."""
        (element,) = self.tree.xpath(path)
        return _read(element)

    def section(self, anchor: str) -> str:
        """What a section says."""
        return self.text(f"//section[@aria-labelledby='{anchor}']")

    def scenario(self, place: str) -> str:
        """What is said of one scenario: its summary begins with the verdict and the place."""
        for details in self.tree.xpath("//details[contains(@class, 'scenario')]"):
            if place in _read(details.find("summary")):
                return _read(details)
        raise AssertionError(f"nothing is said of {place}")


def _read(element: html.HtmlElement) -> str:
    """The text of an element, with a space between what stands in elements of its own."""
    return " ".join(" ".join(element.itertext()).split())


def report_of(folder: Path, run: RunInformation, results: list[ScenarioResult]) -> Report:
    """Write the report, and read it."""
    return Report(write_completion_report(folder, run, results).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def planted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder."""
    folder = tmp_path_factory.mktemp("planted")
    planted.write(folder)
    return folder


@pytest.fixture(scope="session")
def report(planted_folder: Path) -> Report:
    """Its report."""
    return report_of(planted_folder, *read_results(planted_folder))


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A folder for messages, in the results folder `tmp_path`."""
    folder = tmp_path / EVIDENCE_DIRECTORY
    folder.mkdir()
    return folder
