"""Which request a message belongs to: the RequestID in the header, and the one in what the S1SP signed."""

from __future__ import annotations

from duis.identifiers import RequestID
from duis.signature import VerifiedResponse
from duis.smets1 import DeviceAlert, S1SPAlert, SMETS1Response, UnknownContent


def inner_request_id(verified: VerifiedResponse) -> RequestID | None:
    """The RequestID that what the S1SP signed names; a device alert answers no request."""
    inner = verified.inner
    if isinstance(inner, S1SPAlert):
        return inner.request_id
    if not isinstance(inner, SMETS1Response) or isinstance(inner.payload, DeviceAlert):
        return None
    if isinstance(inner.payload, UnknownContent) and inner.payload.name == "DeviceAlertMessage":
        return None
    return inner.header.user_request_id()


def named_request_ids(verified: VerifiedResponse) -> tuple[RequestID, ...]:
    """Every RequestID a message names, each once: in its header, then in what the S1SP signed."""
    found: list[RequestID] = []
    for request_id in (verified.response.request_id, inner_request_id(verified)):
        if request_id is not None and request_id not in found:
            found.append(request_id)
    return tuple(found)
