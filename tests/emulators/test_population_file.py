"""A population from a file: what the DSP and an S1SP make of it, and what is said of a wrong one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from duis.identifiers import EUI64
from duis.roles import DeviceStatus, RemotePartyRole, UserRole
from emulators.config import ConfigurationError
from emulators.population_file import load_population
from emulators.registration import RegistrationData

HOLDERS = {EUI64(f"02-53-31-00-00-00-00-{number}") for number in (11, 12, 31)}
GOOD: dict[str, Any] = {
    "devices": [
        {
            "device_id": "02-77-00-00-00-00-00-01",
            "device_type": "ESME",
            "s1sp": "S1SP1",
            "mpxn": "12" * 6 + "1",
        },
        {
            "device_id": "02-77-00-00-00-00-00-02",
            "device_type": "GPF",
            "s1sp": "S1SP2",
            "mpxn": "39384244",
            "chf_id": "02-77-00-00-00-00-00-03",
            "device_status": "Suspended",
        },
        {"device_id": "02-77-00-00-00-00-00-03", "device_type": "CHF", "s1sp": "S1SP2"},
        {"device_id": "02-77-00-00-00-00-00-04", "device_type": "ESME", "smets_version": "SMETS2"},
    ],
    "registrations": [
        {
            "mpxn": "12" * 6 + "1",
            "role": "ED",
            "user_id": "02-53-31-00-00-00-00-11",
            "effective_from": "2020-01-01T00:00:00Z",
        },
        {
            "mpxn": "39384244",
            "role": "GS",
            "user_id": "02-53-31-00-00-00-00-99",
            "effective_from": "2020-01-01T00:00:00+00:00",
            "effective_to": "2021-01-01T00:00:00+00:00",
        },
    ],
    "slots": [
        {
            "device_id": "02-77-00-00-00-00-00-01",
            "remote_party_role": "NetworkOperator",
            "party": "02-53-31-00-00-00-00-12",
        },
        {"device_id": "02-77-00-00-00-00-00-02", "remote_party_role": "NetworkOperator", "party": "ACB"},
    ],
}


def _write(folder: Path, document: Any) -> Path:
    path = folder / "population.json"
    path.write_text(json.dumps(document))
    return path


def test_the_whole(tmp_path: Path) -> None:
    population = load_population(_write(tmp_path, GOOD), s1sps=("S1SP1", "S1SP2"))
    esme, gpf, hub, other = population.devices
    assert (esme.device_status, gpf.device_status) == (DeviceStatus.COMMISSIONED, DeviceStatus.SUSPENDED)
    assert (gpf.set_id, gpf.chf_id) == (hub.set_id, hub.device_id)
    assert len({each.set_id for each in population.devices}) == 3
    assert (esme.is_smets1, other.is_smets1, other.s1sp) == (True, False, None)
    data = RegistrationData(population.registrations)
    now = datetime.now(UTC)
    assert data.registered("12" * 6 + "1", UserRole("ED"), now) == "02-53-31-00-00-00-00-11"
    assert data.registered("39384244", UserRole("GS"), now) is None
    assert [each.party for each in population.slots] == ["02-53-31-00-00-00-00-12", "ACB"]


def test_an_s1sp_takes_what_is_its_own(tmp_path: Path) -> None:
    population = load_population(_write(tmp_path, GOOD), only="S1SP2", holders=HOLDERS)
    assert [each.device_type for each in population.devices] == ["GPF", "CHF"]
    assert [each.mpxn for each in population.registrations] == ["39384244"]
    assert [(each.remote_party_role, each.party) for each in population.slots] == [
        (RemotePartyRole.NETWORK_OPERATOR, "ACB")
    ]


def _with(table: str, index: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document[table][index].update(fields)

    return change


def _without(table: str, index: int, field: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        del document[table][index][field]

    return change


def _again(table: str, index: int) -> Callable[[dict[str, Any]], None]:
    return lambda document: document[table].append(document[table][index])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda document: document.pop("devices"), "devices: Field required"),
        (_with("devices", 0, device_id="02-77"), "devices[0].device_id: Value error, expected an EUI-64"),
        (_with("devices", 1, device_type="KETTLE"), "devices[1].device_type: Input should be"),
        (_with("devices", 1, mpxn="12345678901"), "devices[1].mpxn: Value error, expected an MPAN"),
        (_with("devices", 1, chfid="x"), "devices[1].chfid: Extra inputs"),
        (_without("devices", 0, "s1sp"), "devices[0]: Value error, s1sp is needed for a SMETS1 device"),
        (_with("devices", 2, s1sp="S1SP7"), "devices[2].s1sp: no S1SP 'S1SP7' in [s1sps]"),
        (_again("devices", 0), "devices[4].device_id: 02-77-00-00-00-00-00-01 is listed twice"),
        (_with("registrations", 0, role="OU"), "registrations[0]: Value error, nobody is registered as OU"),
        (_with("registrations", 0, mpxn="1"), "registrations[0].mpxn: no device of this file has the mpxn 1"),
        (_with("registrations", 1, effective_to="2019-01-01T00:00:00Z"), "ends before it starts"),
        (
            _with("registrations", 1, effective_from="2020-01-01T00:00:00"),
            "registrations[1].effective_from: Input should have timezone",
        ),
        (
            _with("slots", 0, device_id="02-77-00-00-00-00-00-09"),
            "slots[0].device_id: 02-77-00-00-00-00-00-09",
        ),
        (_with("slots", 0, remote_party_role="NO"), "slots[0].remote_party_role: Input should be"),
        (_with("slots", 0, party="DCC"), 'slots[0].party: Value error, expected an EUI-64 or "ACB"'),
        (
            _with("slots", 0, party="02-53-31-00-00-00-00-99"),
            "slots[0].party: 02-53-31-00-00-00-00-99 has no",
        ),
        (_again("slots", 1), "slots[2].device_id: NetworkOperator slot of 02-77-00-00-00-00-00-02 is listed"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    document = copy.deepcopy(GOOD)
    change(document)
    path = _write(tmp_path, document)
    with pytest.raises(ConfigurationError) as caught:
        load_population(path, s1sps=("S1SP1", "S1SP2"), holders=HOLDERS)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


def test_every_mistake_has_a_line(tmp_path: Path) -> None:
    document = copy.deepcopy(GOOD)
    document["slots"][0]["device_id"] = document["slots"][1]["device_id"] = "02-77-00-00-00-00-00-09"
    with pytest.raises(ConfigurationError) as caught:
        load_population(_write(tmp_path, document))
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not valid JSON: line 1, column 1"),
        ('{"devices": [\n,]}', "not valid JSON: line 2, column 1"),
        ("[]", "(file): "),
        ("\udcff", "not valid JSON"),
    ],
)
def test_a_file_that_is_no_population(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "population.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError) as caught:
        load_population(path)
    assert f"{path}: {says}" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    with pytest.raises(ConfigurationError) as caught:
        load_population(path)
    assert str(caught.value) == f"estate.population: {path}: cannot be read: No such file or directory"


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/emulators.md").read_text()
    path = tmp_path / "population.json"
    path.write_text(page.partition("```json\n")[2].partition("```")[0])
    population = load_population(path, s1sps=("S1SP1",), holders=HOLDERS)
    assert [len(each) for each in (population.devices, population.registrations, population.slots)] == [
        2,
        1,
        2,
    ]
