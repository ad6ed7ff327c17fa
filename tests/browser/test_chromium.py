"""What the tests in a browser rest on: a page that calls the network, or complains, is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import REQUIRED, chromium

ELSEWHERE = "http://127.0.0.1:9/pixel.gif"


def test_a_page_that_calls_the_network_is_found_out(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<title>x</title><img src='{ELSEWHERE}'><script>throw new Error('not met')</script>")
    with chromium(tmp_path / "network.json") as browser:
        with browser.open(page) as opened:
            opened.page.wait_for_load_state("networkidle")
        assert opened.outside == [ELSEWHERE]
        assert [complaint for complaint in opened.complaints if "not met" in complaint]
        assert browser.close() == [ELSEWHERE]


def test_where_a_browser_is_required_none_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("reports.completion.pdf._ON_MACOS", ())
    monkeypatch.delenv(REQUIRED, raising=False)
    log = tmp_path / "network.json"
    with pytest.raises(pytest.skip.Exception, match="no browser"), chromium(log):
        pass
    monkeypatch.setenv(REQUIRED, "1")
    with (
        pytest.raises(pytest.fail.Exception, match="asks for the tests"),
        chromium(tmp_path / "network.json"),
    ):
        pass
