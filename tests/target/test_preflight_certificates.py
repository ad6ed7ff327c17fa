"""A preflight tells what is wrong with certificates, each in one respect, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from duis.smki.certificate import load
from duis.smki.testpki import TestPKI
from target.file import TargetFile, load_target
from target.preflight import Finding, Outcome
from target.preflight.certificates import check_certificates
from tests.target.pooled_file import pooled_text

Read = Callable[..., TargetFile]


@pytest.fixture
def read(pki: TestPKI, tmp_path: Path) -> Read:
    """Read a target file in which some text was replaced, or added at the end."""

    def target(*changes: tuple[str, str], more: str = "") -> TargetFile:
        text = pooled_text(pki)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "sit.toml"
        path.write_text(f"{text}\n{more}")
        return load_target(path)

    return target


def wrong(target: TargetFile, now: datetime | None = None) -> list[Finding]:
    return [each for each in check_certificates(target, now) if each.outcome is not Outcome.FINE]


def faulty(pki: TestPKI, name: str, file: str) -> str:
    return f'[faulty.{name}]\ncertificate = "{pki.directory}/{file}"\n'


def test_sound_certificates(read: Read) -> None:
    assert wrong(read()) == []


def test_a_certificate_of_another_party(read: Read, pki: TestPKI) -> None:
    files = f"{pki.directory}/parties"
    (found,) = wrong(read((f"{files}/ed-north/ds.pem", f"{files}/ed-south/ds.pem")))
    assert found.subject == "service user ed-north, digital_signing"
    assert "expected the user_id" in found.text
    assert found.mend.startswith("Name the right certificate for digital_signing of service user ed-north")


def test_a_certificate_for_another_use(read: Read, pki: TestPKI) -> None:
    files = f"{pki.directory}/parties/ed-north"
    signing = f'digital_signing = {{ certificate = "{files}/ds.pem"'
    (found,) = wrong(read((signing, signing.replace("ds.pem", "ka.pem"))))
    assert found.subject == "service user ed-north, digital_signing"
    assert f"{files}/ka.pem has usage" in found.text


def test_a_certificate_in_another_role(read: Read, pki: TestPKI) -> None:
    files = f"{pki.directory}/parties/ed-north"
    signing = f'signing = {{ certificate = "{files}/xmlsign.pem", key = "{files}/xmlsign.key" }}'
    other = f'signing = {{ certificate = "{files}/ds.pem", key = "{files}/ds.key" }}'
    (found,) = wrong(read((signing, other)))
    assert "has role code 03 (network operator), expected 87 (xmlSign)" in found.text


def test_an_issuer_nobody_named(read: Read, pki: TestPKI) -> None:
    parties = f'"{pki.directory}/parties"'
    found = wrong(read((f'"{pki.directory}/smki/issuing.pem", {parties}', parties)))
    assert found
    assert all("does not chain to trust.anchors" in each.text for each in found)


def test_signers_that_are_not_known(read: Read, pki: TestPKI) -> None:
    found = wrong(read((f', "{pki.directory}/parties"]', "]")))
    assert [each.subject for each in found] == ["signer of the DSP", "signers of the S1SPs"]
    assert "role code 89" in found[0].text


def test_a_certificate_that_ends_soon(read: Read, pki: TestPKI) -> None:
    until = load((pki.directory / "parties/ed-north/xmlsign.pem").read_bytes()).not_after
    (soon, *others) = [
        each for each in wrong(read(), until - timedelta(days=20)) if each.subject == "service user ed-north"
    ]
    assert (soon.outcome, others) == (Outcome.WARNING, [])
    assert "20 days from now" in soon.text
    late = wrong(read(), until + timedelta(days=1))
    assert any(each.outcome is Outcome.PROBLEM and "expired" in each.text for each in late)


@pytest.mark.parametrize(
    ("name", "file", "told"),
    [
        ("ed-north-ds-expired", "faulty/ed-north-ds-expired.pem", None),
        ("ed-north-ds-untrusted", "faulty/ed-north-ds-untrusted.pem", None),
        ("ed-north-ds-expired", "parties/ed-north/ds.pem", "so it is not expired"),
        ("ed-north-ds-untrusted", "parties/ed-north/ds.pem", "so it is not untrusted"),
        ("ed-north-ds-untrusted", "faulty/ed-north-ds-expired.pem", "is faulty in another way: expired"),
        ("ed-north-ds-expired", "faulty/ed-north-ds-untrusted.pem", "so it is not expired"),
        ("ed-north-ds-expired", "faulty/ed-south-ds-expired.pem", "(ed-north)"),
    ],
)
def test_a_faulty_certificate_is_faulty_as_it_is_named(
    read: Read, pki: TestPKI, name: str, file: str, told: str | None
) -> None:
    found = wrong(read(more=faulty(pki, name, file)))
    if told is None:
        assert found == []
    else:
        (problem,) = found
        assert problem.subject == f"faulty.{name}"
        assert told in problem.text
