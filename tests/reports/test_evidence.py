"""Evidence, results files and the reports made of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.results_folder import ResultsError, read_results
from tests.reports.conftest import Suite, outline

ROWS = [
    ("S1SP1", "ESME", "right"),
    ("S1SP1", "GPF", "wrong"),
    ("S1SP2", "ESME", "break the harness"),
    ("S1SP2", "GPF", "nothing for us"),
]


def test_messages_are_kept_octet_for_octet_with_their_step(suite: Suite) -> None:
    suite.feature(outline(*ROWS))
    outcome = suite.run()
    result = outcome.results[0]
    given, when, then = result.steps
    assert given.attachments == []
    assert [attachment.kind for attachment in when.attachments] == ["request"]
    assert [attachment.kind for attachment in then.attachments] == ["response"]
    request = outcome.output / "evidence" / when.attachments[0].file
    assert request.read_bytes() == b"<Request><Header/></Request>"
    assert result.observations == {"reading": ["any 6.15.1"]}
    assert (result.clauses, result.severity, result.feature) == (["FIA-5.2"], "critical", "Repair")


def test_two_workers_report_as_one_does(suite: Suite) -> None:
    suite.feature(outline(*ROWS))
    alone = suite.run()
    expected = [(result.nodeid, result.status, len(result.steps)) for result in alone.results]
    outcome = suite.run("-n", "2")
    assert [(result.nodeid, result.status, len(result.steps)) for result in outcome.results] == expected
    assert outcome.exit_code == alone.exit_code == 1
    assert outcome.run.environment == {"target": "a tiny one"}
    assert (outcome.run.written, outcome.run.collected, outcome.run.selected) == (4, 4, 4)
    assert re.search(r"^4/4 ", outcome.stdout, re.MULTILINE)
    assert len(outcome.allure) == 4
    for result in outcome.results:
        for step in result.steps:
            for attachment in step.attachments:
                assert (outcome.output / "evidence" / attachment.file).is_file()


def test_a_worker_that_dies_is_an_error_and_the_rest_still_runs(suite: Suite) -> None:
    suite.feature(outline(ROWS[0], ("S1SP1", "GPF", "kill the worker"), ("S1SP3", "GPF", "right")))
    outcome = suite.run("-n", "2")
    assert outcome.statuses == ["passed", "error", "passed"]
    assert outcome.exit_code == 2
    assert outcome.results[1].title == "The GPF of S1SP1 is repaired"
    assert "crashed while running" in str(outcome.results[1].reason)


def test_what_ended_before_a_crash_is_kept(suite: Suite) -> None:
    suite.feature(outline(ROWS[0], ("S1SP1", "GPF", "kill the worker")))
    outcome = suite.run()
    assert outcome.exit_code == 9
    assert outcome.statuses == ["passed"]
    assert outcome.run.exit_code == 3


def test_a_new_run_replaces_the_old_one_and_leaves_foreign_files(suite: Suite) -> None:
    path = suite.feature(outline(*ROWS))
    suite.run()
    (suite.folder / "output" / "notes.txt").write_text("mine")
    path.write_text(outline(ROWS[0]))
    outcome = suite.run()
    assert len(outcome.results) == 1
    assert len(outcome.allure) == 1
    assert (suite.folder / "output" / "notes.txt").read_text() == "mine"


class _Page(HTMLParser):
    """Collects what a browser would load, and the anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(str(values["id"]))
        if tag == "a":
            self.links.add(str(values["href"]))
        elif values.get("src") or (tag == "link" and values.get("href")):
            self.loaded.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_summary_is_one_file_and_its_links_lead_somewhere(suite: Suite) -> None:
    suite.feature(outline(*ROWS))
    output = suite.run().output
    html = (output / "completion-report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(html)
    assert page.loaded == []
    assert "http://" not in html
    assert "https://" not in html
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    for link in page.links:
        assert link.startswith("#") or (output / link).is_file(), link
    for text in (
        "SRPD 6.2(d): no RDP check",
        "<Request>\n  <Header/>\n</Request>",
        "N55 carries",
        "SRV 6.15.1 <&>",
    ):
        assert text in page.text


def test_unreadable_results_are_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results here"):
        read_results(tmp_path)
    (tmp_path / "results.jsonl").write_text('{"scenario_id": 1}\n')
    with pytest.raises(ResultsError, match=r"results\.jsonl:1: "):
        read_results(tmp_path)
    (tmp_path / "results.jsonl").write_text('{"scenario_id": ')
    assert read_results(tmp_path)[1] == []
