"""Runs one emulator in its process: two listening sockets, signals, an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import ssl
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import aiohttp
from aiohttp import web

from emulators.config import ConfigurationError, EmulatorConfig, Limits, load_config
from emulators.database import DatabaseError
from emulators.transport import client_context, client_session, listening_sockets, server_context

ConfigT = TypeVar("ConfigT", bound=EmulatorConfig)


class Emulator(Protocol):
    """What `serve` needs of an emulator."""

    limits: Limits

    def protocol_server(self) -> web.Server:
        """Return the server of the protocol port."""

    def management_application(self) -> web.Application:
        """Return the application of the management port."""

    def start(self, session: aiohttp.ClientSession) -> None:
        """Start what runs beside the servers."""

    async def stop(self) -> None:
        """Stop what runs beside the servers, and close the database."""


def forbid_core_files() -> None:
    """Have no core file of this process and its children: private keys are in their memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def serve(
    emulator: Emulator,
    sockets: tuple[socket.socket, socket.socket],
    contexts: tuple[ssl.SSLContext | None, ssl.SSLContext | None],
    stopped: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve on two listening sockets until `stopped` is set."""
    server_tls, client_tls = contexts
    session = client_session(client_tls, emulator.limits)
    protocol = web.ServerRunner(emulator.protocol_server())
    management = web.AppRunner(emulator.management_application(), access_log=None)
    try:
        emulator.start(session)
        for runner, listener in ((protocol, sockets[0]), (management, sockets[1])):
            await runner.setup()
            await web.SockSite(runner, listener, ssl_context=server_tls, shutdown_timeout=0.5).start()
        ready()
        await stopped.wait()
    finally:
        await protocol.cleanup()
        await management.cleanup()
        await emulator.stop()
        await session.close()


def run_emulator(
    emulator: Emulator,
    config: EmulatorConfig,
    sockets: tuple[socket.socket, socket.socket],
    stop_when_closes: int | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run an emulator until SIGTERM, SIGINT, or the end of the file descriptor `stop_when_closes`."""
    contexts = server_context(config.transport), client_context(config.transport)

    async def main() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        if stop_when_closes is not None:
            loop.add_reader(stop_when_closes, _stop_at_end, stop_when_closes, stopped)
        gc.freeze()  # what has been imported and loaded by now stays: no need to look at it again
        gc.set_threshold(20_000, 20, 20)
        await serve(emulator, sockets, contexts, stopped, ready)

    asyncio.run(main())


def _stop_at_end(descriptor: int, stopped: asyncio.Event) -> None:
    with contextlib.suppress(BlockingIOError):
        if not os.read(descriptor, 4096):
            asyncio.get_running_loop().remove_reader(descriptor)
            stopped.set()


def standard_input(wanted: bool) -> int | None:
    """Return the file descriptor whose end is to stop a program; None when it is not to be watched.

    Raises:
        ConfigurationError: the standard input is a file, whose end says nothing.
    """
    if not wanted:
        return None
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
    except (AttributeError, OSError, ValueError) as error:
        raise ConfigurationError("--until-stdin-closes: there is no standard input") from error
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)):
        raise ConfigurationError("--until-stdin-closes: the standard input is no pipe and no terminal")
    return descriptor


def command_line(
    program: str, model: type[ConfigT], build: Callable[[ConfigT], Emulator], arguments: list[str]
) -> int:
    """Carry out `python -m emulators.dsp --config FILE` and the like; return the exit code.

    0 after an orderly end, 2 when the configuration or a port cannot be used.
    """
    import argparse

    parser = argparse.ArgumentParser(prog=program, allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True, help="the TOML configuration file")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when the standard input ends")
    options = parser.parse_args(arguments)
    forbid_core_files()
    logging.basicConfig(level=logging.WARNING, format=f"%(asctime)s {program} %(levelname)s %(message)s")
    try:
        stop_when_closes = standard_input(options.until_stdin_closes)
        config = load_config(options.config, model)
        sockets = listening_sockets(config)
        emulator = build(config)
        run_emulator(emulator, config, sockets, stop_when_closes)
    except (ConfigurationError, DatabaseError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    return 0
