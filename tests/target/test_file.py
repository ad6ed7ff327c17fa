from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI
from target.file import TargetFileError, load_target
from target.file_positions import line_of
from tests.target.malformed_targets import CASES


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
    if case in ("not TOML", "key written twice"):
        assert problem.line is not None
    elif case == "required table missing":
        assert problem.line is None
    else:
        assert problem.line is not None
        line = path.read_text().splitlines()[problem.line - 1]
        names = re.sub(r"\[\d+\]", "", field).split(".")
        assert any(name in line for name in names[-2:]), line


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


def test_a_list_is_not_called_too_short_because_each_of_its_elements_is_wrong(
    target_text: str, tmp_path: Path
) -> None:
    path = tmp_path / "target.toml"
    path.write_text(target_text.replace("xmlsign.key", "nowhere.key"))
    with pytest.raises(TargetFileError) as caught:
        load_target(path)
    assert {re.sub(r"\d+", "N", problem.field) for problem in caught.value.problems} == {
        "service_user[N].signing.key"
    }


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
