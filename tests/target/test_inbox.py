from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from duis.smki.testpki import TestPKI
from target.errors import DeadlinePassed, HarnessError, NonconformingAnswer
from target.file import load_target
from target.inbox import InboxConfig, InboxProcess, InboxReader
from target.observations import DeviceAlertSeen, S1SPRejection, SMETS1Result
from target.reading import observation_of
from target.trust import load_trust
from tests.target import messages
from tests.target.target_files import write_target_file

MAILBOX = "scenario/ed-north"


@pytest.fixture(scope="module")
def config(pki: TestPKI, tmp_path_factory: pytest.TempPathFactory) -> InboxConfig:
    directory = tmp_path_factory.mktemp("inbox")
    (directory / "target.toml").write_text(write_target_file(pki))
    return InboxConfig.of(load_target(directory / "target.toml"), directory)


@pytest.fixture(scope="module")
def inbox(config: InboxConfig) -> Iterator[InboxProcess]:
    process = InboxProcess(config, config.database.parent)
    process.start()
    yield process
    process.close()


@pytest.fixture(scope="module")
def reader(config: InboxConfig, inbox: InboxProcess) -> InboxReader:
    return InboxReader(config.database, load_trust(config.anchors, config.certificates))


@pytest.fixture
def mailbox(request: pytest.FixtureRequest) -> str:
    """A mailbox of the test's own."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', request.node.name)}/ed-north"


@pytest.fixture(scope="module")
def dsp(pki: TestPKI) -> Iterator[requests.Session]:
    files = pki.tls("dsp")
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(files.ca)
        session.cert = (str(files.certificate), str(files.key))
        session.headers["Content-Type"] = "application/xml"
        yield session


def post(dsp: requests.Session, inbox: InboxProcess, mailbox: str, document: bytes) -> int:
    return dsp.post(f"{inbox.base_url}/{mailbox}/smartdcc/duis", data=document, timeout=10).status_code


def test_a_result_is_acknowledged_and_found_by_its_request_id(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    about = messages.request_id(pki, 1)
    document = messages.result(pki, about)
    assert post(dsp, inbox, mailbox, document) == 204
    message = reader.wait_for_request(mailbox, about, 5, awaited="the result")
    assert message.document == document
    assert message.request_id == about
    seen = observation_of(message)
    assert isinstance(seen, SMETS1Result)
    assert seen.success is True
    assert seen.signer.entity_identifier == pki.party("s1sp1").entity_identifier
    assert seen.outer_signer is not None
    assert seen.outer_signer.role == "89"


@pytest.mark.parametrize("names_it_outside", [True, False])
def test_an_s1sp_alert_is_found_by_the_request_id_inside(
    pki: TestPKI,
    inbox: InboxProcess,
    reader: InboxReader,
    dsp: requests.Session,
    mailbox: str,
    names_it_outside: bool,
) -> None:
    about = messages.request_id(pki, 2)
    document = messages.s1sp_alert(pki, about, outer=about if names_it_outside else None)
    assert post(dsp, inbox, mailbox, document) == 204
    seen = observation_of(reader.wait_for_request(mailbox, about, 5, awaited="the alert"))
    assert isinstance(seen, S1SPRejection)
    assert (seen.alert_code, seen.request_id, seen.dcc_alert_code) == ("S1VE64", about, "N55")


def test_a_device_alert_is_read(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    assert post(dsp, inbox, mailbox, messages.device_alert(pki, "ed-north")) == 204
    seen = observation_of(reader.wait(mailbox, lambda _: True, 5, awaited="the device alert"))
    assert isinstance(seen, DeviceAlertSeen)
    assert (seen.device_id, seen.alert_code) == (messages.DEVICE, "8F3F")


def test_a_repeated_message_is_acknowledged_and_flagged(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    document = messages.result(pki, messages.request_id(pki, 3))
    assert [post(dsp, inbox, mailbox, document) for _ in range(2)] == [204, 204]
    assert [message.duplicate for message in reader.messages(mailbox)] == [False, True]
    assert not reader.messages("another/ed-north")


REFUSED = {
    "not XML": (lambda pki, about: b"hello", "not acceptable as XML"),
    "document type": (
        lambda pki, about: (
            b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + messages.unsigned_result(pki, about).split(b"?>", 1)[1]
        ),
        "not acceptable as XML",
    ),
    "schema-invalid": (
        lambda pki, about: messages.result(pki, about).replace(b"ResponseDateTime", b"ResponseTime"),
        "not valid under the DUIS schema",
    ),
    "not signed by the DSP": (lambda pki, about: messages.unsigned_result(pki, about), "signature"),
    "altered outside": (
        lambda pki, about: messages.result(pki, about).replace(b">I0<", b">I99<"),
        "signature",
    ),
    "altered inside": (
        lambda pki, about: messages.result(
            pki,
            about,
            messages.signed_result(pki, about).replace(b'MessageSuccess="true"', b'MessageSuccess="false"'),
        ),
        "signature",
    ),
    "signed by a user": (
        lambda pki, about: messages.result(pki, about, signer=pki.party("is-a").xmlsign),
        "role 87",
    ),
    "signed inside by a user": (
        lambda pki, about: messages.result(
            pki, about, messages.signed_result(pki, about, pki.party("is-a").xmlsign)
        ),
        "role 87",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_valid_is_refused_and_kept_as_evidence(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str, case: str
) -> None:
    make, reason = REFUSED[case]
    document = make(pki, messages.request_id(pki, 4))
    assert post(dsp, inbox, mailbox, document) == 400
    (refused,) = reader.refused(mailbox)
    assert refused.document == document
    assert reason in refused.reason
    assert not reader.messages(mailbox)


def test_another_media_type_is_refused(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    document = messages.result(pki, messages.request_id(pki, 5))
    url = f"{inbox.base_url}/{mailbox}/smartdcc/duis"
    assert dsp.post(url, data=document, headers={"Content-Type": "text/plain"}, timeout=10).status_code == 400
    assert "Content-Type is text/plain" in reader.refused(mailbox)[0].reason


def test_a_message_too_large_is_refused(
    inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    assert post(dsp, inbox, mailbox, b"<a>" + b" " * 1024 * 1024 + b"</a>") == 413
    assert "larger than 1048576 octets" in reader.refused(mailbox)[0].reason


def test_a_client_without_a_certificate_is_not_let_in(
    pki: TestPKI, inbox: InboxProcess, mailbox: str
) -> None:
    url = f"{inbox.base_url}/{mailbox}/smartdcc/duis"
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(pki.tls("dsp").ca)
        with pytest.raises(requests.exceptions.ConnectionError):
            session.post(url, data=b"<a/>", timeout=10)


def test_a_wait_ends_when_the_message_comes_not_before(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    about = messages.request_id(pki, 6)
    found: list[bytes] = []
    waiter = threading.Thread(
        target=lambda: found.append(reader.wait_for_request(mailbox, about, 20, awaited="it").document)
    )
    waiter.start()
    post(dsp, inbox, mailbox, messages.device_alert(pki, "ed-north"))
    assert not found
    document = messages.result(pki, about)
    post(dsp, inbox, mailbox, document)
    waiter.join(20)
    assert found == [document]


def test_a_passed_deadline_tells_what_was_awaited_and_what_came(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    post(dsp, inbox, mailbox, b"nonsense")
    other = threading.Thread(
        target=lambda: post(dsp, inbox, mailbox, messages.result(pki, messages.request_id(pki, 8)))
    )
    other.start()
    with pytest.raises(DeadlinePassed) as caught:
        reader.wait_for_request(mailbox, messages.request_id(pki, 7), 1.0, awaited="the result of SRV 6.15.1")
    other.join()
    text = str(caught.value)
    assert "the result of SRV 6.15.1 within 1 s" in text
    assert f"result of 6.15.1 I0 for {messages.request_id(pki, 8)}" in text


def test_waiting_ends_at_once_when_what_is_awaited_was_refused(
    pki: TestPKI, inbox: InboxProcess, reader: InboxReader, dsp: requests.Session, mailbox: str
) -> None:
    about = messages.request_id(pki, 9)
    post(dsp, inbox, mailbox, messages.unsigned_result(pki, about))
    with pytest.raises(NonconformingAnswer, match="a message the inbox refused"):
        reader.wait_for_request(mailbox, about, 20, awaited="the result")


def test_a_busy_port_is_told(config: InboxConfig, inbox: InboxProcess, tmp_path: Path) -> None:
    other = config.model_copy(
        update={"port": inbox.port, "database": tmp_path / "db", "ready_file": tmp_path / "ready"}
    )
    with pytest.raises(HarnessError, match=rf"cannot listen on 127.0.0.1:{inbox.port}: .*callback.port"):
        InboxProcess(other, tmp_path).start()


def test_nothing_acknowledged_is_lost_when_the_inbox_is_killed(
    pki: TestPKI, config: InboxConfig, tmp_path: Path
) -> None:
    """Kill -9 at three moments of a run of 200 messages; the DSP sends again what was not acknowledged."""
    own = config.model_copy(update={"database": tmp_path / "inbox.sqlite", "ready_file": tmp_path / "ready"})
    process = InboxProcess(own, tmp_path)
    process.start()
    port = process.port
    documents = [messages.result(pki, messages.request_id(pki, counter)) for counter in range(200)]
    acknowledged: list[bytes] = []
    progress = threading.Event()
    files = pki.tls("dsp")

    def deliver() -> None:
        session = requests.Session()
        session.trust_env = False
        for document in documents:
            while True:
                try:
                    answer = session.post(
                        f"{process.base_url}/{MAILBOX}/smartdcc/duis",
                        data=document,
                        headers={"Content-Type": "application/xml"},
                        verify=str(files.ca),
                        cert=(str(files.certificate), str(files.key)),
                        timeout=10,
                    )
                except requests.exceptions.ConnectionError:
                    continue
                assert answer.status_code == 204
                break
            acknowledged.append(document)
            progress.set()

    sender = threading.Thread(target=deliver)
    sender.start()
    for moment in (20, 77, 140):
        while len(acknowledged) < moment:
            progress.wait(10)
            progress.clear()
        process.kill()
        process.start()
        assert process.port == port
    sender.join(120)
    assert len(acknowledged) == 200
    stored = InboxReader(own.database, load_trust(own.anchors, own.certificates)).messages(MAILBOX)
    process.close()
    assert {message.document for message in stored} == set(documents)
    assert [message.document for message in stored if not message.duplicate] == documents


def test_the_inbox_ends_with_the_process_that_started_it(config: InboxConfig, tmp_path: Path) -> None:
    own = config.model_copy(update={"database": tmp_path / "inbox.sqlite", "ready_file": tmp_path / "ready"})
    (tmp_path / "config.json").write_text(own.model_dump_json())
    program = (
        "import signal, sys; from pathlib import Path; from target.inbox import InboxConfig, InboxProcess\n"
        "config = InboxConfig.model_validate_json(Path(sys.argv[1]).read_text())\n"
        "process = InboxProcess(config, Path(sys.argv[2]))\n"
        "process.start(); print(process.port, flush=True); signal.pause()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "config.json"), str(tmp_path)], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) != 0:
                return
    pytest.fail("the inbox still listens")
