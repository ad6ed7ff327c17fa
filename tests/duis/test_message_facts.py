"""What is told of a message without its XML being read; nothing is presumed of the message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duis.message_facts import CODES, message_facts
from tests.duis.samples import DEVICE, DOCUMENTS, REQUEST_ID, USER

IDENTIFIED = {"RequestID": str(REQUEST_ID)}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "request 6.15.1, signed",
            {
                **IDENTIFIED,
                "message": "UpdateSecurityCredentialsKRP",
                "ServiceReferenceVariant": "6.15.1",
                "BusinessOriginatorID": str(USER),
                "BusinessTargetID": str(DEVICE),
                "OriginatorCounter": "1200",
                "signatures": "1",
            },
        ),
        ("request 6.15.1", {**IDENTIFIED, "signatures": "0"}),
        (
            "response acknowledgement",
            {
                **IDENTIFIED,
                "message": "ResponseMessage",
                "ResponseCode": "I99",
                "ServiceReferenceVariant": "6.15.1",
            },
        ),
        ("response rejection", {**IDENTIFIED, "ResponseCode": "E4", "signatures": "0"}),
        (
            "response result, signed",
            {**IDENTIFIED, "message": "SMETS1ResponseMessage", "ResponseCode": "I0", "signatures": "2"},
        ),
        (
            "response N55, signed",
            {
                **IDENTIFIED,
                "message": "DCCAlertMessage",
                "DCCAlertCode": "N55",
                "S1SPAlertCode": "S1VE64",
                "AdditionalInformation": "not the party in the slot",
                "DeviceID": str(DEVICE),
                "signatures": "2",
            },
        ),
        (
            "response N42",
            {"DCCAlertCode": "N42", "DeviceID": str(DEVICE), "RemotePartyRole": "NetworkOperator"},
        ),
        (
            "response alert of a SMETS1 device",
            {"GBCSHexAlertCode": "8F3F", "BusinessOriginatorID": str(DEVICE)},
        ),
        ("response alert of a SMETS2 device", {"message": "DeviceAlertMessage", "AlertCode": "8F3F"}),
        ("response inventory", {"ServiceReferenceVariant": "8.2", "DeviceID": f"{DEVICE}, {USER}"}),
    ],
)
def test_a_message_is_told_in_brief(name: str, told: dict[str, str]) -> None:
    facts = message_facts(DOCUMENTS[name])
    assert told.items() <= facts.items()


def test_who_holds_the_slots_is_told() -> None:
    details = "".join(
        f"<RemotePartyDetails><RemotePartyRole>{role}</RemotePartyRole>"
        f"<ExistingRemotePartyID>{party}</ExistingRemotePartyID></RemotePartyDetails>"
        for role, party in (("Supplier", "31"), ("NetworkOperator", "11"), ("NetworkOperator", "11"))
    )
    facts = message_facts(
        f"<Response><Body><Rsp MessageSuccess='false'>{details}</Rsp></Body></Response>".encode()
    )
    assert facts["slots"] == "Supplier: 31, NetworkOperator: 11"
    assert facts["MessageSuccess"] == "false"
    assert "RemotePartyRole" not in facts


def test_a_slot_without_a_role_is_told_as_well() -> None:
    facts = message_facts(b"<Response><RemotePartyDetails/></Response>")
    assert facts["slots"] == "?: nobody"


def test_every_kind_of_message_is_told() -> None:
    for name, document in DOCUMENTS.items():
        facts = message_facts(document)
        assert facts["message"], name
        assert "not XML" not in facts, name
        if name.startswith("response"):
            assert any(code in facts for code in CODES), name


@pytest.mark.parametrize(
    "document",
    [
        b"plain text",
        b"<open>",
        b"\xff\xfe\x00",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a>" * 5000,
    ],
    ids=["text", "unclosed", "octets", "entities", "deep"],
)
def test_what_is_not_xml_says_so(document: bytes) -> None:
    facts = message_facts(document)
    assert list(facts) == ["not XML"]


def test_nothing_is_told_of_nothing() -> None:
    assert message_facts(b"") == {}


def test_a_hostile_message_does_not_fill_the_record() -> None:
    long = "A" * 100_000
    requests = f"<RequestID>{long}</RequestID>" * 5
    devices = "".join(f"<DeviceID>{number}</DeviceID>" for number in range(1000))
    document = f"<Response><Body><{long[:60000]}/></Body>{requests}{devices}</Response>".encode()
    assert all(len(value) <= 200 for value in message_facts(document).values())


@given(
    st.binary() | st.sampled_from(sorted(DOCUMENTS)).map(DOCUMENTS.__getitem__),
    st.integers(0, 4000),
    st.binary(),
)
def test_it_never_raises(document: bytes, place: int, garbage: bytes) -> None:
    facts = message_facts(document[:place] + garbage + document[place:])
    assert all(isinstance(value, str) for value in facts.values())
