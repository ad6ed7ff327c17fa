from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from duis.schema import Schema

SPEC = Path(os.environ.get("SMETS1_SPEC") or Path(__file__).parents[3] / "shared" / "spec")


@pytest.fixture(scope="session")
def spec() -> Path:
    """The folder with the official schemas, samples and tables."""
    if not SPEC.is_dir():
        pytest.skip(f"the official specifications are not at {SPEC}; SMETS1_SPEC names another folder")
    return SPEC


@pytest.fixture(scope="session")
def official(spec: Path) -> Schema:
    """The official DUIS schema, version 5.4."""
    return Schema.official(spec / "duis-5.4")


@pytest.fixture(scope="session")
def bundled() -> Schema:
    """Our own schema."""
    return Schema.bundled()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listening socket on loopback that does not wait for connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
