"""What a reader wants to know of a message without reading its XML: kind, identifiers, codes."""

from __future__ import annotations

from typing import Final

from lxml import etree

from duis.xml import MalformedXML, parse

CODES: Final = ("S1SPAlertCode", "DCCAlertCode", "AlertCode", "ResponseCode", "HTTP status")
"""The facts that say how a message ended, the most telling one first."""

_SHOWN: Final = frozenset({"RequestID", "ResponseID", *CODES})


def message_facts(document: bytes) -> dict[str, str]:
    """Return what is told of a message, by the names of the schema; nothing where it is not XML.

    Args:
        document: the octets as sent or received, of which nothing is presumed.
    """
    try:
        root = parse(document)
    except MalformedXML:
        return {}
    facts: dict[str, str] = {}
    for element in root.iter(etree.Element):
        name = etree.QName(element).localname
        if name in _SHOWN and element.text:
            facts.setdefault(name, element.text.strip())
    return facts
