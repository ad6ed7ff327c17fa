"""How a source is read: sentences, where they stand, which are normative, and what names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.ledger.completeness import check_source
from reports.ledger.sentences import fingerprint
from reports.ledger.source_text import sentences
from tests.reports.ledger.conftest import Folder, entry

SOURCE = """\
Contents

4\tThe lamp shall burn\t7

3 The lamp
The lamp was bought in
spring. It shall burn at night.

\x0c
3.1 Its care

The wick is white. If the wick is too long, then

the keeper trims it and the lamp will burn.

What must the keeper do?

The keeper shall:

- fill it
- (a) shut the door; and

Name\tWhat must be
Oil\tIt may be any oil.

Appendix B: Glossary

Lamp\tMust not be lit by day
"""


def test_sentences_with_line_and_section() -> None:
    found = [(each.line, each.section, each.text) for each in sentences(SOURCE)]
    assert found == [
        (1, "0", "Contents"),
        (6, "3", "The lamp was bought in spring."),
        (7, "3", "It shall burn at night."),
        (12, "3.1", "The wick is white."),
        (12, "3.1", "If the wick is too long, then the keeper trims it and the lamp will burn."),
        (16, "3.1", "What must the keeper do?"),
        (18, "3.1", "The keeper shall:"),
        (20, "3.1", "fill it"),
        (21, "3.1", "shut the door; and"),
        (23, "3.1", "Name | What must be"),
        (24, "3.1", "Oil | It may be any oil."),
        (28, "B", "Lamp | Must not be lit by day"),
    ]


def test_an_item_counts_with_what_introduces_it_and_a_question_never() -> None:
    normative = [each.line for each in sentences(SOURCE) if each.is_normative]
    assert normative == [7, 12, 18, 20, 21, 23, 24, 28]


def test_headings_without_a_number_are_counted() -> None:
    text = "A title\n\nAims\n\nIt shall burn.\n\nMeans\n\nIt may smoke.\n"
    found = [(each.section, each.text) for each in sentences(text, ["Aims", "Means"])]
    assert found == [("0", "A title"), ("1", "It shall burn."), ("2", "It may smoke.")]


@pytest.mark.parametrize(
    "same",
    [
        "the lamp shall burn",
        "The  lamp\nshall burn.",
        "The \u201clamp\u201d shall **burn**;",
        "THE LAMP SHALL BURN",
    ],
)
def test_marks_and_line_breaks_do_not_change_a_fingerprint(same: str) -> None:
    assert fingerprint(same) == fingerprint("The lamp shall burn.")


def test_another_word_changes_it() -> None:
    assert fingerprint("The lamp shall not burn.") != fingerprint("The lamp shall burn.")


def _entry(name: str, section: str, quote: str, *texts: str) -> str:
    prints = [fingerprint(text) for text in texts]
    return entry(name, section=section, quote=quote, sentences=prints, scenarios=["MP107-T01"])


BURN = _entry("FIA-3-01", "3", "burn at night", "It shall burn at night.")
LONG = "If the wick is too long, then the keeper trims it and the lamp will burn."
ENTRIES = (
    BURN,
    _entry("FIA-3.1-01", "3.1", "keeper trims it", LONG),
    _entry("FIA-3.1-02", "3.1", "fill it", "The keeper shall:", "fill it"),
    _entry("FIA-3.1-03", "3.1", "shut the door", "shut the door; and"),
    _entry("FIA-3.1-04", "3.1", "any oil", "Name | What must be", "Oil | It may be any oil."),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.txt"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_a_source_with_an_entry_for_every_sentence(folder: Folder, source: Path) -> None:
    ledger = folder.ledger(*ENTRIES)
    assert check_source(ledger, ledger.documents[0], source) == []


def test_a_sentence_without_an_entry_is_named(folder: Folder, source: Path) -> None:
    ledger = folder.ledger(*ENTRIES[1:])
    (problem,) = check_source(ledger, ledger.documents[0], source)
    assert (problem.path, problem.line) == (source, 7)
    wanted = f'sentences = ["{fingerprint("It shall burn at night.")}"]: It shall burn at night.'
    assert 'section = "3"' in problem.text
    assert wanted in problem.text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            _entry("FIA-3-02", "3", "burn by day", "It shall burn by day."),
            "sentences: no sentence of section 3 ",
        ),
        (
            _entry("FIA-3.1-05", "3.1", "burn at night", "It shall burn at night."),
            "no sentence of section 3.1 ",
        ),
        (
            _entry("FIA-3-02", "3", "in winter", "The lamp was bought in spring."),
            "quote: 'in winter' is not in",
        ),
    ],
    ids=["sentence", "section", "quote"],
)
def test_an_entry_that_the_source_does_not_bear_out(
    folder: Folder, source: Path, wrong: str, message: str
) -> None:
    ledger = folder.ledger(*ENTRIES, wrong)
    (problem,) = check_source(ledger, ledger.documents[0], source)
    assert (problem.path, problem.line) == (ledger.path, ledger.requirements[-1].line)
    assert message in problem.text


def test_an_entry_may_stand_for_a_sentence_the_rule_does_not_tell(folder: Folder, source: Path) -> None:
    ledger = folder.ledger(*ENTRIES, _entry("FIA-3.1-05", "3.1", "wick is white", "The wick is white."))
    assert check_source(ledger, ledger.documents[0], source) == []
