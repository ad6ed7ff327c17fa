"""The completion report as a reader sees it: in a window, on a telephone, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.chromium import NARROW, WIDE, Chromium, Opened

Keep = Callable[[Opened, str], Path]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_it_opens_without_the_network_and_without_complaint(
    browser: Chromium, completion_report: Path, keep: Keep, width: int
) -> None:
    with browser.open(completion_report, width=width) as opened:
        keep(opened, f"completion-{width}.png")
        opened.see("does not conform")
        opened.see("MP107-T01")
        assert opened.requests == [completion_report.as_uri()]
        assert opened.complaints == []
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_kind_of_verdict_is_told(browser: Chromium, completion_report: Path) -> None:
    with browser.open(completion_report) as opened:
        shown = opened.page.locator("body").inner_text().lower()
    for word in ("passed", "failed", "error", "not applicable", "not run", "def-7"):
        assert word in shown


def test_what_failed_is_told_with_what_was_expected_and_observed(
    browser: Chromium, completion_report: Path
) -> None:
    with browser.open(completion_report) as opened:
        for text in ("SRPD 6.2(d): no RDP check", "I99", "refused", "there is no GPF here"):
            opened.see(text)


def test_it_follows_the_reader_into_the_dark(browser: Chromium, completion_report: Path, keep: Keep) -> None:
    with browser.open(completion_report, scheme="dark") as opened:
        keep(opened, "completion-dark.png")
        dark = _brightness(opened)
    with browser.open(completion_report) as opened:
        assert dark < 0.3 < 0.8 < _brightness(opened)


def test_it_can_be_printed(browser: Chromium, completion_report: Path, keep: Keep) -> None:
    with browser.open(completion_report) as opened:
        printed = keep(opened, "completion.pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") >= 1


def _brightness(opened: Opened) -> float:
    """Of the page's ground, from 0 (black) to 1."""
    colour = opened.page.evaluate(
        """() => {
            const colours = [document.body, document.documentElement]
                .map(element => getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number))
                .filter(values => values.length < 4 || values[3] > 0);
            return colours.length ? colours[0].slice(0, 3) : [255, 255, 255];
        }"""
    )
    return float(sum(colour) / (3 * 255))
