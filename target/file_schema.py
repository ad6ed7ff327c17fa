"""The JSON Schema of a target file, with which editors complete keys and explain them.

It is generated from the models, and committed as `docs/target.schema.json`. Editors that know TOML (Even
Better TOML in VS Code, Taplo) find it by the first line of a target file:
`#:schema ../docs/target.schema.json`.
It tells the form of each table; what must fit together is told when the file is read.
"""

from __future__ import annotations

import json
from typing import Any

from target.file import TargetFile

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest that the editors' validators know in full."""


def target_file_schema() -> dict[str, Any]:
    """The JSON Schema of a target file (draft 7)."""
    schema: dict[str, Any] = _for_toml(TargetFile.model_json_schema(by_alias=True, mode="validation"))
    _with_derived_urls(schema["$defs"]["DSP"])
    schema["properties"]["device"].pop("default", None)
    head = {"$schema": _DIALECT, "title": "Target file of smets1-conformance"}
    return {**head, **{key: value for key, value in schema.items() if key != "title"}}


def schema_text() -> str:
    """The JSON Schema as it is committed and printed: indented JSON that ends with a line feed."""
    return json.dumps(target_file_schema(), indent=2, ensure_ascii=False) + "\n"


def _with_derived_urls(dsp: dict[str, Any]) -> None:
    """The URLs of a DSP may be left out where the run starts it."""
    urls = ["send_command", "transform", "non_device"]
    dsp["required"] = [key for key in dsp["required"] if key not in urls]
    dsp["anyOf"] = [{"required": urls}, {"required": ["emulator"]}]


def _for_toml(node: Any) -> Any:
    """Leave out what TOML or an editor has no use for.

    TOML has no null; titles repeat the keys; and beside a `$ref` draft 7 ignores a description, which
    therefore goes around it.
    """
    if isinstance(node, list):
        return [_for_toml(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):
            kept[key] = {name: _for_toml(each) for name, each in value.items()}
        elif key in ("title", "source") or (key == "default" and (value is None or isinstance(value, dict))):
            continue
        else:
            kept[key] = _for_toml(value)
    choices = kept.get("anyOf", [])
    if {"type": "null"} in choices:
        (other,) = (choice for choice in choices if choice != {"type": "null"})
        del kept["anyOf"]
        kept = {**other, **kept}
    if "$ref" in kept and len(kept) > 1:
        kept = {
            **{key: value for key, value in kept.items() if key != "$ref"},
            "allOf": [{"$ref": kept["$ref"]}],
        }
    return kept
