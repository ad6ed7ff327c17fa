"""The rendered Allure page: what it is made of. How it looks in a browser is in tests/browser."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from reports.allure_report.history import HISTORY_FILE
from reports.allure_report.html import ANALYTICS_HOSTS, render, without_network_calls
from reports.allure_report.node import ALLURE_VERSION, AllureUnavailable
from reports.results_folder import ResultsError
from tests.allure_page import rendered
from tests.reports.conftest import ROOT, Suite, outline

ANALYTICS = """<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
<script>
  window.dataLayer = window.dataLayer || [];
  function gtag(){dataLayer.push(arguments);}
  gtag('config', 'G-1');
</script>"""


def page(head: str) -> str:
    return f'<html><head lang="en">{head}<script>window.mine = 1;</script></head><body></body></html>'


def test_analytics_are_removed_and_the_rest_is_kept() -> None:
    html = without_network_calls(page(ANALYTICS))
    assert "gtag" not in html
    assert "<script>window.mine = 1;</script>" in html
    assert html.index("Content-Security-Policy") < html.index("<script")


@pytest.mark.parametrize(
    "head",
    [
        '<img src="https://example.org/pixel.gif">',
        "<script>load('https://www.google-analytics.com/collect')</script>",
    ],
    ids=["image", "another-host"],
)
def test_what_would_still_call_the_network_is_refused(head: str) -> None:
    with pytest.raises(AllureUnavailable, match="would still call the network"):
        without_network_calls(page(head))


def test_the_pinned_version_is_the_one_named() -> None:
    lock = (ROOT / "reports" / "allure_report" / "npm" / "package-lock.json").read_text()
    assert re.search(rf'"node_modules/allure": \{{\s*"version": "{re.escape(ALLURE_VERSION)}"', lock)


def test_without_results_there_is_nothing_to_render(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results here"):
        render(tmp_path)


def _rendered(suite: Suite) -> Path:
    suite.feature(outline(("S1SP1", "ESME", "right"), ("S1SP1", "GPF", "wrong")))
    output = suite.run().output
    return rendered(output)


def test_a_real_report_names_no_host_of_the_network(suite: Suite) -> None:
    path = _rendered(suite)
    html = path.read_text(encoding="utf-8")
    embedded = [
        base64.b64decode(text).decode("utf-8", "replace")
        for text in re.findall(r"[\"',]([\w+/]{40,}=*)[\"']", html)
    ]
    for text in [html, *embedded]:
        assert not [host for host in ANALYTICS_HOSTS if host in text]
    assert "MP107-T01" in html + "".join(embedded)
    assert list(path.parent.iterdir()) == [path]


def test_a_run_that_is_rendered_twice_is_one_run_of_the_history(suite: Suite) -> None:
    path = _rendered(suite)
    render(path.parents[1])
    history = path.parents[1] / HISTORY_FILE
    assert len(history.read_text().splitlines()) == 1
    suite.run()
    render(path.parents[1])
    earlier, latest = (json.loads(line)["testResults"] for line in history.read_text().splitlines())
    assert len(earlier) == 2
    assert earlier.keys() == latest.keys(), "each scenario is the same test in every run"
