"""Target files on the command line: malformed ones, and their JSON Schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI, mint
from tests.cli.test_cli import ROOT, call
from tests.target.malformed_mixes import CASES as MIXES


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    directory = tmp_path_factory.mktemp("pki")
    mint(directory)
    return TestPKI.load(directory)


@pytest.mark.parametrize("case", ["wrong check digit", "inbox out of reach", "two emulators on one port"])
def test_a_malformed_target_file_is_one_line_and_exit_code_2(case: str, pki: TestPKI, tmp_path: Path) -> None:
    example, old, new, field, at, words = MIXES[case]
    text = (ROOT / "targets" / f"{example}.toml").read_text().replace(old, new, 1)
    (tmp_path / "target.toml").write_text(text)
    (tmp_path / "pki").symlink_to(pki.directory)
    answer = call("run", "--target", "target.toml", folder=tmp_path)
    assert answer.returncode == 2
    (line,) = [line for line in answer.stderr.splitlines() if "target.toml" in line]
    number = int(line.split("target.toml:")[1].split(":")[0])
    assert at in text.splitlines()[number - 1]
    assert f" {field}: " in line
    assert str(words) in line
    assert "Traceback" not in answer.stderr + answer.stdout
    assert not list(tmp_path.glob("*.state"))


def test_a_wrong_environment_variable_is_one_line_and_exit_code_2(
    pki: TestPKI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "target.toml").write_text((ROOT / "targets" / "dcc-boxed.toml").read_text())
    (tmp_path / "pki").symlink_to(pki.directory)
    monkeypatch.setenv("SMETS1_CONFORMANCE__CALLBACK__PORT", "any")
    answer = call("run", "--target", "target.toml", folder=tmp_path)
    assert answer.returncode == 2
    assert (
        "environment variable SMETS1_CONFORMANCE__CALLBACK__PORT (callback.port): expected" in answer.stderr
    )


def test_the_schema_that_is_printed_is_the_committed_one(tmp_path: Path) -> None:
    answer = call("schema", folder=tmp_path)
    assert answer.returncode == 0
    assert answer.stdout == (ROOT / "docs" / "target.schema.json").read_text()
