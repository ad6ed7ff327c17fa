"""The page of coverage, in Markdown: requirements with their scenarios, scenarios with their requirements."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from reports.gherkin_lint import WrittenScenario
from reports.ledger.model import KIND_MEANINGS, Document, Kind, Ledger, Requirement

COMMAND = "smets1-conformance requirements --write docs/requirements.md"

_INTRODUCTION = """\
<!-- Written by: {command}. Do not edit; edit the ledger. -->

# Requirements and the scenarios that test them

Every normative sentence of the sources has an entry in the ledger, {file}:
the scenarios that test it, or the reason why none does. Only a few words are quoted, enough to find the
sentence. How the ledger is kept and its completeness checked is in
[ADR 0018](adr/0018-requirement-ledger.md), what the tags of the sources mean in [sources.md](sources.md).

`smets1-conformance requirements --results DIR` shows the verdict of a run on each requirement.
"""

_MARKUP = re.compile(r"([\\`*\[\]<>|])")


def page(ledger: Ledger, written: Sequence[WrittenScenario], folder: Path) -> str:
    """The text of the page.

    Args:
        ledger: without problems (`reports.ledger.checks.check`).
        written: every scenario of the feature files.
        folder: where the page will be, for links to the files.
    """
    parts = [*_head(ledger, written, folder), *_gaps(ledger), *_documents(ledger)]
    for document in ledger.documents:
        parts += _requirements(ledger, document)
    parts += _scenarios(ledger, written, folder)
    return "\n".join(parts) + "\n"


def _head(ledger: Ledger, written: Sequence[WrittenScenario], folder: Path) -> Iterator[str]:
    file = _link(ledger.path.name, ledger.path, folder)
    rows = sum(len(scenario.rows) for scenario in written)
    yield _INTRODUCTION.format(file=file, command=COMMAND)
    yield from _table(
        ("", "entries", ""),
        [
            ("**in the ledger**", f"**{len(ledger.requirements)}**", _sentences(ledger)),
            ("tested", str(len(_tested(ledger.requirements))), _scenario_count(written, rows)),
            *(
                (f"excluded: {kind}", str(ledger.excluded[kind]), _meaning(ledger, kind))
                for kind in Kind
                if ledger.excluded[kind]
            ),
        ],
    )


def _meaning(ledger: Ledger, kind: Kind) -> str:
    if kind is not Kind.DUPLICATE:
        return KIND_MEANINGS[kind]
    originals = (ledger.requirement(each.exclusion.of) for each in ledger.requirements if each.exclusion)
    tested = sum(original is not None and original.is_tested for original in originals)
    return f"{KIND_MEANINGS[kind]}; {tested} of them repeat a tested one"


def _sentences(ledger: Ledger) -> str:
    count = sum(len(entry.sentences) for entry in ledger.requirements)
    return f"they stand for {count} sentences, as a list's introduction is taken with an item of it"


def _scenario_count(written: Sequence[WrittenScenario], rows: int) -> str:
    return f"by {len(written)} scenarios, {rows} with the rows of their Examples"


def _tested(entries: Iterable[Requirement]) -> list[Requirement]:
    return [entry for entry in entries if entry.is_tested]


def _gaps(ledger: Ledger) -> Iterator[str]:
    gaps = [
        entry
        for entry in ledger.requirements
        if entry.exclusion is not None and entry.exclusion.kind is Kind.NOT_TESTED
    ]
    if not gaps:
        return
    yield from ("", "## Gaps", "", "What could be tested and is not:", "")
    for entry in gaps:
        reason = entry.exclusion.reason if entry.exclusion is not None else ""
        yield f"- {_to(entry.id)} {_quoted(entry)}: {_plain(reason)}"


def _documents(ledger: Ledger) -> Iterator[str]:
    yield from ("", "## Sources", "")
    rows = []
    for document in ledger.documents:
        entries = [entry for entry in ledger.requirements if entry.document == document.tag]
        numbers = (str(len(entries)), str(len(_tested(entries))))
        left_out = "; ".join(f"{section}: {what}" for section, what in document.left_out.items())
        rows.append(
            (
                f"[{document.tag}](#{document.tag.lower()})",
                _plain(document.title),
                document.version,
                document.date or "not dated",
                *numbers,
                _plain(left_out),
            )
        )
    yield from _table(("tag", "title", "version", "date", "entries", "tested", "sections left out"), rows)


def _requirements(ledger: Ledger, document: Document) -> Iterator[str]:
    yield from ("", f"## {document.tag}", "", f"{_plain(document.title)}.")
    if document.headings:
        named = (f"{number} {_plain(name)}" for number, name in enumerate(document.headings, start=1))
        yield f"Its sections have no numbers; here they are: {'; '.join(named)}."
    yield ""
    entries = [entry for entry in ledger.requirements if entry.document == document.tag]
    yield from _table(
        ("requirement", "quote", "clause", "tested by, or why not"),
        [(_anchored(entry.id), _quoted(entry), entry.clause, _answer(entry)) for entry in entries],
    )


def _answer(entry: Requirement) -> str:
    if entry.exclusion is None:
        scenarios = ", ".join(_to(scenario_id) for scenario_id in entry.scenarios)
        return f"{scenarios}. {_plain(entry.note)}" if entry.note else scenarios
    of = f" of {_to(entry.exclusion.of)}" if entry.exclusion.of else ""
    return f"*{entry.exclusion.kind}*{of}: {_plain(entry.exclusion.reason)}"


def _scenarios(ledger: Ledger, written: Sequence[WrittenScenario], folder: Path) -> Iterator[str]:
    yield from ("", "## Scenarios", "")
    yield from _table(
        ("scenario", "title", "rows", "feature", "requirements"),
        [
            (
                _anchored(scenario.scenario_id),
                _plain(scenario.title),
                str(len(scenario.rows)),
                _link(scenario.path.stem, scenario.path, folder),
                ", ".join(_to(entry.id) for entry in ledger.of_scenario(scenario.scenario_id)),
            )
            for scenario in sorted(written, key=lambda scenario: scenario.scenario_id)
        ],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _quoted(entry: Requirement) -> str:
    return f"\u201c{_plain(entry.quote)}\u201d"


def _anchored(name: str) -> str:
    return f'<a id="{name}"></a>{name}'


def _to(name: str) -> str:
    return f"[{name}](#{name})"


def _link(text: str, path: Path, folder: Path) -> str:
    target = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    return f"[{text}]({target})"


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return _MARKUP.sub(r"\\\1", text)
