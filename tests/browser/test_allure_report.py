"""The Allure report as a reader sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.chromium import NARROW, WIDE, Chromium, Opened

Keep = Callable[[Opened, str], Path]
VERDICT = "MP107 (CR4296) conformance: does not conform"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_it_opens_without_the_network_and_without_complaint(
    browser: Chromium, allure_report: Path, keep: Keep, width: int
) -> None:
    with browser.open(allure_report, width=width) as opened:
        opened.see(VERDICT)
        opened.see("Requirement 1: SRV 6.15.1")
        keep(opened, f"allure-{width}.png")
        assert opened.outside == []
        assert opened.complaints == []
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


CATEGORIES = {
    "The target does not conform": "MP107-T01 S1SP1 GPF (wrong): The GPF of S1SP1 is repaired",
    "Known issue of the target": "MP107-T01 S1SP3 ESME (wrong): The ESME of S1SP3 is repaired",
    "The harness or the environment broke": "MP107-T01 S1SP2 GPF (break the harness): "
    "The GPF of S1SP2 is repaired",
    "Not run": "MP107-T01 S1SP3 GPF (wrong): The GPF of S1SP3 is repaired",
    "Not applicable": "MP107-T01 S1SP2 ESME (nothing for us): The ESME of S1SP2 is repaired",
}


def test_each_category_holds_its_scenario(browser: Chromium, allure_report: Path, keep: Keep) -> None:
    with browser.open(allure_report, fragment="#categories") as opened:
        for name, title in CATEGORIES.items():
            opened.see(name, exact=True)
            opened.see(title, exact=True)
        keep(opened, "allure-categories.png")
        shown = opened.page.locator("body").inner_text()
    order = [shown.index(text) for pair in CATEGORIES.items() for text in pair]
    assert order == sorted(order), "each scenario stands below its category"
    assert "is repaired" not in shown[order[-1] + len(CATEGORIES["Not applicable"]) :]


def test_a_failure_is_told_with_its_step_what_was_sent_and_its_links(
    browser: Chromium, allure_report: Path, keep: Keep
) -> None:
    with browser.open(allure_report) as opened:
        opened.see(CATEGORIES["Known issue of the target"]).click()
        for text in (
            "Known issue DEF-7: mended in release 2.1",
            "Requirement: SRPD 6.2(d): no RDP check",
            "Category: Known issue of the target",
            "Then it conforms",
        ):
            opened.see(text)
        opened.see("When the target does wrong").click()
        opened.see("request: 6.15.1")
        keep(opened, "allure-failure.png")
        for name, address in (
            ("MP107-T01", "https://tests.example/MP107-T01"),
            ("DEF-7", "https://defects.example/DEF-7"),
        ):
            link = opened.page.get_by_role("link", name=name, exact=True)
            assert link.get_attribute("href") == address
        assert opened.outside == []
        assert opened.complaints == []


def test_it_follows_the_reader_into_the_dark(browser: Chromium, allure_report: Path, keep: Keep) -> None:
    with browser.open(allure_report, scheme="dark") as opened:
        opened.see(VERDICT)
        assert opened.page.locator("[data-theme=dark]").count()
        keep(opened, "allure-dark.png")


def test_it_can_be_printed(browser: Chromium, allure_report: Path, keep: Keep) -> None:
    with browser.open(allure_report) as opened:
        opened.see(VERDICT)
        assert keep(opened, "allure.pdf").read_bytes().startswith(b"%PDF-")
