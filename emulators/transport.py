"""How the emulators reach one another and are reached: mutual TLS, or plain HTTP where it is set."""

from __future__ import annotations

import socket
import ssl

import aiohttp

from emulators.config import ConfigurationError, EmulatorConfig, Limits, Transport


def server_context(transport: Transport) -> ssl.SSLContext | None:
    """Return the TLS context of a server that demands a client certificate; None for plain HTTP.

    Raises:
        ConfigurationError: certificate, key or trusted certificates cannot be used.
    """
    if transport.mode == "plain-http":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return _load(context, transport)


def client_context(transport: Transport) -> ssl.SSLContext | None:
    """Return the TLS context of a client that shows its certificate; None for plain HTTP.

    Raises:
        ConfigurationError: certificate, key or trusted certificates cannot be used.
    """
    if transport.mode == "plain-http":
        return None
    return _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), transport)


def _load(context: ssl.SSLContext, transport: Transport) -> ssl.SSLContext:
    assert transport.certificate is not None
    assert transport.private_key is not None
    assert transport.trust is not None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(transport.certificate, transport.private_key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"transport.certificate, transport.private_key: {transport.certificate} and "
            f"{transport.private_key} cannot be used together: {error}"
        ) from error
    try:
        context.load_verify_locations(transport.trust)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(f"transport.trust: {transport.trust}: {error}") from error
    return context


def client_session(context: ssl.SSLContext | None, limits: Limits) -> aiohttp.ClientSession:
    """Return the session all deliveries of one emulator go through."""
    connector = aiohttp.TCPConnector(
        limit=limits.deliveries_at_once, ssl=context if context is not None else True, keepalive_timeout=60
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=limits.delivery_timeout_seconds),
        headers={"Content-Type": "application/xml"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def listening_socket(host: str, port: int, setting: str) -> socket.socket:
    """Bind and listen; port 0 takes a free one.

    Raises:
        ConfigurationError: the port is busy or may not be used; the text names it and its setting.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"{setting}: cannot listen on {host}:{port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


def listening_sockets(config: EmulatorConfig) -> tuple[socket.socket, socket.socket]:
    """Return the listening sockets of the protocol port and of the management port."""
    listen = config.listen
    protocol = listening_socket(listen.host, listen.port, "listen.port")
    try:
        management = listening_socket(listen.host, listen.management_port, "listen.management_port")
    except ConfigurationError:
        protocol.close()
        raise
    return protocol, management
