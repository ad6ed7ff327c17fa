"""What a run sends is written down before it leaves, and recalled when the run is resumed."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import ReadInventoryBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import RemotePartyRole
from target.courier import Carried, Parcel
from target.errors import DeadlinePassed, EndpointUnreachable
from target.evidence import Evidence, EvidenceItem
from target.gateway import HttpAnswer, Service
from target.journal import Journal
from target.journal_courier import JournalCourier, NotReplayable
from target.scope import Scope

USER = EUI64("90-B3-D5-1F-30-01-00-00")
DEVICE = EUI64("00-DB-12-34-56-78-90-A0")
OTHER = EUI64("00-DB-12-34-56-78-90-A1")
ANSWER = HttpAnswer(200, "application/xml", b"<Response/>", 0.25)


class Gateway:
    """Stands in for the DSP: notes what is sent, and answers, or does what `trouble` says."""

    def __init__(self, trouble: BaseException | None = None) -> None:
        self.sent: list[bytes] = []
        self._trouble = trouble

    def carry(self, parcel: Parcel) -> Carried:
        self.sent.append(parcel.document)
        if self._trouble is not None:
            raise self._trouble
        return Carried(parcel, ANSWER)


def parcel(counter: int, device: EUI64 = DEVICE, body: object = None) -> Parcel:
    """A request; another run makes the same with another counter."""
    request = ServiceRequest(
        RequestID(USER, device, counter),
        1,
        body or RetrieveDeviceSecurityCredentialsKRPBody((RemotePartyRole.SUPPLIER,)),
    )
    document = request.to_xml()
    return Parcel(
        "is-a", USER, document, request, request.request_id, Service.SEND_COMMAND, "SRV 6.24.1 of is-a"
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite")


def courier(journal: Journal, gateway: Gateway, number: int = 1, **more: Evidence) -> JournalCourier:
    return JournalCourier(gateway, journal, "scenario", number, **more)


def test_a_resumed_attempt_sends_only_what_it_had_not_sent(journal: Journal) -> None:
    gateway = Gateway()
    journal.begin("scenario", (DEVICE,), since=7, refused_since=2)
    first = courier(journal, gateway)
    originals = [first.carry(parcel(1)), first.carry(parcel(2))]

    attempt = journal.interrupted("scenario")
    assert attempt is not None
    assert (attempt.number, attempt.devices, attempt.since, attempt.refused_since) == (1, (DEVICE,), 7, 2)
    items: list[EvidenceItem] = []
    evidence = Evidence()
    evidence.subscribe(items.append)
    again = courier(journal, gateway, evidence=evidence)
    recalled = [again.carry(parcel(11)), again.carry(parcel(12))]
    assert [each.parcel for each in recalled] == [each.parcel for each in originals]
    assert [each.answer for each in recalled] == [ANSWER, ANSWER]
    assert again.replaying is False
    third = again.carry(parcel(13))
    assert third.parcel.request_id == RequestID(USER, DEVICE, 13)
    assert gateway.sent == [parcel(counter).document for counter in (1, 2, 13)]
    assert journal.requests_sent() == 3
    assert [(item.direction, item.document) for item in items] == [
        ("sent", parcel(1).document),
        ("received", ANSWER.document),
        ("sent", parcel(2).document),
        ("received", ANSWER.document),
    ]


@pytest.mark.parametrize(
    "different",
    [
        parcel(11, OTHER),
        parcel(11, body=ReadInventoryBody(device_id=DEVICE)),
        replace(parcel(11), sender="is-b"),
        replace(parcel(11), service=Service.NON_DEVICE),
    ],
    ids=["another device", "another SRV", "another sender", "another service"],
)
def test_an_attempt_that_goes_another_way_cannot_be_replayed(journal: Journal, different: Parcel) -> None:
    gateway = Gateway()
    journal.begin("scenario")
    before = courier(journal, gateway)
    before.carry(parcel(1))
    before.carry(parcel(2))
    again = courier(journal, gateway)
    with pytest.raises(NotReplayable, match=r"SRV 6.24.1 of is-a for .* to Send Command"):
        again.carry(different)
    # what is carried after that, to restore the device, is sent
    again.carry(parcel(12))
    assert gateway.sent == [parcel(counter).document for counter in (1, 2, 12)]
    assert journal.requests_sent() == 3


def test_a_late_synchronous_answer_is_recalled_as_one(journal: Journal) -> None:
    journal.begin("scenario")
    with pytest.raises(DeadlinePassed):
        courier(journal, Gateway(DeadlinePassed("the answer", 10.0))).carry(parcel(1))
    gateway = Gateway()
    with pytest.raises(DeadlinePassed, match="the answer within 10 s"):
        courier(journal, gateway).carry(parcel(11))
    assert gateway.sent == []


def test_a_conversation_that_broke_is_not_replayed(journal: Journal) -> None:
    journal.begin("scenario")
    with pytest.raises(EndpointUnreachable):
        courier(journal, Gateway(EndpointUnreachable("https://dsp", "it broke", "Look."))).carry(parcel(1))
    gateway = Gateway()
    with pytest.raises(NotReplayable, match="it broke"):
        courier(journal, gateway).carry(parcel(11))
    assert gateway.sent == []


KILLED = """
import os, signal, sys
from pathlib import Path
from target.journal import Journal
from tests.target.test_journal import Gateway, JournalCourier, parcel

