"""The ledger of the project: in order, complete, and its page as it would be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from reports.ledger import features_of, load_ledger
from reports.ledger.checks import check
from reports.ledger.completeness import check_source
from reports.ledger.page import COMMAND, page
from smets1_conformance.cli import group
from tests.reports.conftest import ROOT
from tests.reports.ledger.test_coverage import result

SOURCES = Path(os.environ.get("SMETS1_SOURCES") or ROOT.parent / "shared" / "source")
TEXTS = {"DP107": "001_*.txt", "WG63": "002_*.txt", "FIA": "004_*.txt"}


def test_the_ledger_and_the_features_agree() -> None:
    ledger = load_ledger()
    assert [str(problem) for problem in check(ledger, features_of(ledger).scenarios)] == []


def test_every_source_has_a_text_to_check_against() -> None:
    assert {document.tag for document in load_ledger().documents} == set(TEXTS)


@pytest.mark.parametrize("tag", TEXTS)
def test_no_normative_sentence_is_missing(tag: str) -> None:
    texts = sorted(SOURCES.glob(TEXTS[tag]))
    if not texts:
        pytest.skip(f"the text of {tag} is not here; SMETS1_SOURCES names the folder it is in")
    ledger = load_ledger()
    (document,) = (each for each in ledger.documents if each.tag == tag)
    assert [str(problem) for problem in check_source(ledger, document, texts[0])] == []


def test_the_page_is_as_it_would_be_written() -> None:
    ledger, file = load_ledger(), ROOT / "docs" / "requirements.md"
    expected = page(ledger, features_of(ledger).scenarios, file.parent)
    assert file.read_text(encoding="utf-8") == expected, (
        f"docs/requirements.md is not current; call {COMMAND}"
    )


def test_every_file_the_page_links_to_is_there() -> None:
    text = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    targets = {part.partition(")")[0] for part in text.split("](")[1:]}
    files = {target for target in targets if not target.startswith("#")}
    assert any(target.endswith("repair.feature") for target in files)
    assert [target for target in files if not (ROOT / "docs" / target).is_file()] == []
    anchors = {f"#{part.partition(chr(34))[0]}" for part in text.split('<a id="')[1:]}
    headings = {f"#{line[3:].lower()}" for line in text.splitlines() if line.startswith("## ")}
    assert {target for target in targets if target.startswith("#")} <= anchors | headings


def call(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(group, ["requirements", *arguments])
    return outcome.exit_code, outcome.output


def test_check_of_what_is_in_order() -> None:
    code, said = call("--check")
    assert code == 0
    assert "no problem" in said


def test_check_names_what_a_source_has_and_the_ledger_has_not(tmp_path: Path) -> None:
    (tmp_path / "fia.txt").write_text("4.1 The lamp\n\nThe lamp shall burn.\n", encoding="utf-8")
    code, said = call("--check", "--source", f"FIA={tmp_path / 'fia.txt'}")
    assert code == 2
    assert (
        f"{tmp_path / 'fia.txt'}:3: no entry of requirements.toml stands for this sentence of FIA 4.1" in said
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "FIA=fia.txt"], "--source: only together with --check"),
        (["--check", "--source", "SEC=sec.txt"], "expected TAG=FILE with one of the tags DP107, WG63, FIA"),
        (["--check", "--source", "FIA=not-there.txt"], "--source FIA=not-there.txt: No such file"),
        (["--results", "not-there"], "no results here"),
        (["--write", "not-there/page.md"], "--write not-there/page.md: No such file"),
    ],
)
def test_what_a_user_got_wrong_is_one_message(arguments: list[str], message: str) -> None:
    code, said = call(*arguments)
    assert code == 2
    assert message in said
    assert "Traceback" not in said


def test_the_page_can_be_written_anywhere(tmp_path: Path) -> None:
    code, _ = call("--write", str(tmp_path / "page.md"))
    assert code == 0
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert f"| {len(load_ledger().requirements)}" in text.replace("**", "")


def test_what_the_sources_ask_for_at_a_glance() -> None:
    code, said = call()
    assert code == 0
    assert "excluded: not tested" in said
    assert "FIA-4.1-03" in said


def test_the_verdict_of_a_run_by_requirement(tmp_path: Path) -> None:
    from reports.results import Status
    from reports.results_folder import ResultsWriter
    from reports.run_information import RunInformation

    writer = ResultsWriter(tmp_path)
    writer.prepare()
    for scenario in features_of(load_ledger()).scenarios:
        for row in scenario.rows:
            if scenario.scenario_id == "MP107-T20":
                continue
            status = Status.FAILED if scenario.scenario_id == "MP107-T03" else Status.PASSED
            found = result(scenario.scenario_id, row["device_type"], status)
            found.parameters = dict(row)
            writer.append(found)
    writer.write_run(RunInformation(finished="2026-01-01T00:00:00Z"))
    code, said = call("--results", str(tmp_path))
    assert code == 0
    lines = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    assert "failed" in lines["FIA-1-12"]
    assert "not run" in lines["FIA-5.2-05"]
    assert "6 passed: T01" in lines["FIA-5.2-01"]
    assert "Not executed: 6 of" in said
