"""The minted test PKI: complete, of the profile, private."""

from __future__ import annotations

import json
import shutil
import ssl
import stat
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from duis.roles import CertificateType, UserRole
from duis.signature import SignatureError, sign, verify
from duis.smki.certificate import load
from duis.smki.testpki import PARTIES, TestPKI, TestPKIError, mint
from duis.smki.trust import ChainError, ChainReason

PREFIX = "06-AA-BB-CC-DD-EE-0f"


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("second") / "pki", entity_prefix=PREFIX)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("testpki") / "pki")


def test_the_parties(pki: TestPKI) -> None:
    by_role = {role: [each.name for each in pki.parties if role in each.user_roles] for role in UserRole}
    assert {role: len(names) for role, names in by_role.items()} == {
        "ED": 3,
        "GT": 2,
        "IS": 2,
        "GS": 2,
        "ES": 1,
        "RSA": 1,
        "OU": 1,
    }
    assert [each.name for each in pki.parties if each.kind == "s1sp"] == ["s1sp1", "s1sp2", "s1sp3"]
    identifiers = {each.entity_identifier for each in pki.parties}
    assert len(identifiers) == len(pki.parties)
    assert all(identifier.to_bytes()[0] & 0x02 for identifier in identifiers), "locally administered"
    assert pki.party_of(pki.party("gt-south").entity_identifier) == pki.party("gt-south")


def test_every_certificate_keeps_to_the_profile_and_chains(pki: TestPKI) -> None:
    trust = pki.trust_store()
    roles = {"ED": "03", "GT": "03", "IS": "02", "GS": "02", "ES": "02", "RSA": "7F", "OU": "7F"}
    signers = {"user": "87", "dsp": "89", "s1sp": "7F"}
    for party in pki.parties:
        certificates = {(signers[party.kind], CertificateType.DIGITAL_SIGNING): party.xmlsign.certificate}
        if party.kind != "s1sp":
            role = roles[party.user_roles[0]] if party.user_roles else "04"
            certificates[role, CertificateType.DIGITAL_SIGNING] = party.digital_signing
            certificates[role, CertificateType.KEY_AGREEMENT] = party.key_agreement
        for (role, usage), certificate in certificates.items():
            assert certificate.profile_errors() == ()
            assert certificate.entity_identifier == party.entity_identifier
            chain = trust.validate(certificate, role=role, usage=usage)
            assert chain == (certificate, pki.issuing, pki.root)
            assert trust.find(certificate.issuer_name, certificate.serial) == certificate
    assert pki.root.profile_errors() == pki.issuing.profile_errors() == ()
    assert pki.certification_path == (pki.issuing.der,)


def test_the_faulty_certificates_fail_for_the_reason_in_their_name(pki: TestPKI) -> None:
    trust = pki.trust_store()
    reasons = {"expired": ChainReason.EXPIRED, "untrusted": ChainReason.NOT_ISSUED}
    expected = {
        f"{party.name}-{use}-{fault}": (party, use, fault)
        for party in pki.parties
        if {"ED", "GT"} & set(party.user_roles)
        for use, fault in product(("xmlsign", "ds", "ka"), reasons)
        if (use, fault) != ("xmlsign", "untrusted")
    }
    assert set(pki.manifest["faulty"]) == set(expected)
    for name, (party, use, fault) in expected.items():
        certificate = pki.faulty(name).certificate
        assert certificate.profile_errors() == ()
        assert certificate.entity_identifier == party.entity_identifier
        assert certificate.role == ("87" if use == "xmlsign" else "03")
        assert (certificate.usage is CertificateType.KEY_AGREEMENT) == (use == "ka")
        with pytest.raises(ChainError) as caught:
            trust.validate(certificate)
        assert caught.value.reason is reasons[fault]


def test_keys_are_private(pki: TestPKI) -> None:
    keys = list(pki.directory.rglob("*.key"))
    assert len(keys) == len(list(pki.directory.rglob("*.pem")))
    for key in keys:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
        assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(pki.directory.stat().st_mode) == 0o700


