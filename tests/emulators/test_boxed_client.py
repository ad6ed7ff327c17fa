"""A client written for DCC Boxed: 8.2 to Non-Device, 6.24.1 and 6.15.1 to Send Command [CLIENT]."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from duis.requests import ReadInventoryBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.response import Response
from duis.signature import verify
from tests.emulators.running import NETWORK_OPERATOR, CallbackServer, Emulators, Estate


@pytest.fixture(params=["mutual TLS", "plain HTTP"])
def boxed(
    request: pytest.FixtureRequest, tmp_path: Path, emulators: Emulators, callback: CallbackServer
) -> Iterator[Estate]:
    if request.param == "mutual TLS":
        estate = Estate.create(emulators, callback, settings={"credentials_alert": False})
        yield estate
        estate.delete()
        return
    plain = Emulators(tmp_path / "state", ["--plain-http"]).start()
    server = CallbackServer()
    # The main estate is served at the root, as DCC Boxed does.
    yield Estate.create(plain, server, name="main", settings={"credentials_alert": False})
    server.close()
    assert plain.stop() == 0


def test_what_a_client_for_dcc_boxed_does(boxed: Estate) -> None:
    device = boxed.device()
    operator = boxed.registered(device, "ED")

    inventory = ReadInventoryBody(device_id=device["device_id"])
    request_id, document = boxed.request(operator, None, inventory, variant=8)
    answer = boxed.post(operator.name, document, "non_device")
    assert answer.headers["Content-Type"] == "application/xml"
    response = Response.parse(verify(answer.content, boxed.pki.trust_store()).root)
    assert (response.request_id, response.response_code) == (request_id, "I0")
    (found,) = response.message.inventory
    assert (found.device_id, found.import_mpxn) == (device["device_id"], device["mpxn"])
    assert (found.csp_region, found.s1sp) == ("SMETS1", "S1SP1")

    read, code = boxed.send(operator, device, RetrieveDeviceSecurityCredentialsKRPBody((NETWORK_OPERATOR,)))
    assert code == "I99"
    _, message = boxed.next_message()
    assert message.response.request_id == read

    written, code = boxed.send(operator, device, boxed.replacement(operator))
    assert code == "I99"
    _, message = boxed.next_message()
    assert message.response.request_id == written
    assert message.inner.payload.message_success is True


def test_inventory_by_point_and_unknown(estate: Estate) -> None:
    device = estate.device("GPF")
    operator = estate.registered(device, "GT")

    def read(body: ReadInventoryBody) -> Response:
        _, document = estate.request(operator, None, body, variant=8)
        return Response.parse(estate.post(operator.name, document, "non_device").content)

    found = {each.device_type for each in read(ReadInventoryBody(mpxn=device["mpxn"])).message.inventory}
    assert found == {"GPF", "GSME"}
    assert read(ReadInventoryBody(mpxn="1")).response_code == "E19"
    assert read(ReadInventoryBody(uprn=1)).response_code == "E19"
    estate.manage("DSP", "PATCH", "", {"settings": {"unknown_inventory": "empty"}})
    nothing = read(ReadInventoryBody(mpxn="1"))
    assert (nothing.response_code, nothing.message.inventory) == ("I0", None)


@pytest.mark.parametrize("service", ["transform", "non_device"])
def test_a_smets1_request_belongs_to_send_command(estate: Estate, service: str) -> None:
    device = estate.device()
    operator = estate.registered(device, "ED")
    _, document = estate.request(operator, device, estate.replacement(operator))
    answer = estate.post(operator.name, document, service)
    assert Response.parse(answer.content).response_code == "E13"
