"""What a CI is told at the end of a run: nothing where there is none, and nothing that a target can forge."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html
from markdown_it import MarkdownIt

from reports.exports.announce import announce
from reports.exports.github_summary import LIMIT, summary
from reports.results import ScenarioResult, Status
from reports.results_folder import read_results
from reports.run_information import RunInformation
from tests.reports.exports.conftest import Folder, ended, known_issue, reason, row, under_the_rule

Lines = tuple[list[str], Callable[[str], None]]
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "7",
}
HOSTILE = (
    "</td></table><script>alert(1)</script>\r\n\r\n# heading\n![x](http://e/x.png) @somebody\n"
    "::stop-commands::x\n<img src=x onerror=y>"
)


def told(
    folder: Folder,
    lines: Lines,
    environ: dict[str, str],
    results: list[ScenarioResult],
    run: RunInformation | None = None,
) -> list[str]:
    """What is printed for a run."""
    folder.written(lambda directory, run, results: directory, results, run or ended(results))
    announce(folder.output, *read_results(folder.output), environ, lines[1])
    return lines[0]


def commands(printed: list[str]) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands as the runner of GitHub reads them: a line each, properties, data."""
    found = []
    for line in "\n".join(printed).split("\n"):
        command = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
        assert command is not None, line
        pairs = (pair.partition("=") for pair in command[2].split(","))
        properties = {name: _plain(value) for name, _, value in pairs}
        found.append((command[1], properties, _plain(command[3])))
    return found


def _plain(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def rendered(markdown: str) -> html.HtmlElement:
    return html.fromstring(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))


def test_nothing_is_said_where_there_is_no_ci(folder: Folder, lines: Lines) -> None:
    path = folder.root / "summary.md"
    environ = {
        "GITHUB_STEP_SUMMARY": str(path),
        "CI": "true",
        "CI_JOB_URL": "https://x",
        "JENKINS_URL": "https://j",
    }
    assert told(folder, lines, environ, [row(0, Status.FAILED)]) == []
    assert not path.exists()


# --- GitHub -------------------------------------------------------------------------------------------------


def test_a_failure_is_an_error_at_its_line_in_the_feature_file(folder: Folder, lines: Lines) -> None:
    ((level, properties, text),) = commands(told(folder, lines, GITHUB, [row(0), row(2, Status.FAILED)]))
    assert level == "error"
    assert properties == {
        "file": "features/repair.feature",
        "line": "15",
        "title": "MP107-T01 S1SP2 GPF: target does not conform",
    }
    assert text.splitlines()[:3] == [
        "Requirement: SRPD 6.2(d): no RDP check",
        "Expected:    I99",
        "Observed:    E4",
    ]


def test_what_a_target_answers_cannot_begin_a_command(folder: Folder, lines: Lines) -> None:
    results = [row(0, Status.FAILED, reason=reason(actual=HOSTILE), title="50%,a:b\n::debug::")]
    (command,) = commands(told(folder, lines, GITHUB, results))
    assert command[0] == "error"
    assert HOSTILE in command[2]


def test_no_more_errors_than_github_shows(folder: Folder, lines: Lines) -> None:
    results = [
        row(0, Status.FAILED, nodeid=f"{row(0).nodeid}{number}", reason=reason(actual=f"code E{number} came"))
        for number in range(25)
    ]
    errors = [command for command in commands(told(folder, lines, GITHUB, results)) if command[0] == "error"]
    assert len(errors) == 10
    assert errors[-1][1]["title"] == "and 16 more"


def test_the_same_failure_at_several_places_is_one_error(folder: Folder, lines: Lines) -> None:
    ((_, properties, text),) = commands(
        told(folder, lines, GITHUB, [row(0, Status.FAILED), row(2, Status.FAILED)])
    )
    assert properties["title"] == "MP107-T01 S1SP1 ESME and 1 more: target does not conform"
    assert "Where:       MP107-T01: S1SP1 (ESME); S1SP2 (GPF)" in text


