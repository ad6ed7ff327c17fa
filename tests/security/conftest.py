from __future__ import annotations

from collections.abc import Iterator

import pytest

from duis.smki.testpki import TestPKI, mint
from target.file import load_target
from target.inbox import InboxConfig, InboxProcess
from tests.emulators.running import Emulators
from tests.security.doors import Door, dsp_door, inbox_door, s1sp_door


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    running = Emulators(tmp_path_factory.mktemp("emulators") / "state").start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def inbox_config(emulators: Emulators, tmp_path_factory: pytest.TempPathFactory) -> InboxConfig:
    return InboxConfig.of(load_target(emulators.state / "target.toml"), tmp_path_factory.mktemp("inbox"))


@pytest.fixture(scope="module", params=["inbox", "DSP", "S1SP"])
def door(request: pytest.FixtureRequest, emulators: Emulators, inbox_config: InboxConfig) -> Iterator[Door]:
    if request.param != "inbox":
        yield (dsp_door if request.param == "DSP" else s1sp_door)(emulators)
        return
    inbox = InboxProcess(inbox_config, inbox_config.database.parent)
    inbox.start()
    yield inbox_door(inbox, emulators.pki())
    inbox.close()


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    """A PKI nobody trusts, whose certificates have the same names."""
    return mint(tmp_path_factory.mktemp("stranger") / "pki")
