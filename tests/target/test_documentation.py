from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from target.assumptions import Assumptions
from target.file import TargetFile
from target.file_sections import Callback, Deadlines, DeviceEntry, ServiceUserEntry, Trust

PAGE = (Path(__file__).parents[2] / "docs" / "target.md").read_text()


def keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def test_every_key_is_documented() -> None:
    for model in (TargetFile, Callback, Deadlines, DeviceEntry, ServiceUserEntry, Trust):
        for key in keys(model):
            assert f"`{key}`" in PAGE or f"[{key}" in PAGE or f".{key}]" in PAGE or f"{key} =" in PAGE, key


def test_every_assumption_is_documented_with_its_source() -> None:
    for each in Assumptions().described():
        assert f"| `{each.name}` | " in PAGE
        assert f" | {each.source} | {each.description} |" in PAGE


def test_the_example_is_toml_with_known_keys() -> None:
    example = tomllib.loads(PAGE.split("```toml\n")[1].split("```")[0])
    assert example.keys() <= set(keys(TargetFile))
