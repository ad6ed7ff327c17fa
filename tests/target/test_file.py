from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI
from target.file import TargetFileError, load_target
from target.file_positions import line_of

Edit = Callable[[str, TestPKI], str]


def replaced(old: str, new: str) -> Edit:
    def edit(text: str, pki: TestPKI) -> str:
        assert old in text
        return text.replace(old, new.replace("PKI", str(pki.directory)), 1)

    return edit


def appended(more: str) -> Edit:
    return lambda text, pki: f"{text}\n{more.replace('PKI', str(pki.directory))}\n"


def expired_signer(text: str, pki: TestPKI) -> str:
    good, faulty = (
        f"{pki.directory}/parties/ed-north/xmlsign",
        f"{pki.directory}/faulty/ed-north-xmlsign-expired",
    )
    return text.replace(good, faulty)


def foreign_key(text: str, pki: TestPKI) -> str:
    files = f"{pki.directory}/parties"
    return text.replace(f"{files}/ed-north/xmlsign.key", f"{files}/ed-south/xmlsign.key")


def foreign_tls_key(text: str, pki: TestPKI) -> str:
    return text.replace(f"{pki.directory}/tls/inbox.key", f"{pki.directory}/tls/dsp.key")


def key_as_certificate(text: str, pki: TestPKI) -> str:
    files = f"{pki.directory}/parties/ed-north"
    return text.replace(f"{files}/ds.pem", f"{files}/ds.key")


def second_name(text: str, pki: TestPKI) -> str:
    return text.replace('name = "ed-central"', 'name = "ed-north"')


def second_user_id(text: str, pki: TestPKI) -> str:
    first, second = pki.party("ed-north"), pki.party("ed-central")
    return text.replace(str(second.entity_identifier), str(first.entity_identifier))


DEVICE = """[[device]]
device_id = "00-DB-12-34-56-78-90-A0"
device_type = "{type}"
s1sp = "{s1sp}"
mpxn = "{mpxn}"
registered = {{ IS = "02-53-31-00-00-00-00-31" }}
"""

