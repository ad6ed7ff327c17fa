"""Both signatures of a Response that carries what an S1SP signed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from duis.alerts import S1SPAlertDSP, SecurityCredentialsUpdated, UpdatedCertificate
from duis.identifiers import EUI64, RequestID
from duis.response import DCCAlertMessage, Response, ResponseMessage, SMETS1ResponseMessage
from duis.roles import CertificateType, RemotePartyRole
from duis.signature import Context, SignatureError, SignatureReason, sign, verify_response
from duis.smets1 import DeviceAlert, S1SPAlert, SMETS1Header, SMETS1Response
from duis.smki.testpki import TestPKI, mint
from duis.smki.trust import TrustStore

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DEVICE = EUI64("00-DB-12-34-56-78-90-A0")
REQUEST_ID = RequestID(EUI64("02-53-31-00-00-00-00-11"), DEVICE, 1200)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPKI:
    return mint(tmp_path_factory.mktemp("response") / "pki", datetime.now(UTC))


@pytest.fixture(scope="module")
def trust(pki: TestPKI) -> TrustStore:
    return pki.trust_store()


@pytest.fixture(scope="module")
def s1sp_alert(pki: TestPKI) -> bytes:
    alert = S1SPAlert("S1VE64", NOW, REQUEST_ID, DEVICE)
    return sign(alert.to_xml(), pki.party("s1sp1").xmlsign)


def alerting(s1sp_alert: bytes) -> bytes:
    message = DCCAlertMessage("N55", S1SPAlertDSP(s1sp_alert))
    return Response(REQUEST_ID, REQUEST_ID.response_id(), "I0", NOW, message).to_xml()


def acknowledgement() -> bytes:
    message = ResponseMessage("6.15", "6.15.1")
    return Response(REQUEST_ID, REQUEST_ID.response_id(), "I99", NOW, message).to_xml()


def reason_of(document: bytes, trust: TrustStore) -> SignatureReason:
    with pytest.raises(SignatureError) as caught:
        verify_response(document, trust)
    return caught.value.reason


def resigned(document: bytes, pki: TestPKI) -> bytes:
    """The document with the DSP's signature over it as it is now."""
    return sign(document, pki.party("dsp").xmlsign)


def test_an_s1sp_alert_has_two_signers(pki: TestPKI, trust: TrustStore, s1sp_alert: bytes) -> None:
    verified = verify_response(resigned(alerting(s1sp_alert), pki), trust)
    assert verified.outer_signer == pki.party("dsp").xmlsign.certificate
    assert verified.inner_signer == pki.party("s1sp1").xmlsign.certificate
    assert isinstance(verified.inner, S1SPAlert)
    assert verified.inner.s1sp_alert_code == "S1VE64"
    assert verified.inner_context is Context.IN_PLACE


def test_a_smets1_device_alert_has_two_signers(pki: TestPKI, trust: TrustStore) -> None:
    alert = SMETS1Response(
        SMETS1Header(DEVICE, REQUEST_ID.originator, 1), DeviceAlert("8F3F", "Unauthorised access", NOW)
    )
    inner = sign(alert.to_xml(), pki.party("s1sp2").xmlsign)
    message = SMETS1ResponseMessage(inner)
    document = resigned(Response(None, None, "I0", NOW, message).to_xml(), pki)
    verified = verify_response(document, trust, outer_roles={"89"}, inner_roles={"7F"})
    assert verified.inner == alert
    assert verified.inner_signer == pki.party("s1sp2").xmlsign.certificate


def test_an_acknowledgement_may_be_signed_or_not(pki: TestPKI, trust: TrustStore) -> None:
    plain = verify_response(acknowledgement(), trust)
    assert plain.outer_signer is None
    assert plain.inner is None
    assert plain.response.response_code == "I99"
    signed = verify_response(resigned(acknowledgement(), pki), trust)
    assert signed.outer_signer == pki.party("dsp").xmlsign.certificate


def test_a_signature_that_is_there_must_hold(pki: TestPKI, trust: TrustStore) -> None:
    changed = resigned(acknowledgement(), pki).replace(b">I99<", b">I0<")
    assert reason_of(changed, trust) is SignatureReason.DIGEST


