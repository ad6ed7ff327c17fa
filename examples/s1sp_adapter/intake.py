"""Whether a document that arrives is a request this S1SP has to carry out (docs/s1sp-interface.md)."""

from __future__ import annotations

from dataclasses import dataclass

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64
from duis.request import ServiceRequest
from duis.schema import Schema, SchemaInvalid
from duis.signature import SignatureError, verify
from duis.smki.certificate import DSP_XML_SIGN, XML_SIGN
from duis.smki.trust import TrustStore
from duis.xml import Element, MalformedXML, MessageError, parse


class Refused(Exception):
    """The document is not taken over.

    Attributes:
        status: the HTTP status that says so.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Taken:
    """A Countersigned Service Request and the user's request inside it."""

    countersigned: CountersignedServiceRequest
    request: ServiceRequest


class Intake:
    """Checks what arrives, in the order of docs/s1sp-interface.md."""

    def __init__(self, trust: TrustStore, dsp_id: EUI64, s1sp_id: EUI64) -> None:
        self._trust = trust
        self._dsp_id = dsp_id
        self._s1sp_id = s1sp_id
        self._schema = Schema.bundled()

    def check(self, document: bytes) -> Taken:
        """Check a document; what is returned was read from the trees that were verified.

        Raises:
            Refused: it is not acceptable, with the status to answer.
        """
        root = _parsed(document)
        _countersigned(root)
        self._verify(root, DSP_XML_SIGN, self._dsp_id, "DSP")
        countersigned = _countersigned(root)
        if countersigned.s1sp_id != self._s1sp_id:
            raise Refused(403, f"it is for {countersigned.s1sp_id}, not for {self._s1sp_id}")
        inside = _parsed(countersigned.request)
        try:
            self._schema.validate(inside)
        except SchemaInvalid as error:
            raise Refused(400, f"Service Request: {error}") from error
        request = _request(inside)
        if (request.request_id, request.srv) != (countersigned.request_id, countersigned.srv):
            raise Refused(400, "RequestID or ServiceReferenceVariant is not that of the request inside")
        if request.srv != request.body.SRV:
            raise Refused(400, f"there is no translation for SRV {request.srv}, or that is not its body")
        self._verify(inside, XML_SIGN, request.request_id.originator, "user")
        return Taken(countersigned, _request(inside))

    def _verify(self, root: Element, role: str, party: EUI64, name: str) -> None:
        """Verify, and make sure of the signer: a signature proves who signed, not that they were to sign."""
        try:
            signer = verify(root, self._trust, roles={role}).signer
        except SignatureError as error:
            raise Refused(403, f"signature of the {name}: {error}") from error
        if signer.entity_identifier != party:
            raise Refused(403, f"signed by {signer.entity_identifier}, not by the {name} {party}")


def read_again(document: bytes) -> Taken:
    """Read a document that was checked before it was stored."""
    countersigned = CountersignedServiceRequest.parse(document)
    return Taken(countersigned, ServiceRequest.parse(countersigned.request))


def _parsed(document: bytes) -> Element:
    try:
        return parse(document)
    except MalformedXML as error:
        raise Refused(400, str(error)) from error


def _countersigned(root: Element) -> CountersignedServiceRequest:
    try:
        return CountersignedServiceRequest.parse(root)
    except MessageError as error:
        raise Refused(400, str(error)) from error


def _request(root: Element) -> ServiceRequest:
    try:
        return ServiceRequest.parse(root)
    except MessageError as error:
        raise Refused(400, f"Service Request: {error}") from error
