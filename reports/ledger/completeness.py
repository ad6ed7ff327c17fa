"""Holds the ledger against the text of a source: nothing normative is missing, and nothing was made up.

The texts of the sources are no part of this project; whoever has them can check at any time.
"""

from __future__ import annotations

from pathlib import Path

from reports.gherkin_lint import Problem
from reports.ledger.model import Document, Ledger
from reports.ledger.sentences import Sentence, normalised
from reports.ledger.source_text import sentences

_SHOWN = 90
"""Characters of a sentence that are shown of it."""


def check_source(ledger: Ledger, document: Document, path: Path) -> list[Problem]:
    """What does not agree between a ledger and one source.

    Args:
        ledger: as read.
        document: the source, one of the ledger's.
        path: its text, UTF-8.

    Returns:
        Each normative sentence that no entry stands for, each entry whose sentence is not in its section, and
        each quote that is not in its sentence.

    Raises:
        OSError: the text cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    found = sentences(path.read_text(encoding="utf-8"), document.headings)
    by_place: dict[tuple[str, str], Sentence] = {}
    for sentence in found:
        by_place.setdefault((sentence.section, sentence.fingerprint), sentence)
    entries = [entry for entry in ledger.requirements if entry.document == document.tag]
    accounted = {(entry.section, name) for entry in entries for name in entry.sentences}
    problems = []
    for place, sentence in by_place.items():
        if sentence.is_normative and not document.leaves_out(sentence.section) and place not in accounted:
            problems.append(Problem(path, sentence.line, _no_entry(ledger, document, sentence)))
    for entry in entries:
        missing = [name for name in entry.sentences if (entry.section, name) not in by_place]
        texts = [by_place[entry.section, name].text for name in entry.sentences if name not in missing]
        for name in missing:
            text = f"{entry.id} sentences: no sentence of section {entry.section} of {path} is {name}"
            problems.append(Problem(ledger.path, entry.line, text))
        if not missing and not any(normalised(entry.quote) in normalised(text) for text in texts):
            text = f"{entry.id} quote: {entry.quote!r} is not in its sentence ({path})"
            problems.append(Problem(ledger.path, entry.line, text))
    return problems


def _no_entry(ledger: Ledger, document: Document, sentence: Sentence) -> str:
    shown = sentence.text if len(sentence.text) <= _SHOWN else f"{sentence.text[:_SHOWN]}..."
    return (
        f"no entry of {ledger.path.name} stands for this sentence of {document.tag} {sentence.section}; "
        f'add one with section = "{sentence.section}" and sentences = ["{sentence.fingerprint}"]: {shown}'
    )