class TestContext:
    """Inclusive C14N makes the namespaces in scope part of the digest."""

    def alert_with_own_declarations(self, pki: TestPKI) -> bytes:
        """An alert that declares fewer namespaces than the Response around it."""
        text = S1SPAlert("S1VE4", NOW, REQUEST_ID, DEVICE).to_xml()
        return sign(re.sub(rb' xmlns:(ra|ds)="[^"]*"', b"", text), pki.party("s1sp3").xmlsign)

    def test_only_when_cut_out(self, pki: TestPKI, trust: TrustStore) -> None:
        document = resigned(alerting(self.alert_with_own_declarations(pki)), pki)
        verified = verify_response(document, trust)
        assert verified.inner_context is Context.CUT_OUT
        assert verified.inner_signer == pki.party("s1sp3").xmlsign.certificate
        assert isinstance(verified.inner, S1SPAlert)
        assert verified.inner.s1sp_alert_code == "S1VE4"

    def test_only_in_place(self, pki: TestPKI, trust: TrustStore, s1sp_alert: bytes) -> None:
        without = re.sub(
            rb'(<sr:S1SPAlert)( xmlns:[a-z]+="[^"]*")+', rb"\1", s1sp_alert[s1sp_alert.index(b"<sr:") :]
        )
        shell = alerting(s1sp_alert)
        start, end = shell.index(b"<sr:S1SPAlert "), shell.index(b"</sr:S1SPAlert>") + len(b"</sr:S1SPAlert>")
        document = resigned(shell[:start] + without + shell[end:], pki)
        assert verify_response(document, trust).inner_context is Context.IN_PLACE

    def test_neither(self, pki: TestPKI, trust: TrustStore, s1sp_alert: bytes) -> None:
        shell = alerting(s1sp_alert).replace(b"<sr:S1SPAlert ", b'<sr:S1SPAlert xmlns:new="urn:new" ')
        assert reason_of(resigned(shell, pki), trust) is SignatureReason.DIGEST


class TestRefused:
    """Right outer signature, wrong inside, and the other way round."""

    def test_tampered_inside_though_signed_by_the_dsp(
        self, pki: TestPKI, trust: TrustStore, s1sp_alert: bytes
    ) -> None:
        changed = alerting(s1sp_alert).replace(b"S1VE64", b"S1VE4")
        assert reason_of(resigned(changed, pki), trust) is SignatureReason.DIGEST

    def test_tampered_outside(self, pki: TestPKI, trust: TrustStore, s1sp_alert: bytes) -> None:
        changed = resigned(alerting(s1sp_alert), pki).replace(b">N55<", b">N54<")
        assert reason_of(changed, trust) is SignatureReason.DIGEST

    def test_without_the_signature_of_the_dsp(self, trust: TrustStore, s1sp_alert: bytes) -> None:
        assert reason_of(alerting(s1sp_alert), trust) is SignatureReason.MISSING

    def test_without_the_signature_of_the_s1sp(self, pki: TestPKI, trust: TrustStore) -> None:
        unsigned = S1SPAlert("S1VE64", NOW, REQUEST_ID, DEVICE).to_xml()
        assert reason_of(resigned(alerting(unsigned), pki), trust) is SignatureReason.MISSING

    def test_inner_signer_of_another_role(self, pki: TestPKI, trust: TrustStore) -> None:
        alert = sign(S1SPAlert("S1VE64", NOW).to_xml(), pki.party("is-a").xmlsign)
        document = resigned(alerting(alert), pki)
        assert verify_response(document, trust).inner_signer == pki.party("is-a").xmlsign.certificate
        with pytest.raises(SignatureError) as caught:
            verify_response(document, trust, inner_roles={"7F"})
        assert caught.value.reason is SignatureReason.CHAIN

    def test_two_embedded_documents(self, pki: TestPKI, trust: TrustStore, s1sp_alert: bytes) -> None:
        alert = s1sp_alert[s1sp_alert.index(b"<sr:") :]
        doubled = alerting(s1sp_alert).replace(b"</sr:S1SPAlertDSP>", alert + b"</sr:S1SPAlertDSP>")
        assert reason_of(resigned(doubled, pki), trust) is SignatureReason.TOO_MANY

    def test_an_embedded_document_elsewhere(self, pki: TestPKI, trust: TrustStore, s1sp_alert: bytes) -> None:
        alert = s1sp_alert[s1sp_alert.index(b"<sr:") :]
        hidden = acknowledgement().replace(b"</sr:ResponseMessage>", alert + b"</sr:ResponseMessage>")
        assert reason_of(resigned(hidden, pki), trust) in {
            SignatureReason.MISPLACED,
            SignatureReason.DOCUMENT,
        }

    def test_unsigned_though_more_than_an_acknowledgement(self, pki: TestPKI, trust: TrustStore) -> None:
        updated = UpdatedCertificate(
            CertificateType.DIGITAL_SIGNING, pki.party("ed-north").digital_signing.sha1
        )
        alert = SecurityCredentialsUpdated(DEVICE, RemotePartyRole.NETWORK_OPERATOR, (updated,))
        document = Response(None, None, "I0", NOW, DCCAlertMessage("N42", alert)).to_xml()
        assert reason_of(document, trust) is SignatureReason.MISSING
        assert verify_response(resigned(document, pki), trust).inner is None

    def test_an_unsigned_success(self, trust: TrustStore) -> None:
        assert reason_of(acknowledgement().replace(b">I99<", b">I0<"), trust) is SignatureReason.MISSING

    def test_what_is_no_response(self, pki: TestPKI, trust: TrustStore, s1sp_alert: bytes) -> None:
        assert reason_of(s1sp_alert, trust) is SignatureReason.DOCUMENT
        broken = acknowledgement().replace(b"ResponseCode>", b"Code>")
        assert reason_of(resigned(broken, pki), trust) is SignatureReason.DOCUMENT
        assert reason_of(b"<a>", trust) is SignatureReason.MALFORMED
