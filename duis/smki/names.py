"""Distinguished names as XML signatures carry them (RFC 4514 text)."""

from __future__ import annotations

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
    name = x509.Name.from_rfc4514_string(_without_separator_space(text))
    return tuple(
        tuple(sorted((attribute.oid.dotted_string, str(attribute.value)) for attribute in rdn))
        for rdn in reversed(name.rdns)
    )


def _without_separator_space(text: str) -> str:
    """Drop the white space that RFC 2253 allowed around ``,`` ``+`` and ``=`` and RFC 4514 does not."""
    parts: list[str] = []
    escaped = False
    pending = ""
    after_separator = True
    for character in text:
        if escaped:
            parts.append(character)
            escaped = False
            after_separator = False
        elif character == "\\":
            parts.append(pending + character)
            pending = ""
            escaped = True
        elif character in " \t\r\n":
            if not after_separator:
                pending += character
        elif character in ",+=":
            parts.append(character)
            pending = ""
            after_separator = True
        else:
            parts.append(pending + character)
            pending = ""
            after_separator = False
    return "".join(parts)
