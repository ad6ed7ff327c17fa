"""The emulators on PostgreSQL: started by the test itself when its programs are there."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from duis.roles import RemotePartyRole
from target.credentials import update_credentials
from target.observations import Acknowledged, SMETS1Result
from tests.resilience.rig import EMULATORS, Rig

SLOT = RemotePartyRole.NETWORK_OPERATOR


def program(name: str) -> str | None:
    """A program of PostgreSQL, on the path or where Debian puts it."""
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found or (str(places[-1]) if places else None)


@pytest.fixture(scope="module")
def socket_directory() -> Iterator[Path]:
    """A server of our own, on a socket in a folder of its own; it does not start as root."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("initdb and pg_ctl of PostgreSQL are not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = None
    if os.geteuid() == 0:
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not start as root, and there is no user postgres")
        user = account.pw_uid
        os.chown(folder, account.pw_uid, account.pw_gid)

    def call(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=folder, user=user)

    data = str(folder / "data")
    call(initdb, "-D", data, "-U", "postgres", "-A", "trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    call(pg_ctl, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield folder
    call(pg_ctl, "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


class PostgreSQLRig(Rig):
    """The rig with a PostgreSQL database for each emulator."""

    def __init__(self, state: Path, socket_directory: Path) -> None:
        self._socket_directory = socket_directory
        super().__init__(state)

    def prepared(self, emulators: Path) -> None:
        import psycopg

        address = f"host={self._socket_directory} user=postgres"
        with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
            for name in EMULATORS:
                connection.execute(f"CREATE DATABASE {name}".encode())
        for name in EMULATORS:
            config = emulators / f"{name}.toml"
            url = f"postgresql+psycopg://postgres@/{name}?host={self._socket_directory}"
            text, count = re.subn(r"(?m)^database = .*$", f'database = "{url}"', config.read_text())
            assert count == 1
            config.write_text(text)


@pytest.fixture(scope="module")
def rig(socket_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    running = PostgreSQLRig(tmp_path_factory.mktemp("postgresql"), socket_directory)
    yield running
    running.close()


def test_a_repair_over_a_kill_of_every_emulator(rig: Rig) -> None:
    with rig.session.open_estate("postgresql") as estate:
        device = estate.device("S1SP2", "GPF")
        correct, incorrect = estate.network_operator_of(device), estate.other_network_operator(device)
        estate.arrange_slot(device, SLOT, incorrect)

        repair = incorrect.send(update_credentials(correct.credentials, SLOT), device.device_id)
        assert isinstance(repair.answer, Acknowledged)
        for name in EMULATORS:
            rig.kill(name)
            rig.start(name)
        rig.wait_until_all_answer()
        result = repair.result(60)
        assert isinstance(result, SMETS1Result)
        assert result.success

        (reading,) = estate.supplier_of(device).read_slots(device.device_id, (SLOT,), within=60)
        assert reading.party == correct.user_id
