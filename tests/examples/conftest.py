"""Fixtures: one set of running processes for all tests; each test has devices of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.examples.running import Example


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    example = Example(tmp_path_factory.mktemp("example") / "state")
    yield example
    example.close()


@pytest.fixture
def example(running: Example) -> Iterator[Example]:
    """The running example, with nothing left over from another test."""
    while not running.callback.received.empty():
        running.callback.received.get()
    while not running.stand_in.received.empty():
        running.stand_in.received.get()
    yield running
    running.stand_in.answer = lambda _: 204
