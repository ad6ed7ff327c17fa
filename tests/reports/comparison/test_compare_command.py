"""The command `compare`: what can be read, what it prints, the page it writes and its exit code."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from reports.comparison import compare, comparison_page, print_comparison, read_run
from reports.results import Status
from reports.run_information import Assurance, KnownIssue
from smets1_conformance.commands.compare import compare as command
from tests.reports.comparison.conftest import Folder, scenario, talking

FAILED = Status.FAILED
HOSTILE = '<script src="https://evil.example/x.js">alert(1)</script>\x1b[2J" onload="alert(2)'


def call(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


def lines(result: Result) -> list[str]:
    return [line.strip() for line in result.output.splitlines() if line.strip()]


def test_a_fix_and_a_regression_are_told_with_what_was_observed(folder: Folder) -> None:
    before = folder("a", scenario(1), scenario(2, FAILED, actual="code E1"), scenario(3))
    after = folder("b", scenario(1, FAILED, actual="code E4"), scenario(2), scenario(3))
    result = call(before, after)
    assert result.exit_code == 1
    shown = lines(result)
    assert "Regression: 1 of what passed in A does not pass in B." in shown
    assert (
        "1 broken, 1 fixed, 0 with another verdict, 0 with another reason, 0 new, 0 gone, 1 unchanged"
        in shown
    )
    broken, fixed = (shown.index(f"MP107-T0{number}  title {number}") for number in (1, 2))
    assert shown[broken + 1 : broken + 3] == ["passed → failed  S1SP1 ESME", "B: code E4; expected: I99"]
    assert shown[fixed + 1 : fixed + 3] == ["failed → passed  S1SP1 ESME", "A: code E1; expected: I99"]
    assert call(after, before).exit_code == 1


def test_without_a_regression_the_exit_code_is_0(folder: Folder) -> None:
    before = folder("a", scenario(1, FAILED), scenario(2))
    result = call(before, folder("b", scenario(1), scenario(3)))
    assert result.exit_code == 0
    assert (
        "No regression: nothing that passed in A fails in B; 1 of what passed in A was not part of B."
        in lines(result)
    )
    assert call(before, before).exit_code == 0


def test_what_the_runs_do_not_have_in_common_is_told(folder: Folder) -> None:
    issue = KnownIssue("MP107-T10", "S1SP2", "", "E4", "agreed", "DEF-1", "minor", "2026-09-01")
    before = folder("a", scenario())
    after = folder(
        "b",
        scenario(),
        environment={"target": "SIT-B", "DSP": "emulated, https://127.0.0.1:40000/api", "deviations": "one"},
        assumptions=["response_codes.not_eligible = 'E1': the sender is not registered [WEB] (default 'E4')"],
        assurance=Assurance(phase="UIT", limits={"errors": 1}),
        software={"Python": "CPython 3.12.3", "smets1-conformance": "0.2.0"},
        known_issues=[issue],
        written=286,
    )
    shown = lines(call(before, after))
    told = shown[shown.index("What the runs do not have in common (8)") + 1 :]
    assert told == [
        "target: SIT-A → SIT-B",
        "target deviations: not there → one",
        "selection scenarios written: 285 → 286",
        "assumption response_codes.not_eligible: 'E4' → 'E1'",
        "test assurance phase: none → UIT",
        "test assurance limits.errors: not there → 1",
        "known issue MP107-T10 S1SP2 DEF-1: not there → E4; review by 2026-09-01",
        "software smets1-conformance: 0.1.0 → 0.2.0",
    ]


def test_an_incomplete_run_is_told_as_one(folder: Folder) -> None:
    before = folder("a", scenario(1))
    after = folder(
        "b",
        scenario(1),
        scenario(2, Status.NOT_RUN),
        selected=9,
        finished="",
        ended_early="the endpoint is dead",
    )
    assert [line for line in lines(call(before, after)) if line.startswith("incomplete:")] == [
        "incomplete: it is at work still, or was killed",
        "incomplete: it ended early: the endpoint is dead",
        "incomplete: selected scenarios that did not run: 1",
        "incomplete: selected scenarios without a record: 7",
    ]


def test_a_known_issue_is_told_with_its_defect(folder: Folder) -> None:
    result = call(folder("a", scenario()), folder("b", scenario(status=FAILED, known_issue="DEF-7")))
    assert "passed → failed (known issue DEF-7)  S1SP1 ESME" in lines(result)


def test_two_s1sps_of_one_run_are_compared(folder: Folder) -> None:
    run = folder("a", scenario(1), scenario(1, FAILED, "S1SP2"), scenario(2, s1sp="S1SP3"))
    result = call(run, "--s1sp-a", "S1SP1", "--s1sp-b", "S1SP2")
    assert result.exit_code == 1
    assert "passed → failed  S1SP1 / S1SP2 ESME" in lines(result)
    assert call(run, "--s1sp-a", "S1SP2", "--s1sp-b", "S1SP1").exit_code == 0


def test_a_run_can_be_a_folder_its_results_or_a_bundle(folder: Folder, tmp_path: Path) -> None:
    run = folder("a", scenario(1, FAILED))
    bundle = tmp_path / "evidence.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        for name in ("results.jsonl", "run.json"):
            archive.write(run / name, f"MP107-SIT-A/{name}")
        archive.writestr("../../outside.txt", "not for us")
    for path in (run / "results.jsonl", bundle):
        result = call(run, path)
        assert result.exit_code == 0, result.output
        assert "1 unchanged" in result.output
        assert "incomplete" not in result.output
    assert not (tmp_path.parent / "outside.txt").exists()


def test_what_cannot_be_compared_is_one_message_and_exit_code_2(folder: Folder, tmp_path: Path) -> None:
    run = folder("a", scenario())
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("no run")
    broken = folder("broken", scenario())
    (broken / "results.jsonl").write_text('{"title": "x"}\n')
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    told = {
        (run,): "RUN_B is missing: give a second run, or --s1sp-a and --s1sp-b to compare two S1SPs",
        (run, run, "--s1sp-a", "S1SP1"): "--s1sp-a and --s1sp-b belong together",
        (run, tmp_path / "nowhere"): f"{tmp_path}/nowhere: there is no such run; expected a folder",
        (run, tmp_path / "text.txt"): f"{tmp_path}/text.txt: neither a results folder nor a bundle",
        (run, tmp_path / "empty"): f"{tmp_path}/empty/results.jsonl: no results here",
        (run, tmp_path / "other.zip"): f"{tmp_path}/other.zip/results.jsonl: no results here",
        (run, broken): f"{broken}/results.jsonl:1: scenario_id: Field required",
        (run, folder("c", scenario(9))): "no scenario in common: there is nothing to compare",
        (run, run, "--s1sp-a", "S1SP1", "--s1sp-b", "S1SP9"): (
            "no scenario of S1SP9 (the S1SPs of this run: S1SP1)"
        ),
    }
    for arguments, message in told.items():
        result = call(*arguments)
        assert (result.exit_code, message in result.output) == (2, True), result.output
        assert result.output.count("Error:") == 1


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_bundle_is_one_message(folder: Folder, tmp_path: Path, packing: int) -> None:
    run = folder("a", *(scenario(number) for number in range(50)))
    bundle = tmp_path / "evidence.zip"
    with zipfile.ZipFile(bundle, "w", packing) as archive:
        archive.write(run / "results.jsonl", "results.jsonl")
    octets = bytearray(bundle.read_bytes())
    for place in range(100, 200):
        octets[place] ^= 0xFF
    bundle.write_bytes(octets)
    result = call(run, bundle)
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: {bundle}: results.jsonl cannot be read: ")


def test_hostile_texts_steer_no_terminal(folder: Folder) -> None:
    run = folder("a", scenario())
    result = call(run, folder("b", scenario(status=FAILED, actual=f"[bold]{HOSTILE}"), problems=[HOSTILE]))
    assert "\x1b" not in result.output
    assert "B: [bold]<script" in result.output


def test_colours_are_for_terminals_only(folder: Folder) -> None:
    comparison = compare(read_run(folder("a", scenario())), read_run(folder("b", scenario(status=FAILED))))
    plain, coloured = io.StringIO(), io.StringIO()
    print_comparison(comparison, Console(file=plain))
    print_comparison(comparison, Console(file=coloured, force_terminal=True, color_system="standard"))
    assert "\x1b" not in plain.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.getvalue()) == plain.getvalue()
    assert "\x1b" in coloured.getvalue()


class Page(HTMLParser):
    """The tags, their attributes and the text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_tells_what_the_terminal_tells(folder: Folder, tmp_path: Path) -> None:
    before = folder(
        "a",
        talking(("6.15.1", ["E2"]), number=1),
        scenario(2),
        scenario(3, FAILED),
        scenario(4, duration=1.0),
    )
    after = folder(
        "b",
        talking(("6.15.1", ["E4"]), number=1),
        scenario(2, FAILED, actual="the slot changed"),
        scenario(3),
        scenario(4, duration=30.0),
        finished="",
        environment={"target": "SIT-B"},
    )
    assert call(before, after, "--html", tmp_path / "page.html").exit_code == 1
    text = Page((tmp_path / "page.html").read_text()).text
    for told in (
        "Regression: 1 of what passed in A does not pass in B.",
        "Incomplete: it is at work still, or was killed",
        "MP107-T02 title 2 S1SP1 ESME passed failed the slot changed; expected: I99",
        "MP107-T03 title 3 S1SP1 ESME failed",
        "MP107-T01 title 1 S1SP1 ESME answers to SRV 6.15.1 E2 E4",
        "MP107-T04 title 4 S1SP1 ESME 1.0 s → 30.0 s",
        "target target SIT-A SIT-B",
    ):
        assert told in text