def test_keys_and_serials_are_fresh_and_identifiers_are_not(pki: TestPKI, tmp_path: Path) -> None:
    other = mint(tmp_path / "pki")
    for plan in PARTIES:
        mine, theirs = pki.party(plan.name), other.party(plan.name)
        assert mine.entity_identifier == theirs.entity_identifier == plan.entity_identifier
        assert mine.xmlsign.certificate.serial != theirs.xmlsign.certificate.serial
        assert mine.xmlsign.certificate.public_key != theirs.xmlsign.certificate.public_key


def test_validity_around_a_given_time(tmp_path: Path) -> None:
    then = datetime(2021, 8, 16, tzinfo=UTC)
    minted = mint(tmp_path / "pki", then)
    certificate = minted.party("ed-north").digital_signing
    assert minted.trust_store().validate(certificate, then)
    with pytest.raises(ChainError):
        minted.trust_store().validate(certificate, then - timedelta(days=31))


def test_the_role_of_the_s1sp_signers_is_a_setting(tmp_path: Path) -> None:
    minted = mint(tmp_path / "pki", s1sp_signer_role="89")
    assert minted.party("s1sp2").xmlsign.certificate.role == "89"


class TestASecondPKI:
    """Another prefix is another SMKI: nothing of one is taken for the other's."""

    def test_its_parties_have_the_same_names_and_other_identifiers(
        self, pki: TestPKI, second: TestPKI
    ) -> None:
        assert [each.name for each in second.parties] == [each.name for each in pki.parties]
        for one, two in zip(pki.parties, second.parties, strict=True):
            assert two.entity_identifier == PREFIX.upper() + one.entity_identifier[20:]
            assert two.xmlsign.certificate.entity_identifier == two.entity_identifier
        assert second.party_of(second.party("dsp").entity_identifier) == second.party("dsp")
        assert TestPKI.load(second.directory).parties == second.parties

    def test_neither_trusts_the_other(self, pki: TestPKI, second: TestPKI) -> None:
        for one, two in ((pki, second), (second, pki)):
            signer = two.party("ed-north").xmlsign
            document = sign(b"<a/>", signer)
            assert verify(document, two.trust_store()).signer == signer.certificate
            with pytest.raises(SignatureError):
                verify(document, one.trust_store())
            with pytest.raises(ChainError):
                one.trust_store().validate(two.party("ed-north").digital_signing)

    def test_their_authorities_have_different_names(self, pki: TestPKI, second: TestPKI) -> None:
        assert (pki.root.issuer_name, pki.issuing.subject_name) == ("CN=ZA,OU=00", "CN=Z1,OU=07")
        assert second.root.issuer_name == "CN=06AABBCCDDEE0F-ZA,OU=00"
        assert second.issuing.subject_name == "CN=06AABBCCDDEE0F-Z1,OU=07"
        assert second.root.profile_errors() == second.issuing.profile_errors() == ()
        names = {load(each.tls("dsp").ca.read_bytes()).issuer_name for each in (pki, second)}
        assert len(names) == 2

    def test_the_name_can_be_given(self, tmp_path: Path) -> None:
        minted = mint(tmp_path / "pki", entity_prefix=PREFIX, name="vendor")
        assert minted.root.issuer_name == "CN=vendor-ZA,OU=00"
        assert (minted.manifest["name"], minted.manifest["entity_prefix"]) == ("vendor", PREFIX.upper())

    @pytest.mark.parametrize("prefix", ["", "02-53-31", "02-53-31-00-00-00-00-01", "025331000000ZZ", "x"])
    def test_what_is_no_prefix(self, tmp_path: Path, prefix: str) -> None:
        with pytest.raises(TestPKIError, match="first seven octets"):
            mint(tmp_path / "pki", entity_prefix=prefix)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("first", ["90", "00", "03", "FF"])
    def test_a_prefix_of_real_parties(self, tmp_path: Path, first: str) -> None:
        with pytest.raises(TestPKIError, match="could be a real party's"):
            mint(tmp_path / "pki", entity_prefix=f"{first}-B3-D5-1F-30-00-00")

    def test_a_name_that_no_certificate_should_have(self, tmp_path: Path) -> None:
        with pytest.raises(TestPKIError, match="as the name of a PKI"):
            mint(tmp_path / "pki", name="a,CN=ZA")

    def test_a_pki_of_several_roots_trusts_each(self, pki: TestPKI, second: TestPKI, tmp_path: Path) -> None:
        both = tmp_path / "pki"
        shutil.copytree(pki.directory, both)
        for name in ("root", "issuing"):
            shutil.copy(second.directory / f"smki/{name}.pem", both / f"smki/{name}-2.pem")
        trust = TestPKI.load(both).trust_store()
        for each in (pki, second):
            assert trust.validate(each.party("gs-a").digital_signing)[-1] == each.root


