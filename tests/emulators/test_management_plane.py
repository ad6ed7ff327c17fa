"""The management planes: estates apart from one another, and what a tester may arrange."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from duis.requests import ReadInstantaneousImportRegistersBody
from tests.emulators.running import Estate


def test_estates_do_not_see_one_another(new_estate: Callable[..., Estate]) -> None:
    settings = {"credentials_alert": False}
    one, two = new_estate(settings=settings), new_estate(settings=settings)
    device = one.device()
    correct, incorrect = one.registered(device, "ED"), one.other(device, "ED")
    untouched = two.slot(device)
    request_id, code = one.send(correct, device, one.replacement(incorrect))
    assert code == "I99"
    one.next_message()
    assert one.slot(device)["party"] == incorrect.entity_identifier
    assert two.slot(device) == untouched
    assert two.manage("DSP", "GET", "/traffic") == []
    # Counters belong to the estate as well.
    assert two.send(correct, device, two.replacement(incorrect), counter=request_id.counter)[1] == "I99"
    two.next_message()


def test_another_seed_is_another_population(new_estate: Callable[..., Estate]) -> None:
    one, two = new_estate(seed=1), new_estate(seed=2, sets_per_s1sp=2)
    assert len(one.devices) == 15
    assert len(two.devices) == 30
    assert {each["device_id"] for each in one.devices}.isdisjoint(each["device_id"] for each in two.devices)
    assert {each["s1sp"] for each in one.devices} == {"S1SP1", "S1SP2", "S1SP3"}


def test_an_estate_that_is_created_again_is_new(new_estate: Callable[..., Estate]) -> None:
    first = new_estate()
    device = first.device()
    first.put_slot(device, "ACB")
    again = new_estate(name=first.name)
    assert again.slot(device)["party"] == again.registered(device, "ED").entity_identifier


def test_a_deleted_estate_is_gone(new_estate: Callable[..., Estate]) -> None:
    estate = new_estate()
    device = estate.device()
    operator = estate.registered(device, "ED")
    estate.manage("DSP", "DELETE")
    assert estate.send(operator, device, estate.replacement(operator))[1] == "HTTP 404"


def test_registration_data_with_effective_dates(estate: Estate) -> None:
    device = estate.device()
    correct, other = estate.registered(device, "ED"), estate.other(device, "ED")
    rows = estate.manage("DSP", "GET", "/registrations")
    for row in rows:
        if row["mpxn"] == device["mpxn"] and row["role"] == "ED":
            row["effective_to"] = datetime.now(UTC).isoformat()
    successor = {
        "mpxn": device["mpxn"],
        "role": "ED",
        "user_id": other.entity_identifier,
        "effective_from": datetime.now(UTC).isoformat(),
        "effective_to": None,
    }
    for component in ("DSP", "S1SP1"):
        estate.manage(component, "PUT", "/registrations", [*rows, successor])
    body = ReadInstantaneousImportRegistersBody()
    assert estate.send(correct, device, body)[1] == "E4"
    assert estate.send(other, device, body)[1] == "I99"
    assert estate.result()[1].message_success is True
    shown = next(
        each for each in estate.manage("DSP", "GET")["devices"] if each["device_id"] == device["device_id"]
    )
    assert shown["registered"]["ED"] == other.entity_identifier


def test_the_status_of_a_device(estate: Estate) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    path = f"/devices/{device['device_id']}"
    assert estate.manage("DSP", "PUT", path, {"device_status": "Suspended"})["device_status"] == "Suspended"
    assert estate.send(operator, device, ReadInstantaneousImportRegistersBody())[1] == "E5"


@pytest.mark.parametrize(
    ("attributes", "says"),
    [({"model": None}, "model: a text is expected"), ({"mpxn": 1}, "mpxn: a text or null is expected")],
)
def test_malformed_attributes_of_a_device(estate: Estate, attributes: dict[str, object], says: str) -> None:
    device = estate.device()
    path = f"/devices/{device['device_id']}"
    before = estate.manage("DSP", "GET", path)
    url = f"{estate.emulators.target['dsp']['management']}/estates/{estate.name}{path}"
    answer = estate.management.put(url, json=attributes, timeout=5)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert estate.manage("DSP", "GET", path) == before


def test_given_certificates_in_a_slot(estate: Estate) -> None:
    device = estate.device()
    one, two = estate.pki.party("ed-north"), estate.pki.party("ed-south")
    content = {
        "digital_signing": base64.b64encode(one.digital_signing.der).decode(),
        "key_agreement": base64.b64encode(two.key_agreement.der).decode(),
    }
    path = f"/devices/{device['device_id']}/slots/NetworkOperator"
    estate.manage("S1SP1", "PUT", path, content)
    assert estate.slot(device) == {"party": one.entity_identifier, **content}
    assert estate.send(two, device, estate.replacement(two))[1] == "I99"
    assert estate.result()[1].s1sp_alert_code == "S1VE64"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("PUT", "", {"seeds": 1}, 400, "seeds"),
        ("PUT", "", {"settings": {"exemption": "slot"}}, 400, "settings.exemption"),
        ("PUT", "", {"deviations": ["dsp-is-perfect"]}, 400, "dsp-is-perfect"),
        ("PUT", "", {"callbacks": {"02-53-31-00-00-00-00-FF": "http://x"}}, 400, "not a Service User"),
        ("PATCH", "", {"seed": 2}, 400, "nothing else"),
        ("PUT", "/registrations", {"mpxn": "1"}, 400, "a list is expected"),
        ("PUT", "/registrations", [{"mpxn": "1"}], 400, "without role"),
        ("GET", "/devices/00-00-00-00-00-00-00-00", None, 404, "no device"),
        ("GET", "/devices/x", None, 400, "EUI-64"),
        ("POST", "/faults", {"srv": "4.1.1", "action": "explode"}, 400, "action"),
    ],
)
def test_mistakes_get_one_line(
    estate: Estate, method: str, path: str, body: object, status: int, says: str
) -> None:
    url = f"{estate.emulators.target['dsp']['management']}/estates/{estate.name}{path}"
    answer = estate.management.request(method, url, json=body, timeout=5)
    assert answer.status_code == status
    assert says in answer.json()["error"]


def test_an_unknown_estate(estate: Estate) -> None:
    url = f"{estate.emulators.target['dsp']['management']}/estates/nowhere"
    answer = estate.management.get(url, timeout=5)
    assert (answer.status_code, answer.json()) == (404, {"error": "no estate 'nowhere'"})


def test_the_list_of_deviations(estate: Estate) -> None:
    answer = estate.management.get(f"{estate.emulators.target['dsp']['management']}/deviations", timeout=5)
    listed = {each["name"]: each["component"] for each in answer.json()}
    assert listed["dsp-keeps-rdp-check"] == "dsp"
    assert listed["s1sp-skips-owner-check"] == "s1sp"
    assert listed["dsp-skips-certificate-role"] == "both"