CASES = {
    "not TOML": (replaced("[dsp]", "[dsp"), "", "not valid TOML"),
    "key written twice": (
        replaced('kind = "emulated"', 'kind = "emulated"\nkind = "emulated"'),
        "",
        "not valid TOML",
    ),
    "required table missing": (
        lambda text, pki: re.sub(r"\[trust\]\n(.+\n)+", "", text),
        "trust",
        "required",
    ),
    "required key missing": (
        lambda text, pki: re.sub(r"send_command = .*\n", "", text),
        "dsp.send_command",
        "required",
    ),
    "unknown key": (replaced("[dsp]", "[dsp]\nsend_comand = 1"), "dsp.send_comand", "not known here"),
    "unknown table": (appended("[dcc]\na = 1"), "dcc", "not known here"),
    "unknown assumption": (
        appended("[assumptions]\nsmets1_variant = 1"),
        "assumptions.smets1_variant",
        "not known",
    ),
    "wrong type": (replaced("port = 0", 'port = "any"'), "callback.port", "whole number"),
    "port out of range": (replaced("port = 0", "port = 70000"), "callback.port", "70000"),
    "not a choice": (replaced('"emulated"', '"simulated"'), "dsp.kind", "'endpoint'"),
    "not a URL": (
        replaced("https://127.0.0.1:8441/api/v1/serviceT", "localhost/T"),
        "dsp.transform",
        "expected a URL",
    ),
    "the same URL twice": (replaced("serviceD", "serviceS"), "dsp.non_device", "URL of its own"),
    "https without TLS files": (
        lambda text, pki: re.sub(r"\[dsp\.tls\]\n(.+\n)+", "", text),
        "dsp",
        "needs [dsp.tls]",
    ),
    "malformed EUI-64": (
        lambda text, pki: re.sub(r'user_id = ".*?"', 'user_id = "90B3D51F30010000"', text, count=1),
        "service_user[0].user_id",
        "expected an EUI-64",
    ),
    "unknown role": (replaced("roles = ['ED']", "roles = ['DNO']"), "service_user[0].roles[0]", "'ED'"),
    "no role": (replaced("roles = ['ED']", "roles = []"), "service_user[0].roles", "at least 1"),
    "name unfit for a URL": (
        replaced('name = "ed-north"', 'name = "ed north"'),
        "service_user[0].name",
        "part of a URL",
    ),
    "name used twice": (second_name, "service_user[1].name", "earlier one"),
    "User ID used twice": (second_user_id, "service_user[1].user_id", "belongs to 'ed-north'"),
    "certificate file missing": (
        replaced("ed-north/ds.pem", "ed-north/digital-signing.pem"),
        "service_user[0].digital_signing.certificate",
        "does not exist",
    ),
    "key in place of a certificate": (
        key_as_certificate,
        "service_user[0].digital_signing.certificate",
        "no X.509 certificate",
    ),
    "directory in place of a key": (
        replaced("ed-north/xmlsign.key", "ed-north"),
        "service_user[0].signing.key",
        "is a directory",
    ),
    "certificate in place of a key": (
        replaced("ed-north/xmlsign.key", "ed-north/xmlsign.pem"),
        "service_user[0].signing.key",
        "no private key",
    ),
    "key of another party": (
        foreign_key,
        "service_user[0].signing.key",
        "does not belong to the certificate",
    ),
    "key of another server": (foreign_tls_key, "callback.tls.key", "does not belong to the certificate"),
    "expired certificate": (expired_signer, "service_user[0].signing.certificate", "expired on"),
    "trust without certificates": (
        replaced("/smki/root.pem", "/../nothing"),
        "trust.anchors[0]",
        "does not exist",
    ),
    "emulated S1SP without management": (
        lambda text, pki: text.replace('management = "https://127.0.0.1:9442"', ""),
        "s1sp.S1SP1",
        "needs management",
    ),
    "endpoint without devices": (replaced('"emulated"', '"endpoint"'), "dsp.kind", "at least one [[device]]"),
    "device of an unknown S1SP": (
        appended(DEVICE.format(type="ESME", s1sp="S1SP9", mpxn="1")),
        "device[0].s1sp",
        "not 'S1SP9'",
    ),
    "unknown device type": (
        appended(DEVICE.format(type="SMETER", s1sp="S1SP1", mpxn="1")),
        "device[0].device_type",
        "'ESME'",
    ),
    "malformed MPAN": (
        appended(DEVICE.format(type="ESME", s1sp="S1SP1", mpxn="12A")),
        "device[0].mpxn",
        "13 digits",
    ),
    "negative deadline": (
        appended("[deadlines]\nresult = -1"),
        "deadlines.result",
        "greater than or equal",
    ),
    "schema file missing": (
        lambda text, pki: 'schema = "DUIS.xsd"\n' + text,
        "schema",
        "does not exist",
    ),
    "base URL without a fixed port": (
        replaced("port = 0", 'port = 0\nbase_url = "https://a.example"'),
        "callback",
        "port must be a fixed port",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_told_with_file_line_and_field(
    case: str, target_text: str, pki: TestPKI, tmp_path: Path
) -> None:
    edit, field, words = CASES[case]
    path = tmp_path / "target.toml"
    path.write_text(edit(target_text, pki))
    with pytest.raises(TargetFileError) as caught:
        load_target(path)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert words in problem.message
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    is_absent = case == "required table missing"
    assert (problem.line is None) == is_absent


def test_the_line_is_that_of_the_key(target_text: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(target_text.replace("port = 0", 'port = "any"'))
    line = 1 + path.read_text().splitlines().index('port = "any"')
    with pytest.raises(TargetFileError, match=re.escape(f"{path}:{line}: callback.port:")):
        load_target(path)


def test_every_problem_is_told_at_once(target_text: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(
        target_text.replace("port = 0", "port = -1").replace('kind = "emulated"', 'kind = "real"')
    )
    with pytest.raises(TargetFileError) as caught:
        load_target(path)
    assert [problem.field for problem in caught.value.problems] == ["dsp.kind", "callback.port"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no such target file"), (b"\xff\xfe", "not UTF-8"), (b"", "required")],
)
def test_a_file_that_cannot_be_read_is_told(content: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TargetFileError, match=words):
        load_target(path)


def test_a_directory_is_no_target_file(tmp_path: Path) -> None:
    with pytest.raises(TargetFileError, match="this is a directory"):
        load_target(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_key_is_told(target_text: str, tmp_path: Path) -> None:
    key = tmp_path / "secret.key"
    key.write_text("")
    key.chmod(0)
    path = tmp_path / "target.toml"
    path.write_text(re.sub(r'key = ".*?xmlsign\.key"', f'key = "{key}"', target_text, count=1))
    with pytest.raises(TargetFileError, match="permission denied"):
        load_target(path)


def test_relative_paths_start_at_the_file(target_text: str, pki: TestPKI, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(target_text.replace(str(pki.directory), os.path.relpath(pki.directory, tmp_path)))
    target = load_target(path)
    certificate = target.service_user[0].signing.certificate
    assert certificate.samefile(pki.directory / "parties" / "ed-north" / "xmlsign.pem")


def test_a_faulty_certificate_may_be_expired_but_its_key_must_fit(
    target_text: str, pki: TestPKI, tmp_path: Path
) -> None:
    path = tmp_path / "target.toml"
    expired = f"{pki.directory}/faulty/ed-north-xmlsign-expired"
    table = f'[faulty.ed-north-xmlsign-expired]\ncertificate = "{expired}.pem"\nkey = "{expired}.key"\n'
    path.write_text(f"{target_text}\n{table}")
    assert set(load_target(path).faulty) == {"ed-north-xmlsign-expired"}
    path.write_text(f"{target_text}\n{table}".replace(f"{expired}.key", f"{pki.directory}/smki/root.key"))
    with pytest.raises(
        TargetFileError, match=re.escape("faulty.ed-north-xmlsign-expired.key: the private key")
    ):
        load_target(path)


def test_assumptions_carry_their_source_and_what_was_changed(target_text: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(f'{target_text}\n[assumptions.response_codes]\nnot_eligible = "E99"\n')
    told = {each.name: each for each in load_target(path).assumptions.described()}
    changed = told["response_codes.not_eligible"]
    assert (changed.value, changed.default, changed.source) == ("E99", "E4", "WEB")
    assert all(each.source and each.description for each in told.values())


def test_the_result_deadline_of_an_srv_overrides_the_general_one(target_text: str, tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(f'{target_text}\n[deadlines]\nresult = 7\n[deadlines.result_by_srv]\n"6.15.1" = 60\n')
    deadlines = load_target(path).deadlines
    assert (deadlines.result_of("6.15.1"), deadlines.result_of("6.24.1")) == (60.0, 7.0)


def test_lines_are_found_past_strings_arrays_and_tables_of_tables() -> None:
    text = '''a = """
b = 1
"""
"c d".e = [
  1,
]
[[user]]
name = "x" # [table]
[user.tls]
ca = 1
[[user]]
name = "y"
[user.tls]
ca = 2
'''
    assert line_of(text, ("c d", "e")) == 4
    assert line_of(text, ("user", 0, "tls", "ca")) == 10
    assert line_of(text, ("user", 1, "tls", "ca", "more")) == 14
    assert line_of(text, ("user", 1, "nothing")) == 11
    assert line_of(text, ("b",)) is None
