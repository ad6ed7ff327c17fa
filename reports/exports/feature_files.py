"""Where the scenarios of a run are written: feature file, line and tags, which its records do not hold.

A feature file may have changed since the run, or be somewhere else; a scenario is then described by what its
record says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

import reports
from reports.results import ScenarioResult


@dataclass(frozen=True)
class Tag:
    """A tag with its @, and the line it is on."""

    name: str
    line: int


@dataclass(frozen=True)
class WrittenFeature:
    """A feature as written; `uri` is relative to the folder that holds ``features``."""

    uri: str
    name: str
    keyword: str = "Feature"
    line: int = 1
    description: str = ""
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where one scenario, or one row of its Examples, is written.

    Attributes:
        feature: the feature it belongs to.
        line: of the scenario; for a row of Examples that of the row.
        row: number of the row of its Examples, counted from 1; 0 for a plain Scenario.
        keyword: "Scenario" or "Scenario Outline".
        description: what stands below its title.
        tags: its own and those it inherits, in the order they are written.
        steps: keyword, text with the values of the row, and line of each sentence.
    """

    feature: WrittenFeature
    line: int
    row: int = 0
    keyword: str = "Scenario"
    description: str = ""
    tags: tuple[Tag, ...] = ()
    steps: tuple[tuple[str, str, int], ...] = ()


class FeatureFiles:
    """Finds the places of the scenarios of a run.

    Args:
        results: the records of the run; the feature files are looked for beside their collectors, from the
            working directory, then from where this package is installed.
    """

    def __init__(self, results: Iterable[ScenarioResult]) -> None:
        self._places: dict[tuple[str, str, frozenset[tuple[str, str]]], Place] = {}
        collectors = dict.fromkeys(result.nodeid.partition("::")[0] for result in results)
        for base in (Path.cwd(), Path(reports.__file__).parents[1]):
            for collector in collectors:
                folder = (base / collector).parent
                if (base / collector).is_file():
                    for path in sorted(folder.rglob("*.feature")):
                        self._read(path, path.relative_to(base).as_posix())

    def place(self, result: ScenarioResult) -> Place:
        """Where the scenario of a record is written."""
        title = result.written_title or result.title
        found = self._places.get((result.feature, title, _values(result.parameters)))
        if found is None or not _is_that(found, result):
            return _as_recorded(result)
        return found

    def _read(self, path: Path, uri: str) -> None:
        try:
            document = Parser().parse(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, CompositeParserException, ParserError):
            return  # a run of it cannot have been; its scenarios are described by their records
        written: dict[str, Any] = dict(document.get("feature") or {})
        if not written:
            return
        feature = WrittenFeature(
            uri,
            written["name"],
            written["keyword"],
            written["location"]["line"],
            _text(written["description"]),
            _tags(written),
        )
        for inherited, scenario in _scenarios(written):
            for place, values in _rows(feature, inherited, scenario):
                self._places.setdefault((feature.name, scenario["name"], _values(values)), place)


def _scenarios(feature: dict[str, Any]) -> Iterator[tuple[tuple[Tag, ...], dict[str, Any]]]:
    for child in feature["children"]:
        if "scenario" in child:
            yield _tags(feature), child["scenario"]
        rule = child.get("rule", {})
        for inner in rule.get("children", ()):
            if "scenario" in inner:
                yield _tags(feature) + _tags(rule), inner["scenario"]


def _rows(
    feature: WrittenFeature, inherited: tuple[Tag, ...], scenario: dict[str, Any]
) -> Iterator[tuple[Place, dict[str, str]]]:
    tags, description = inherited + _tags(scenario), _text(scenario["description"])
    if not scenario["examples"]:
        line = scenario["location"]["line"]
        yield Place(feature, line, 0, scenario["keyword"], description, tags, _steps(scenario, {})), {}
    number = 0
    for examples in scenario["examples"]:
        names = [cell["value"] for cell in examples.get("tableHeader", {}).get("cells", ())]
        for row in examples.get("tableBody", ()):
            number += 1
            values = dict(zip(names, (cell["value"] for cell in row["cells"]), strict=True))
            yield (
                Place(
                    feature,
                    row["location"]["line"],
                    number,
                    scenario["keyword"],
                    description,
                    tags + _tags(examples),
                    _steps(scenario, values),
                ),
                values,
            )


def _steps(scenario: dict[str, Any], values: Mapping[str, str]) -> tuple[tuple[str, str, int], ...]:
    return tuple(
        (
            step["keyword"].strip(),
            re.sub(r"<(.+?)>", lambda match: values.get(match[1], match[0]), step["text"]),
            step["location"]["line"],
        )
        for step in scenario["steps"]
    )


def _tags(node: Mapping[str, Any]) -> tuple[Tag, ...]:
    return tuple(Tag(tag["name"], tag["location"]["line"]) for tag in node.get("tags", ()))


def _text(description: str) -> str:
    return "\n".join(line.strip() for line in description.strip().splitlines())


def _values(parameters: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(parameters.items())


def _is_that(place: Place, result: ScenarioResult) -> bool:
    """Whether the sentences are still those that were carried out; a record without any fits always."""
    carried_out = tuple((step.keyword, step.text, step.line) for step in result.steps)
    return not carried_out or carried_out == place.steps


def _as_recorded(result: ScenarioResult) -> Place:
    names = [result.scenario_id, f"severity-{result.severity}" if result.severity else "", *result.clauses]
    name = re.sub(r"[^a-z0-9]+", "_", result.feature.lower()).strip("_") or "unknown"
    first = min((step.line for step in result.steps), default=2)
    return Place(
        WrittenFeature(f"features/{name}.feature", result.feature),
        max(first - 1, 1),
        tags=tuple(Tag(f"@{name}", max(first - 2, 1)) for name in names if name),
        steps=tuple((step.keyword, step.text, step.line) for step in result.steps),
    )
