"""A ledger and features of a few lines, in a folder of their own."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from reports.gherkin_lint import Problem, WrittenScenario
from reports.ledger import Ledger, features_of, load_ledger
from reports.ledger.checks import check

DOCUMENT = """\
[[document]]
tag = "FIA"
title = "Full Impact Assessment"
version = "0.5"
date = "2021-08-16"
left_out = { B = "glossary" }
"""

SCENARIO = """
  @{id} @FIA-4
  Scenario Outline: {title}
    Given the <device_type>

    Examples:
      | device_type |
      | ESME        |
      | GPF         |
"""


def entry(name: str = "FIA-4-01", **fields: object) -> str:
    """An entry as text; a field that is given replaces or adds one, `None` leaves it out."""
    values: dict[str, object] = {
        "id": name,
        "document": "FIA",
        "section": "4",
        "quote": f"words of {name}",
        "sentences": [f"{zlib.crc32(name.encode()):012x}"],
    }
    values |= {key.replace("__", "."): value for key, value in fields.items()}
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join(["", "[[requirement]]", *lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value) if isinstance(value, int) else '"' + str(value) + '"'


class Folder:
    """A folder as that of the features."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger_file = path / "requirements.toml"

    def ledger(self, *entries: str, document: str = DOCUMENT) -> Ledger:
        self.ledger_file.write_text(document + "".join(entries), encoding="utf-8")
        return load_ledger(self.ledger_file)

    def feature(self, name: str, *scenarios: tuple[str, str]) -> None:
        """Write a feature; a scenario is its id and its title."""
        texts = (SCENARIO.format(id=identifier, title=title) for identifier, title in scenarios)
        (self.path / name).write_text(f"@MP107\nFeature: {name}\n{''.join(texts)}", encoding="utf-8")

    def written(self, ledger: Ledger) -> list[WrittenScenario]:
        report = features_of(ledger)
        assert report.problems == []
        return report.scenarios

    def problems(self, *entries: str) -> list[Problem]:
        """What is wrong with a ledger of these entries."""
        ledger = self.ledger(*entries)
        return check(ledger, self.written(ledger))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """With one feature that holds MP107-T01, for an ESME and a GPF."""
    made = Folder(tmp_path)
    made.feature("repair.feature", ("MP107-T01", "The device is repaired"))
    return made
