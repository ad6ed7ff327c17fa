"""Distinguished names as XML signatures carry them (RFC 4514 text)."""

from __future__ import annotations

import re
from functools import lru_cache

from cryptography import x509

NameParts = tuple[tuple[tuple[str, str], ...], ...]
"""A name as its relative distinguished names, most specific first, each a sorted tuple of type and value."""


@lru_cache(maxsize=1024)
def name_parts(text: str) -> NameParts:
    """Read an RFC 4514 name into a form that can be compared.

    White space around separators and the case of attribute types do not matter, so
    ``CN=Z1, OU=07`` [RTDS] and ``CN=Z1,OU=07`` [CERT] are the same name. The order does matter.

    Args:
        text: A name such as ``CN=Z1,OU=07``.

    Returns:
        The relative distinguished names in the order of the text.

    Raises:
        ValueError: When the text is not an RFC 4514 name.
    """
    return parts_of(x509.Name.from_rfc4514_string(_normalised(text)))


def parts_of(name: x509.Name) -> NameParts:
    """The same form of a name in a certificate."""
    return tuple(
        tuple(sorted((attribute.oid.dotted_string, str(attribute.value)) for attribute in rdn))
        for rdn in reversed(name.rdns)
    )


_LONGEST_NAME = 1024
_SPACE = r"[ \t\r\n]*"
_ATTRIBUTE = re.compile(
    rf"{_SPACE}([A-Za-z0-9.-]+){_SPACE}={_SPACE}((?:\\.|[^\\,+])*?){_SPACE}(?=[,+]|\Z)", re.DOTALL
)


def _normalised(text: str) -> str:
    """The name as RFC 4514 writes it: without the space RFC 2253 allowed, and types in capitals."""
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"a name of {len(text)} characters, more than {_LONGEST_NAME}")
    parts = []
    position = 0
    while match := _ATTRIBUTE.match(text, position):
        parts.append(f"{match[1].upper()}={match[2]}")
        position = match.end()
        if position == len(text):
            return "".join(parts)
        parts.append(text[position])
        position += 1
    raise ValueError(f"not an RFC 4514 name: {text[:200]!r}")
