"""Mistakes in target files of mixes: the example files, with one thing changed in each."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from duis.smki.testpki import TestPKI
from target.file import TargetFileError, load_target
from target.file_errors import Problem
from tests.target.malformed_mixes import CASES

TARGETS = Path(__file__).parents[2] / "targets"


def problems(
    example: str, old: str, new: str, pki: TestPKI, folder: Path
) -> tuple[list[str], tuple[Problem, ...]]:
    text = (TARGETS / f"{example}.toml").read_text()
    if old.endswith("*"):
        kept = text.partition(old[:-1])[0]
        text = kept + "[deadlines]" + text.partition("\n[deadlines]")[2]
    else:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "pki").symlink_to(pki.directory)
    path = folder / "target.toml"
    path.write_text(text)
    with pytest.raises(TargetFileError) as caught:
        load_target(path, environment={})
    return text.splitlines(), caught.value.problems


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_told_with_line_and_field(case: str, pki: TestPKI, tmp_path: Path) -> None:
    example, old, new, field, at, words = CASES[case]
    (tmp_path / "ENCRYPTED").write_bytes(encrypted(pki.directory / "parties" / "dsp" / "xmlsign.key"))
    lines, found = problems(
        example, old, new.replace("ENCRYPTED", str(tmp_path / "ENCRYPTED")), pki, tmp_path
    )
    assert {each.field for each in found} == set(field.split())
    expected = words if isinstance(words, list) else [words]
    assert len(found) == len(expected)
    for each, said in zip(found, expected, strict=True):
        assert said in each.message
        assert each.line is not None
        assert at in lines[each.line - 1]


def encrypted(key: Path) -> bytes:
    private = load_pem_private_key(key.read_bytes(), None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
