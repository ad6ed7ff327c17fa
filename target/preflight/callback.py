"""Checks of the callback: that our inbox can listen, and is what the DSP reaches."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import requests

from target.errors import EndpointUnreachable, HarnessError
from target.file import TargetFile
from target.file_keys import TLSFiles
from target.gateway import open_session, send
from target.inbox import SharedInbox
from target.preflight.findings import Finding, Group, Outcome

_SECONDS = 10.0


def check_listening(target: TargetFile) -> Iterator[Finding]:
    """Whether the port of the inbox is free, without starting the inbox."""
    callback = target.callback
    address = (callback.host, callback.port)
    try:
        family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        with closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        yield Finding(
            Group.CALLBACK,
            "callback.port",
            Outcome.PROBLEM,
            f"the inbox cannot listen at {address[0]}:{address[1]}: {error.strerror or error}",
            "End what listens there, or correct callback.host and callback.port",
        )
        return
    yield Finding(
        Group.CALLBACK, "callback.port", Outcome.FINE, f"{address[0]}:{address[1] or 'any port'} is free"
    )


def check_base_url(target: TargetFile, inbox: SharedInbox) -> Iterator[Finding]:
    """Whether our inbox listens and the address that the DSP was told leads to it.

    What is asked for is a mailbox, by GET: the inbox answers any HTTP request, and stores none of this kind.
    """
    yield Finding(Group.CALLBACK, "inbox", Outcome.FINE, f"listens at {inbox.base_url}")
    callback = target.callback
    base_url = callback.base_url
    if base_url is None or base_url == inbox.base_url:
        return
    tls = callback.tls
    url = f"{base_url}/main/{target.service_user[0].name}{callback.path_suffix}"
    shown = (
        TLSFiles(ca=tls.ca, certificate=tls.certificate, key=tls.key, passphrase_env=tls.passphrase_env)
        if tls is not None
        else None
    )
    try:
        with open_session(shown) as session:
            response = send(
                lambda: session.get(url, timeout=_SECONDS, allow_redirects=False), url, "callback.base_url"
            )
    except (EndpointUnreachable, requests.exceptions.ReadTimeout, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, EndpointUnreachable) else str(error)
        yield Finding(
            Group.CALLBACK,
            "callback.base_url",
            Outcome.WARNING,
            f"{base_url} does not lead to the inbox from here: {reason}",
            "Check what passes the messages of the DSP on; it may be reachable from the DSP all the same",
        )
        return
    yield Finding(
        Group.CALLBACK, "callback.base_url", Outcome.FINE, f"{base_url} answers (HTTP {response.status_code})"
    )


def not_started(error: HarnessError) -> Finding:
    """The inbox could not be started."""
    return Finding(
        Group.CALLBACK,
        "inbox",
        Outcome.PROBLEM,
        str(error),
        "End what uses its port, or correct [callback] in the target file",
    )
