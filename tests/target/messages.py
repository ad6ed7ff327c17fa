"""Messages as the DSP would post them, signed by the parties of the test PKI."""

from __future__ import annotations

from datetime import UTC, datetime

from duis.identifiers import EUI64, RequestID
from duis.response import DCCAlertMessage, Response, ResponseMessage, S1SPAlertDSP, SMETS1ResponseMessage
from duis.signature import SigningIdentity, sign
from duis.smets1 import (
    DeviceAlert,
    S1SPAlert,
    SMETS1Header,
    SMETS1Response,
    UpdateSecurityCredentialsKRPRsp,
)
from duis.smki.testpki import TestPKI

NOW = datetime.now(UTC).replace(microsecond=0)
DEVICE = EUI64("00-DB-12-34-56-78-90-A0")


def request_id(pki: TestPKI, counter: int, user: str = "ed-north") -> RequestID:
    return RequestID(pki.party(user).entity_identifier, DEVICE, counter)


def signed_result(pki: TestPKI, about: RequestID, signer: SigningIdentity | None = None) -> bytes:
    """A SMETS1SignedResponse to a 6.15.1."""
    header = SMETS1Header(about.target, about.originator, about.counter)
    inner = SMETS1Response(header, UpdateSecurityCredentialsKRPRsp(message_success=True))
    return sign(inner.to_xml(), signer or pki.party("s1sp1").xmlsign)


def unsigned_result(pki: TestPKI, about: RequestID, inner: bytes | None = None) -> bytes:
    message = SMETS1ResponseMessage(inner or signed_result(pki, about), "6.15", "6.15.1")
    return Response(about, about.response_id(), "I0", NOW, message).to_xml()


def result(
    pki: TestPKI, about: RequestID, inner: bytes | None = None, signer: SigningIdentity | None = None
) -> bytes:
    """A result as the DSP posts it."""
    return sign(unsigned_result(pki, about, inner), signer or pki.party("dsp").xmlsign)


def s1sp_alert(pki: TestPKI, about: RequestID, *, outer: RequestID | None = None) -> bytes:
    """An S1SP's rejection as the DSP posts it; the outer header may or may not name the request."""
    alert = S1SPAlert("S1VE64", NOW, request_id=about, device_id=about.target)
    inner = sign(alert.to_xml(), pki.party("s1sp1").xmlsign)
    message = DCCAlertMessage("N55", S1SPAlertDSP(inner))
    response = Response(outer, outer.response_id() if outer else None, "I0", NOW, message)
    return sign(response.to_xml(), pki.party("dsp").xmlsign)


def device_alert(pki: TestPKI, user: str, alert_code: str = "8F3F") -> bytes:
    """An alert of a device as the DSP posts it to the party in the slot."""
    header = SMETS1Header(DEVICE, pki.party(user).entity_identifier, 77)
    inner = SMETS1Response(header, DeviceAlert(alert_code, "Tamper detected", NOW))
    message = SMETS1ResponseMessage(sign(inner.to_xml(), pki.party("s1sp1").xmlsign))
    return sign(Response(None, None, "I0", NOW, message).to_xml(), pki.party("dsp").xmlsign)


def acknowledgement(about: RequestID, code: str = "I99", srv: str = "6.15.1") -> bytes:
    message = ResponseMessage(srv.rpartition(".")[0], srv)
    return Response(about, about.response_id(), code, NOW, message).to_xml()
