"""A target file of a system that is not ours, for tests that never connect to it."""

from __future__ import annotations

from pathlib import Path

from duis.smki.testpki import TestPKI
from target.file import TargetFile, load_target
from tests.target.target_files import write_target_file

ESME = "00-DB-12-34-56-78-90-A0"
GPF = "00-DB-12-34-56-78-90-A1"


def pooled_text(pki: TestPKI, *, safety: str = "", base_url: str = "https://127.0.0.1:8441") -> str:
    """A DSP endpoint with one S1SP and two devices."""
    text = write_target_file(pki, base_url, tls=base_url.startswith("https:"))
    lines = [line for line in text.splitlines() if not line.startswith("management =")]
    user = {party["name"]: party["entity_identifier"] for party in pki.manifest["parties"]}
    registered = {
        ESME: ("ESME", f'{{ IS = "{user["is-a"]}", ED = "{user["ed-north"]}" }}'),
        GPF: ("GPF", f'{{ GS = "{user["gs-a"]}", GT = "{user["gt-north"]}" }}'),
    }
    for device_id, (device_type, parties) in registered.items():
        lines += [
            "[[device]]",
            f'device_id = "{device_id}"',
            f'device_type = "{device_type}"',
            's1sp = "S1SP1"',
            f"registered = {parties}",
            "",
        ]
    lines += ["[safety]", safety, ""]
    return "\n".join(lines).replace('kind = "emulated"', 'kind = "endpoint"')


def pooled_target(pki: TestPKI, folder: Path, *, safety: str = "") -> TargetFile:
    """The same, read."""
    path = folder / "sit.toml"
    path.write_text(pooled_text(pki, safety=safety), "utf-8")
    return load_target(path)
