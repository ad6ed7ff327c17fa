from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from target.file import TargetFile, TargetFileError, load_target


def variables(**values: str) -> dict[str, str]:
    return {f"SMETS1_CONFORMANCE__{key}": value for key, value in values.items()}


def told(target_file: Path, environment: Mapping[str, str]) -> list[str]:
    with pytest.raises(TargetFileError) as caught:
        load_target(target_file, environment)
    return str(caught.value).splitlines()


def test_text_numbers_and_booleans_of_tables_are_overridden(target_file: Path, tmp_path: Path) -> None:
    target = load_target(
        target_file,
        variables(
            NAME="PIT",
            DSP__SEND_COMMAND="https://localhost:1/S",
            DSP__MP107="false",
            CALLBACK__PORT="8443",
            DEADLINES__ALERT="1.5",
            S1SP__S1SP1__MANAGEMENT="https://localhost:2",
            ASSUMPTIONS__RESPONSE_CODES__NOT_ELIGIBLE="E99",
            SAFETY__REQUEST_BUDGET="7",
            SITE__STATE="state",
        ),
    )
    assert target.name == "PIT"
    assert (target.dsp.send_command, target.dsp.mp107) == ("https://localhost:1/S", False)
    assert (target.callback.port, target.deadlines.alert) == (8443, 1.5)
    assert target.s1sp["S1SP1"].management == "https://localhost:2"
    assert target.assumptions.response_codes.not_eligible == "E99"
    assert (target.safety.request_budget, target.site_state) == (7, tmp_path / "state")


def test_the_environment_of_the_process_is_read(target_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMETS1_CONFORMANCE__NAME", "by the environment")
    assert load_target(target_file).name == "by the environment"


def test_a_key_with_other_characters_is_written_with_underscores(target_text: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(f'{target_text}\n[deadlines.result_by_srv]\n"6.15.1" = 60\n')
    changed: TargetFile = load_target(path, variables(DEADLINES__RESULT_BY_SRV__6_15_1="90"))
    assert changed.deadlines.result_by_srv == {"6.15.1": 90.0}


def test_a_table_that_is_missing_is_made(target_text: str, tmp_path: Path) -> None:
    table = re.search(r"\[dsp\.tls\]\nca = \"(.*)\"\n(?:.+\n)+", target_text)
    assert table is not None
    path = tmp_path / "target.toml"
    path.write_text(target_text.replace(table.group(0), ""))
    assert told(path, {}) == [f"{path}:3: dsp: {message}" for message in _NEEDS_TLS]
    target = load_target(path, variables(DSP__TLS__CA=table.group(1)))
    assert target.dsp.tls is not None
    assert str(target.dsp.tls.ca) == table.group(1)


_NEEDS_TLS = ["an https URL needs [dsp.tls] with ca (and certificate and key for mutual TLS)"]


@pytest.mark.parametrize(
    ("key", "value", "field", "words"),
    [
        ("DSP__SEND_COMMAND", "localhost/S", "dsp.send_command", "expected a URL such as"),
        ("DSP__KIND", "real", "dsp.kind", "found 'real'"),
        ("DSP__MP107", "maybe", "dsp.mp107", "expected true or false, found 'maybe'"),
        ("CALLBACK__PORT", "any", "callback.port", "expected a whole number, found 'any'"),
        ("CALLBACK__TLS__KEY", "no/such.key", "callback.tls.key", "does not exist"),
        ("CALLBACK__HOST", "0.0.0.0", "callback.host", "add base_url"),
        ("DSP__ENTITY_IDENTIFIER", "90", "dsp.entity_identifier", "expected an EUI-64"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(
    key: str, value: str, field: str, words: str, target_file: Path
) -> None:
    (line,) = told(target_file, variables(**{key: value}))
    assert line.startswith(f"{target_file}: environment variable SMETS1_CONFORMANCE__{key} ({field}): ")
    assert words in line


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("DPS__SEND_COMMAND", "names no key of this target file"),
        ("DSP__SEND_COMAND", "SMETS1_CONFORMANCE__DSP__SEND_COMMAND"),
        ("dsp__send_command", "names no key"),
        ("S1SP__S1SP9__MP107", "known here: SMETS1_CONFORMANCE__S1SP__S1SP1"),
        ("SERVICE_USER", "a list"),
        ("SERVICE_USER__0__NAME", "is no table"),
        ("TRUST__ANCHORS", "a list, which can only be given in the file"),
        ("DSP", "is a table; name one of its keys"),
        ("S1SP", "is a table"),
        ("DSP__TLS", "is a table"),
        ("DSP__KIND__MORE", "is no table"),
    ],
)
def test_a_variable_that_sets_nothing_is_told(key: str, words: str, target_file: Path) -> None:
    (line,) = told(target_file, variables(**{key: "x"}))
    assert line.startswith(f"{target_file}: environment variable SMETS1_CONFORMANCE__{key}: ")
    assert words in line


def test_what_the_file_has_wrong_still_has_its_line(target_text: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(target_text.replace("port = 0", "port = -1"))
    lines = told(path, variables(DSP__KIND="real"))
    assert len(lines) == 2
    assert any(re.search(r"target\.toml:\d+: callback\.port:", line) for line in lines)


def test_a_table_that_is_none_is_told(target_text: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(f'site = "a"\n{target_text}')
    (line,) = told(path, variables(SITE__STATE="b"))
    assert "site: expected a table, found 'a'" in line