class TestDirectory:
    """All of it or nothing, and never over something else."""

    def test_an_existing_pki_is_replaced_only_by_force(self, tmp_path: Path) -> None:
        directory = tmp_path / "pki"
        serial = mint(directory).root.serial
        with pytest.raises(TestPKIError, match="force"):
            mint(directory)
        assert TestPKI.load(directory).root.serial == serial
        assert mint(directory, force=True).root.serial != serial
        assert list(tmp_path.iterdir()) == [directory]

    def test_something_else_is_never_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("keep me")
        for force in (False, True):
            with pytest.raises(TestPKIError, match="not a test PKI"):
                mint(tmp_path, force=force)
        with pytest.raises(TestPKIError):
            mint(tmp_path / "letter.txt")
        assert (tmp_path / "letter.txt").read_text() == "keep me"

    def test_an_empty_directory_is_filled(self, tmp_path: Path) -> None:
        directory = tmp_path / "new" / "pki"
        directory.mkdir(parents=True)
        assert mint(directory).parties

    def test_what_holds_no_pki_is_not_opened(self, tmp_path: Path) -> None:
        with pytest.raises(TestPKIError, match=r"manifest\.json"):
            TestPKI.load(tmp_path)
        for content in ("", "[]", '{"parties": [{}]}', json.dumps({"parties": [{"name": "x"}]})):
            (tmp_path / "manifest.json").write_text(content)
            with pytest.raises(TestPKIError, match=r"manifest\.json"):
                TestPKI.load(tmp_path)


def test_transport_certificates_work_both_ways_on_loopback(pki: TestPKI) -> None:
    """A TLS handshake in memory, client and server each with a certificate."""
    for host in ("localhost", "127.0.0.1", "::1"):
        contexts = []
        for protocol, identity in ((ssl.PROTOCOL_TLS_SERVER, "dsp"), (ssl.PROTOCOL_TLS_CLIENT, "ed-north")):
            files = pki.tls(identity)
            context = ssl.SSLContext(protocol)
            context.load_cert_chain(files.certificate, files.key)
            context.load_verify_locations(files.ca)
            context.verify_mode = ssl.CERT_REQUIRED
            contexts.append(context)
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = contexts[0].wrap_bio(to_server, to_client, server_side=True)
        client = contexts[1].wrap_bio(to_client, to_server, server_hostname=host)
        waiting = [client, server]
        for _ in range(10):
            for side in list(waiting):
                try:
                    side.do_handshake()
                    waiting.remove(side)
                except ssl.SSLWantReadError:
                    pass
            if not waiting:
                break
        assert not waiting
        presented = server.getpeercert()
        assert presented is not None
        assert (("commonName", "ed-north"),) in presented["subject"]
    with pytest.raises(KeyError):
        pki.tls("nobody")


def test_transport_certificates_are_no_smki_certificates(pki: TestPKI) -> None:
    assert load(pki.tls("dsp").certificate.read_bytes()).profile_errors()
