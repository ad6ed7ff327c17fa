"""The requirement ledger: what the sources ask for, and where it is tested or why it is not.

The records are validated by pydantic where the file is read (`reports.ledger.file`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

_STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)

MOST_WORDS = 12
"""A quote finds a sentence in its source; it does not stand for it."""

FINGERPRINT = r"[0-9a-f]{12}"


class Kind(StrEnum):
    """The kind of reason why a sentence has no scenario; `KIND_MEANINGS` says what each means."""

    COMMERCIAL = "commercial"
    PLANNING = "planning"
    TEST_PROCESS = "test process"
    BACKGROUND = "background"
    NOT_OBSERVABLE = "not observable from outside"
    OUT_OF_SCOPE = "out of scope of this harness"
    ELSEWHERE = "covered by another system's tests"
    DUPLICATE = "duplicate"
    NOT_TESTED = "not tested"


KIND_MEANINGS = {
    Kind.COMMERCIAL: "costs, charges, contracts, and who decides on them",
    Kind.PLANNING: "dates, releases and phases; reports, meetings and decisions about the modification",
    Kind.TEST_PROCESS: "what people do when they test and accept; no property of the system under test",
    Kind.BACKGROUND: "how things came about, what is supposed, or how many devices there are",
    Kind.NOT_OBSERVABLE: "a property of the system that no message, slot or database tells of",
    Kind.OUT_OF_SCOPE: "another modification, system or kind of device",
    Kind.ELSEWHERE: "whoever tests that other system tests it",
    Kind.DUPLICATE: "says what another entry says, which is named",
    Kind.NOT_TESTED: "could be seen from outside, and no scenario looks: a gap",
}


def _short(quote: str) -> str:
    words = len(quote.split())
    if words > MOST_WORDS:
        raise ValueError(f"expected at most {MOST_WORDS} words, found {words}; keep only enough to find it")
    return quote


@dataclass(frozen=True)
class Document:
    """One source.

    Attributes:
        tag: how code and scenarios cite it (docs/sources.md), and how its requirement ids begin.
        title: of the document.
        version: of the document; "none" where it has none.
        date: ISO 8601; empty where it has none.
        headings: of its sections, where it does not number them; they are then "1", "2" and so on.
        left_out: sections that hold no requirement, and what they hold instead; with the sections below
            them. "0" is what stands before the first.
    """

    __pydantic_config__ = _STRICT

    tag: Annotated[str, Field(pattern=r"^[A-Z0-9]+$")]
    title: Annotated[str, Field(min_length=1)]
    version: Annotated[str, Field(min_length=1)]
    date: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    headings: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    def leaves_out(self, section: str) -> bool:
        """Whether a section is among those that hold no requirement, or below one."""
        return any(f"{section}.".startswith(f"{each}.") for each in self.left_out)


@dataclass(frozen=True)
class Exclusion:
    """Why a sentence has no scenario.

    Attributes:
        kind: of reason.
        reason: why, in a sentence of its own.
        of: the id of the requirement that this one repeats; only for a duplicate.
    """

    __pydantic_config__ = _STRICT

    kind: Kind
    reason: str = ""
    of: str = ""

    def __str__(self) -> str:
        """The kind, and for a duplicate of what."""
        return f"{self.kind} of {self.of}" if self.of else str(self.kind)


@dataclass(frozen=True)
class Requirement:
    """One normative sentence of a source, or a few that only together say something.

    Attributes:
        id: stable, such as "FIA-4.2.1-03".
        document: the tag of its source.
        section: of the source, such as "4.2.1".
        quote: a few words that find the sentence.
        sentences: fingerprint of each sentence it stands for (`reports.ledger.sentences.fingerprint`).
        clause: the rule that the sentence quotes or rests on, as a scenario's tag says it: "SRPD-6.2d".
        scenarios: ids of the scenarios that test it.
        note: how far they do, where that is not plain.
        exclusion: why no scenario tests it.
        line: of its entry in the ledger, from 1.
    """

    __pydantic_config__ = _STRICT

    id: Annotated[str, Field(pattern=r"^[A-Z0-9]+-[A-Z0-9.]+-\d{2}[a-z]?$")]
    document: Annotated[str, Field(min_length=1)]
    section: Annotated[str, Field(min_length=1)]
    quote: Annotated[str, Field(min_length=1), AfterValidator(_short)]
    sentences: Annotated[tuple[Annotated[str, Field(pattern=f"^{FINGERPRINT}$")], ...], Field(min_length=1)]
    clause: str = ""
    scenarios: tuple[str, ...] = ()
    note: str = ""
    exclusion: Exclusion | None = None
    line: int = 0

    @property
    def is_tested(self) -> bool:
        """Whether scenarios stand for it."""
        return bool(self.scenarios)


@dataclass(frozen=True)
class Ledger:
    """Every requirement of the sources, in the order of the file.

    Attributes:
        path: the file it was read from.
        documents: the sources.
        requirements: what they ask for.
    """

    path: Path
    documents: tuple[Document, ...] = ()
    requirements: tuple[Requirement, ...] = field(default=())

    @cached_property
    def _by_scenario(self) -> dict[str, tuple[Requirement, ...]]:
        found: dict[str, list[Requirement]] = {}
        for requirement in self.requirements:
            for scenario_id in dict.fromkeys(requirement.scenarios):
                found.setdefault(scenario_id, []).append(requirement)
        return {scenario_id: tuple(requirements) for scenario_id, requirements in found.items()}

    def of_scenario(self, scenario_id: str) -> tuple[Requirement, ...]:
        """The requirements that a scenario tests, in the order of the ledger; empty when there is none."""
        return self._by_scenario.get(scenario_id, ())

    def requirement(self, requirement_id: str) -> Requirement | None:
        """The requirement with this id."""
        return next((each for each in self.requirements if each.id == requirement_id), None)

    @property
    def excluded(self) -> Counter[Kind]:
        """How many requirements have no scenario, by the kind of reason."""
        return Counter(each.exclusion.kind for each in self.requirements if each.exclusion is not None)
