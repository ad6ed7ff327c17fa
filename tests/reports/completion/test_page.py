"""The page as a document: alone, accessible, printable, and safe whatever is in the results."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from reports.completion.laid_out import shown
from reports.results import Attachment, Message, Reason, Status
from tests.reports.completion import planted
from tests.reports.completion.conftest import Report, report_of

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7 * 7 }}\u202e"


def test_nothing_is_loaded_from_elsewhere(report: Report) -> None:
    tree = report.tree
    assert not tree.xpath("//link | //img | //iframe | //*[@src] | //object | //embed | //base | //form")
    assert {href[:1] for href in tree.xpath("//@href")} == {"#"}
    assert "http:" not in report.source.replace("http-equiv", "")
    assert "@import" not in report.source
    assert "url(" not in report.source
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")


def test_every_anchor_is_there_once(report: Report) -> None:
    identifiers = report.tree.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    assert {href[1:] for href in report.tree.xpath("//@href")} <= set(identifiers)
    assert set(report.tree.xpath("//@aria-labelledby")) <= set(identifiers)


def test_headings_are_in_order_and_landmarks_are_there(report: Report) -> None:
    levels = [
        int(tag[1]) for tag in (each.tag for each in report.tree.iter()) if re.fullmatch(r"h[1-6]", str(tag))
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        assert len(report.tree.xpath(f"//{landmark}")) == 1
    numbered = [
        heading.text_content().split()[0]
        for heading in report.tree.xpath("//main//h2")
        if not heading.text_content().startswith("Appendix")
    ]
    assert numbered == [str(number) for number in range(1, len(numbered) + 1)]
    assert "section 9 says why" in report.text("//header")
    assert report.section("left-out").startswith("9 ")


def test_tables_and_drawings_can_be_heard(report: Report) -> None:
    for table in report.tree.xpath("//table"):
        assert table.xpath("caption"), table.text_content()[:80]
        assert not table.xpath(".//th[not(@scope)]"), table.text_content()[:80]
        assert table.xpath("thead")
    drawings = report.tree.xpath("//svg")
    assert drawings
    for drawing in drawings:
        assert drawing.get("role") == "img"
        messages = int(re.search(r"of (\d+) messages", drawing.get("aria-label"))[1])
        (told,) = drawing.getparent().xpath("following-sibling::ol[1]")
        assert len(told) == messages
    for scrolled in report.tree.xpath(
        "//*[contains(@class, 'scroll') or contains(@class, 'drawing')] | //pre"
    ):
        assert scrolled.get("tabindex") == "0"
        assert scrolled.get("aria-label")


def test_it_can_be_printed(report: Report) -> None:
    (style,) = report.tree.xpath("//style/text()")
    assert "@media print" in style
    assert re.search(r"@page \{ size: A4;", style)
    assert "table-header-group" in style
    assert "prefers-color-scheme: dark" in style
    assert "::details-content" in style, "what is folded on the screen is printed"


def test_hostile_texts_stay_texts(tmp_path: Path, evidence: Path) -> None:
    result = planted.Planted(evidence, "MP107-T01 S1SP1 ESME", HOSTILE).step(
        f"Then {HOSTILE}", status="failed"
    )
    wrong = result.ends(Status.FAILED, Reason(HOSTILE, HOSTILE, HOSTILE, HOSTILE, [HOSTILE], HOSTILE))
    wrong.observations = {HOSTILE: [HOSTILE]}
    wrong.labels = {"device": [HOSTILE]}
    wrong.scenario_id = wrong.known_issue = wrong.rule = wrong.feature = wrong.nodeid = HOSTILE
    (evidence / "a.xml").write_bytes(HOSTILE.encode() + b"\xff\x00")
    facts = {"RequestID": HOSTILE, "refused": HOSTILE, "ResponseCode": HOSTILE}
    wrong.steps[0].attachments = [Attachment(HOSTILE, "response", "text/plain", "a.xml", "", facts)]
    wrong.messages = [Message(HOSTILE, "DSP", HOSTILE, HOSTILE[:0], HOSTILE, "a.xml")]
    run = planted.run(
        ended_early=HOSTILE,
        problems=[HOSTILE],
        environment={"target": HOSTILE, HOSTILE: HOSTILE},
        software={HOSTILE: HOSTILE},
        callbacks={HOSTILE: 1},
        messages_of_nobody=[HOSTILE],
    )
    report = report_of(tmp_path, run, [wrong])
    assert len(report.tree.xpath("//script")) == 1
    assert not report.tree.xpath("//img | //*[@onerror]")
    assert "49" not in report.text("//h4"), "no text is taken for a template"
    assert report.source.count("</script>") == 1
    assert "<script>alert" not in report.source


@pytest.mark.parametrize("name", ["../run.json", "/etc/hostname", "", "..", "sub/a.xml"])
def test_only_the_evidence_folder_is_read(tmp_path: Path, evidence: Path, name: str) -> None:
    (tmp_path / "run.json").write_text("secret")
    (evidence / "sub").mkdir()
    (evidence / "sub" / "a.xml").write_text("secret")
    told = shown(evidence, Attachment("a message", "request", "application/xml", name))
    assert "secret" not in told
    assert told.startswith("(")


def test_messages_are_laid_out_and_shortened(evidence: Path) -> None:
    long = "QUJD" * 100
    (evidence / "a.xml").write_text(f"<A><B>{long}</B><C>short</C></A>")
    (evidence / "b.txt").write_bytes(b"not XML \xff & more")
    told = shown(evidence, Attachment("a", "request", "application/xml", "a.xml"))
    assert told.splitlines()[0] == "<A>"
    assert "  <C>short</C>" in told.splitlines()
    assert long not in told
    assert "… (400 characters)" in told
    assert shown(evidence, Attachment("b", "request", "text/plain", "b.txt")) == "not XML \\xff & more"
    assert "missing" in shown(evidence, Attachment("c", "request", "text/plain", "c.txt"))
