"""DCC's public signing tool, fetched from npm at a pinned version into a temporary folder."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from duis.signature import SigningIdentity
from duis.smki.testpki import Party, TestPKI, mint

PACKAGE = "@smartdcc/duis-sign-wrap@0.1.2"
INTEGRITY = "sha512-75KX971ymBkNyL2e761c4HYQ4OinTCFfqW+SoCRtFC9cWm4CirKQ5CfSUp0zCFH8LcSyHhDwRL0cVtOj5NeIHg=="
REQUIRED = "SMETS1_INTEROP_REQUIRED"
"""Set to 1 (as CI does), what would skip these tests fails them."""

Tool = Callable[..., "subprocess.CompletedProcess[bytes]"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "interop: exchanges documents with DCC's public signing tool")


def unavailable(reason: str) -> None:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason} ({REQUIRED}=1)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dist/tool.jar of the package, whose integrity is checked before it is unpacked."""
    for program, purpose in (("npm", "to fetch DCC's tool"), ("java", "to run DCC's tool")):
        if shutil.which(program) is None:
            unavailable(f"{program} is not installed; it is needed {purpose}")
    folder = tmp_path_factory.mktemp("tool")
    command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
    try:
        fetched = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        unavailable("the npm registry did not answer within 120 s")
    archives = list(folder.glob("*.tgz"))
    if fetched.returncode != 0 or len(archives) != 1:
        unavailable(f"npm could not fetch {PACKAGE}: {fetched.stderr.strip()[-300:]}")
    digest = hashlib.sha512(archives[0].read_bytes()).digest()
    assert f"sha512-{base64.b64encode(digest).decode()}" == INTEGRITY, "not the package that was pinned"
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "dist" / "tool.jar"


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
