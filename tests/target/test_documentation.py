from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from target.assumptions import Assumptions
from target.file import TargetFile
from target.file_assurance import Assurance, Limits
from target.file_environment import PREFIX
from target.file_keys import FaultyCertificate, KeyPair, TLSFiles, TLSServerFiles
from target.file_schema import schema_text
from target.file_sections import (
    DSP,
    S1SP,
    Callback,
    Deadlines,
    DeviceEntry,
    EmulatorSection,
    Management,
    S1SPEmulatorSection,
    Safety,
    ServiceUserEntry,
    Site,
    Trust,
)

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "target.md").read_text()

SECTIONS: dict[str, type[BaseModel]] = {
    "Top level": TargetFile,
    "`[site]`": Site,
    "`[safety]`": Safety,
    "`[dsp]`": DSP,
    "`[dsp.emulator]`": EmulatorSection,
    "`[s1sp.NAME]`": S1SP,
    "`[s1sp.NAME.emulator]`": S1SPEmulatorSection,
    "`[management]`": Management,
    "`[callback]`": Callback,
    "`[trust]`": Trust,
    "`[[service_user]]`": ServiceUserEntry,
    "`[[device]]`": DeviceEntry,
    "`[deadlines]`": Deadlines,
    "`[assurance]`": Assurance,
    "`[assurance.limits]`": Limits,
}


def section(heading: str) -> str:
    parts = re.split(rf"^##+ {re.escape(heading)}$", PAGE, flags=re.MULTILINE)
    assert len(parts) == 2, f"no section {heading}"
    return re.split(r"^#", parts[1], flags=re.MULTILINE)[0]


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        has_a_section = model is TargetFile and re.search(rf"^##+ `\[+{key}[.\]]", PAGE, re.MULTILINE)
        if not has_a_section:
            yield f"| `{key}` | {default(field)} | {field.description} |"


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_table_of_a_section_is_that_of_the_model(heading: str) -> None:
    found = [line for line in section(heading).splitlines() if line.startswith("| `")]
    assert found == list(rows(SECTIONS[heading]))


@pytest.mark.parametrize("model", [KeyPair, TLSFiles, TLSServerFiles, FaultyCertificate])
def test_keys_of_certificates_and_keys_are_explained(model: type[BaseModel]) -> None:
    page = section("Certificates and keys")
    assert [key for key in model.model_fields if f"`{key}`" not in page] == []


def test_every_assumption_is_documented_with_its_default_and_source() -> None:
    found = [line for line in section("`[assumptions]`").splitlines() if line.startswith("| `")]
    expected = []
    for each in Assumptions().described():
        value = json.dumps(list(each.value) if isinstance(each.value, tuple) else each.value)
        expected.append(f"| `{each.name}` | `{value}` | {each.source} | {each.description} |")
    assert found == expected


def test_the_variable_of_the_page_is_one_that_is_read() -> None:
    assert f"`{PREFIX}DSP__SEND_COMMAND`" in section("Environment variables")


def test_the_example_is_toml_with_known_keys() -> None:
    example = tomllib.loads(PAGE.split("```toml\n")[1].split("```")[0])
    assert example.keys() <= {field.alias or name for name, field in TargetFile.model_fields.items()}


def test_the_committed_schema_is_the_one_of_the_models() -> None:
    committed = (DOCS / "target.schema.json").read_text()
    assert committed == schema_text(), "write it anew: smets1-conformance schema > docs/target.schema.json"


def test_every_key_is_described_in_the_schema() -> None:
    schema = json.loads(schema_text())
    tables = {"": schema, **schema["$defs"]}
    undescribed = [
        f"{table}.{key}"
        for table, content in tables.items()
        for key, value in content.get("properties", {}).items()
        if "description" not in value and "$ref" not in value and key not in ("ca", "certificate")
    ]
    assert undescribed == []
