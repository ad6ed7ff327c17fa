"""Watching what a scenario sends to its devices, to know afterwards what may have changed."""

from __future__ import annotations

from duis.identifiers import EUI64
from duis.requests import ReplacementBody, RequestHandoverOfDCCControlledDeviceBody, UnknownBody
from target.courier import Carried, Courier, Parcel
from target.errors import TargetNonconformity
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
        self._handovers: list[Carried] = []
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

    def leaving(self, parcel: Parcel) -> None:
        """Take note of a parcel before it leaves."""
        body = parcel.request.body if parcel.request is not None else None
        if isinstance(body, ReplacementBody | UnknownBody) or body is None:
            self._touched |= self._devices
        if isinstance(body, RequestHandoverOfDCCControlledDeviceBody) and parcel.device_id in self._devices:
            assert parcel.device_id is not None  # nothing else is in a set of EUI-64s
            self._ledger.note_handover(parcel.device_id)

    def arrived(self, carried: Carried) -> None:
        """Take note of what came back for a parcel."""
        request = carried.parcel.request
        if request is not None and isinstance(request.body, RequestHandoverOfDCCControlledDeviceBody):
            self._handovers.append(carried)

    def handover_pending(self, device_id: EUI64) -> bool:
        """Whether a 6.21 was sent to a device, and nobody has refused it."""
        if not self._ledger.handover_noted(device_id):
            return False
        sent = [each for each in self._handovers if each.parcel.device_id == device_id]
        return not self._trusted or not sent or not all(self._was_refused(each) for each in sent)

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
        self._watch.leaving(parcel)
        carried = self._courier.carry(parcel)
        self._watch.arrived(carried)
        return carried
