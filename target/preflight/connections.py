"""Checks of connections: reachability, TLS, transport identities, clocks, management planes."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from target.errors import EndpointUnreachable, HarnessError
from target.file import TargetFile
from target.file_keys import KeyPair, TLSFiles
from target.gateway import Connections, open_session, send
from target.management import ManagementClient
from target.preflight.certificates import SHORT
from target.preflight.findings import Finding, Group, Outcome
from target.reachable import CONNECT_SECONDS, DEFAULT_PORTS, addresses, explain
from target.tls import client_context

MOST_CLOCK_SKEW = timedelta(seconds=60)
"""Counters, validity and future dates follow the clock, so a larger difference is worth a warning."""

_HEAD_SECONDS = 10.0
_AT_ONCE = 8


def check_connections(target: TargetFile) -> Iterator[Finding]:
    """Connect to each address once, show every transport identity once, and look at the clock."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        grouped = _grouped(target)
        for findings in pool.map(lambda entry: _address(target, *entry), grouped):
            yield from findings
        yield from _identities(target, pool)
    yield from _management(target)


_Address = tuple[str, int]


def _grouped(target: TargetFile) -> list[tuple[_Address, TLSFiles | None, dict[str, str]]]:
    """The fields that lead to one address, with their URLs."""
    found: dict[tuple[_Address, int], tuple[_Address, TLSFiles | None, dict[str, str]]] = {}
    for field, url, tls in addresses(target):
        parts = urlsplit(url)
        address = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        shown = tls if parts.scheme == "https" else None
        found.setdefault((address, id(shown)), (address, shown, {}))[2][field] = url
    return list(found.values())


def _address(
    target: TargetFile, address: _Address, tls: TLSFiles | None, fields: Mapping[str, str]
) -> list[Finding]:
    subject = ", ".join(fields)
    where = f"{address[0]}:{address[1]}"
    try:
        peer = _connect(address, tls)
    except OSError as error:
        reason, mend = explain(error)
        return [_unreached(subject, f"{where}: {reason}", f"{mend} {subject} in {target.path}")]
    except ValueError as error:
        return [Finding(Group.CONNECTIONS, subject, Outcome.PROBLEM, str(error), "Correct the tls tables")]
    if peer is None:
        return [_fine(subject, f"{where} can be reached; plain HTTP")]
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(peer["notAfter"])), UTC)
    text = f"{where} shows {_subject(peer)}, valid until {until:%Y-%m-%d}, verified"
    if until < datetime.now(UTC) + SHORT:
        mend = f"Have the operator of {where} renew its certificate in time"
        return [Finding(Group.CONNECTIONS, subject, Outcome.WARNING, text, mend)]
    return [_fine(subject, text)]


def _connect(address: _Address, tls: TLSFiles | None) -> Mapping[str, Any] | None:
    """The verified certificate of the server; `None` for plain HTTP."""
    with closing(socket.create_connection(address, CONNECT_SECONDS)) as connection:
        if tls is None:
            return None
        with client_context(tls).wrap_socket(connection, server_hostname=address[0]) as secured:
            return secured.getpeercert() or {}


def _subject(peer: Mapping[str, Any]) -> str:
    return (
        ", ".join(f"{name}={value}" for part in peer.get("subject", ()) for name, value in part) or "no name"
    )


def _identities(target: TargetFile, pool: ThreadPoolExecutor) -> Iterator[Finding]:
    """Show each transport identity to the DSP; the answer to a HEAD, which changes nothing, has the time."""
    identities: dict[str, KeyPair | None] = {}
    if any(user.tls is None for user in target.service_user):
        identities["dsp.tls"] = None
    identities |= {user.name: user.tls for user in target.service_user if user.tls is not None}
    asked = pool.map(lambda name: (name, _head(target, identities[name])), identities)
    accepted: list[str] = []
    skews: list[timedelta] = []
    for name, (trouble, skew) in asked:
        if trouble is not None:
            yield _unreached(f"transport identity {name}", *trouble)
            continue
        accepted.append(name)
        if skew is not None:
            skews.append(skew)
    if accepted:
        yield _fine("transport identities", f"the DSP lets in {', '.join(accepted)}")
    if skews:
        yield _clock(min(skews, key=abs))
    else:
        yield Finding(
            Group.CONNECTIONS, "clock", Outcome.UNCHECKED, "the DSP sent no Date header to compare with"
        )


def _head(target: TargetFile, identity: KeyPair | None) -> tuple[tuple[str, str] | None, timedelta | None]:
    """What went wrong and how to mend it, and by how much the clock of the DSP is ahead of ours."""
    url = target.dsp.send_command
    try:
        with open_session(target.dsp.tls, identity) as session:
            before = datetime.now(UTC)
            response = send(
                lambda: session.head(url, timeout=_HEAD_SECONDS, allow_redirects=False),
                url,
                field="dsp.send_command",
            )
            after = datetime.now(UTC)
    except EndpointUnreachable as error:
        return (f"{url}: {error.reason}", error.how_to_mend), None
    except requests.exceptions.ReadTimeout:
        return (f"{url}: no answer to HEAD within {_HEAD_SECONDS:g} s", "Look at the system behind it"), None
    except (OSError, ValueError) as error:
        return (str(error), "Check the tls tables of the target file"), None
    return None, _skew(response.headers.get("Date", ""), before + (after - before) / 2)


def _skew(date: str, now: datetime) -> timedelta | None:
    try:
        told = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)) - now


def _clock(skew: timedelta) -> Finding:
    seconds = skew.total_seconds()
    text = f"the clock of the DSP is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ours"
    if abs(skew) > MOST_CLOCK_SKEW:
        mend = "Set the clocks by a time server: counters, validity and future dates depend on them"
        return Finding(Group.CONNECTIONS, "clock", Outcome.WARNING, text, mend)
    return _fine("clock", text)


def _management(target: TargetFile) -> Iterator[Finding]:
    """A management plane must be that of the component it is named for."""
    planes = {"DSP": ("dsp.management", target.dsp.management)} | {
        name: (f"s1sp.{name}.management", s1sp.management) for name, s1sp in target.s1sp.items()
    }
    connections = Connections(target.management.tls)
    try:
        for name, (field, url) in planes.items():
            if url is None:
                continue
            try:
                told = ManagementClient(name, url, connections, field).health()
            except EndpointUnreachable as error:
                yield _unreached(f"{field}, health", f"{url}: {error.reason}", error.how_to_mend)
            except HarnessError as error:
                yield Finding(
                    Group.CONNECTIONS, f"{field}, health", Outcome.PROBLEM, str(error), f"Correct {field}"
                )
            else:
                yield _named(name, field, url, told)
    finally:
        connections.close()


def _named(name: str, field: str, url: str, told: Mapping[str, Any]) -> Finding:
    found = str(told.get("name"))
    if found != name:
        text = f"{url} is the management plane of {found}, expected {name}"
        return Finding(Group.CONNECTIONS, f"{field}, health", Outcome.PROBLEM, text, f"Correct {field}")
    others = ", ".join(f"{key} {value}" for key, value in told.items() if key != "name")
    return _fine(f"{field}, health", f"{found}: {others}")


def _fine(subject: str, text: str) -> Finding:
    return Finding(Group.CONNECTIONS, subject, Outcome.FINE, text)


def _unreached(subject: str, text: str, mend: str) -> Finding:
    return Finding(Group.CONNECTIONS, subject, Outcome.UNREACHABLE, text, mend)
