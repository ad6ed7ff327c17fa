"""The sentences of a source, which of them are normative, and how a ledger names one without copying it.

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

_OBLIGATION = r"""
    must | shall | will | would | should | may | might | can | cannot | could | ought | unable | to\ be
  | needs? | needed | requires? | required | obligat\w+ | expects? | expected | supposed
  | proposes? | proposed | agreed | preference
"""
_WHAT_IS_DONE = r"""
    reject(?:s|ed|ion)? | accept(?:s|ed|ance)? | perform(?:s|ed)? | validat\w+ | checks? | checked
  | block(?:s|ed)? | appl(?:y|ies|ied|icable) | enforce[sd]? | allow(?:s|ed)? | permit(?:s|ted)?
  | enable[sd]? | disable[sd]? | remove[sd]? | replace[sd]? | correct(?:s|ed|ive)? | resolv(?:e|es|ed|ing)
  | provid(?:e|es|ed) | verif(?:y|ies|ied) | process(?:es|ed)? | execut(?:e|es|ed) | tests? | tested
  | impact(?:s|ed)? | affect(?:s|ed)? | undertake[sn]? | approv(?:e|es|ed|ing) | route[sd]? | routing
  | load(?:s|ed|ing) | stor(?:e|es|ed) | implement(?:s|ed)? | include[sd]? | means | limited | owner | held
  | increases?
"""
_NORMATIVE = re.compile(rf"\b(?: {_OBLIGATION} | {_WHAT_IS_DONE} )\b", re.IGNORECASE | re.VERBOSE)


@dataclass(frozen=True)
class Sentence:
    """One sentence of a paragraph, item of a list, or row of a table.

    Attributes:
        line: where it begins, from 1.
        section: number of the section it stands in, such as "4.2.1"; "0" before the first.
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

    @property
    def is_normative(self) -> bool:
        """Whether it, or what introduces it, says what is to be or what is done; a question never does."""
        if self.text.endswith("?"):
            return False
        words = (match[0] for text in (self.text, self.lead) for match in _NORMATIVE.finditer(text))
        return any(not word.isupper() for word in words)  # CAN is a Contract Amendment Note


def normalised(text: str) -> str:
    """The words of a sentence: compatibility characters resolved, lower case, one space between them.

    What is neither a Latin letter nor a digit is left out, so that emphasis, quotation marks, line breaks
    and spaces make no difference.
    """
    return _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).lower()).strip()


def fingerprint(text: str) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of a sentence, normalised."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()[:FINGERPRINT_LENGTH]
