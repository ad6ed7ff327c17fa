"""Fixtures: one set of running emulators with mutual TLS for all tests, an estate of its own for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.emulators.running import CallbackServer, Emulators, Estate


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    running = Emulators(tmp_path_factory.mktemp("emulators")).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def shared_callback(emulators: Emulators) -> Iterator[CallbackServer]:
    server = CallbackServer(emulators.server_context())
    yield server
    server.close()


@pytest.fixture
def callback(shared_callback: CallbackServer) -> CallbackServer:
    shared_callback.status = 204
    while not shared_callback.received.empty():
        shared_callback.received.get()
    return shared_callback


@pytest.fixture
def new_estate(emulators: Emulators, callback: CallbackServer) -> Iterator[Callable[..., Estate]]:
    estates: list[Estate] = []

    def create(**options: object) -> Estate:
        estates.append(Estate.create(emulators, callback, **options))  # type: ignore[arg-type]
        return estates[-1]

    yield create
    for estate in estates:
        estate.delete()


@pytest.fixture
def estate(new_estate: Callable[..., Estate]) -> Estate:
    return new_estate(settings={"credentials_alert": False})
