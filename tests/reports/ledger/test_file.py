"""Whatever is wrong with the file of the ledger is told with line, entry and field."""

from __future__ import annotations

import pytest

from reports.ledger import LedgerError, load_ledger
from tests.reports.ledger.conftest import DOCUMENT, Folder, entry


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (entry(quote=None), "requirements.toml:8: FIA-4-01 quote: this field is required"),
        (entry(quote=" "), "FIA-4-01 quote: expected text, found none"),
        (entry(quote="a b c d e f g h i j k l m"), "FIA-4-01 quote: expected at most 12 words, found 13"),
        (entry(id="FIA 4"), "FIA 4 id: expected text like"),
        (entry(sentences=["abc"]), "FIA-4-01 sentences.0: expected text like"),
        (entry(sentences=[]), "FIA-4-01 sentences: expected at least one"),
        (entry(scenarios="MP107-T01"), "FIA-4-01 scenarios: expected a list"),
        (entry(scenario=["MP107-T01"]), "FIA-4-01 scenario: this field is not known here"),
        (entry(line=3), "FIA-4-01 line: this field is not known here"),
        (entry(exclusion__kind="dull", exclusion__reason="so"), "FIA-4-01 exclusion.kind: input should be"),
        (
            entry() + entry("FIA-4-02", quote=7),
            "requirements.toml:15: FIA-4-02 quote: expected text in quotes",
        ),
        ("[[requirement]\n", "requirements.toml: not valid TOML: "),
        ("[[more]]\n", "requirements.toml: more: this field is not known here"),
    ],
)
def test_one_line_with_place_and_field(folder: Folder, text: str, message: str) -> None:
    folder.ledger_file.write_text(DOCUMENT + text, encoding="utf-8")
    with pytest.raises(LedgerError) as caught:
        load_ledger(folder.ledger_file)
    assert message in str(caught.value)


def test_every_problem_is_told_at_once(folder: Folder) -> None:
    with pytest.raises(LedgerError) as caught:
        folder.ledger(entry(quote=None), entry("FIA-4-02", section=None))
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "FIA-4-01 quote",
        "FIA-4-02 section",
    ]


def test_a_ledger_that_is_not_there(folder: Folder) -> None:
    with pytest.raises(LedgerError, match=r"requirements\.toml: cannot be read"):
        load_ledger(folder.ledger_file)


def test_entries_know_their_line_and_their_scenarios(folder: Folder) -> None:
    ledger = folder.ledger(
        entry("FIA-4-01", scenarios=["MP107-T01"]),
        entry("FIA-4-02", scenarios=["MP107-T02", "MP107-T01"]),
        entry("FIA-4-03", exclusion__kind="commercial", exclusion__reason="A cost."),
    )
    assert [each.line for each in ledger.requirements] == [8, 16, 24]
    assert [each.id for each in ledger.of_scenario("MP107-T01")] == ["FIA-4-01", "FIA-4-02"]
    assert ledger.of_scenario("MP107-T03") == ()
    assert dict(ledger.excluded) == {"commercial": 1}
