"""The example target files: each is read without an error where what it names is there."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import jsonschema
import pytest

from duis.roles import DeviceType, RemotePartyRole
from duis.smki.testpki import TestPKI
from target.file import TargetFile, load_target
from target.preflight import exit_code_of, preflight

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "targets").glob("*.toml"))
SCHEMA = json.loads((ROOT / "docs" / "target.schema.json").read_text())
PAGE = (ROOT / "docs" / "target.md").read_text()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def loaded(example: Path, pki: TestPKI, folder: Path) -> TargetFile:
    """An example with a test PKI in the places it names."""
    (folder / "emulators").mkdir()
    for place in ("pki", "emulators/pki"):
        (folder / place).symlink_to(pki.directory)
    return load_target(Path(shutil.copy(example, folder)), environment={})


def test_the_examples_of_the_page_are_those_that_are_there() -> None:
    assert len(EXAMPLES) == 5
    assert [path.name for path in EXAMPLES if f"| `targets/{path.name}` | " not in PAGE] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_where_what_it_names_is_there(example: Path, pki: TestPKI, tmp_path: Path) -> None:
    target = loaded(example, pki, tmp_path)
    assert target.site_state.parent == tmp_path
    assert target.isolated == (example.stem == "bundled-emulators")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_passes_the_preflight_where_what_it_names_is_there(
    example: Path, pki: TestPKI, tmp_path: Path
) -> None:
    """All that can be looked at without the systems that an example can only pretend to have."""
    findings = list(preflight(loaded(example, pki, tmp_path), offline=True))
    assert exit_code_of(findings) == 0, [each for each in findings if each.mend]
    assert any(each.outcome == "fine" for each in findings)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_valid_for_an_editor(example: Path) -> None:
    text = example.read_text()
    assert text.startswith("#:schema ../docs/target.schema.json\n")
    VALIDATOR.validate(tomllib.loads(text))


def test_the_example_of_the_page_is_valid_for_an_editor() -> None:
    VALIDATOR.validate(tomllib.loads(PAGE.split("```toml\n")[1].split("```")[0]))


def test_a_file_that_the_emulators_write_is_valid_for_an_editor(target_text: str) -> None:
    VALIDATOR.validate(tomllib.loads(target_text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "endpoint"', 'kind = "real"'),
        ("send_command", "send_comand"),
        ('device_type = "ESME"', 'device_type = "ESM"'),
        ("port = 8450", 'port = "8450"'),
        ('registered = { IS = "is-a"', 'registered = { DNO = "is-a"'),
        ("request_budget = 2000", "request_budget = 0"),
        ('entity_identifier = "02-53', 'entity_identifier = "0253'),
    ],
)
def test_the_schema_sees_a_mistake_in_a_table(old: str, new: str) -> None:
    text = (ROOT / "targets" / "sit-dsp-gateway.toml").read_text()
    assert old in text
    assert not VALIDATOR.is_valid(tomllib.loads(text.replace(old, new)))


def test_the_mix_of_each_example(pki: TestPKI, tmp_path: Path) -> None:
    kinds = {}
    for example in EXAMPLES:
        folder = tmp_path / example.stem
        folder.mkdir()
        target = loaded(example, pki, folder)
        kinds[example.stem] = [target.kind_of(name) for name in ("DSP", *target.s1sp)]
    assert kinds == {
        "bundled-emulators": ["emulated"] * 4,
        "sit-dsp-gateway": ["endpoint"] * 4,
        "pit-one-s1sp": ["emulated", "endpoint"],
        "pit-dsp": ["endpoint", "emulated", "emulated", "emulated"],
        "dcc-boxed": ["endpoint"] * 2,
    }


def test_the_urls_of_an_emulated_dsp_follow_from_its_address(pki: TestPKI, tmp_path: Path) -> None:
    dsp = loaded(ROOT / "targets" / "pit-one-s1sp.toml", pki, tmp_path).dsp
    assert [dsp.send_command, dsp.transform, dsp.non_device, dsp.s1sp_messages, dsp.management] == [
        "https://192.0.2.10:8441/api/v1/serviceS",
        "https://192.0.2.10:8441/api/v1/serviceT",
        "https://192.0.2.10:8441/api/v1/serviceD",
        "https://192.0.2.10:8441/s1sp/v1/messages",
        "https://192.0.2.10:9441",
    ]


def test_the_urls_of_an_emulated_s1sp_follow_from_its_address(pki: TestPKI, tmp_path: Path) -> None:
    s1sp = loaded(ROOT / "targets" / "pit-dsp.toml", pki, tmp_path).s1sp["S1SP2"]
    assert s1sp.service_requests == "https://192.0.2.10:8443/s1sp/v1/service-requests"
    assert s1sp.management == "https://192.0.2.10:9443"


def test_home_slots_and_consumables(pki: TestPKI, tmp_path: Path) -> None:
    target = loaded(ROOT / "targets" / "sit-dsp-gateway.toml", pki, tmp_path)
    supplier, network_operator = RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR
    user_ids = {user.name: user.user_id for user in target.service_user}
    ordinary = next(device for device in target.device if device.device_type is DeviceType.GPF)
    consumable = next(device for device in target.device if device.is_consumable)
    assert not ordinary.is_consumable
    assert target.home_slots(ordinary) == {supplier: user_ids["gs-a"], network_operator: user_ids["gt-north"]}
    assert target.home_slots(consumable) == {supplier: user_ids["is-a"], network_operator: "ACB"}
