"""Holds the ledger against itself and against the feature files.

Each check is a function that yields what is wrong, with file and line; `check` calls all of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from reports.gherkin_lint import Problem, WrittenScenario
from reports.ledger.model import Kind, Ledger, Requirement
from reports.ledger.sentences import normalised


def check(ledger: Ledger, written: Sequence[WrittenScenario]) -> list[Problem]:
    """What is wrong between a ledger and the scenarios, in the order of the files; empty when nothing is.

    Args:
        ledger: as read.
        written: every scenario of the feature files.
    """
    problems = [
        *_identity(ledger),
        *_reasons(ledger),
        *_duplicates(ledger),
        *_unknown_scenarios(ledger, written),
        *_same_places(ledger),
        *_without_requirement(ledger, written),
        *_tags(ledger, written),
        *_titles(written),
    ]
    return sorted(problems, key=lambda problem: (problem.path, problem.line))


def _problem(ledger: Ledger, entry: Requirement, text: str) -> Problem:
    return Problem(ledger.path, entry.line, f"{entry.id} {text}")


def _identity(ledger: Ledger) -> Iterator[Problem]:
    tags = {document.tag for document in ledger.documents}
    seen: dict[str, Requirement] = {}
    for entry in ledger.requirements:
        if entry.document not in tags:
            known = ", ".join(sorted(tags))
            yield _problem(ledger, entry, f"document: expected one of {known}, found {entry.document!r}")
        start = f"{entry.document}-{entry.section}-"
        if entry.id.rpartition("-")[0] + "-" != start:
            yield _problem(
                ledger, entry, f"id: expected to begin with {start!r}, as document and section say"
            )
        earlier = seen.setdefault(entry.id, entry)
        if earlier is not entry:
            yield _problem(ledger, entry, f"id: is already used at line {earlier.line}; give it a new number")


def _reasons(ledger: Ledger) -> Iterator[Problem]:
    for entry in ledger.requirements:
        exclusion = entry.exclusion
        if exclusion is None and not entry.scenarios:
            text = "is not mapped: give it scenarios, or an exclusion with kind and reason"
            yield _problem(ledger, entry, text)
        if exclusion is None:
            continue
        if entry.scenarios:
            text = "has scenarios and an exclusion: a sentence is tested or it is not; remove one"
            yield _problem(ledger, entry, text)
        if not exclusion.reason:
            yield _problem(ledger, entry, "exclusion.reason: expected a sentence that says why, found none")


def _duplicates(ledger: Ledger) -> Iterator[Problem]:
    for entry in ledger.requirements:
        exclusion = entry.exclusion
        if exclusion is None:
            continue
        if exclusion.kind is not Kind.DUPLICATE:
            if exclusion.of:
                yield _problem(ledger, entry, "exclusion.of: only for the kind 'duplicate'; remove it")
            continue
        original = ledger.requirement(exclusion.of)
        if original is None or original.id == entry.id:
            text = f"exclusion.of: expected the id of another requirement, found {exclusion.of!r}"
            yield _problem(ledger, entry, text)
        elif original.exclusion is not None and original.exclusion.kind is Kind.DUPLICATE:
            text = f"exclusion.of: {original.id} is itself a duplicate; name {original.exclusion.of!r}"
            yield _problem(ledger, entry, text)


def _unknown_scenarios(ledger: Ledger, written: Iterable[WrittenScenario]) -> Iterator[Problem]:
    known = sorted({scenario.scenario_id for scenario in written})
    for entry in ledger.requirements:
        for index, scenario_id in enumerate(entry.scenarios):
            if scenario_id in entry.scenarios[:index]:
                yield _problem(ledger, entry, f"scenarios: {scenario_id} twice; remove one")
            elif scenario_id not in known:
                close = difflib.get_close_matches(scenario_id, known, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                yield _problem(ledger, entry, f"scenarios: no scenario has the id {scenario_id!r}{hint}")


def _same_places(ledger: Ledger) -> Iterator[Problem]:
    quotes: dict[tuple[str, str, str], Requirement] = {}
    sentences: dict[tuple[str, str, str], Requirement] = {}
    for entry in ledger.requirements:
        place = (entry.document, entry.section, normalised(entry.quote))
        earlier = quotes.setdefault(place, entry)
        if earlier is not entry:
            text = f"quote: is that of {earlier.id} (line {earlier.line}); quote what only this sentence says"
            yield _problem(ledger, entry, text)
        for name in entry.sentences:
            earlier = sentences.setdefault((entry.document, entry.section, name), entry)
            if earlier is not entry:
                text = f"sentences: {earlier.id} (line {earlier.line}) stands for {name} already"
                yield _problem(ledger, entry, text)


def _without_requirement(ledger: Ledger, written: Iterable[WrittenScenario]) -> Iterator[Problem]:
    for scenario in written:
        if scenario.scenario_id and not ledger.of_scenario(scenario.scenario_id):
            text = (
                f"scenario {scenario.scenario_id}: no requirement names it; add it to the scenarios of those "
                f"it tests in {ledger.path.name}"
            )
            yield Problem(scenario.path, scenario.line, text)


def _tags(ledger: Ledger, written: Iterable[WrittenScenario]) -> Iterator[Problem]:
    """A scenario must test a sentence of one of the sections it cites with tags such as @FIA-4.1."""
    documents = {document.tag for document in ledger.documents}
    for scenario in written:
        cited = [tag for tag in scenario.tags if tag.partition("-")[0] in documents]
        mapped = [f"{each.document}-{each.section}" for each in ledger.of_scenario(scenario.scenario_id)]
        if cited and mapped and not any(_within(place, tag) for place in mapped for tag in cited):
            tags = ", ".join(f"@{tag}" for tag in cited)
            text = (
                f"scenario {scenario.scenario_id} cites {tags}, and {ledger.path.name} has it test "
                f"{', '.join(mapped)} only; mend one of the two"
            )
            yield Problem(scenario.path, scenario.line, text)


def _within(place: str, tag: str) -> bool:
    """Whether a section, such as "FIA-4.2.1", is the one that a tag cites or a part of it."""
    return place == tag or place.startswith((f"{tag}.", f"{tag}-"))


def _titles(written: Iterable[WrittenScenario]) -> Iterator[Problem]:
    """Within one feature `reports.gherkin_lint` looks; here over all of them."""
    seen: dict[str, WrittenScenario] = {}
    for scenario in written:
        earlier = seen.setdefault(scenario.title, scenario)
        if earlier.path != scenario.path:
            text = (
                f"scenario title {scenario.title!r} is already used by {earlier.scenario_id} in "
                f"{earlier.path.name}:{earlier.line}; reports list scenarios by title"
            )
            yield Problem(scenario.path, scenario.line, text)