class Killed(Gateway):
    def carry(self, parcel):
        os.kill(os.getpid(), signal.SIGKILL)

journal = Journal(Path(sys.argv[1]))
attempt = journal.begin("scenario")
JournalCourier(Gateway(), journal, "scenario", attempt.number).carry(parcel(1))
courier = JournalCourier(Killed(), journal, "scenario", attempt.number)
courier.carry(parcel(1))
courier.carry(parcel(2))
"""


def test_a_request_on_its_way_when_the_run_was_killed_is_not_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    journal, gateway = Journal(path), Gateway()
    again = courier(journal, gateway)
    assert again.carry(parcel(11)).answer == ANSWER
    lost = again.carry(parcel(12))
    assert lost.answer is None
    assert lost.parcel.request_id == RequestID(USER, DEVICE, 2)
    assert lost.parcel.document == parcel(2).document
    assert gateway.sent == []


def test_attempts_end_and_the_next_one_has_nothing_to_recall(journal: Journal) -> None:
    gateway = Gateway()
    attempt = journal.begin("scenario")
    courier(journal, gateway).carry(parcel(1))
    journal.note_side_effect(attempt, "switch MP107 off at S1SP1")
    interrupted = journal.interrupted("scenario")
    assert interrupted is not None
    assert interrupted.side_effects == ("switch MP107 off at S1SP1",)
    journal.abandon(attempt, "S1SP1 was switched")
    assert journal.interrupted("scenario") is None
    second = journal.begin("scenario")
    assert second.number == 2
    assert courier(journal, gateway, 2).carry(parcel(2)).parcel.request_id == RequestID(USER, DEVICE, 2)
    journal.conclude(second, {"status": "passed"})
    assert [(each.number, each.state, each.reason) for each in journal.attempts("scenario")] == [
        (1, "abandoned", "S1SP1 was switched"),
        (2, "concluded", ""),
    ]
    assert journal.conclusions() == {"scenario": {"status": "passed"}}
    assert journal.interrupted("another") is None


def test_a_replay_looks_at_the_mailboxes_from_where_the_attempt_looked(journal: Journal) -> None:
    attempt = journal.begin("scenario", (DEVICE,), since=5)
    before = Scope.of(journal, attempt)
    assert [before.mark("main/a", 10), before.mark("main/b", 12), before.mark("main/a", 14)] == [10, 12, 14]
    again = Scope.of(journal, attempt)
    assert [again.mark("main/a", 90), again.mark("main/b", 91), again.mark("main/a", 92)] == [10, 12, 14]
    assert again.mark("main/a", 93) == 93
    assert (again.since, again.devices) == (5, {DEVICE})
