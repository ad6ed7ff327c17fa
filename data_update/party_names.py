"""How Registration Data and certificate lists name a Network Operator."""

from __future__ import annotations

import re

from duis.identifiers import EUI64

_MARKET_PARTICIPANT_ID = re.compile(r"[A-Z0-9]{2,8}")


def canonical_party(text: str) -> str:
    """An Entity Identifier or a market participant id in the one form they are compared in: upper case.

    Market participant ids known to the public have three or four letters or digits; up to eight are taken
    [ASSUMED], which keeps an Entity Identifier without its hyphens apart.

    Raises:
        ValueError: it is neither.
    """
    try:
        return str(EUI64(text))
    except ValueError:
        return market_participant_id(text)


def market_participant_id(text: str) -> str:
    """A market participant id in upper case.

    Raises:
        ValueError: it is none.
    """
    name = text.upper()
    if _MARKET_PARTICIPANT_ID.fullmatch(name) is None:
        raise ValueError(
            "expected an EUI-64 such as 02-01-00-00-00-00-00-01 or a market participant id such as EELC, "
            f"found {text!r}"
        )
    return name
