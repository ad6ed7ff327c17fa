from __future__ import annotations

from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI, mint
from tests.target.target_files import write_target_file


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    directory = tmp_path_factory.mktemp("pki")
    mint(directory)
    return TestPKI.load(directory)


@pytest.fixture
def target_text(pki: TestPKI, tmp_path: Path) -> str:
    """A valid target file, whose paths lead to the test PKI."""
    return write_target_file(pki)


@pytest.fixture
def target_file(target_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "target.toml"
    path.write_text(target_text)
    return path
