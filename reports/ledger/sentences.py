"""The sentences of a source, which of them are normative, and how a ledger names one without copying it.

A source is plain text: headings, paragraphs, lists, tables. It is read into *sentences*: those of its
paragraphs, each item of a list and each row of a table.

A sentence is **normative** when it says what a system, a party or a test must, shall, will, should, may, can
or cannot do or be, or what the solution or the testing does. `is_normative` tells by its words, and is
generous: it would rather ask for an entry too many.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

FINGERPRINT_LENGTH = 12

_NOT_WORDS = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True)
class Sentence:
    """One sentence of a source.

    Attributes:
        line: where it begins, from 1.
        section: number of the section it stands in, such as "4.2.1"; empty before the first.
        text: the sentence, on one line.
        lead: what introduces the list it is an item of; empty elsewhere.
    """

    line: int
    section: str
    text: str
    lead: str = ""

    @property
    def fingerprint(self) -> str:
        """Its name in a ledger."""
        return fingerprint(self.text)


def normalised(text: str) -> str:
    """The words of a sentence: compatibility characters resolved, lower case, one space between them.

    What is neither a Latin letter nor a digit is left out, so that marks of lists, emphasis, quotation marks,
    line breaks and spaces make no difference.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    return _NOT_WORDS.sub(" ", plain).strip()


def fingerprint(text: str) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of a sentence, normalised."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()[:FINGERPRINT_LENGTH]