def test_the_page_escapes_everything_and_calls_nobody(folder: Folder) -> None:
    before = scenario(status=FAILED, actual=HOSTILE, known_issue=HOSTILE)
    after = scenario(status=FAILED, actual=f"another {HOSTILE}", known_issue=HOSTILE)
    for result in (before, after):
        result.written_title, result.device_type = HOSTILE, HOSTILE
    after.observations = {HOSTILE: [HOSTILE]}
    comparison = compare(
        read_run(folder("a", before, environment={HOSTILE: HOSTILE})),
        read_run(folder("b", after, problems=[HOSTILE], ended_early=HOSTILE)),
    )
    source = comparison_page(comparison)
    page = Page(source)
    assert "alert(1)" in page.text
    assert {"script", "link", "img", "iframe"} & set(page.tags) == set()
    names = {name for name, _value in page.attributes}
    assert names & {"src", "onload", "onclick", "style"} == set()
    assert [
        value for name, value in page.attributes if name == "href" and not (value or "").startswith("#")
    ] == []
    assert "default-src 'none'" in source


@pytest.mark.parametrize("where", ["nowhere/page.html", "."])
def test_a_page_that_cannot_be_written_is_told_before_anything_is_printed(
    folder: Folder, tmp_path: Path, where: str
) -> None:
    run = folder("a", scenario())
    result = call(run, run, "--html", tmp_path / where)
    assert result.exit_code != 0
    assert "unchanged" not in result.stdout
