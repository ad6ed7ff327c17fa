"""Watching what a scenario sends to its devices, to know afterwards what may have changed."""

from __future__ import annotations

from duis.identifiers import EUI64
from duis.requests import ReplacementBody, RequestHandoverOfDCCControlledDeviceBody, UnknownBody
from target.courier import Carried, Courier, Parcel
from target.errors import EndpointUnreachable, TargetNonconformity
from target.exchange import Exchange
from target.observations import Acknowledged, S1SPRejection, SMETS1Result
from target.pool.ledger import Ledger
from target.pool.records import Lease
from target.service_user import ServiceUser


class Watch:
    """What one scenario did to its devices.

    Args:
        ledger: The device pool, as this run sees it.
        lease: The devices of the scenario.
        users: By User ID; they await what became of a 6.21.
    """

    def __init__(self, ledger: Ledger, lease: Lease, users: dict[EUI64, ServiceUser]) -> None:
        self._ledger = ledger
        self._devices = {device.device_id for device in lease.devices}
        self._users = users
        # For each device, what came back for every 6.21 that left; None where that is not known.
        self._handovers: dict[EUI64, dict[int, Carried | None]] = {each: {} for each in self._devices}
        self._count = 0
        # What an interrupted attempt had sent is not known here, nor what one sends that is not watched.
        self._touched = set(self._devices)
        self._trusted = not lease.adopted

    def over(self, courier: Courier) -> Courier:
        """A courier that is watched."""
        if self._trusted:
            self._touched.clear()
        return _Watched(self, courier)

    def touch(self, device_id: EUI64) -> None:
        """Something was done to a device."""
        self._touched.add(device_id)

    def touched(self, device_id: EUI64) -> bool:
        """Whether the slots of a device may have changed."""
        return device_id in self._touched

    def carry(self, parcel: Parcel, courier: Courier) -> Carried:
        """Have a parcel carried, and take note of it before and after."""
        body = parcel.request.body if parcel.request is not None else None
        if isinstance(body, ReplacementBody | UnknownBody) or body is None:
            self._touched |= self._devices
        device_id = parcel.device_id
        if not isinstance(body, RequestHandoverOfDCCControlledDeviceBody) or device_id not in self._handovers:
            return courier.carry(parcel)
        self._ledger.note_handover(device_id)
        sent, self._count = self._handovers[device_id], self._count + 1
        number = self._count
        sent[number] = None
        try:
            carried = sent[number] = courier.carry(parcel)
        except EndpointUnreachable:
            del sent[number]  # it never left
            raise
        return carried

    def handover_pending(self, device_id: EUI64) -> bool:
        """Whether a 6.21 was sent to a device, and nobody has refused it."""
        if not self._ledger.handover_noted(device_id):
            return False
        sent = self._handovers.get(device_id, {}).values()
        return not self._trusted or not all(each is not None and self._was_refused(each) for each in sent)

    def _was_refused(self, carried: Carried) -> bool:
        user = self._users.get(carried.parcel.user_id)
        if user is None or carried.answer is None:
            return False
        exchange = Exchange(user, carried)
        try:
            if not isinstance(exchange.answer, Acknowledged):
                return True
            outcomes = exchange.arrived()
        except TargetNonconformity:
            return False
        return any(
            isinstance(each, S1SPRejection) or (isinstance(each, SMETS1Result) and each.success is False)
            for each in outcomes
        )


class _Watched:
    def __init__(self, watch: Watch, courier: Courier) -> None:
        self._watch = watch
        self._courier = courier

    def carry(self, parcel: Parcel) -> Carried:
        return self._watch.carry(parcel, self._courier)
