"""What must fit together between the tables of a target file.

Each check yields the place of the problem and a sentence: what was expected, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from duis.service_references import SERVICE_REFERENCE_VARIANTS
from target.file_device_checks import device_findings
from target.file_errors import field_name
from target.file_positions import KeyPath
from target.file_sections import EmulatorSection
from target.file_system_checks import system_findings
from target.file_values import is_loopback, is_wildcard

if TYPE_CHECKING:
    from target.file import TargetFile

Finding = tuple[KeyPath, str]


def inconsistencies(target: TargetFile) -> list[Finding]:
    """What does not fit together: place and message of each problem."""
    return [
        *_repeated_users(target),
        *system_findings(target),
        *_callback(target),
        *_ports(target),
        *device_findings(target),
        *_deadlines(target),
        *_faulty(target),
    ]


def _repeated_users(target: TargetFile) -> Iterator[Finding]:
    names: dict[str, int] = {}
    user_ids: dict[str, int] = {}
    for index, user in enumerate(target.service_user):
        first = names.setdefault(user.name, index)
        if first != index:
            yield ("service_user", index, "name"), f"{user.name!r} is the name of an earlier one too"
        first = user_ids.setdefault(user.user_id, index)
        if first != index:
            message = f"{user.user_id} belongs to {target.service_user[first].name!r}"
            yield ("service_user", index, "user_id"), message
        if user.user_id == target.dsp.entity_identifier:
            yield ("service_user", index, "user_id"), f"{user.user_id} is the entity_identifier of the DSP"


def _callback(target: TargetFile) -> Iterator[Finding]:
    """A DSP endpoint is configured with our callback URL, so it must be known and within its reach."""
    callback, dsp = target.callback, urlsplit(target.dsp.send_command)
    if target.dsp.kind == "endpoint" and not is_loopback(dsp.hostname):
        if callback.port == 0:
            yield (
                ("callback", "port"),
                f"expected a fixed port, not 0: the DSP at {dsp.hostname} must be told where to post results",
            )
        if is_loopback(callback.host) and callback.base_url is None:
            yield (
                ("callback", "host"),
                f"the DSP at {dsp.hostname} cannot post to {callback.host}; give an address of this machine "
                "that it can reach, or base_url where something passes its messages on",
            )
    if is_wildcard(callback.host) and callback.base_url is None:
        yield (
            ("callback", "host"),
            f"{callback.host} means every address of this machine; add base_url, the one the DSP is to use",
        )
    emulator = target.dsp.emulator
    if emulator is not None and emulator.tls is None and callback.tls is not None:
        yield (
            ("callback", "tls"),
            "the inbox asks its clients for a certificate, and the DSP emulator has none to show; "
            "add [dsp.emulator.tls], or remove [callback.tls]",
        )


def _ports(target: TargetFile) -> Iterator[Finding]:
    """No two servers that the run starts listen on one port."""
    servers: list[tuple[str, int, KeyPath]] = []
    emulators: dict[KeyPath, EmulatorSection | None] = {("dsp",): target.dsp.emulator}
    emulators |= {("s1sp", name): s1sp.emulator for name, s1sp in target.s1sp.items()}
    for place, emulator in emulators.items():
        if emulator is not None:
            servers.append((emulator.host, emulator.port, (*place, "emulator", "port")))
            servers.append((emulator.host, emulator.management_port, (*place, "emulator", "management_port")))
    if target.callback.port != 0:
        servers.append((target.callback.host, target.callback.port, ("callback", "port")))
    for index, (host, port, place) in enumerate(servers):
        for other_host, other_port, other in servers[:index]:
            same_host = host == other_host or is_wildcard(host) or is_wildcard(other_host)
            if port == other_port and same_host:
                yield place, f"expected a port of its own, found {port}, which is {field_name(other)} too"
                break


def _deadlines(target: TargetFile) -> Iterator[Finding]:
    for srv in target.deadlines.result_by_srv:
        if srv not in SERVICE_REFERENCE_VARIANTS:
            message = f'expected a Service Reference Variant such as "6.15.1", found {srv!r}'
            yield ("deadlines", "result_by_srv", srv), message


def _faulty(target: TargetFile) -> Iterator[Finding]:
    """A guard looks its certificate up by name: one that no guard can mean is a misspelling."""
    faults = ("xmlsign-expired", "ds-expired", "ka-expired", "ds-untrusted", "ka-untrusted")
    expected = {f"{user.name}-{fault}" for user in target.service_user for fault in faults}
    for name in target.faulty:
        if name not in expected:
            yield (
                ("faulty", name),
                f"expected the name of a service user followed by -{', -'.join(faults)}, found {name!r}",
            )
