"""Paths an emulator serves and URLs it posts to: checked when a configuration is read, put together here."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

MAIN_ESTATE: Final = "main"

SEND_COMMAND: Final = "/api/v1/serviceS"
TRANSFORM: Final = "/api/v1/serviceT"
NON_DEVICE: Final = "/api/v1/serviceD"
S1SP_MESSAGES: Final = "/s1sp/v1/messages"
SERVICE_REQUESTS: Final = "/s1sp/v1/service-requests"

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def checked_path(path: str) -> str:
    """Return a path that can be served.

    Raises:
        ValueError: it is none, or it is one of an estate.
    """
    if not _PATH.fullmatch(path) or path.startswith("/estates/"):
        raise ValueError(
            'expected a path of letters, digits, "-", ".", "_" and "~" that does not start with /estates/, '
            f'such as "/gateway/send-command", found {path!r}'
        )
    return path


def checked_url(url: str) -> str:
    """Return a URL to post to: `http` or `https`, a host, perhaps a port and a path, nothing else.

    Raises:
        ValueError: it is something else.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None or " " in url:
        raise ValueError(f"expected a URL such as https://host:8442 or with a path, found {url!r}")
    return url


ProtocolPath = Annotated[str, AfterValidator(checked_path)]
"""The path of one service of a protocol port."""

ProtocolURL = Annotated[str, AfterValidator(checked_url)]
"""The protocol port of another component: a base URL, or a full one with the path of its service."""


def estate_prefix(estate: str) -> str:
    """Return the URL prefix under which an estate is served."""
    return "" if estate == MAIN_ESTATE else f"/estates/{estate}"


def service_url(url: str, default_path: str, estate: str = MAIN_ESTATE) -> str:
    """Return where to post to a component, in an estate.

    Args:
        url: its base URL, or a full one whose path is used instead of the default.
        default_path: the path of the service behind a base URL.
        estate: the estate; its prefix stands in front of the path.
    """
    parts: SplitResult = urlsplit(url)
    path = default_path if parts.path in {"", "/"} else parts.path
    return f"{parts.scheme}://{parts.netloc}{estate_prefix(estate)}{path}"