def test_what_did_not_run_is_a_warning_with_its_reasons(folder: Folder, lines: Lines) -> None:
    results = [
        row(0),
        row(1, Status.NOT_RUN),
        row(2, Status.NOT_APPLICABLE),
        under_the_rule(Status.NOT_APPLICABLE),
    ]
    found = commands(told(folder, lines, GITHUB, results))
    warnings = {properties["title"]: text for level, properties, text in found if level == "warning"}
    assert set(warnings) == {"1 scenario not run", "2 scenarios not applicable"}
    assert warnings["1 scenario not run"] == "no device is left (MP107-T01: S1SP1 (ESME))"
    assert ("error", "the run as a whole") in [(level, properties["title"]) for level, properties, _ in found]


def test_a_known_issue_is_a_notice(folder: Folder, lines: Lines) -> None:
    results = [row(0), row(1, Status.FAILED, known_issue="D-7")]
    run = ended(results, known_issues=[known_issue()])
    ((level, properties, text),) = commands(told(folder, lines, GITHUB, results, run))
    assert (level, properties["title"]) == ("notice", "1 scenario failed as known issues say")
    assert text.startswith("known issue D-7: SRPD 6.2(d)")


def test_a_run_that_was_stopped_says_so(folder: Folder, lines: Lines) -> None:
    run = ended([], problems=["features/x.feature:1: no id"])
    ((level, _, text),) = commands(told(folder, lines, GITHUB, [], run))
    assert (level, text) == ("error", "features/x.feature:1: no id")


def test_the_summary_of_the_job_is_appended(folder: Folder, lines: Lines) -> None:
    path = folder.root / "summary.md"
    path.write_text("# what an earlier command said\n")
    results = [row(0), row(1, Status.FAILED), row(2, Status.NOT_APPLICABLE)]
    told(folder, lines, {**GITHUB, "GITHUB_STEP_SUMMARY": str(path)}, results)
    text = path.read_text()
    assert text.startswith("# what an earlier command said\n## MP107 conformance: does not conform")
    page = rendered(text)
    cells = {row[0].text_content(): row[1].text_content() for row in page.iter("tr") if len(row) == 2}
    assert cells["Requirement"] == "SRPD 6.2(d): no RDP check"
    assert cells["Expected"] == "I99"
    assert cells["Observed"] == "E4"
    assert cells["Evidence"] == "output/evidence/MP107-T01-S1SP1-ESME-two-01-response.xml"
    assert "3 written" not in text
    assert "1 passed, 1 failed, 1 not applicable" in page.text_content()
    matrix = [[cell.text_content() for cell in row] for row in page.iter("tr") if len(row) == 4]
    assert matrix == [
        ["test case", "", "S1SP1ESME", "S1SP2GPF"],
        ["MP107-T01", "The device of S1SP is repaired", "FAIL", "n/a"],
    ]
    assert [group.text_content() for group in page.xpath("//details[not(@open)]/summary")] == [
        "Not applicable (1)"
    ]
    assert page.xpath("//a/@href") == ["https://github.example/o/r/actions/runs/7#artifacts"]


def test_a_known_issue_is_told_in_the_matrix_unless_something_else_fails_there(folder: Folder) -> None:
    known = row(0, Status.FAILED, known_issue="D-7")
    for other, cell in ((row(1), "known issue"), (row(1, Status.FAILED), "FAIL")):
        results = [known, other]
        page = rendered(summary(folder.output, ended(results, known_issues=[known_issue()]), results))
        assert [each[2].text_content() for each in page.iter("tr") if len(each) == 3] == ["S1SP1ESME", cell]


