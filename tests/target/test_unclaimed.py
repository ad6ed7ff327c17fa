"""At the end of a run it is told what arrived and belongs to no scenario."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from duis.identifiers import RequestID
from duis.smki.testpki import TestPKI
from target.file import TargetFile
from target.inbox import InboxReader
from target.inbox.store import InboxStore, Names
from target.journal import Journal
from target.journal_records import JournaledParcel
from target.trust import load_trust
from target.unclaimed import begun, unclaimed
from tests.target import messages

MAILBOX = "main/ed-north"


def sent(journal: Journal, request_id: RequestID, ago: float = 0.0) -> None:
    attempt = journal.begin("scenario", (request_id.target,))
    at = datetime.now(UTC) - timedelta(seconds=ago)
    parcel = JournaledParcel(
        ordinal=1,
        sent_at=at,
        sender="ed-north",
        user_id=request_id.originator,
        service="Send Command",
        title="SRV 6.15.1 of ed-north",
        srv="6.15.1",
        device_id=request_id.target,
        request_id=request_id,
        digest="",
        document=b"",
    )
    journal.write(attempt.scenario, attempt.number, parcel)


def test_messages_of_nobody_late_ones_duplicates_and_refused_ones(pki: TestPKI, tmp_path: Path) -> None:
    store = InboxStore(tmp_path / "inbox.sqlite")
    trust = load_trust(
        (pki.directory / "smki" / "root.pem",),
        (pki.directory / "smki" / "issuing.pem", pki.directory / "parties"),
    )
    reader = InboxReader(tmp_path / "inbox.sqlite", trust)
    own, other = Journal(tmp_path / "own.sqlite"), Journal(tmp_path / "other.sqlite")
    mine, late, unknown, of_another_run = (messages.request_id(pki, number) for number in (1, 2, 3, 4))

    def arrives(document: bytes, *, duplicate: bool = False) -> None:
        store.keep(MAILBOX, document, Names((), ()), duplicate=duplicate)

    arrives(messages.result(pki, messages.request_id(pki, 9)))  # before the run
    since = begun(own, reader)
    target = cast(
        TargetFile,
        SimpleNamespace(
            service_user=[SimpleNamespace(name="ed-north")],
            deadlines=SimpleNamespace(result_of=lambda _: 30.0),
        ),
    )
    arrives(messages.device_alert(pki, "ed-north"))  # about a device that nobody has leased
    sent(own, mine)
    sent(own, late, ago=31)
    sent(other, of_another_run)
    arrives(messages.result(pki, mine))
    arrives(messages.result(pki, mine), duplicate=True)
    arrives(messages.result(pki, late))
    arrives(messages.result(pki, unknown))
    arrives(messages.result(pki, of_another_run))
    arrives(messages.device_alert(pki, "ed-north"))  # of a device that is leased by now
    store.keep_refused(MAILBOX, b"nonsense", "application/xml", "not acceptable as XML")

    assert begun(own, reader) == since  # a resumed run began when it was first started
    found = unclaimed(target, reader, [tmp_path / "other.sqlite"], own, *since)
    assert found.counts == {"of nobody": 2, "duplicate": 1, "late": 1, "refused": 1}
    assert len(found.lines) == 5
    assert any(f"of nobody: result of 6.15.1 I0 for {unknown}" in line for line in found.lines)
    assert any("of nobody: device alert 8F3F" in line for line in found.lines)
    assert any("not acceptable as XML" in line for line in found.lines)
