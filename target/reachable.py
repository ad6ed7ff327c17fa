"""Whether the systems under test can be reached: a connection and a TLS handshake, and not one request."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from target.errors import EndpointUnreachable
from target.file import TargetFile
from target.file_keys import TLSFiles
from target.tls import client_context

CONNECT_SECONDS = 10.0
DEFAULT_PORTS = {"http": 80, "https": 443}


def check_reachable(target: TargetFile) -> None:
    """Connect once to each address of the target file that we shall talk to.

    Raises:
        EndpointUnreachable: With the field of the target file that holds the address, why, and what to mend.
    """
    seen = set()
    for field, url, tls in addresses(target):
        parts = urlsplit(url)
        address = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        if address in seen:
            continue
        seen.add(address)
        try:
            _connect(address, tls if parts.scheme == "https" else None)
        except OSError as error:
            reason, mend = explain(error)
            raise EndpointUnreachable(url, reason, f"{mend} {field} in {target.path}.") from None


def addresses(target: TargetFile) -> Iterator[tuple[str, str, TLSFiles | None]]:
    """Field, URL and transport security of each address that we shall talk to."""
    dsp = target.dsp
    for name in ("send_command", "transform", "non_device"):
        yield f"dsp.{name}", getattr(dsp, name), dsp.tls
    if dsp.management is not None:
        yield "dsp.management", dsp.management, target.management.tls
    for name, s1sp in target.s1sp.items():
        if s1sp.management is not None:
            yield f"s1sp.{name}.management", s1sp.management, target.management.tls


def _connect(address: tuple[str, int], tls: TLSFiles | None) -> None:
    with closing(socket.create_connection(address, CONNECT_SECONDS)) as connection:
        if tls is None:
            return
        with client_context(tls).wrap_socket(connection, server_hostname=address[0]):
            return


def explain(error: OSError) -> tuple[str, str]:
    """Why there is no connection, and the beginning of what to do about it."""
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed ({error.reason or error})", "Check the tls tables, or correct"
    if isinstance(error, socket.gaierror):
        return "its host name is not known", "Correct the host of"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there", "Start the system under test, or correct"
    if isinstance(error, TimeoutError):
        return f"no connection was made within {CONNECT_SECONDS:g} s", "Check host, port and network of"
    return str(error.strerror or error), "Check"