def test_what_a_target_answers_stays_text_in_the_summary(folder: Folder, lines: Lines) -> None:
    path = folder.root / "summary.md"
    hostile = reason(requirement=HOSTILE, expected=HOSTILE, actual=HOSTILE, device=HOSTILE)
    results = [row(number, Status.FAILED, reason=hostile, title=HOSTILE) for number in (0, 1)]
    results.append(row(2, Status.NOT_RUN, reason=reason(requirement=HOSTILE)))
    run = ended(results, environment={"target": HOSTILE}, problems=[HOSTILE])
    told(folder, lines, {**GITHUB, "GITHUB_STEP_SUMMARY": str(path)}, results, run)
    page = rendered(path.read_text())
    known = {
        "html",
        "body",
        "div",
        "h2",
        "h3",
        "p",
        "b",
        "i",
        "ul",
        "li",
        "details",
        "summary",
        "br",
        "code",
        "a",
    }
    tables = {"table", "tbody", "tr", "th", "td"}
    assert {element.tag for element in page.iter()} <= known | tables
    assert [heading.text for heading in page.iter("h1", "h2", "h3")] == [
        "MP107 conformance: harness or configuration error: no verdict on the target",
        "The run as a whole",
        "What failed",
        "Matrix",
        "Where it all is",
    ]
    assert len(page.xpath("//a")) == 1


def test_the_summary_keeps_to_the_limit_of_github(folder: Folder) -> None:
    results = [
        row(
            0,
            Status.FAILED,
            nodeid=f"{row(0).nodeid}{number}",
            reason=reason(actual=f"E{number} " + "é" * 4000),
        )
        for number in range(300)
    ]
    text = summary(folder.output, ended(results), results)
    assert len(text.encode()) <= LIMIT
    shown = text.count('<th align="left">Requirement</th>')
    assert 0 < shown < 300
    assert f"There is no room here for {300 - shown} more" in text
    less = summary(folder.output, ended(results), results, taken=LIMIT - 200_000)
    assert len(less.encode()) <= 200_000
    assert summary(folder.output, ended(results), results, taken=LIMIT) == ""


def test_a_summary_that_cannot_be_written_is_told_and_no_more(folder: Folder, lines: Lines) -> None:
    environ = {**GITHUB, "GITHUB_STEP_SUMMARY": str(folder.root)}
    ((level, properties, text),) = commands(told(folder, lines, environ, [row(0)]))
    assert (level, properties["title"]) == ("warning", "no summary was written")
    assert "GITHUB_STEP_SUMMARY" in text


# --- GitLab -------------------------------------------------------------------------------------------------


def test_gitlab_is_told_where_the_reports_are(folder: Folder, lines: Lines) -> None:
    folder.output.mkdir()
    environ = {
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": str(folder.root),
        "CI_JOB_URL": "https://gitlab.example/o/r/-/jobs/7",
    }
    told(folder, lines, environ, [row(0)])
    (folder.output / "junit.xml").write_text("<testsuites/>")
    lines[0].clear()
    announce(folder.output, *read_results(folder.output), environ, lines[1])
    assert lines[0] == [
        "GitLab CI: conforms: every selected scenario ran and passed, or is not applicable (1 passed)",
        "  https://gitlab.example/o/r/-/jobs/7/artifacts/file/output/junit.xml",
    ]


def test_gitlab_cannot_keep_what_is_outside_the_project(folder: Folder, lines: Lines, tmp_path: Path) -> None:
    environ = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(tmp_path / "project"), "CI_JOB_URL": "https://x"}
    printed = told(folder, lines, environ, [row(0)])
    assert len(printed) == 1
    assert "https://x" not in printed[0]


@pytest.mark.parametrize(
    "environ", [GITHUB, {"GITLAB_CI": "true", "CI_PROJECT_DIR": "/", "CI_JOB_URL": "https://x"}]
)
def test_no_other_variable_is_told(folder: Folder, lines: Lines, environ: dict[str, str]) -> None:
    path = folder.root / "summary.md"
    secrets = {"GITHUB_TOKEN": "s3cret-1", "CI_JOB_TOKEN": "s3cret-2", "SMKI_PIN": "s3cret-3"}
    printed = told(
        folder, lines, {**environ, **secrets, "GITHUB_STEP_SUMMARY": str(path)}, [row(0, Status.FAILED)]
    )
    everything = "\n".join(printed) + (path.read_text() if path.exists() else "")
    assert everything
    assert "s3cret" not in everything
