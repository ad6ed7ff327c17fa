"""The HTTP server of the inbox [CLIENT]: POST to `/<estate>/<service user>/<suffix>`.

204: stored and acknowledged, in this order. 400: not schema-valid or not verifiable. 413: too large.
What is refused is stored as well, as evidence.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import ssl
import sys
import threading
from pathlib import Path

from aiohttp import web

from duis.schema import Schema
from target.errors import HarnessError
from target.inbox.acceptance import Acceptance, NotAcceptable
from target.inbox.config import InboxConfig
from target.inbox.limits import FirstRequests
from target.inbox.sharing import announce_ready, sole_server, until_unused
from target.inbox.store import InboxStore
from target.private import make_private
from target.tls import server_context
from target.trust import load_trust

_LOG = logging.getLogger("target.inbox")
_MEDIA_TYPES = ("application/xml", "text/xml")
_STORE = web.AppKey("store", InboxStore)
_ACCEPTANCE = web.AppKey("acceptance", Acceptance)
_BODY_SECONDS = web.AppKey("body_seconds", float)
_LINGERING_SECONDS = 1.0


def application(config: InboxConfig, first_requests: FirstRequests) -> web.Application:
    """The server application, with its database opened."""
    schema = Schema.official(config.schema_file) if config.schema_file is not None else Schema.bundled()
    trust = load_trust(config.anchors, config.certificates)
    app = web.Application(client_max_size=config.body_limit, middlewares=[first_requests.middleware])
    app[_BODY_SECONDS] = config.stalled_seconds
    app[_STORE] = InboxStore(config.database)
    app[_ACCEPTANCE] = Acceptance(config, schema, trust)
    app.router.add_post(f"/{{estate}}/{{user}}{config.path_suffix}", _receive)
    return app


async def _receive(request: web.Request) -> web.Response:
    store = request.app[_STORE]
    mailbox = f"{request.match_info['estate']}/{request.match_info['user']}"
    media_type = request.content_type
    try:
        async with asyncio.timeout(request.app[_BODY_SECONDS]):
            document = await request.read()
    except TimeoutError:
        response = web.Response(status=408, text="the body did not arrive in time\n")
        response.force_close()
        return response
    except web.HTTPRequestEntityTooLarge as error:
        store.keep_refused(mailbox, b"", media_type, f"larger than {request.app._client_max_size} octets")
        raise error from None
    try:
        if media_type not in _MEDIA_TYPES:
            raise NotAcceptable(f"Content-Type is {media_type}; expected application/xml")
        earlier = store.names_of_earlier(mailbox, document)
        names = earlier if earlier is not None else request.app[_ACCEPTANCE].names(document)
    except NotAcceptable as refusal:
        store.keep_refused(mailbox, document, media_type, str(refusal))
        _LOG.warning("refused a message for %s: %s", mailbox, refusal)
        return web.Response(status=400, text=f"{refusal}\n")
    # Stored before it is acknowledged: what the DSP believes delivered survives our death at any moment.
    store.keep(mailbox, document, names, duplicate=earlier is not None)
    return web.Response(status=204)


async def serve(config: InboxConfig, *, until_stdin_closes: bool) -> int:
    """Serve until SIGTERM, SIGINT or, if wanted, the end of standard input.

    Returns:
        Exit code: 0, or 2 when it could not listen.
    """
    if config.sharing is None:
        return await _serve(config, until_stdin_closes=until_stdin_closes)
    with sole_server(config.sharing):
        config.ready_file.unlink(missing_ok=True)
        return await _serve(config, until_stdin_closes=until_stdin_closes)


async def _serve(config: InboxConfig, *, until_stdin_closes: bool) -> int:
    context = _ssl_context(config)
    first_requests = FirstRequests(config.stalled_seconds)
    runner = web.AppRunner(
        application(config, first_requests),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=1.0,
        lingering_time=_LINGERING_SECONDS,
    )
    await runner.setup()
    assert runner.server is not None
    try:
        listening = await first_requests.listen(runner.server, config.host, config.port, context)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        print(
            f"the inbox cannot listen on {config.host}:{config.port}: {reason}; "
            "choose another callback.port in the target file (0 takes any free one)",
            file=sys.stderr,
        )
        await runner.cleanup()
        return 2
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(loop, stopped), daemon=True).start()
    ready = {"port": listening.sockets[0].getsockname()[1], "pid": os.getpid()}
    if config.sharing is None:
        write_atomically(config.ready_file, ready)
        await stopped.wait()
    else:
        write_atomically(config.ready_file, {**ready, "fingerprint": config.fingerprint()})
        announce_ready()
        await until_unused(config.sharing, stopped)
    config.ready_file.unlink(missing_ok=True)
    listening.close()
    await runner.cleanup()
    return 0


def _ssl_context(config: InboxConfig) -> ssl.SSLContext | None:
    tls = config.tls
    if tls is None:
        return None
    try:
        return server_context(tls.ca, tls.certificate, tls.key, tls.passphrase_env)
    except ValueError as error:
        raise HarnessError(str(error)) from None


def _watch_stdin(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stopped.set)


def write_atomically(path: Path, content: object) -> None:
    """Write a JSON file so that a reader sees all of it or nothing."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    make_private(temporary).write_text(json.dumps(content), "utf-8")
    temporary.replace(path)
