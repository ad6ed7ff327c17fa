"""Verification of a Response: the DSP's outer signature and the S1SP's inner one.

An S1SP signs SMETS1SignedResponse and S1SPAlert as documents of their own; the DSP embeds them and signs the
Response [ASSUMED from the schema]. Inclusive C14N makes the namespaces in scope part of a digest, so an
embedded document may verify in place or only when cut out with its own namespace declarations. Either is
accepted, and which is recorded.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from duis.alerts import S1SPAlertDSP
from duis.response import DCCAlertMessage, Response, ResponseMessage, SMETS1ResponseMessage
from duis.signature_profile import SIGNATURE, SignatureError, SignatureReason
from duis.signature_sign import parse_for_signature
from duis.signature_verify import Context, VerifiedDocument, verify
from duis.smets1 import S1SPAlert, SMETS1Response
from duis.smki.certificate import OrganisationCertificate
from duis.smki.trust import TrustStore
from duis.xml import SR, Element, MessageError, qualified

SUCCESS: Final = "I0"
_RESPONSE: Final = f"{{{SR}}}Response"
_SIGNED_RESPONSE: Final = f"{{{SR}}}SMETS1SignedResponse"
_S1SP_ALERT: Final = f"{{{SR}}}S1SPAlert"


@dataclass(frozen=True, slots=True)
class VerifiedResponse:
    """A Response all of whose signatures hold.

    Attributes:
        response: The Response as read from the verified tree.
        outer_signer: Who signed the Response; None for an acknowledgement or rejection without a signature.
        inner: What an S1SP signed, None when the Response embeds nothing signed.
        inner_signer: Who signed it.
        inner_context: Whether it verified in place or only when cut out.
    """

    response: Response
    outer_signer: OrganisationCertificate | None
    inner: SMETS1Response | S1SPAlert | None = None
    inner_signer: OrganisationCertificate | None = None
    inner_context: Context | None = None


def verify_response(
    document: bytes | Element,
    trust: TrustStore,
    at: datetime | None = None,
    *,
    outer_roles: Collection[str] | None = None,
    inner_roles: Collection[str] | None = None,
) -> VerifiedResponse:
    """Verify a Response and the signed document it may embed.

    Args:
        document: The Response.
        trust: Where the signers' certificates and their chains are found.
        at: When the signers' certificates have to be valid; default now.
        outer_roles: The role codes the signer of the Response may have; default any.
        inner_roles: The role codes the S1SP's signer may have; default any.

    Returns:
        The Response and its signers. Only an acknowledgement or a rejection may come unsigned (it embeds
        nothing); whether it may is for the caller to say.

    Raises:
        SignatureError: When a signature is missing or does not hold, or the document is no Response.
    """
    root = parse_for_signature(document) if isinstance(document, bytes) else document
    if root.tag != _RESPONSE:
        raise SignatureError(SignatureReason.DOCUMENT, f"{qualified(str(root.tag))} is not sr:Response")
    embedded = list(root.iter(_SIGNED_RESPONSE, _S1SP_ALERT))
    if len(embedded) > 1:
        raise SignatureError(SignatureReason.TOO_MANY, "the Response embeds more than one signed document")
    outer_signer = None
    if embedded or next(root.iter(SIGNATURE), None) is not None:
        outer_signer = verify(root, trust, at, roles=outer_roles).signer
    try:
        response = Response.parse(root)
        if outer_signer is None and not _may_be_unsigned(response):
            raise SignatureError(
                SignatureReason.MISSING,
                "only acknowledgements and rejections may lack ds:Signature",
            )
        if not embedded:
            return VerifiedResponse(response, outer_signer)
        if not _embeds(response):
            raise SignatureError(SignatureReason.MISPLACED, "a signed document stands where none belongs")
        verified = _verify_embedded(embedded[0], trust, at, inner_roles)
        kind = SMETS1Response if verified.root.tag == _SIGNED_RESPONSE else S1SPAlert
        inner = kind.parse(verified.root)
    except MessageError as error:
        raise SignatureError(SignatureReason.DOCUMENT, str(error)) from error
    return VerifiedResponse(response, outer_signer, inner, verified.signer, verified.context)


def _may_be_unsigned(response: Response) -> bool:
    """Whether it is an acknowledgement or a rejection: it says no more than its code [RTDS]."""
    message = response.message
    return (
        isinstance(message, ResponseMessage)
        and message.inventory is None
        and message.content is None
        and response.response_code != SUCCESS
    )


def _embeds(response: Response) -> bool:
    """Whether the message is one that carries what an S1SP signed."""
    message = response.message
    return isinstance(message, SMETS1ResponseMessage) or (
        isinstance(message, DCCAlertMessage) and isinstance(message.alert, S1SPAlertDSP)
    )


def _verify_embedded(
    element: Element, trust: TrustStore, at: datetime | None, roles: Collection[str] | None
) -> VerifiedDocument:
    try:
        verified = verify(element, trust, at, roles=roles)
        return VerifiedDocument(verified.root, verified.signer, Context.IN_PLACE)
    except SignatureError as error:
        if error.reason is not SignatureReason.DIGEST:
            raise
    # A copy keeps the declarations written on the element and adds only those it could not do without.
    alone = deepcopy(element)
    alone.tail = None
    verified = verify(alone, trust, at, roles=roles)
    return VerifiedDocument(verified.root, verified.signer, Context.CUT_OUT)
