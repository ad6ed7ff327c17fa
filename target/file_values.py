"""Types of target file values that are neither files nor URLs: identifiers, names, ports, times."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from duis.identifiers import EUI64
from target.arrangement import DCC

_EUI64_PATTERN = "^[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){7}$"
_EXAMPLE = '"90-B3-D5-1F-30-01-00-00"'


def _eui64(value: Any) -> EUI64:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004  (pydantic reports ValueError, not TypeError)
            f"expected an EUI-64 in quotes, such as {_EXAMPLE}, found {value!r}"
        )
    try:
        return EUI64(value)
    except ValueError:
        raise ValueError(f"expected an EUI-64 such as {_EXAMPLE}, found {value!r}") from None


def _party(value: Any) -> EUI64:
    try:
        return EUI64(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"expected the name of a [[service_user]] of this file, or a User ID such as {_EXAMPLE}, "
            f"found {value!r}"
        ) from None


def _slot_holder(value: Any) -> EUI64 | str:
    if value == DCC:
        return DCC
    try:
        return EUI64(value)
    except (TypeError, ValueError):
        raise ValueError(
            f'expected the name of a [[service_user]] of this file, a User ID, or "{DCC}" for DCC control, '
            f"found {value!r}"
        ) from None


def _mailbox_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
        raise ValueError(
            f"expected letters, digits, '-', '.' and '_' only (it becomes part of a URL), found {value!r}"
        )
    if value == DCC:
        raise ValueError(f'"{DCC}" stands for the DCC; expected another name')
    return value


def _path_suffix(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", value):
        raise ValueError(f'expected a path such as "/smartdcc/duis", found {value!r}')
    return value


def _name(value: str) -> str:
    if not value.strip() or value != value.strip() or not value.isprintable():
        raise ValueError(
            f"expected a name that can be typed (no space at its ends, no control character), found {value!r}"
        )
    return value


Identifier = Annotated[
    EUI64, PlainValidator(_eui64), WithJsonSchema({"type": "string", "pattern": _EUI64_PATTERN})
]
Party = Annotated[EUI64, PlainValidator(_party), WithJsonSchema({"type": "string"})]
SlotHolder = Annotated[EUI64 | str, PlainValidator(_slot_holder), WithJsonSchema({"type": "string"})]
MailboxName = Annotated[str, AfterValidator(_mailbox_name)]
PathSuffix = Annotated[str, AfterValidator(_path_suffix)]
TargetName = Annotated[str, AfterValidator(_name)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
FixedPort = Annotated[int, Field(ge=1, le=65535)]


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine only, without asking anybody for its address."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def is_wildcard(host: str) -> bool:
    """Whether a server that listens there listens at every address of the machine."""
    return host in ("", "0.0.0.0", "::", "[::]")  # noqa: S104  (only compared with)
