"""Lookup and chains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from duis.identifiers import EUI64
from duis.roles import CertificateType
from duis.smki.certificate import OrganisationCertificate
from duis.smki.issuing import (
    Authority,
    Validity,
    authority_name,
    issue,
    issue_authority,
    new_key,
    party_name,
)
from duis.smki.testpki import TestPKI, mint
from duis.smki.trust import ChainError, ChainReason, TrustMaterialError, TrustStore

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
VALID = Validity(NOW - 10 * DAY, NOW + 10 * DAY)
ENTITY = EUI64("02-00-00-00-00-00-00-01")
SIGNING, AGREEMENT = CertificateType.DIGITAL_SIGNING, CertificateType.KEY_AGREEMENT


@pytest.fixture(scope="module")
def root() -> Authority:
    return issue_authority(authority_name("ZA", "00"), VALID)


@pytest.fixture(scope="module")
def issuing(root: Authority) -> Authority:
    return issue_authority(authority_name("Z1", "07"), VALID, root, path_length=0)


def end(
    issuer: Authority,
    role: str = "03",
    usage: CertificateType = SIGNING,
    validity: Validity = VALID,
) -> OrganisationCertificate:
    return issue(party_name(ENTITY, role), new_key().public_key(), issuer, usage, validity)


@pytest.fixture
def store(root: Authority, issuing: Authority) -> TrustStore:
    return TrustStore([issuing.certificate], [root.certificate])


def reason_of(store: TrustStore, certificate: OrganisationCertificate, **options: object) -> ChainReason:
    with pytest.raises(ChainError) as caught:
        store.validate(certificate, **options)  # type: ignore[arg-type]
    assert str(certificate.serial) in caught.value.detail or caught.value.detail
    return caught.value.reason


class TestChains:
    """Party, issuing authority, root."""

    def test_a_whole_chain(self, store: TrustStore, root: Authority, issuing: Authority) -> None:
        certificate = end(issuing)
        assert store.validate(certificate) == (certificate, issuing.certificate, root.certificate)
        assert store.validate(certificate, NOW, role="03", usage=SIGNING)
        assert store.validate(certificate, role={"02", "03"})
        assert store.validate(issuing.certificate, usage=CertificateType.KEY_CERT_SIGN)
        assert store.validate(root.certificate) == (root.certificate,)

    def test_role_and_usage(self, store: TrustStore, issuing: Authority) -> None:
        assert reason_of(store, end(issuing, "02"), role="03") is ChainReason.ROLE
        assert reason_of(store, end(issuing, "02"), role=("03", "87")) is ChainReason.ROLE
        assert reason_of(store, end(issuing, usage=AGREEMENT), usage=SIGNING) is ChainReason.USAGE

    def test_validity_of_the_party(self, store: TrustStore, issuing: Authority) -> None:
        short = end(issuing, validity=Validity(NOW - 2 * DAY, NOW - DAY))
        assert reason_of(store, short) is ChainReason.EXPIRED
        assert store.validate(short, NOW - DAY)
        assert reason_of(store, short, at=NOW - DAY + timedelta(seconds=1)) is ChainReason.EXPIRED
        assert store.validate(short, NOW - 2 * DAY)
        assert reason_of(store, short, at=NOW - 3 * DAY) is ChainReason.NOT_YET_VALID

    def test_a_chain_checked_before_is_still_checked_for_time_role_and_usage(
        self, store: TrustStore, issuing: Authority
    ) -> None:
        certificate = end(issuing)
        store.validate(certificate)
        assert reason_of(store, certificate, at=NOW + 11 * DAY) is ChainReason.EXPIRED
        assert reason_of(store, certificate, role="02") is ChainReason.ROLE
        assert reason_of(store, certificate, usage=AGREEMENT) is ChainReason.USAGE

    def test_validity_of_the_authority(self, root: Authority) -> None:
        old = issue_authority(authority_name("Z0", "07"), Validity(NOW - 9 * DAY, NOW - DAY), root)
        store = TrustStore([old.certificate], [root.certificate])
        assert reason_of(store, end(old)) is ChainReason.EXPIRED
        assert store.validate(end(old), NOW - 2 * DAY)

    def test_unknown_issuer(self, root: Authority, issuing: Authority) -> None:
        assert reason_of(TrustStore([], [root.certificate]), end(issuing)) is ChainReason.UNKNOWN_ISSUER
        assert reason_of(TrustStore([issuing.certificate]), end(issuing)) is ChainReason.UNKNOWN_ISSUER

    def test_a_certification_path_in_the_message(self, root: Authority, issuing: Authority) -> None:
        store = TrustStore([], [root.certificate])
        assert store.validate(end(issuing), intermediates=[issuing.certificate])
        stranger = issue_authority(authority_name("ZA", "00"), VALID)
        other = issue_authority(authority_name("Z1", "07"), VALID, stranger)
        with pytest.raises(ChainError) as caught:
            store.validate(end(other), intermediates=[other.certificate, stranger.certificate])
        assert caught.value.reason is ChainReason.NOT_ISSUED

    def test_an_authority_of_the_same_name(self, store: TrustStore, root: Authority) -> None:
        stranger = issue_authority(
            authority_name("Z1", "07"), VALID, issue_authority(authority_name("ZA", "00"), VALID)
        )
        assert reason_of(store, end(stranger)) is ChainReason.NOT_ISSUED
        store.add(stranger.certificate)
        assert reason_of(store, end(stranger)) is ChainReason.NOT_ISSUED
        renewed = issue_authority(authority_name("Z1", "07"), VALID, root)
        store.add(renewed.certificate)
        assert store.validate(end(renewed))[1] == renewed.certificate

    def test_a_changed_certificate(self, store: TrustStore, issuing: Authority) -> None:
        der = end(issuing).der
        position = der.index(ENTITY.to_bytes())
        changed = der[:position] + b"\x03" + der[position + 1 :]
        assert reason_of(store, OrganisationCertificate.from_der(changed)) is ChainReason.NOT_ISSUED

    def test_a_party_may_not_issue(self, store: TrustStore, issuing: Authority) -> None:
        key = new_key()
        middle = issue(party_name(ENTITY, "03"), key.public_key(), issuing, SIGNING, VALID)
        store.add(middle)
        assert reason_of(store, end(Authority(middle, key))) is ChainReason.NOT_AN_AUTHORITY

    def test_an_authority_without_the_role_may_not_issue(self, store: TrustStore, root: Authority) -> None:
        wrong = issue_authority(authority_name("ZX", "08"), VALID, root)
        store.add(wrong.certificate)
        assert reason_of(store, end(wrong)) is ChainReason.NOT_AN_AUTHORITY

    def test_the_root_issues_no_party(self, store: TrustStore, root: Authority) -> None:
        assert reason_of(store, end(root)) is ChainReason.NOT_AN_AUTHORITY

    def test_an_issuing_authority_issues_no_other(self, store: TrustStore, issuing: Authority) -> None:
        below = issue_authority(authority_name("Z2", "07"), VALID, issuing)
        store.add(below.certificate)
        assert reason_of(store, end(below)) is ChainReason.NOT_AN_AUTHORITY

    def test_path_length(self) -> None:
        root = issue_authority(authority_name("ZB", "00"), VALID, path_length=0)
        issuing = issue_authority(authority_name("Z3", "07"), VALID, root)
        store = TrustStore([issuing.certificate], [root.certificate])
        assert reason_of(store, end(issuing)) is ChainReason.PATH_TOO_LONG

    def test_self_issued_roots_in_a_circle_end(self) -> None:
        root = issue_authority(authority_name("ZA", "00"), VALID)
        assert reason_of(TrustStore([root.certificate]), root.certificate) is ChainReason.UNKNOWN_ISSUER

    def test_an_anchor_need_not_be_a_root(self, issuing: Authority) -> None:
        certificate = end(issuing)
        assert TrustStore([], [issuing.certificate]).validate(certificate)
        assert TrustStore([], [certificate]).validate(certificate) == (certificate,)


def with_extension(
    issuer: Authority, extension: x509.ExtensionType, critical: bool
) -> OrganisationCertificate:
    plain = end(issuer).x509
    builder = (
        x509.CertificateBuilder()
        .subject_name(plain.subject)
        .issuer_name(plain.issuer)
        .public_key(plain.public_key())  # type: ignore[arg-type]
        .serial_number(plain.serial_number)
        .not_valid_before(plain.not_valid_before_utc)
        .not_valid_after(plain.not_valid_after_utc)
    )
    for each in plain.extensions:
        if each.oid != extension.oid:
            builder = builder.add_extension(each.value, each.critical)
    builder = builder.add_extension(extension, critical)
    return OrganisationCertificate(builder.sign(issuer.private_key, hashes.SHA256()))


def test_critical_extensions(store: TrustStore, issuing: Authority) -> None:
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    assert store.validate(with_extension(issuing, purpose, critical=False))
    assert reason_of(store, with_extension(issuing, purpose, critical=True)) is ChainReason.CRITICAL_EXTENSION


def test_policies(store: TrustStore, root: Authority, issuing: Authority) -> None:
    """The critical certificatePolicies of SMKI are understood, others are not [CERT]."""
    other = x509.ObjectIdentifier("1.2.3.4")
    policies = x509.CertificatePolicies([x509.PolicyInformation(other, None)])
    certificate = with_extension(issuing, policies, critical=True)
    assert reason_of(store, certificate) is ChainReason.POLICY
    understanding = TrustStore(
        [issuing.certificate], [root.certificate], policies=[*issuing.certificate.policies, other]
    )
    assert understanding.validate(certificate)


class TestFind:
    """Lookup by issuer and serial number."""

    def test_by_issuer_and_serial(self, store: TrustStore, issuing: Authority) -> None:
        key = new_key()
        first, second = (
            issue(party_name(ENTITY, "03"), key.public_key(), issuing, SIGNING, VALID) for _ in range(2)
        )
        store.add(first)
        store.add(second)
        assert first.subject_key_identifier == second.subject_key_identifier
        assert store.find("CN=Z1, OU=07", first.serial) == first
        assert store.find("CN=Z1,OU=07", second.serial) == second
        assert store.find("CN=Z1,OU=07", 1) is None
        assert store.find("CN=Z2,OU=07", first.serial) is None
        with pytest.raises(ValueError, match="RFC 4514"):
            store.find("Z1", 1)

    def test_a_known_certificate_is_not_replaced(self, store: TrustStore, issuing: Authority) -> None:
        known = end(issuing)
        store.add(known)
        stranger = issue_authority(authority_name("Z1", "07"), VALID)
        builder = (
            x509.CertificateBuilder(extensions=list(known.x509.extensions))
            .subject_name(known.x509.subject)
            .issuer_name(known.x509.issuer)
            .public_key(new_key().public_key())
            .serial_number(known.serial)
            .not_valid_before(known.not_before)
            .not_valid_after(known.not_after)
        )
        claiming = OrganisationCertificate(builder.sign(stranger.private_key, hashes.SHA256()))
        store.add(claiming)
        assert store.find("CN=Z1,OU=07", known.serial) == known
        assert claiming not in store.certificates


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("trust") / "pki")


class TestLoad:
    """Trust from files."""

    def test_a_directory_with_keys_and_transport_certificates_in_it(self, pki: TestPKI) -> None:
        store = TrustStore.load(pki.directory)
        assert store.anchors == (pki.root,)
        for party in pki.parties:
            assert store.validate(party.xmlsign.certificate)
        assert reason_of(store, pki.faulty("ed-north-ds-untrusted").certificate) is ChainReason.NOT_ISSUED
        transport = OrganisationCertificate(
            x509.load_pem_x509_certificate(pki.tls("dsp").certificate.read_bytes())
        )
        with pytest.raises(ChainError):
            store.validate(transport)

    def test_a_file_with_several(self, pki: TestPKI, tmp_path: Path) -> None:
        file = tmp_path / "chain"
        file.write_bytes(pki.root.pem() + pki.issuing.pem())
        assert TrustStore.load(file).validate(pki.party("is-a").digital_signing)

    def test_without_a_root_the_authorities_are_the_anchors(self, pki: TestPKI, tmp_path: Path) -> None:
        (tmp_path / "issuing.der").write_bytes(pki.issuing.der)
        store = TrustStore.load(tmp_path)
        assert store.anchors == (pki.issuing,)
        assert store.validate(pki.party("is-a").digital_signing)

    def test_a_single_signer(self, pki: TestPKI) -> None:
        store = TrustStore.load(pki.party("is-a").directory / "xmlsign.pem")
        assert store.validate(pki.party("is-a").xmlsign.certificate)
        assert reason_of(store, pki.party("is-b").xmlsign.certificate) is ChainReason.UNKNOWN_ISSUER

    def test_no_certificate(self, tmp_path: Path) -> None:
        with pytest.raises(TrustMaterialError, match="no certificate"):
            TrustStore.load(tmp_path)
        (tmp_path / "a.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        with pytest.raises(TrustMaterialError, match=r"a\.pem"):
            TrustStore.load(tmp_path)
        with pytest.raises(FileNotFoundError):
            TrustStore.load(tmp_path / "missing")
