"""A source as plain text, read into sentences: those of paragraphs, items of lists, rows of tables.

The texts come out of PDF files: lines are wrapped, a sentence may go on behind a page break, and marks of
lists may have been misread ("e" for a bullet, "4]" for "(f)").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reports.ledger.sentences import Sentence

_FRONT = "0"
_HEADING = re.compile(
    r"^(?:Appendix (?P<letter>[A-Z]|(?P<digit>\d)):|(?P<number>\d+(?:\.\d+)*)\.?) [A-Z][^\t.;!?]*$"
)
_ITEM = re.compile(r"^(?:[-\u2022eo]|\([a-z]{1,4}\)|\w\])\s+(?:(?:\([a-z]\)|\w\.|#\d+|[-o])\s+)?")
_CONTENTS_ROW = re.compile(r"\t\.?\d+$")
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!N\.B\.)(?<!Req\.)[\"')\u2019]*\s+(?=[\"'(\u2018]?[A-Z#])")
"""Between two sentences of one text; not behind an abbreviation."""


@dataclass
class _Block:
    """Lines that belong together: a paragraph, an item of a list, a row of a table."""

    section: str
    is_item: bool
    is_row: bool = False
    is_open: bool = True
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(line for _, line in self.lines)

    def goes_on_with(self, line: str) -> bool:
        """Whether a line is more of it: with no blank line between, or in the middle of a sentence."""
        if self.is_row:
            return False
        return self.is_open or (line[:1].islower() and self.text[-1:] not in ".;:?!")

    def add(self, number: int, line: str) -> None:
        """Add a line with its number."""
        self.lines.append((number, line))
        self.is_open = True

    def sentences(self) -> Iterator[tuple[int, str]]:
        """Each sentence with the number of the line it begins on."""
        begin = 0
        for end in _SENTENCE_END.finditer(self.text):
            yield self._line_at(begin), self.text[begin : end.start()]
            begin = end.end()
        yield self._line_at(begin), self.text[begin:]

    def _line_at(self, position: int) -> int:
        passed = 0
        for number, line in self.lines:
            passed += len(line) + 1
            if position < passed:
                return number
        return self.lines[-1][0]


def sentences(text: str, headings: Sequence[str] = ()) -> list[Sentence]:
    """Every sentence of a source, in its order.

    Args:
        text: of the source.
        headings: of a source that does not number them; its sections are then "1", "2" and so on.
    """
    found: list[Sentence] = []
    lead = ""
    for block in _blocks(text, headings):
        is_lead = block.text.endswith(":")
        if not (block.is_item or is_lead):
            lead = ""
        for line, sentence in block.sentences():
            found.append(Sentence(line, block.section, sentence, lead if block.is_item else ""))
        if is_lead:
            lead = found[-1].text
    return found


def _blocks(text: str, headings: Sequence[str]) -> Iterator[_Block]:
    section = _FRONT
    block: _Block | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        new_section = _section(line, headings)
        ends_here = new_section is not None or _CONTENTS_ROW.search(line)
        item, is_row = _ITEM.match(line), "\t" in line
        if not line:
            if block is not None:
                block.is_open = False
        elif ends_here:
            if block is not None:
                yield block
            block, section = None, new_section or section
        elif block is not None and not (item or is_row) and block.goes_on_with(line):
            block.add(number, line)
        else:
            if block is not None:
                yield block
            block = _Block(section, is_item=bool(item), is_row=is_row)
            block.add(number, line[item.end() :] if item else line.replace("\t", " | "))
    if block is not None:
        yield block


def _section(line: str, headings: Sequence[str]) -> str | None:
    if headings:
        return str(headings.index(line) + 1) if line in headings else None
    heading = _HEADING.match(line)
    if heading is None:
        return None
    return f"A{heading['digit']}" if heading["digit"] else heading["letter"] or heading["number"]
