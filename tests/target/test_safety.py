"""No document leaves for a device that nobody listed, nor more documents than the budget has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import Body, ReadInventoryBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.requests.join_service import JoinServiceCriticalBody
from duis.roles import RemotePartyRole
from duis.smki.testpki import TestPKI
from target.courier import Carried, Parcel
from target.file import TargetFile
from target.gateway import HttpAnswer, Service
from target.journal import Journal
from target.journal_courier import JournalCourier
from target.safety import Budget, BudgetExhausted, DeviceNotListed, ListedDevicesOnly
from tests.target.pooled_file import ESME, GPF, pooled_target

STRANGER = EUI64("00-DB-12-34-56-78-90-FF")
NOBODY = EUI64("02-53-31-FF-FF-FF-FF-FE")
USER = EUI64("90-B3-D5-1F-30-01-00-00")
READ = RetrieveDeviceSecurityCredentialsKRPBody((RemotePartyRole.SUPPLIER,))


class Gateway:
    """Stands in for the DSP and notes what reaches it."""

    def __init__(self) -> None:
        self.documents: list[bytes] = []

    def carry(self, parcel: Parcel) -> Carried:
        self.documents.append(parcel.document)
        return Carried(parcel, HttpAnswer(200, "application/xml", b"", 0.0))


@pytest.fixture
def target(pki: TestPKI, tmp_path: Path) -> TargetFile:
    return pooled_target(pki, tmp_path)


def parcel(device: str, body: Body = READ, *, document: bytes | None = None, bare: bool = False) -> Parcel:
    request = ServiceRequest(RequestID(USER, EUI64(device), 7), 1, body)
    octets = request.to_xml() if document is None else document
    known = (None, None) if bare else (request, request.request_id)
    return Parcel("is-a", USER, octets, *known, Service.SEND_COMMAND, "SRV 6.24.1 of is-a")


def carry(target: TargetFile, what: Parcel) -> list[bytes]:
    gateway = Gateway()
    ListedDevicesOnly(gateway, target).carry(what)
    return gateway.documents


@pytest.mark.parametrize("device", [ESME, GPF])
def test_listed_devices_may_be_addressed(target: TargetFile, device: str) -> None:
    assert len(carry(target, parcel(device))) == 1


def test_the_dsp_may_be_addressed(target: TargetFile) -> None:
    dsp = target.dsp.entity_identifier
    assert len(carry(target, parcel(dsp, ReadInventoryBody(device_id=EUI64(ESME))))) == 1


def test_another_device_is_refused_with_the_key_that_would_list_it(target: TargetFile) -> None:
    gateway = Gateway()
    with pytest.raises(DeviceNotListed, match=rf"SRV 6\.24\.1 of is-a .*{STRANGER}.*device_id.*sit\.toml"):
        ListedDevicesOnly(gateway, target).carry(parcel(STRANGER))
    assert gateway.documents == []


def test_the_device_of_nobody_may_be_addressed_once_it_is_listed(pki: TestPKI, tmp_path: Path) -> None:
    with pytest.raises(DeviceNotListed):
        carry(pooled_target(pki, tmp_path), parcel(NOBODY))
    listed = pooled_target(pki, tmp_path, safety=f'unknown_device = "{NOBODY}"')
    assert len(carry(listed, parcel(NOBODY))) == 1


def octets_for(device: str) -> bytes:
    return ServiceRequest(RequestID(USER, EUI64(device), 7), 1, READ).to_xml()


@pytest.mark.parametrize(
    "document",
    [
        octets_for(STRANGER),
        octets_for(STRANGER).lower(),
        octets_for(STRANGER).decode().encode("utf-16"),
        octets_for(STRANGER)[:-40],
        octets_for(STRANGER).replace(b"RequestID", b"RequestId").replace(b"<sr:Body>", b"<"),
    ],
    ids=["as built", "lower case", "UTF-16", "cut short", "not well-formed"],
)
def test_what_counts_is_in_the_octets_too(target: TargetFile, document: bytes) -> None:
    for claimed in (parcel(ESME, document=document), parcel(ESME, document=document, bare=True)):
        with pytest.raises(DeviceNotListed, match=STRANGER):
            carry(target, claimed)


def test_a_device_that_the_body_names_counts(target: TargetFile) -> None:
    dsp = target.dsp.entity_identifier
    with pytest.raises(DeviceNotListed, match=STRANGER):
        carry(target, parcel(dsp, ReadInventoryBody(device_id=STRANGER)))
    with pytest.raises(DeviceNotListed, match=STRANGER):
        carry(target, parcel(ESME, JoinServiceCriticalBody(other_device_id=STRANGER)))


def test_what_names_no_device_at_all_may_be_sent(target: TargetFile) -> None:
    assert carry(target, parcel(ESME, document=b"<Nonsense/>", bare=True)) == [b"<Nonsense/>"]


def test_the_budget_holds_over_many_senders_and_lets_what_is_recalled_pass(tmp_path: Path) -> None:
    """Each sender has a courier of its own, as workers have; the journal counts for all of them."""
    gateway, limit = Gateway(), 5
    journal = Journal(tmp_path / "journal.sqlite")

    def send_four(scenario: str) -> list[str]:
        attempt = journal.begin(scenario, [EUI64(ESME)], since=0, refused_since=0)
        budget = Budget(gateway, limit, journal.requests_sent)
        courier = JournalCourier(budget, journal, scenario, attempt.number)
        outcomes = []
        for _ in range(4):
            try:
                courier.carry(parcel(ESME))
            except BudgetExhausted as exhausted:
                outcomes.append(str(exhausted))
        return outcomes

    with ThreadPoolExecutor(4) as pool:
        refusals = [each for found in pool.map(send_four, "abcd") for each in found]
    assert len(gateway.documents) <= limit
    assert len(refusals) == 16 - len(gateway.documents)
    assert "budget of 5 Service Requests; raise safety.request_budget" in refusals[0]
    assert journal.requests_sent() == len(gateway.documents)


def test_every_request_of_the_budget_can_be_used(tmp_path: Path) -> None:
    gateway = Gateway()
    journal = Journal(tmp_path / "journal.sqlite")
    attempt = journal.begin("a", [EUI64(ESME)], since=0, refused_since=0)
    courier = JournalCourier(Budget(gateway, 2, journal.requests_sent), journal, "a", attempt.number)
    for _ in range(2):
        courier.carry(parcel(ESME))
    with pytest.raises(BudgetExhausted):
        courier.carry(parcel(ESME))
    assert len(gateway.documents) == 2
