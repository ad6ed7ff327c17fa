"""The inbox of a pooled target: a process that runs share, and that outlives each of them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from duis.smki.testpki import TestPKI
from target.deadline import Deadline
from target.errors import HarnessError
from target.inbox import InboxConfig, InboxReader, SharedInbox
from target.inbox.config import InboxTLS, Sharing
from target.trust import load_trust
from tests.target import messages

MAILBOX = "main/ed-north"


@pytest.fixture
def config(pki: TestPKI, tmp_path: Path) -> Iterator[InboxConfig]:
    files = pki.tls("inbox")
    config = InboxConfig(
        database=tmp_path / "inbox.sqlite",
        ready_file=tmp_path / "inbox.ready.json",
        tls=InboxTLS(ca=files.ca, certificate=files.certificate, key=files.key),
        anchors=(pki.directory / "smki" / "root.pem",),
        certificates=(pki.directory / "smki" / "issuing.pem", pki.directory / "parties"),
        sharing=Sharing(
            users_lock=tmp_path / "inbox.users.lock",
            server_lock=tmp_path / "inbox.server.lock",
            start_lock=tmp_path / "inbox.start.lock",
            linger=0.2,
        ),
    )
    yield config
    within_seconds(20, lambda: not SharedInbox(config).status().running)


def within_seconds(seconds: float, holds: Callable[[], bool]) -> None:
    limit = Deadline(seconds)
    while not holds():
        assert not limit.passed


def post(pki: TestPKI, inbox: SharedInbox, document: bytes) -> int:
    files = pki.tls("dsp")
    return requests.post(
        f"{inbox.base_url}/{MAILBOX}/smartdcc/duis",
        data=document,
        headers={"Content-Type": "application/xml"},
        verify=str(files.ca),
        cert=(str(files.certificate), str(files.key)),
        timeout=10,
    ).status_code


def reader_of(config: InboxConfig, inbox: SharedInbox) -> InboxReader:
    return InboxReader(config.database, load_trust(config.anchors, config.certificates), inbox.ensure)


USER = """
import sys
from pathlib import Path
from target.inbox import InboxConfig, SharedInbox
inbox = SharedInbox(InboxConfig.model_validate_json(Path(sys.argv[1]).read_text()))
inbox.use()
print(inbox.port, inbox.status().pid, flush=True)
sys.stdin.read()
"""


@contextmanager
def another_run(config: InboxConfig) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """A process that uses the inbox until it is killed; with port and process id of the inbox it found."""
    file = config.ready_file.with_name("config of a run.json")
    file.write_text(config.model_dump_json())
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port, pid = process.stdout.readline().split()
        yield process, int(port), int(pid)
        process.kill()


def test_runs_share_one_inbox_that_outlives_them_and_ends_by_itself(config: InboxConfig) -> None:
    with another_run(config) as (_, port, pid):
        inbox = SharedInbox(config)
        inbox.use()
        status = inbox.status()
        assert (inbox.port, status.pid, status.used) == (port, pid, True)
    # the run that started it was killed; the inbox lives as long as it is used
    assert inbox.ensure() is False
    assert inbox.status().pid == pid
    inbox.release()
    within_seconds(20, lambda: not inbox.status().running)
    assert not config.ready_file.exists()
    assert not _answers(port)


def test_an_inbox_that_dies_while_a_run_waits_comes_back_where_it_was(
    pki: TestPKI, config: InboxConfig
) -> None:
    inbox = SharedInbox(config)
    inbox.use()
    reader, port = reader_of(config, inbox), inbox.port
    before = messages.result(pki, messages.request_id(pki, 1))
    assert post(pki, inbox, before) == 204
    about, found = messages.request_id(pki, 2), []
    waiter = threading.Thread(
        target=lambda: found.append(reader.wait_for_request(MAILBOX, about, 30, awaited="the result"))
    )
    waiter.start()
    killed = inbox.status().pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    within_seconds(20, lambda: inbox.status().running and inbox.status().pid not in (killed, None))
    within_seconds(20, lambda: _answers(port))
    after = messages.result(pki, about)
    assert post(pki, inbox, after) == 204
    waiter.join(30)
    assert [message.document for message in found] == [after]
    assert [message.document for message in reader.messages(MAILBOX)] == [before, after]
    assert inbox.port == port
    inbox.release()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_workers_that_all_notice_its_death_start_one(config: InboxConfig) -> None:
    inbox = SharedInbox(config)
    inbox.use()
    killed = inbox.status().pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    within_seconds(20, lambda: not inbox.status().running)
    restarted: list[bool] = []
    workers = [
        threading.Thread(target=lambda: restarted.append(SharedInbox(config).ensure())) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert restarted == [True] * 4
    assert inbox.ensure() is False
    inbox.release()


def test_other_settings_need_an_inbox_that_nobody_uses(config: InboxConfig) -> None:
    other = config.model_copy(update={"messages_are_signed": False})
    with another_run(config) as (_, _, pid):
        with pytest.raises(HarnessError, match=r"runs with other settings.*another run uses it"):
            SharedInbox(other).use()
        with pytest.raises(HarnessError, match="in use by a run"):
            SharedInbox(other).stop()
    inbox = SharedInbox(other)
    inbox.use()
    assert inbox.status().pid != pid
    inbox.release()
    assert inbox.stop() is True
    assert inbox.stop() is False
    assert inbox.status().running is False


def test_a_busy_port_is_told(config: InboxConfig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        inbox = SharedInbox(config.model_copy(update={"port": port}))
        with pytest.raises(HarnessError, match=rf"cannot listen on 127.0.0.1:{port}: .*callback.port"):
            inbox.use()
        assert inbox.status().used is False


def test_messages_are_found_by_the_device_they_are_about(pki: TestPKI, config: InboxConfig) -> None:
    inbox = SharedInbox(config)
    inbox.use()
    reader = reader_of(config, inbox)
    about = messages.request_id(pki, 3)
    documents = [
        messages.result(pki, about),
        messages.s1sp_alert(pki, about),
        messages.device_alert(pki, "ed-north"),
    ]
    assert [post(pki, inbox, document) for document in documents] == [204, 204, 204]
    found = reader.messages_about_device(MAILBOX, messages.DEVICE)
    assert [message.document for message in found] == documents
    assert [
        each.document for each in reader.messages_about_device(MAILBOX, messages.DEVICE, found[0].sequence)
    ] == (documents[1:])
    other = type(messages.DEVICE)(re.sub("A0$", "A1", messages.DEVICE))
    assert reader.messages_about_device(MAILBOX, other) == ()
    assert reader.messages_about_device("main/is-a", messages.DEVICE) == ()
    inbox.release()
