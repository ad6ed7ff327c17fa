"""The Service Request: header, body and, once signed, the user's signature [XSD Request]."""

from __future__ import annotations

from dataclasses import dataclass

from duis import values
from duis.identifiers import RequestID
from duis.requests import BODIES, Body, UnknownBody
from duis.requests.body import sr
from duis.values import child
from duis.xml import DECLARATION, DS, REQUEST_NAMESPACES, Children, Element, error_at, root_of

_REQUEST = sr("Request")
_HEADER = sr("Header")
_REQUEST_ID = sr("RequestID")
_FIRST = sr("FirstInSequence")
_PRECEDING = sr("PrecedingServiceRequestID")
_COMMAND_VARIANT = sr("CommandVariant")
_SERVICE_REFERENCE = sr("ServiceReference")
_SRV = sr("ServiceReferenceVariant")
_BODY = sr("Body")
_SIGNATURE = f"{{{DS}}}Signature"


def service_reference_of(srv: str) -> str:
    """The Service Reference a variant belongs to: the first two of its numbers."""
    return ".".join(srv.split(".")[:2])


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A Service Request. Nothing is checked against the tables: a request may be wrong on purpose.

    Attributes:
        request_id: originator, target device and counter.
        command_variant: 1 to 9; 1 for a SMETS1 request [ASSUMED], 8 for a Non-Device one [RTDS].
        body: the request proper.
        srv: Service Reference Variant of the header; by default that of the body.
        first_in_sequence: whether a sequence of requests begins here.
        preceding_request_id: the request before this one in a sequence.
        schema_version: version of the schema, a decimal.
        service_reference: Service Reference of the header; by default that of the variant.
    """

    request_id: RequestID
    command_variant: int
    body: Body
    srv: str = ""
    first_in_sequence: bool | None = None
    preceding_request_id: RequestID | None = None
    schema_version: str = "5.4"
    service_reference: str = ""

    def __post_init__(self) -> None:
        if not self.srv:
            srv = self.body.srv if isinstance(self.body, UnknownBody) else self.body.SRV
            object.__setattr__(self, "srv", srv)
        if not self.service_reference:
            object.__setattr__(self, "service_reference", service_reference_of(self.srv))

    def to_xml(self) -> bytes:
        """The unsigned document, without indentation."""
        return (
            f'{DECLARATION}<sr:Request {REQUEST_NAMESPACES} schemaVersion="{self.schema_version}">'
            f"<sr:Header><sr:RequestID>{self.request_id}</sr:RequestID>"
            f"{child('sr:FirstInSequence', self.first_in_sequence)}"
            f"{child('sr:PrecedingServiceRequestID', self.preceding_request_id)}"
            f"<sr:CommandVariant>{self.command_variant}</sr:CommandVariant>"
            f"{child('sr:ServiceReference', self.service_reference)}"
            f"{child('sr:ServiceReferenceVariant', self.srv)}</sr:Header>"
            f"<sr:Body>{self.body.to_text()}</sr:Body></sr:Request>"
        ).encode()

    @classmethod
    def parse(cls, document: bytes | Element) -> ServiceRequest:
        """Read a document, signed or not; the signature is not looked at (see `duis.signature`).

        Raises:
            MalformedXML: not well-formed.
            MessageError: not a Request, or with something that cannot be represented.
        """
        root = root_of(document)
        if root.tag != _REQUEST:
            raise error_at(root, "sr:Request was expected here")
        children = Children(root, "schemaVersion")
        if "schemaVersion" not in children.attributes:
            raise error_at(root, "attribute schemaVersion is missing")
        header = Children(children.required(_HEADER))
        request_id = values.request_id_of(header.required(_REQUEST_ID))
        first = header.optional(_FIRST)
        preceding = header.optional(_PRECEDING)
        command_variant = values.integer_of(header.required(_COMMAND_VARIANT))
        service_reference = values.text_of(header.required(_SERVICE_REFERENCE))
        srv = values.text_of(header.required(_SRV))
        if not srv or not service_reference:
            raise error_at(header.element, "empty Service Reference or Service Reference Variant")
        header.end()
        body_children = Children(children.required(_BODY))
        content = body_children.any()
        body_children.end()
        children.optional(_SIGNATURE)
        children.end()
        known = BODIES.get(str(content.tag))
        return cls(
            request_id,
            command_variant,
            UnknownBody(srv, content) if known is None else known.from_element(content),
            srv,
            None if first is None else values.boolean_of(first),
            None if preceding is None else values.request_id_of(preceding),
            children.attributes["schemaVersion"],
            service_reference,
        )
