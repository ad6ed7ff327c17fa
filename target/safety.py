"""Couriers that keep a run within what the target file allows: listed devices, and a budget of requests.

They wrap other couriers (`target.courier`). In a run against systems that are not ours the order is
`ListedDevicesOnly(JournalCourier(Budget(GatewayCourier(...))))`: a device that nobody listed is refused
before anything is written down, and what the journal recalls costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from duis.identifiers import EUI64
from target.courier import Carried, Courier, Parcel
from target.errors import HarnessError
from target.file import TargetFile

_EUI64 = rb"[0-9A-Fa-f]{2}(?:[-:]?[0-9A-Fa-f]{2}){7}"
_REQUEST_ID = re.compile(rb"(?<![0-9A-Fa-f-])(" + _EUI64 + rb")\s*:\s*(" + _EUI64 + rb")\s*:\s*[0-9]")
_NAMED_DEVICE = re.compile(rb"<(?:[\w.-]+:)?(?:DeviceID|OtherDeviceID|OldGPFID)\b[^>]*>\s*(" + _EUI64 + rb")")


class NotSent(HarnessError):
    """The harness itself refused to send something: nothing left this machine."""


class DeviceNotListed(NotSent):
    """A document would have addressed a device that the target file does not list.

    Attributes:
        device_id: Which one.
        title: What was not sent.
    """

    def __init__(self, device_id: EUI64, title: str, target: TargetFile) -> None:
        self.device_id = device_id
        self.title = title
        super().__init__(
            f"{title} was not sent: it is for {device_id}, which is no device_id of a [[device]] in "
            f"{target.path}, not dsp.entity_identifier and not safety.unknown_device; list it if it may be "
            "tested"
        )


class BudgetExhausted(NotSent):
    """The run has sent as many Service Requests as it may: it ends, incomplete.

    Attributes:
        limit: How many it may send.
        title: What was not sent any more.
    """

    def __init__(self, limit: int, title: str) -> None:
        self.limit = limit
        self.title = title
        super().__init__(
            f"{title} was not sent: the run has used up its budget of {limit} Service Requests; raise "
            "safety.request_budget in the target file, or select fewer scenarios"
        )


class ListedDevicesOnly:
    """Lets nothing pass that addresses a device which the target file does not list.

    What counts is the RequestID handed over, and whatever the octets themselves name: Business Targets in
    RequestIDs, and the devices of 8.2, 8.7.1, 8.7.2 and 8.12.2. The search is tolerant, because a document
    may be malformed on purpose.

    Args:
        inner: Carries what may be sent.
        target: The target file.
    """

    def __init__(self, inner: Courier, target: TargetFile) -> None:
        self._inner = inner
        self._target = target
        allowed = {device.device_id for device in target.device} | {target.dsp.entity_identifier}
        if target.safety.unknown_device is not None:
            allowed.add(target.safety.unknown_device)
        self._allowed = frozenset(allowed)

    def carry(self, parcel: Parcel) -> Carried:
        """Carry a parcel that addresses listed devices only, or none.

        Raises:
            DeviceNotListed: It addresses another one.
        """
        handed_over = [parcel.device_id] if parcel.device_id is not None else []
        for device_id in (*handed_over, *addressed(parcel.document)):
            if device_id not in self._allowed:
                raise DeviceNotListed(device_id, parcel.title, self._target)
        return self._inner.carry(parcel)


class Budget:
    """Lets no more Service Requests pass than a run may send.

    Args:
        inner: Carries what may be sent.
        limit: How many the run may send.
        sent: How many the run has sent, over all its processes, the one about to be carried included: the
            journal writes it down first, so no two processes can both take the last one.
    """

    def __init__(self, inner: Courier, limit: int, sent: Callable[[], int]) -> None:
        self._inner = inner
        self._limit = limit
        self._sent = sent

    def carry(self, parcel: Parcel) -> Carried:
        """Carry a parcel while the budget lasts.

        Raises:
            BudgetExhausted: It is used up.
        """
        if self._sent() > self._limit:
            raise BudgetExhausted(self._limit, parcel.title)
        return self._inner.carry(parcel)


def addressed(document: bytes) -> Iterator[EUI64]:
    """The devices that some octets name, as far as anything can be found in them.

    UTF-16 is looked through as well: with its zero octets left out it reads like ASCII.
    """
    octets = document.replace(b"\0", b"")
    for found in _REQUEST_ID.finditer(octets):
        yield _eui64(found[2])
    for found in _NAMED_DEVICE.finditer(octets):
        yield _eui64(found[1])


def _eui64(octets: bytes) -> EUI64:
    digits = re.sub(rb"[-:]", b"", octets).decode().upper()
    return EUI64("-".join(digits[place : place + 2] for place in range(0, len(digits), 2)))
