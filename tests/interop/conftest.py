"""DCC's public signing tool, fetched from npm at a pinned version into a temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from duis.signature import SigningIdentity
from duis.smki.testpki import Party, TestPKI, mint
from tests.npm_packages import unpacked

PACKAGE = "@smartdcc/duis-sign-wrap@0.1.2"
INTEGRITY = "sha512-75KX971ymBkNyL2e761c4HYQ4OinTCFfqW+SoCRtFC9cWm4CirKQ5CfSUp0zCFH8LcSyHhDwRL0cVtOj5NeIHg=="
REQUIRED = "SMETS1_INTEROP_REQUIRED"
"""Set to 1 (as CI does), what would skip these tests fails them."""

Tool = Callable[..., "subprocess.CompletedProcess[bytes]"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "interop: exchanges documents with DCC's public signing tool")


def unavailable(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason} ({REQUIRED}=1)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dist/tool.jar of the package, whose integrity is checked before it is unpacked."""
    if shutil.which("java") is None:
        unavailable("java is not installed; it is needed to run DCC's tool")
    package = unpacked(PACKAGE, INTEGRITY, tmp_path_factory.mktemp("tool"), unavailable)
    return package / "dist" / "tool.jar"


@pytest.fixture(scope="session")
def tool(jar: Path) -> Tool:
    """Calls one of the tool's two classes with a document on standard input."""

    def call(name: str, document: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
        command = ["java", "-cp", str(jar), f"uk.co.smartdcc.boxed.xmldsig.{name}", "-", *map(str, arguments)]
        return subprocess.run(command, input=document, capture_output=True, timeout=120, check=False)

    return call


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("interop") / "pki")


@pytest.fixture(scope="session")
def party(pki: TestPKI) -> Party:
    return pki.party("ed-north")


@pytest.fixture(scope="session")
def identity(party: Party) -> SigningIdentity:
    return party.xmlsign
