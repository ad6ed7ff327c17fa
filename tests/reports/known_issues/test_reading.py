"""What a file of known issues may hold; everything else is told at once, before anything is sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reports.gherkin_lint import WrittenScenario, feature_files, lint
from reports.known_issues import KnownIssuesError, read_known_issues

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 6, 30)
ENTRY = {
    "scenario_id": '"MP107-T10"',
    "s1sp": '"S1SP2"',
    "device_type": '"ESME"',
    "observed": '"a synchronous rejection with response code E4"',
    "reason": '"the code is corrected in release 5"',
    "defect": '"DEF-12"',
    "severity": '"3"',
    "review_by": "2026-06-30",
}


def entry(**changes: str | None) -> str:
    """One entry, with these fields instead; `None` leaves a field out."""
    fields = {**ENTRY, **changes}
    return "[[known_issue]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items() if value)


def written(identifier: str, *rows: tuple[str, str]) -> WrittenScenario:
    values = tuple({"s1sp": s1sp, "device_type": device} for s1sp, device in rows)
    return WrittenScenario(Path("a.feature"), 1, "", f"Title of {identifier}", identifier, values, ())


SCENARIOS = (
    written("MP107-T10", ("S1SP1", "ESME"), ("S1SP2", "ESME"), ("S1SP2", "GPF")),
    written("MP107-T11", ("S1SP1", "ESME")),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "known-issues.toml"


def refusal(file: Path, text: str) -> list[str]:
    """The lines of the refusal, without the name of the file."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KnownIssuesError) as error:
        read_known_issues(file, SCENARIOS, TODAY)
    return [line.removeprefix(str(file)) for line in str(error.value).splitlines()]


def test_an_entry_comes_with_its_line(file: Path) -> None:
    file.write_text("# of the SIT environment\n\n" + entry(requirement='"the DSP accepts SRV 6.15.1"'))
    (issue,) = read_known_issues(file, SCENARIOS, TODAY)
    assert (issue.scenario_id, issue.s1sp, issue.device_type) == ("MP107-T10", "S1SP2", "ESME")
    assert (issue.defect, issue.severity, issue.review_by) == ("DEF-12", "3", "2026-06-30")
    assert (issue.requirement, issue.line) == ("the DSP accepts SRV 6.15.1", 3)


def test_a_file_may_be_empty(file: Path) -> None:
    file.write_text("")
    assert read_known_issues(file, SCENARIOS, TODAY) == []


def test_where_an_entry_applies_may_be_left_out(file: Path) -> None:
    file.write_text(entry(s1sp=None, device_type=None))
    (issue,) = read_known_issues(file, SCENARIOS, TODAY)
    assert issue.applies_to("S1SP1", "ESME")
    assert issue.applies_to("", "")


@pytest.mark.parametrize("field", ["observed", "reason", "defect", "severity", "scenario_id"])
@pytest.mark.parametrize("value", [None, '"  "'], ids=["missing", "blank"])
def test_what_must_be_there(file: Path, field: str, value: str | None) -> None:
    (line,) = refusal(file, entry(**{field: value}))
    assert line.startswith(f":1: {field}: ")
    assert ("add it" if value is None else "fill it in") in line


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scenario_id": '"MP107-T99"'}, "scenario_id: there is no scenario 'MP107-T99'"),
        ({"s1sp": '"S1SP3"'}, "s1sp: MP107-T10 is not carried out for S1SP3 ESME, but for S1SP1 ESME"),
        ({"s1sp": '"S1SP1"', "device_type": '"GPF"'}, "s1sp: MP107-T10 is not carried out for S1SP1 GPF"),
        ({"s1sp": None, "device_type": '"CHF"'}, "device_type: MP107-T10 is not carried out for CHF"),
        ({"review_by": "2026-06-29"}, "review_by: the review of DEF-12 was due on 2026-06-29"),
        ({"review_by": '"2026-06-30"'}, "review_by: expected a date without quotes, such as 2030-01-31"),
        ({"review_by": None}, "review_by: this field is required"),
        ({"severity": "3"}, "severity: expected text in quotes, found 3"),
        ({"observd": '"typing"'}, "observd: this field is not known here"),
    ],
)
def test_what_is_refused(file: Path, changes: dict[str, str | None], expected: str) -> None:
    (line,) = refusal(file, entry(**changes))
    assert line.startswith(f":1: {expected}")


@pytest.mark.parametrize(
    "second",
    [{"defect": '"DEF-13"'}, {"s1sp": None}, {"device_type": None}, {"s1sp": None, "device_type": None}],
    ids=["the-same", "every-s1sp", "every-device-type", "everywhere"],
)
def test_two_entries_for_one_scenario_are_refused(file: Path, second: dict[str, str | None]) -> None:
    (line,) = refusal(file, entry() + entry(**second))
    assert line.startswith(":10: scenario_id: the entry at line 1 (DEF-12) is about MP107-T10 S1SP2 ESME too")


def test_entries_for_different_places_stand_side_by_side(file: Path) -> None:
    file.write_text(entry() + entry(device_type='"GPF"') + entry(s1sp='"S1SP1"'))
    assert len(read_known_issues(file, SCENARIOS, TODAY)) == 3


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(file: Path) -> None:
    lines = refusal(
        file,
        "[[issue]]\n" + entry(reason=None, defect=None) + entry(review_by="2020-01-01", scenario_id='"T10"'),
    )
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in lines] == [
        " issue",
        ":2 defect",
        ":2 reason",
        ":9 review_by",
        ":9 scenario_id",
    ]


def test_what_looks_like_an_entry_within_a_text_has_no_line(file: Path) -> None:
    text = '"""as in\n[[known_issue]]\nof the last release"""'
    (line,) = refusal(file, entry(reason=text, s1sp='"S1SP1"') + entry(defect=None))
    assert line.startswith(":12: defect")


def test_the_example_is_about_scenarios_that_exist() -> None:
    scenarios = lint(feature_files([str(ROOT / "features")], ROOT)).scenarios
    issues = read_known_issues(ROOT / "examples" / "known-issues.toml", scenarios, TODAY)
    assert [issue.defect for issue in issues] == ["DSP-1042", "S1SP3-77"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[known_issue]\n", ": not valid TOML"),
        ("[known_issue]\nreason = 'x'\n", ": known_issue: expected entries that begin with [[known_issue]]"),
        ("known_issue = ['x']\n", ": known_issue: "),
    ],
)
def test_what_is_no_ledger_is_refused(file: Path, text: str, expected: str) -> None:
    assert refusal(file, text)[0].startswith(expected)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(KnownIssuesError, match=r"known-issues\.toml: cannot be read: No such file"):
        read_known_issues(file, SCENARIOS, TODAY)
    file.write_bytes(b"# caf\xe9\n")
    with pytest.raises(KnownIssuesError, match="expected UTF-8"):
        read_known_issues(file, SCENARIOS, TODAY)
