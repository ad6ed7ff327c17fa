"""Which request a message belongs to, and which devices it is about.

The RequestID stands in the header, and in what the S1SP signed.
"""

from __future__ import annotations

from duis.identifiers import EUI64, RequestID
from duis.response import DCCAlertMessage, SecurityCredentialsUpdated
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


def named_devices(verified: VerifiedResponse) -> tuple[EUI64, ...]:
    """Every device a message is about, each once: targets of RequestIDs, who answers, who is named."""
    found = [request_id.target for request_id in named_request_ids(verified)]
    inner, message = verified.inner, verified.response.message
    if isinstance(inner, S1SPAlert) and inner.device_id is not None:
        found.append(inner.device_id)
    if isinstance(inner, SMETS1Response):
        found.append(inner.header.business_originator_id)
    if isinstance(message, DCCAlertMessage) and isinstance(message.alert, SecurityCredentialsUpdated):
        found.append(message.alert.device_id)
    return tuple(dict.fromkeys(found))
