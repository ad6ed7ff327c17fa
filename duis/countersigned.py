"""The Countersigned Service Request: what the DSP hands an S1SP, in a form of our own.

No public XML form exists [ASSUMED]; `docs/s1sp-interface.md` describes this one. The user's signed request
travels as its exact octets in base64, so that no re-serialisation can come between the S1SP and the user's
signature; the header repeats what an S1SP needs to route the request, plus what the request does not say,
such as the user's role.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from duis import values
from duis.identifiers import EUI64, MAXIMUM_COUNTER, RequestID
from duis.roles import UserRole
from duis.values import child
from duis.xml import CSR, DECLARATION, DS, Children, Element, error_at, root_of

NAMESPACES = f'xmlns:csr="{CSR}" xmlns:ds="{DS}"'
_SIGNATURE = f"{{{DS}}}Signature"
_SCHEMA_VERSION = "1"


def csr(name: str) -> str:
    """`name` in our own namespace, as lxml writes it."""
    return f"{{{CSR}}}{name}"


@dataclass(frozen=True, slots=True)
class CountersignedServiceRequest:
    """A user's request, accepted and countersigned by the DSP.

    Attributes:
        request: the exact octets the user signed.
        request_id: of the request; by it an S1SP tells a repeated delivery.
        dsp_id: Entity Identifier of the DSP.
        s1sp_id: Entity Identifier of the S1SP it is for.
        user_role: the role the DSP found the user to act in.
        srv: Service Reference Variant of the request.
        received_at: when the DSP received the request.
        supplementary_remote_party_id: the user, where the DCC itself is the originator to the device.
        supplementary_remote_party_counter: that user's counter; given with the identifier, never alone.

    Raises:
        ValueError: when only one of the supplementary fields is given.
    """

    request: bytes
    request_id: RequestID
    dsp_id: EUI64
    s1sp_id: EUI64
    user_role: UserRole
    srv: str
    received_at: datetime
    supplementary_remote_party_id: EUI64 | None = None
    supplementary_remote_party_counter: int | None = None

    def __post_init__(self) -> None:
        if (self.supplementary_remote_party_id is None) != (self.supplementary_remote_party_counter is None):
            raise ValueError("a supplementary remote party has both an identifier and a counter")

    def to_xml(self) -> bytes:
        """The unsigned document, without indentation; the DSP's signature is still to come."""
        return (
            f'{DECLARATION}<csr:CountersignedServiceRequest {NAMESPACES} schemaVersion="{_SCHEMA_VERSION}">'
            f"<csr:Header><csr:RequestID>{self.request_id}</csr:RequestID>"
            f"<csr:DSPID>{self.dsp_id}</csr:DSPID><csr:S1SPID>{self.s1sp_id}</csr:S1SPID>"
            f"<csr:UserRole>{self.user_role}</csr:UserRole>"
            f"{child('csr:ServiceReferenceVariant', self.srv)}"
            f"{child('csr:ReceivedDateTime', self.received_at)}"
            f"{child('csr:SupplementaryRemotePartyID', self.supplementary_remote_party_id)}"
            f"{child('csr:SupplementaryRemotePartyCounter', self.supplementary_remote_party_counter)}"
            f"</csr:Header>{child('csr:ServiceRequest', self.request)}</csr:CountersignedServiceRequest>"
        ).encode()

    @classmethod
    def parse(cls, document: bytes | Element) -> CountersignedServiceRequest:
        """Read a document, signed or not; neither signature is looked at (see `duis.signature`).

        Raises:
            MalformedXML: not well-formed.
            MessageError: not a CountersignedServiceRequest, or with something that cannot be represented.
        """
        root = root_of(document)
        if root.tag != csr("CountersignedServiceRequest"):
            raise error_at(root, "csr:CountersignedServiceRequest was expected here")
        children = Children(root, "schemaVersion")
        if children.attributes.get("schemaVersion") != _SCHEMA_VERSION:
            raise error_at(root, f"schemaVersion {_SCHEMA_VERSION} was expected")
        header = Children(children.required(csr("Header")))
        request = values.bytes_of(children.required(csr("ServiceRequest")))
        children.optional(_SIGNATURE)
        children.end()
        request_id = values.request_id_of(header.required(csr("RequestID")))
        dsp_id = values.eui64_of(header.required(csr("DSPID")))
        s1sp_id = values.eui64_of(header.required(csr("S1SPID")))
        user_role = values.member_of(header.required(csr("UserRole")), UserRole)
        srv = values.text_of(header.required(csr("ServiceReferenceVariant")))
        received_at = values.date_time_of(header.required(csr("ReceivedDateTime")))
        party = values.optional_eui64(header, csr("SupplementaryRemotePartyID"))
        counter = values.optional_integer(header, csr("SupplementaryRemotePartyCounter"), 0, MAXIMUM_COUNTER)
        header.end()
        try:
            return cls(request, request_id, dsp_id, s1sp_id, user_role, srv, received_at, party, counter)
        except ValueError as error:
            raise error_at(header.element, str(error)) from None
