"""What a reader wants to know of a message without reading its XML: kind, identifiers, codes.

Nothing here is a verdict: the message may be malformed, forged or hostile, and its signatures are counted,
not verified.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from duis.xml import DS, Element, MalformedXML, local_name, parse

CODES: Final = (
    "S1SPAlertCode",
    "DCCAlertCode",
    "GBCSHexAlertCode",
    "AlertCode",
    "ResponseCode",
    "HTTP status",
)
"""The facts that say how a message ended, the most telling one first."""

_FIRST: Final = (
    "RequestID",
    "ResponseID",
    "ServiceReferenceVariant",
    "CommandVariant",
    *CODES[:-1],
    "AlertDescription",
    "AdditionalInformation",
    "BusinessOriginatorID",
    "CredentialsReplacementMode",
)
"""Elements of which the first in the document counts."""

_EVERY: Final = ("DeviceID", "RemotePartyRole", "NewRemotePartyID")
"""Elements of which every different value is told, as far as there is room."""

_SLOT: Final = "RemotePartyDetails"
_SIGNATURE: Final = f"{{{DS}}}Signature"
_WANTED: Final = (*(f"{{*}}{name}" for name in (*_FIRST, *_EVERY, _SLOT)), _SIGNATURE)
_IDENTIFIER: Final = ("BusinessOriginatorID", "BusinessTargetID", "OriginatorCounter")
_LONGEST: Final = 200
"""Characters of one fact: a hostile message must not fill a report."""


def message_facts(document: bytes) -> dict[str, str]:
    """Return what is told of a message, by the names of the schema.

    "message" is the name of what its Body holds, "signatures" their number. A Request tells its originator,
    target and counter one by one. An answer to 6.24.1 tells who holds which slot, as "slots". A document that
    is not well-formed tells only that, as "not XML".

    Args:
        document: the octets as sent or received, of which nothing is presumed.
    """
    try:
        root = parse(document)
    except MalformedXML as error:
        return {"not XML": _shortened(str(error))} if document else {}
    facts = {"message": _kind(root)}
    every: dict[str, list[str]] = {}
    slots: list[str] = []
    signatures = 0
    for element in root.iter(*_WANTED):
        name = local_name(element)
        if name == "Signature":
            signatures += 1
        elif name == _SLOT:
            slots.append(_slot(element))
        elif text := (element.text or "").strip():
            every.setdefault(name, []).append(text)
    facts |= {name: _shortened(every[name][0]) for name in _FIRST if name in every}
    if local_name(root) == "Request":
        facts |= _parts(facts.get("RequestID", ""))
    facts |= {name: _listed(every[name]) for name in _EVERY if name in every}
    if slots:
        facts.pop("RemotePartyRole", None)
        facts["slots"] = _listed(slots)
    outcome = root.find(".//*[@MessageSuccess]")
    if outcome is not None:
        facts["MessageSuccess"] = _shortened(outcome.get("MessageSuccess", ""))
    return facts | {"signatures": str(signatures)}


def _kind(root: Element) -> str:
    """What the Body of a Request or Response holds; the name of the root where it has none."""
    body = root.find("{*}Body")
    content = next(iter(body.iterchildren(etree.Element)), None) if body is not None else None
    return _shortened(local_name(root if content is None else content))


def _parts(request_id: str) -> dict[str, str]:
    parts = request_id.split(":")
    return dict(zip(_IDENTIFIER, parts, strict=True)) if len(parts) == len(_IDENTIFIER) else {}


def _slot(details: Element) -> str:
    """Who holds a slot, as "NetworkOperator: 02-…-11"."""
    role = details.findtext("{*}RemotePartyRole", "?").strip()
    return f"{role}: {details.findtext('{*}ExistingRemotePartyID', 'nobody').strip()}"


def _listed(values: list[str]) -> str:
    return _shortened(", ".join(dict.fromkeys(values)))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
