"""What the inbox grants a connection, so that one that stalls takes little, and not for long."""

from __future__ import annotations

import asyncio
import ssl

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_BACKLOG = 1024


class FirstRequests:
    """Drops connections that have not sent the head of a request in time.

    What comes after the first request is watched by the keep-alive time of the server, and the body by
    whoever reads it.

    Args:
        seconds: How long a connection may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._awaited: set[object] = set()

    @property
    def middleware(self) -> Middleware:
        """To be installed in the application, as the outermost."""

        @web.middleware
        async def begin(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._awaited.discard(request.protocol)
            return await handler(request)

        return begin

    async def listen(
        self, server: web.Server, host: str, port: int, context: ssl.SSLContext | None
    ) -> asyncio.Server:
        """Listen for connections to a server.

        Raises:
            OSError: The address cannot be used.
        """
        loop = asyncio.get_running_loop()

        def connected() -> asyncio.Protocol:
            protocol = server()
            self._awaited.add(protocol)
            loop.call_later(self._seconds, self._drop_if_awaited, protocol)
            return protocol

        return await loop.create_server(
            connected,
            host,
            port,
            ssl=context,
            ssl_handshake_timeout=self._seconds if context is not None else None,
            backlog=_BACKLOG,
        )

    def _drop_if_awaited(self, protocol: web.RequestHandler) -> None:
        if protocol in self._awaited:
            self._awaited.discard(protocol)
            protocol.force_close()
