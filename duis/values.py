"""Simple values: between the text of an element and Python, strictly as the schema types say [XSD]."""

from __future__ import annotations

import binascii
import re
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import TypeVar

from duis.identifiers import EUI64, RequestID
from duis.xml import WHITE_SPACE, Children, Element, attributes_of, error_at, escape

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})0*)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_TEXT = {"true": True, "1": True, "false": False, "0": False}
_DELETE_WHITE_SPACE = str.maketrans("", "", WHITE_SPACE)

Enumeration = TypeVar("Enumeration", bound=StrEnum)


def text_of(element: Element) -> str:
    """The text of an element without child elements and attributes, white space kept."""
    if element.keys():
        attributes_of(element)
    return content_of(element) if len(element) else element.text or ""


def content_of(element: Element) -> str:
    """The text of an element without child elements; its attributes are the caller's business."""
    text = element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            raise error_at(child, "an element where only text is allowed")
        text += child.tail or ""  # a processing instruction does not end the value
    return text


def token_of(element: Element) -> str:
    """The text with white space around it dropped, as the schema types token, number and date do."""
    return text_of(element).strip(WHITE_SPACE)


def eui64_of(element: Element) -> EUI64:
    """An EUI-64."""
    try:
        return EUI64(token_of(element))
    except ValueError as error:
        raise error_at(element, str(error)) from None


def request_id_of(element: Element) -> RequestID:
    """A RequestID or ResponseID."""
    try:
        return RequestID.parse(token_of(element))
    except ValueError as error:
        raise error_at(element, str(error)) from None


def integer_of(element: Element, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """An integer within the bounds, both included."""
    value = integer_from(element, text_of(element))
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        raise error_at(element, f"{value} is outside {minimum} to {maximum}")
    return value


def integer_from(element: Element, text: str) -> int:
    """An integer of `element` or one of its attributes."""
    token = text.strip(WHITE_SPACE)
    if _INTEGER.fullmatch(token) is None or len(token) > 100:
        raise error_at(element, f"not an integer: {token[:60]!r}")
    return int(token)


def decimal_of(element: Element) -> str:
    """A decimal number, kept as its text so that nothing is rounded."""
    text = token_of(element)
    if _DECIMAL.fullmatch(text) is None:
        raise error_at(element, f"not a decimal number: {text[:60]!r}")
    return text


def boolean_of(element: Element) -> bool:
    """A boolean: true, false, 1 or 0."""
    return boolean_from(element, token_of(element))


def boolean_from(element: Element, text: str) -> bool:
    """A boolean of `element` or one of its attributes."""
    value = _TEXT.get(text.strip(WHITE_SPACE))
    if value is None:
        raise error_at(element, f"not a boolean: {text!r}")
    return value


def bytes_of(element: Element) -> bytes:
    """The octets of base64 text, which may be folded."""
    text = text_of(element)
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        pass  # folded, or not base64
    text = text.translate(_DELETE_WHITE_SPACE)
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise error_at(element, f"not base64: {error}") from None


def hexadecimal_of(element: Element) -> str:
    """Octets in hexadecimal, in upper case."""
    text = token_of(element)
    if _HEX.fullmatch(text) is None:
        raise error_at(element, f"not hexadecimal octets: {text!r}")
    return text.upper()


def date_time_of(element: Element) -> datetime:
    """A date and time; without a zone it stays naive."""
    return date_time_from(element, text_of(element))


def date_time_from(element: Element, text: str) -> datetime:
    """A date and time, the content of `element`."""
    text = text.strip(WHITE_SPACE)
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise error_at(element, f"not a date and time: {text!r}")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    following_day = hour == "24" and minute == second == "00" and not (fraction or "").strip("0")
    try:
        value = datetime(
            int(year),
            int(month),
            int(day),
            0 if following_day else int(hour),
            int(minute),
            int(second),
            int((fraction or "").ljust(6, "0")),
            _zone(zone),
        )
        return value + timedelta(days=1) if following_day else value
    except (ValueError, OverflowError) as error:
        raise error_at(element, f"not a date and time: {text!r}: {error}") from None


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        raise ValueError(f"no such zone: {text}")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def date_of(element: Element) -> date:
    """A date without a zone."""
    text = token_of(element)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        raise error_at(element, f"not a date without a zone: {text!r}")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise error_at(element, f"not a date: {text!r}: {error}") from None


def member_of(element: Element, enumeration: type[Enumeration]) -> Enumeration:
    """A member of an enumeration."""
    text = token_of(element)
    try:
        return enumeration(text)
    except ValueError:
        raise error_at(element, f"{text!r} is not one of {', '.join(enumeration)}") from None


def optional_eui64(children: Children, tag: str) -> EUI64 | None:
    """The EUI-64 of the next child if that is `tag`."""
    element = children.optional(tag)
    return None if element is None else eui64_of(element)


def optional_integer(
    children: Children, tag: str, minimum: int = 0, maximum: int | None = None
) -> int | None:
    """The integer of the next child if that is `tag`."""
    element = children.optional(tag)
    return None if element is None else integer_of(element, minimum=minimum, maximum=maximum)


def optional_text(children: Children, tag: str) -> str | None:
    """The text of the next child if that is `tag`."""
    element = children.optional(tag)
    return None if element is None else text_of(element)


def optional_bytes(children: Children, tag: str) -> bytes | None:
    """The octets of the next child if that is `tag`."""
    element = children.optional(tag)
    return None if element is None else bytes_of(element)


def optional_date_time(children: Children, tag: str) -> datetime | None:
    """The date and time of the next child if that is `tag`."""
    element = children.optional(tag)
    return None if element is None else date_time_of(element)


def date_time_text(value: datetime) -> str:
    """`value` as the wire writes it: UTC as Z, fractions only when there are any.

    Raises:
        ValueError: for an offset that is not whole minutes.
    """
    text = value.replace(tzinfo=None).isoformat()
    if value.microsecond:
        text = text.rstrip("0")
    offset = value.utcoffset()
    if offset is None:
        return text
    if not offset:
        return text + "Z"
    minutes, rest = divmod(abs(offset), timedelta(minutes=1))
    if rest:
        raise ValueError(f"an offset of whole minutes is needed, not {offset}")
    return f"{text}{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"


def base64_text(octets: bytes) -> str:
    """`octets` in base64, unfolded."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def child(tag: str, value: object) -> str:
    """`<tag>value</tag>`, or nothing when `value` is None. Booleans, octets and times in their wire form."""
    if value is None:
        return ""
    if value is True or value is False:
        text = "true" if value else "false"
    elif isinstance(value, bytes):
        text = base64_text(value)
    elif isinstance(value, datetime):
        text = date_time_text(value)
    elif isinstance(value, int):
        text = str(value)
    else:
        text = escape(str(value))
    return f"<{tag}>{text}</{tag}>"
