"""Reading from a target outside of any scenario: SRV 8.2 and 6.24.1, and nothing that changes state."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from duis.identifiers import EUI64
from duis.roles import SUPPLIERS, UserRole
from target.correspondence import Correspondence
from target.courier import Carried, Courier, Parcel
from target.errors import HarnessError
from target.evidence import Evidence
from target.file import TargetFile
from target.file_devices import DeviceEntry
from target.gateway import MAIN_ESTATE
from target.inbox import InboxReader
from target.inbox.empty import EmptyInbox
from target.safety import ListedDevicesOnly
from target.service_user import ServiceUser

READS = frozenset({"8.2", "6.24.1"})
"""What may be sent: these change nothing at a device, a DSP or an S1SP."""


class Enquiries:
    """The Users of a target, for reads only; safe to use from several threads.

    Args:
        target: The target file.
        counters: Database of the Originator Counters.
        inbox: Where results arrive; without it only synchronous answers can be read.
        estate: Name of the estate.
        evidence: Where every message is recorded.

    Attributes:
        evidence: Where every message is recorded.
        users: The Users.
    """

    def __init__(
        self,
        target: TargetFile,
        counters: Path,
        inbox: InboxReader | None = None,
        estate: str = MAIN_ESTATE,
        evidence: Evidence | None = None,
    ) -> None:
        self._cleanup = ExitStack()
        self.target = target
        self.evidence = evidence or Evidence()
        correspondence = Correspondence(target, counters, self.evidence)
        self._cleanup.callback(correspondence.close)
        link = correspondence.link(
            estate, inbox if inbox is not None else cast(InboxReader, EmptyInbox()), self._reading
        )
        self._cleanup.callback(link.counters.close)
        self.users: Sequence[ServiceUser] = correspondence.users.bind(link)

    def _reading(self, gateway: Courier) -> Courier:
        self._counted = _Counted(gateway)
        # An estate of our own has devices that no target file lists, and nobody else's.
        return self._counted if self.target.isolated else ListedDevicesOnly(self._counted, self.target)

    @property
    def sent(self) -> int:
        """How many Service Requests were sent so far."""
        return self._counted.sent

    def close(self) -> None:
        """Close the connections."""
        self._cleanup.close()

    def registered(self, device: DeviceEntry, roles: frozenset[UserRole]) -> ServiceUser | None:
        """The User registered for a device in one of these roles, where it is one we act as."""
        user_ids = [user_id for role, user_id in device.registered.items() if role in roles]
        return next((user for user in self.users if user.user_id in user_ids), None)

    def any_reader(self) -> ServiceUser:
        """A User that may send SRV 8.2, as every role may: a Supplier where there is one."""
        suppliers = (user for user in self.users if SUPPLIERS.intersection(user.roles))
        return next(suppliers, self.users[0])

    def reader_of(self, device_id: EUI64) -> ServiceUser:
        """The registered Supplier of a device where it is listed, else any User."""
        for device in self.target.device:
            if device.device_id == device_id:
                return self.registered(device, SUPPLIERS) or self.any_reader()
        return self.any_reader()


class _Counted:
    """Counts what is sent, and carries nothing but reads."""

    def __init__(self, inner: Courier) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self.sent = 0

    def carry(self, parcel: Parcel) -> Carried:
        if parcel.request is None or parcel.request.srv not in READS:
            raise HarnessError(f"{parcel.title} was not sent: a preflight reads, and changes nothing")
        with self._lock:
            self.sent += 1
        return self._inner.carry(parcel)
