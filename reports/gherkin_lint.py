"""Checks feature files before a run, and counts the scenarios written in them.

pytest-bdd keeps only the last of two scenarios with the same title in one feature, silently; a scenario that
is dropped that way would be missing from every report. Whatever could hide a scenario is an error here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

SCENARIO_ID = re.compile(r"MP107-(?:[A-Z]+|R[0-9]+-)[0-9]+[a-z]?")
"""`MP107-T01` of Requirement 1; `MP107-R2-01` names its requirement."""


@dataclass(frozen=True)
class Problem:
    """One reason not to run; `line` counts from 1."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{_display(self.path)}:{self.line}: {self.text}"


@dataclass(frozen=True)
class WrittenScenario:
    """A scenario as written, with the rows of its Examples (one empty row for a plain Scenario).

    Attributes:
        steps: Its sentences: `given`, `when` or `then`, and the text with `<names>` of columns in it.
    """

    path: Path
    line: int
    feature: str
    title: str
    scenario_id: str
    rows: tuple[dict[str, str], ...]
    tags: tuple[str, ...]
    steps: tuple[tuple[str, str], ...] = ()

    def rendered_title(self, row: dict[str, str]) -> str:
        """The title for one row of the Examples."""
        return _rendered(self.title, row)

    def rendered_steps(self, row: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """The sentences for one row of the Examples."""
        return tuple((type_, _rendered(text, row)) for type_, text in self.steps)


@dataclass
class LintReport:
    """What the feature files hold and what is wrong with them."""

    scenarios: list[WrittenScenario] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many scenarios are written, Examples rows expanded."""
        return sum(len(scenario.rows) for scenario in self.scenarios)


def feature_files(arguments: Iterable[str], base: Path) -> list[Path]:
    """The feature files below the paths given to pytest.

    Args:
        arguments: paths or node ids; a file stands for the folder it is in.
        base: the folder relative paths start from.
    """
    found: set[Path] = set()
    for argument in arguments:
        path = (base / argument.partition("::")[0]).resolve()
        folder = path if path.is_dir() else path.parent
        if path.suffix == ".feature" and path.is_file():
            found.add(path)
        elif path.exists():
            found.update(folder.rglob("*.feature"))
    return sorted(found)


def lint(paths: Iterable[Path]) -> LintReport:
    """Check the feature files at `paths`; problems are listed in the order of the files."""
    report = LintReport()
    seen_ids: dict[str, WrittenScenario] = {}
    for path in paths:
        document = _parse(path, report)
        if document is None:
            continue
        titles: dict[str, int] = {}
        feature = document["feature"]
        report.tags |= _tags(feature)
        for background in _backgrounds(feature):
            text = "a Background is not read by `plan`; write its sentences in each scenario"
            report.problems.append(Problem(path, background["location"]["line"], text))
        for rule, scenario in _scenarios(feature):
            if rule:
                report.tags |= _tags(rule)
            inherited = _tags(feature) | _tags(rule or {})
            written = _written(path, feature["name"], scenario, inherited, report)
            if written.title in titles:
                text = f"scenario title {written.title!r} is already used at line {titles[written.title]}"
                report.problems.append(Problem(path, written.line, text))
            titles.setdefault(written.title, written.line)
            _check_id(written, seen_ids, report)
            report.scenarios.append(written)
        if not titles:
            line = feature["location"]["line"]
            report.problems.append(Problem(path, line, "the feature holds no scenario"))
    return report


def _parse(path: Path, report: LintReport) -> dict[str, Any] | None:
    try:
        document = Parser().parse(path.read_text(encoding="utf-8"))
    except CompositeParserException as error:
        first = error.errors[0]
        report.problems.append(Problem(path, first.location["line"], _syntax_text(first)))
        return None
    except ParserError as error:
        line = (getattr(error, "location", None) or {}).get("line", 1)
        report.problems.append(Problem(path, line, _syntax_text(error)))
        return None
    except (OSError, UnicodeDecodeError) as error:
        report.problems.append(Problem(path, 1, f"cannot be read: {error}"))
        return None
    if "feature" not in document or document["feature"] is None:
        report.problems.append(Problem(path, 1, "expected 'Feature:', found an empty file"))
        return None
    return dict(document)


def _syntax_text(error: Exception) -> str:
    return "not valid Gherkin: " + re.sub(r"^\(\d+:\d+\):\s*", "", str(error))


def _tags(node: dict[str, Any]) -> set[str]:
    return {tag["name"].lstrip("@") for tag in node.get("tags", ())}


def _backgrounds(feature: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in feature["children"]:
        for each in (child, *child.get("rule", {}).get("children", ())):
            if "background" in each:
                yield each["background"]


def _scenarios(feature: dict[str, Any]) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
    for child in feature["children"]:
        if "scenario" in child:
            yield None, child["scenario"]
        for inner in child.get("rule", {}).get("children", ()):
            if "scenario" in inner:
                yield child["rule"], inner["scenario"]


def _written(
    path: Path, feature: str, scenario: dict[str, Any], inherited: set[str], report: LintReport
) -> WrittenScenario:
    line, title = scenario["location"]["line"], scenario["name"]
    tags = _tags(scenario)
    report.tags |= tags
    identifiers = sorted(tag for tag in tags if SCENARIO_ID.fullmatch(tag))
    if len(identifiers) != 1:
        text = f"scenario {title!r}: expected one id tag such as @MP107-T01, found {_listed(identifiers)}"
        report.problems.append(Problem(path, line, text))
    if not title:
        report.problems.append(Problem(path, line, "scenario without a title"))
    if scenario["description"].strip():
        # A step whose keyword is misspelt becomes a description, and the scenario passes without it.
        first = scenario["description"].strip().partition("\n")[0]
        text = f"scenario {title!r}: {first!r} is no step; write a remark as a comment with #"
        report.problems.append(Problem(path, line, text))
    if not scenario["steps"]:
        report.problems.append(Problem(path, line, f"scenario {title!r} has no step"))
    rows: list[dict[str, str]] = []
    for examples in scenario["examples"]:
        report.tags |= _tags(examples)
        names = [cell["value"] for cell in examples.get("tableHeader", {}).get("cells", ())]
        for row in examples.get("tableBody", ()):
            values = dict(zip(names, (cell["value"] for cell in row["cells"]), strict=True))
            if values in rows:
                text = f"scenario {title!r}: the same Examples row twice: {' | '.join(values.values())}"
                report.problems.append(Problem(path, row["location"]["line"], text))
            rows.append(values)
    if scenario["examples"] and not rows:
        report.problems.append(Problem(path, line, f"scenario {title!r}: its Examples hold no row"))
    if not scenario["examples"]:
        rows.append({})
    identifier = identifiers[0] if identifiers else ""
    return WrittenScenario(
        path, line, feature, title, identifier, tuple(rows), tuple(sorted(tags | inherited)), _steps(scenario)
    )


_STEP_TYPES = {"Context": "given", "Action": "when", "Outcome": "then"}


def _steps(scenario: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    type_ = "given"
    for step in scenario["steps"]:
        type_ = _STEP_TYPES.get(step["keywordType"], type_)  # And and But go on with what was before
        found.append((type_, step["text"]))
    return tuple(found)


def _rendered(text: str, row: dict[str, str]) -> str:
    return re.sub(r"<(.+?)>", lambda match: row.get(match[1], match[0]), text)


def _check_id(written: WrittenScenario, seen: dict[str, WrittenScenario], report: LintReport) -> None:
    if not written.scenario_id:
        return
    earlier = seen.setdefault(written.scenario_id, written)
    if earlier is not written:
        place = f"{_display(earlier.path)}:{earlier.line}"
        text = f"scenario id @{written.scenario_id} is already used at {place}"
        report.problems.append(Problem(written.path, written.line, text))


def _listed(identifiers: list[str]) -> str:
    return ", ".join(f"@{identifier}" for identifier in identifiers) or "none"


def _display(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def main(arguments: list[str]) -> int:
    """``python -m reports.gherkin_lint PATH...``: print what is wrong; exit code 2 when anything is."""
    report = lint(feature_files(arguments, Path.cwd()))
    for problem in report.problems:
        print(problem, file=sys.stderr)
    return 2 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
