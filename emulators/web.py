"""What every protocol port does with an HTTP request before its content matters."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from emulators.config import Limits
from emulators.urls import MAIN_ESTATE

_ESTATE_PREFIX = re.compile(r"/estates/([A-Za-z0-9._-]{1,100})(/.*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back; `dropped` closes the connection without a word."""

    status: int
    document: bytes = b""
    content_type: str = "application/xml"
    dropped: bool = False


def refusal(status: int, reason: str) -> Answer:
    """Answer with an HTTP status and one line of plain text."""
    return Answer(status, reason.encode(), "text/plain")


Handler = Callable[[str, str, bytes, str], Awaitable[Answer]]
"""From estate, path within the estate, body and peer name to the answer."""


def split_estate(path: str) -> tuple[str, str]:
    """Split a path into the name of its estate and the path within that estate."""
    match = _ESTATE_PREFIX.fullmatch(path)
    return (match[1], match[2]) if match else (MAIN_ESTATE, path)


def protocol_server(handler: Handler, limits: Limits) -> web.Server:
    """Return a server that reads bounded bodies of POST requests and hands them to `handler`."""

    async def handle(request: web.BaseRequest) -> web.Response:
        if request.method != "POST":
            return web.Response(status=405, text="only POST is served here", headers={"Allow": "POST"})
        body = await _read_body(request, limits)
        if isinstance(body, Answer):
            response = _to_response(body)
            response.force_close()
            return response
        estate, path = split_estate(request.path)
        answer = await handler(estate, path, body, _peer_name(request))
        if answer.dropped and request.transport is not None:
            request.transport.abort()
        return _to_response(answer)

    return web.Server(handle, access_log=None, keepalive_timeout=75, lingering_time=1.0)


def _to_response(answer: Answer) -> web.Response:
    if not answer.document:
        return web.Response(status=answer.status)
    return web.Response(
        status=answer.status, body=answer.document, headers={"Content-Type": answer.content_type}
    )


async def _read_body(request: web.BaseRequest, limits: Limits) -> bytes | Answer:
    if (request.content_length or 0) > limits.body_octets:
        return refusal(413, f"the body exceeds {limits.body_octets} octets")
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > limits.body_octets:
                    return refusal(413, f"the body exceeds {limits.body_octets} octets")
    except TimeoutError:
        return refusal(408, f"the body did not arrive within {limits.body_seconds:g} s")
    return bytes(body)


def _peer_name(request: web.BaseRequest) -> str:
    transport = request.transport
    certificate = transport.get_extra_info("peercert") if transport is not None else None
    for relative_name in (certificate or {}).get("subject", ()):
        for attribute, value in relative_name:
            if attribute == "commonName":
                return str(value)
    return str(request.remote or "")
