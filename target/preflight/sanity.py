"""Whether a target is alive and knows a device of ours: one SRV 8.2, answered synchronously."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from duis.identifiers import EUI64
from target.errors import EndpointUnreachable, HarnessError, TargetNonconformity
from target.evidence import Evidence, EvidenceItem
from target.file import TargetFile
from target.gateway import MAIN_ESTATE, Connections
from target.management import ManagementClient
from target.observations import InventoryAnswer
from target.preflight.enquiry import Enquiries


@dataclass(frozen=True)
class Sanity:
    """What became of the SRV 8.2.

    Attributes:
        at: When it was sent (UTC).
        url: Where to.
        trouble: Why it was not answered as expected, in one sentence; empty when it was.
        messages: What was sent and received.
    """

    at: datetime
    url: str
    trouble: str
    messages: tuple[EvidenceItem, ...]

    @property
    def passed(self) -> bool:
        """Whether it was answered as expected."""
        return not self.trouble


def read_one_device(target: TargetFile, counters: Path) -> Sanity:
    """Send SRV 8.2 for the first listed device; for any device where all is emulated.

    Args:
        target: The target file.
        counters: Database of the Originator Counters.
    """
    at = datetime.now(UTC)
    evidence = Evidence()
    messages: list[EvidenceItem] = []
    evidence.subscribe(messages.append)
    try:
        with _population(target) as (estate, device_id):
            enquiries = Enquiries(target, counters, estate=estate, evidence=evidence)
            try:
                trouble = _trouble(enquiries, device_id)
            finally:
                enquiries.close()
    except EndpointUnreachable as error:
        return Sanity(at, error.url, str(error), tuple(messages))
    except HarnessError as error:
        trouble = str(error)
    return Sanity(at, target.dsp.non_device, trouble, tuple(messages))


def _trouble(enquiries: Enquiries, device_id: EUI64) -> str:
    user = enquiries.reader_of(device_id)
    try:
        exchange = user.read_inventory(device_id)
        answer = exchange.answer
    except TargetNonconformity as wrong:
        return f"SRV 8.2 of {user.name} for {device_id}: expected {wrong.expected}, found {wrong.actual}"
    if not isinstance(answer, InventoryAnswer):
        return f"SRV 8.2 of {user.name} for {device_id}: expected the device, found {answer.describe()}"
    if device_id not in {device.device_id for device in answer.devices}:
        return f"SRV 8.2 of {user.name} for {device_id}: the device is not in the answer"
    return ""


@contextmanager
def _population(target: TargetFile) -> Iterator[tuple[str, EUI64]]:
    """An estate, and a device in it; where all is emulated, a correct DSP's whose scenarios deviate."""
    if not target.isolated:
        if not target.device:
            raise HarnessError(f"{target.path} lists no [[device]] that SRV 8.2 could ask for")
        yield MAIN_ESTATE, target.device[0].device_id
        return
    connections = Connections(target.management.tls)
    try:
        dsp = ManagementClient("DSP", target.dsp.management or "", connections, "dsp.management")
        estate = f"sanity-{os.getpid()}-{secrets.token_hex(4)}"
        devices = dsp.create_estate(estate, {"seed": 1, "sets_per_s1sp": 1}).get("devices", ())
        try:
            if not devices:
                raise HarnessError("the emulated DSP made an estate without devices")
            yield estate, EUI64(devices[0]["device_id"])
        finally:
            with suppress(HarnessError):
                dsp.delete_estate(estate)
    finally:
        connections.close()
