"""What cannot be reached is told before the first scenario, with the field that holds the address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI
from target.errors import EndpointUnreachable
from target.file import TargetFile, load_target
from target.reachable import check_reachable
from tests.target.target_files import write_target_file


@contextmanager
def listening(answer: bytes) -> Iterator[int]:
    """A server that says `answer` to whoever connects, and hangs up."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with closing(connection):
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def target_at(pki: TestPKI, folder: Path, base_url: str) -> TargetFile:
    path = folder / "target.toml"
    path.write_text(write_target_file(pki, base_url), "utf-8")
    return load_target(path)


def test_a_host_that_is_not_known(pki: TestPKI, tmp_path: Path) -> None:
    target = target_at(pki, tmp_path, "https://dsp.invalid:8441")
    with pytest.raises(
        EndpointUnreachable, match=r"host name is not known.*dsp\.send_command in .*target\.toml"
    ):
        check_reachable(target)


def test_a_server_that_does_not_speak_tls(pki: TestPKI, tmp_path: Path) -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        target = target_at(pki, tmp_path, f"https://127.0.0.1:{port}")
        with pytest.raises(EndpointUnreachable, match=r"TLS handshake failed.*dsp\.send_command"):
            check_reachable(target)


def test_the_management_plane_of_an_s1sp_counts_too(pki: TestPKI, tmp_path: Path) -> None:
    with listening(b"") as port:
        text = write_target_file(pki, f"http://127.0.0.1:{port}", tls=False).replace("https:", "http:")
        path = tmp_path / "target.toml"
        path.write_text(text.replace("127.0.0.1:9442", "127.0.0.1:1"), "utf-8")
        with pytest.raises(EndpointUnreachable, match=r"nothing listens there.*s1sp\.S1SP1\.management"):
            check_reachable(load_target(path))
