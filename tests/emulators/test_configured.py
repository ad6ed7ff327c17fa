"""Single emulators with a configuration somebody wrote: population file, paths, URLs, callbacks, restarts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from duis.identifiers import EUI64
from duis.requests import ReadInventoryBody
from duis.response import Response
from emulators.config import ConfigurationError, DSPConfig, S1SPConfig, load_config
from emulators.urls import service_url
from tests.emulators.running import CallbackServer, Estate, Restartable

ESME, GPF = "02-77-00-00-00-00-00-01", "02-77-00-00-00-00-00-02"
SINCE = "2020-01-01T00:00:00Z"


def _population(pki_user: Any) -> dict[str, Any]:
    return {
        "devices": [
            {"device_id": ESME, "device_type": "ESME", "s1sp": "S1SP1", "mpxn": "1200023305967"},
            {"device_id": GPF, "device_type": "GPF", "s1sp": "S1SP2", "mpxn": "3938424403"},
        ],
        "registrations": [
            {"mpxn": "1200023305967", "role": role, "user_id": pki_user(name), "effective_from": SINCE}
            for role, name in (("ED", "ed-north"), ("IS", "is-a"))
        ],
        "slots": [
            {"device_id": ESME, "remote_party_role": role, "party": pki_user(name)}
            for role, name in (("NetworkOperator", "ed-south"), ("Supplier", "is-a"))
        ],
    }


def test_a_population_from_a_file_lives_once_it_is_there(tmp_path: Path) -> None:
    """The DSP routes by it, the S1SP has its slots, and a restart keeps what has become of it."""
    callback = CallbackServer()
    state = tmp_path / "state"

    def change(text: str) -> str:
        manifest = json.loads((state / "pki/manifest.json").read_text())
        ids = {each["name"]: each["entity_identifier"] for each in manifest["parties"]}
        (state / "population.json").write_text(json.dumps(_population(ids.__getitem__)))
        text = text.replace("[estate]", '[estate]\npopulation = "population.json"')
        if 'name = "DSP"' in text:
            rows = ", ".join(
                f'{ids[name]} = "{callback.url}/main/{name}"' for name in ("ed-north", "ed-south")
            )
            text = text.replace("deviations = []", f"deviations = []\ncallbacks = {{ {rows} }}")
        return text

    running = Restartable(state, ("dsp", "s1sp1"), change)
    pki = running.emulators.pki()
    estate = Estate(running.emulators, callback, "main", [], pki, requests.Session())
    try:
        esme = {"device_id": ESME, "s1sp": "S1SP1"}
        correct, incorrect = pki.party("ed-north"), pki.party("ed-south")
        user = pki.party("ou-a")
        for device_id in (ESME, GPF):
            _, document = estate.request(user, None, ReadInventoryBody(device_id=EUI64(device_id)), 8)
            answer = Response.parse(estate.post(user.name, document, "non_device").content)
            assert [each.device_id for each in answer.message.inventory] == [device_id]
        shown = estate.manage("S1SP1", "GET")["devices"]
        assert [(each["device_id"], each["registered"]["ED"]) for each in shown] == [
            (ESME, correct.entity_identifier)
        ]
        assert estate.slot(esme)["party"] == incorrect.entity_identifier
        request_id, code = estate.send(incorrect, esme, estate.replacement(correct))
        assert code == "I99"
        assert estate.next_message()[1].response.request_id == request_id
        assert estate.slot(esme)["party"] == correct.entity_identifier

        (state / "population.json").unlink()
        config = state / "s1sp1.toml"
        config.write_text(config.read_text().replace("[estate]", "[estate]\nmp107 = false"))
        running.kill("s1sp1")
        running.start("s1sp1")
        running.wait("s1sp1")
        assert estate.slot(esme)["party"] == correct.entity_identifier
        assert estate.manage("S1SP1", "GET")["mp107"] is False
    finally:
        running.close()
        callback.close()


def _prepared(tmp_path: Path) -> Path:
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki/manifest.json").write_text("{}")
    return tmp_path / "emulator.toml"


DSP = """
pki = "pki"
database = "sqlite://"
[listen]
port = 1
management_port = 2
[transport]
mode = "plain-http"
[s1sps]
S1SP1 = "http://127.0.0.1:1"
"""
S1SP = DSP.replace('pki = "pki"', 'pki = "pki"\nname = "S1SP1"\nparty = "s1sp1"\ndsp = "http://x"').replace(
    '[s1sps]\nS1SP1 = "http://127.0.0.1:1"\n', ""
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DSP + '[paths]\nsend_command = "serviceS"', "paths.send_command: Value error, expected a path"),
        (DSP + '[paths]\ntransform = "/a?b"', "paths.transform: Value error, expected a path"),
        (DSP + '[paths]\nnon_device = "/estates/a/b"', "paths.non_device: Value error, expected a path"),
        (DSP + '[paths]\ntransform = "/s1sp/v1/messages"', "paths: Value error, each service needs a path"),
        (DSP + '[paths]\nservice_requests = "/x"', "paths.service_requests: Extra inputs"),
        (S1SP + '[paths]\nservice_requests = "/"', "paths.service_requests: Value error, expected a path"),
        (DSP.replace("http://127", "127"), "s1sps.S1SP1: Value error, expected a URL"),
        (S1SP.replace("http://x", "http://x/?y=1"), "dsp: Value error, expected a URL"),
        (S1SP.replace("http://x", "http://x:99999"), "dsp: Value error, expected a URL"),
        (
            DSP + '[estate.callbacks]\n02-53-31-00-00-00-00-11 = "inbox"',
            "estate.callbacks: Value error, expected a URL",
        ),
        (
            DSP + '[estate]\npopulation = "p.json"\nsets_under_dcc_control = 1',
            "estate: Value error, sets_under_dcc_control is for a generated population",
        ),
        (DSP + "[estate]\nsets_under_dcc_control = -1", "estate.sets_under_dcc_control: Input should be"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(tmp_path: Path, text: str, says: str) -> None:
    path = _prepared(tmp_path)
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, S1SPConfig if "party" in text else DSPConfig)
    assert f"{path}: {says}" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "estate", "expected"),
    [
        ("https://h:1", "main", "https://h:1/default/path"),
        ("https://h:1/", "e1", "https://h:1/estates/e1/default/path"),
        ("http://h/own/path", "main", "http://h/own/path"),
        ("http://h/own/path", "e1", "http://h/estates/e1/own/path"),
        ("http://[::1]:5", "main", "http://[::1]:5/default/path"),
    ],
)
def test_where_another_component_is_posted_to(url: str, estate: str, expected: str) -> None:
    assert service_url(url, "/default/path", estate) == expected


def test_a_population_that_cannot_be_used_ends_the_program(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "emulators.up",
        "--state",
        str(tmp_path),
        "--plain-http",
        "--prepare-only",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    config = tmp_path / "s1sp1.toml"
    config.write_text(config.read_text().replace("[estate]", '[estate]\npopulation = "mine.json"'))
    document = _population(lambda name: "02-53-31-00-00-00-00-71" if name == "is-a" else GPF)
    (tmp_path / "mine.json").write_text(json.dumps(document))
    command = [sys.executable, "-m", "emulators.s1sp", "--config", str(config)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 2
    where = f"{tmp_path / 'mine.json'}: slots[0].party"
    assert (
        result.stderr.strip() == f"emulators.s1sp: {where}: {GPF} has no certificates for a slot in the PKI"
    )


def test_a_population_file_is_nothing_for_the_management_plane(estate: Estate) -> None:
    url = f"{estate.emulators.target['dsp']['management']}/estates/{estate.name}"
    answer = estate.management.put(url, json={"population": "/etc/passwd"}, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("population: ")
