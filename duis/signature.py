"""XML signature of DUIS documents: sign, verify, and both nested signatures of a response."""

from __future__ import annotations

from duis.signature_profile import SignatureError, SignatureReason
from duis.signature_response import VerifiedResponse, verify_response
from duis.signature_sign import SigningIdentity, SigningIdentityError, load_signing_identity, sign
from duis.signature_verify import Context, VerifiedDocument, verify, verify_with

__all__ = [
    "Context",
    "SignatureError",
    "SignatureReason",
    "SigningIdentity",
    "SigningIdentityError",
    "VerifiedDocument",
    "VerifiedResponse",
    "load_signing_identity",
    "sign",
    "verify",
    "verify_response",
    "verify_with",
]
