"""The ledger is held against itself and against the features; each fault is told with file and line."""

from __future__ import annotations

import pytest

from tests.reports.ledger.conftest import Folder, entry

T01 = entry("FIA-4-01", scenarios=["MP107-T01"])
REASON = {"exclusion__kind": "planning", "exclusion__reason": "A date."}


def duplicate(name: str, of: str) -> str:
    return entry(name, exclusion__kind="duplicate", exclusion__of=of, exclusion__reason="Says the same.")


def test_a_ledger_in_order(folder: Folder) -> None:
    assert folder.problems(T01, entry("FIA-4-02", **REASON), duplicate("FIA-4-03", "FIA-4-01")) == []


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (entry("FIA-4-02"), "FIA-4-02 is not mapped"),
        (entry("FIA-4-02", scenarios=["MP107-T01"], **REASON), "has scenarios and an exclusion"),
        (entry("FIA-4-02", exclusion__kind="planning"), "exclusion.reason: expected a sentence"),
        (entry("FIA-4-02", exclusion__kind="planning", exclusion__reason="  "), "exclusion.reason: expected"),
        (entry("FIA-4-02", scenarios=["MP107-T10"]), "'MP107-T10'; did you mean MP107-T01?"),
        (entry("FIA-4-02", scenarios=["MP107-T01", "MP107-T01"]), "MP107-T01 twice"),
        (entry("FIA-4-01", quote="others", **REASON), "id: is already used at line 8"),
        (entry("FIA-4-02", section="4.1", **REASON), "id: expected to begin with 'FIA-4.1-'"),
        (entry("FIA-4-02", document="SEC", **REASON), "document: expected one of FIA, found 'SEC'"),
        (entry("FIA-4-02", quote="Words of FIA 4 01!", **REASON), "quote: is that of FIA-4-01 (line 8)"),
        (duplicate("FIA-4-02", "FIA-4-09"), "expected the id of another requirement, found 'FIA-4-09'"),
        (duplicate("FIA-4-02", "FIA-4-02"), "expected the id of another requirement, found 'FIA-4-02'"),
        (entry("FIA-4-02", exclusion__of="FIA-4-01", **REASON), "only for the kind 'duplicate'"),
    ],
)
def test_what_is_wrong_with_an_entry(folder: Folder, second: str, message: str) -> None:
    problems = folder.problems(T01, second)
    assert (folder.ledger_file, 16) in {(problem.path, problem.line) for problem in problems}
    assert any(message in problem.text for problem in problems), problems


def test_a_sentence_belongs_to_one_entry(folder: Folder) -> None:
    same = ["0123456789ab"]
    (problem,) = folder.problems(
        entry("FIA-4-01", scenarios=["MP107-T01"], sentences=same),
        entry("FIA-4-02", sentences=same, **REASON),
    )
    assert "FIA-4-01 (line 8) stands for 0123456789ab already" in problem.text


def test_a_duplicate_of_a_duplicate(folder: Folder) -> None:
    (problem,) = folder.problems(T01, duplicate("FIA-4-02", "FIA-4-01"), duplicate("FIA-4-03", "FIA-4-02"))
    assert "FIA-4-03 exclusion.of: FIA-4-02 is itself a duplicate; name 'FIA-4-01'" in problem.text


def test_a_scenario_that_no_requirement_names(folder: Folder) -> None:
    folder.feature("repair.feature", ("MP107-T01", "Repair"), ("MP107-T02", "Another"))
    (problem,) = folder.problems(T01)
    assert (problem.path.name, problem.line) == ("repair.feature", 14)
    assert "scenario MP107-T02: no requirement names it" in problem.text


def test_a_scenario_that_cites_another_section_than_it_tests(folder: Folder) -> None:
    (problem,) = folder.problems(entry("FIA-5-01", section="5", scenarios=["MP107-T01"]))
    assert (problem.path.name, problem.line) == ("repair.feature", 5)
    assert "cites @FIA-4, and requirements.toml has it test FIA-5 only" in problem.text


def test_a_part_of_the_section_it_cites_will_do(folder: Folder) -> None:
    assert folder.problems(entry("FIA-4.1-01", section="4.1", scenarios=["MP107-T01"])) == []


def test_one_title_in_two_features(folder: Folder) -> None:
    folder.feature("releases.feature", ("MP107-T02", "The device is repaired"))
    problems = folder.problems(T01, entry("FIA-4-02", scenarios=["MP107-T02"]))
    assert [problem.text for problem in problems] == [
        "scenario title 'The device is repaired' is already used by MP107-T02 in releases.feature:5; "
        "reports list scenarios by title"
    ]
