"""Reading the synchronous answer of the DSP."""

from __future__ import annotations

from contextlib import suppress

from duis.identifiers import RequestID
from duis.response import Response, ResponseMessage
from duis.schema import Schema, SchemaInvalid
from duis.signature import SignatureError, verify_response
from duis.smki.trust import TrustStore
from duis.xml import MalformedXML, parse
from target.assumptions import Assumptions
from target.errors import NonconformingAnswer
from target.gateway import HttpAnswer
from target.observations import Acknowledged, Answer, InventoryAnswer, Refused, Rejected

_XML = ("application/xml", "text/xml")


class AnswerReader:
    """Reads answers: schema, signature where there is one, and correlation are checked.

    Args:
        schema: The DUIS schema.
        trust: For a signature, which an answer may have or not.
        assumptions: The response codes.
    """

    def __init__(self, schema: Schema, trust: TrustStore, assumptions: Assumptions) -> None:
        self._schema = schema
        self._trust = trust
        self._assumptions = assumptions

    def read(self, answer: HttpAnswer, title: str, request_id: RequestID | None, srv: str | None) -> Answer:
        """Read an answer.

        Args:
            answer: What came.
            title: What it answers.
            request_id: RequestID of what was sent, where it has one that can be read.
            srv: Service Reference Variant of what was sent, where it can be read.

        Raises:
            NonconformingAnswer: It is not an answer at all, breaks the schema, or belongs to another request.
        """
        requirement = f"the DSP answers {title} with a Response [XSD, CLIENT]"
        if 400 <= answer.status < 500 and not _is_response(answer.document):
            return Refused(answer.status, answer.document.decode("utf-8", "replace"))
        if not 200 <= answer.status < 500 or 300 <= answer.status < 400:
            detail = " ".join(answer.document.decode("utf-8", "replace").split())[:200]
            raise NonconformingAnswer(requirement, "HTTP 200, or 4xx", f"HTTP {answer.status} ({detail})")
        if answer.media_type not in _XML:
            raise NonconformingAnswer(
                requirement, "Content-Type application/xml", f"Content-Type {answer.media_type or '(none)'}"
            )
        response = self._response(answer.document, requirement)
        _check_correlation(response, title, request_id, srv)
        return self._interpret(response, requirement)

    def _response(self, document: bytes, requirement: str) -> Response:
        try:
            self._schema.validate(document)
            verified = verify_response(document, self._trust)
        except (MalformedXML, SchemaInvalid) as error:
            raise NonconformingAnswer(requirement, "a schema-valid Response", str(error)) from None
        except SignatureError as error:
            raise NonconformingAnswer(
                requirement, "no signature, or one that verifies", f"signature: {error}"
            ) from None
        except ValueError as error:
            raise NonconformingAnswer(requirement, "a Response that can be read", str(error)) from None
        signer, role = verified.outer_signer, self._assumptions.dsp_signer_role
        if signer is not None and signer.role != role:
            raise NonconformingAnswer(
                requirement,
                f"no signature, or one of a certificate of role {role}",
                f"signed by {signer.entity_identifier} with a certificate of role {signer.role}",
            )
        return verified.response

    def _interpret(self, response: Response, requirement: str) -> Answer:
        codes = self._assumptions.response_codes
        code, message = response.response_code, response.message
        if not isinstance(message, ResponseMessage):
            raise NonconformingAnswer(requirement, "a ResponseMessage", f"a {type(message).__name__}")
        if message.inventory is not None and code == codes.success:
            return InventoryAnswer(message.inventory, response.request_id, response)
        if code == codes.acknowledgement:
            return Acknowledged(response.request_id, response)
        if code.startswith("E"):
            return Rejected(code, response.request_id, response)
        raise NonconformingAnswer(
            requirement,
            f"{codes.acknowledgement}, an E code, or {codes.success} with an inventory",
            f"response code {code}",
        )


def _check_correlation(response: Response, title: str, request_id: RequestID | None, srv: str | None) -> None:
    requirement = f"the answer to {title} belongs to its RequestID [XSD]"
    answered = response.request_id
    # What cannot be read has no RequestID to answer with; all else is answered with its own.
    may_be_silent = srv is None or request_id is None
    if (answered is None and not may_be_silent) or (
        answered is not None and request_id is not None and answered != request_id
    ):
        raise NonconformingAnswer(requirement, f"RequestID {request_id}", f"RequestID {answered}")
    message = response.message
    if srv is not None and isinstance(message, ResponseMessage) and message.srv != srv:
        raise NonconformingAnswer(
            requirement, f"ServiceReferenceVariant {srv}", f"ServiceReferenceVariant {message.srv}"
        )


def _is_response(document: bytes) -> bool:
    with suppress(MalformedXML):
        return str(parse(document).tag).endswith("}Response")
    return False
