"""Full round trips a second: SRV 6.15.1 from building it to its verified result.

Four emulator processes and the inbox, mutual TLS throughout, SQLite; N42 is off, because it is a second
message to three parties and no part of the round trip. Each device has one request in flight at a time,
by turns of the two Network Operators that hand its slot to each other, so every one of them changes a slot.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from duis.identifiers import RequestID
from duis.roles import RemotePartyRole
from duis.smets1 import SMETS1Response, UpdateSecurityCredentialsKRPRsp
from target.credentials import update_credentials
from target.estate import DeviceUnderTest, TestEstate
from target.gateway import MEDIA_TYPE, Service
from target.service_user import ServiceUser
from target.session import TargetSession

SLOT = RemotePartyRole.NETWORK_OPERATOR
WARM_UP_SECONDS = 2.0
SECONDS = 10.0
IN_FLIGHT = 32
RESULT_DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.003


@dataclass
class Measurement:
    """What one phase measured.

    Attributes:
        in_flight: Requests under way at a time.
        seconds: How long it was measured.
        latencies: From building the request to the verified result, seconds each.
        cpu: CPU seconds used meanwhile, by process.
    """

    in_flight: int
    seconds: float
    latencies: list[float]
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Round trips a second."""
        return len(self.latencies) / self.seconds

    def row(self) -> str:
        """One line for a reader."""
        cuts = statistics.quantiles(self.latencies, n=100)
        return (
            f"{self.in_flight:3d} in flight   {self.rate:7.1f} round trips/s   "
            f"p50 {cuts[49] * 1e3:6.1f} ms   p99 {cuts[98] * 1e3:6.1f} ms"
        )


class Load:
    """Keeps requests in flight and times them."""

    def __init__(self, session: TargetSession, estate: TestEstate, http: aiohttp.ClientSession) -> None:
        self._session = session
        self._http = http
        self._waiting: dict[RequestID, asyncio.Future[float]] = {}
        devices = [device for device in estate.devices if device.device_type in ("ESME", "GPF")]
        self.pairs = [
            (device, estate.network_operator_of(device), estate.other_network_operator(device))
            for device in devices
        ]
        self._mailboxes = {
            user.mailbox: 0 for _, correct, incorrect in self.pairs for user in (correct, incorrect)
        }
        self._sending: dict[str, asyncio.Lock] = {mailbox: asyncio.Lock() for mailbox in self._mailboxes}
        self.latencies: list[float] = []

    async def chain(self, device: DeviceUnderTest, parties: Sequence[ServiceUser], until: float) -> None:
        """Hand the slot of a device to and fro until the time is up; the first party holds it at the end."""
        holder, other = parties
        first = holder
        while time.perf_counter() < until or holder is not first:
            started = time.perf_counter()
            finished = await self._round_trip(holder, other, device)
            self.latencies.append(finished - started)
            holder, other = other, holder

    async def _round_trip(self, holder: ServiceUser, other: ServiceUser, device: DeviceUnderTest) -> float:
        # One lock an originator: its requests leave in the order of their counters.
        async with self._sending[holder.mailbox]:
            request = holder.build(update_credentials(other.credentials, SLOT), device.device_id)
            document = holder.sign(request)
            done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
            self._waiting[request.request_id] = done
            url = holder.link.gateway.urls[Service.SEND_COMMAND]
            async with self._http.post(url, data=document, headers={"Content-Type": MEDIA_TYPE}) as answer:
                body = await answer.read()
        if b"<sr:ResponseCode>I99<" not in body:
            raise RuntimeError(f"not acknowledged: HTTP {answer.status} {body[:500]!r}")
        return await asyncio.wait_for(done, RESULT_DEADLINE_SECONDS)

    async def watch(self) -> None:
        """Verify what arrives at the inbox and tell who waits for it."""
        while True:
            for mailbox, last in tuple(self._mailboxes.items()):
                for message in self._session.inbox.messages(mailbox, last):
                    self._mailboxes[mailbox] = message.sequence
                    inner = message.verified.inner
                    if not (
                        isinstance(inner, SMETS1Response)
                        and isinstance(inner.payload, UpdateSecurityCredentialsKRPRsp)
                        and inner.payload.message_success
                    ):
                        raise RuntimeError(f"not a success: {message.describe()}")
                    waiting = self._waiting.pop(inner.header.request_id(), None)
                    if waiting is not None:
                        waiting.set_result(time.perf_counter())
            await asyncio.sleep(POLL_SECONDS)


async def measure(session: TargetSession, estate: TestEstate, in_flight: int, seconds: float) -> Measurement:
    """Run for a while with so many requests in flight, and time every one."""
    tls = session.target.dsp.tls
    context = ssl.create_default_context(cafile=str(tls.ca)) if tls is not None else None
    user = session.target.service_user[0]
    if context is not None and user.tls is not None:
        context.load_cert_chain(user.tls.certificate, user.tls.key)
    connector = aiohttp.TCPConnector(ssl=context if context is not None else False, limit=in_flight)
    async with aiohttp.ClientSession(connector=connector) as http:
        load = Load(session, estate, http)
        pairs = load.pairs[:in_flight]
        before, started = cpu_seconds(), time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(load.watch())
            await asyncio.gather(*(load.chain(each, both, started + seconds) for each, *both in pairs))
            watching.cancel()
        elapsed = time.perf_counter() - started
    used = {name: value - before.get(name, 0.0) for name, value in cpu_seconds().items()}
    return Measurement(len(pairs), elapsed, load.latencies, used)


def cpu_seconds() -> dict[str, float]:
    """CPU seconds of this process and of those it started, where the system tells (Linux)."""
    used = {"sender and verifier": time.process_time()}
    ticks = os.sysconf("SC_CLK_TCK")
    for process in _descendants(os.getpid()):
        try:
            words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            command = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        name = "inbox" if "target.inbox" in command else "emulators"
        used[name] = used.get(name, 0.0) + (int(words[11]) + int(words[12])) / ticks
    return used


def _descendants(process: int) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    children = [int(word) for word in text.split()]
    return children + [each for child in children for each in _descendants(child)]


def run(seconds: float = SECONDS) -> str:
    """Measure and return a table."""
    lines = []
    with tempfile.TemporaryDirectory(prefix="smets1-conformance-") as state:
        session = TargetSession.open(None, Path(state) / "run")
        with (
            session,
            session.open_estate(
                "bench", sets_per_s1sp=(IN_FLIGHT + 5) // 6, settings={"credentials_alert": False}
            ) as estate,
        ):
            asyncio.run(measure(session, estate, IN_FLIGHT, WARM_UP_SECONDS))
            for in_flight in (1, IN_FLIGHT):
                measured = asyncio.run(measure(session, estate, in_flight, seconds))
                lines.append(measured.row())
        total = len(measured.latencies)
        lines.append(f"CPU per round trip at {measured.in_flight} in flight:")
        lines += [f"  {name:20s} {value / total * 1e3:6.2f} ms" for name, value in measured.cpu.items()]
    return "\n".join(lines)
