"""Reading from a target outside of any scenario: SRV 8.2 and 6.24.1, and nothing that changes state."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from duis.identifiers import EUI64
from duis.roles import SUPPLIERS, UserRole
from duis.schema import Schema
from target.answers import AnswerReader
from target.counters import CounterSource
from target.courier import Carried, Courier, GatewayCourier, Parcel
from target.errors import HarnessError
from target.evidence import Evidence
from target.file import TargetFile
from target.file_devices import DeviceEntry
from target.gateway import Connections, Gateway
from target.inbox import InboxReader
from target.safety import ListedDevicesOnly
from target.service_user import EstateLink, ServiceUser
from target.trust import load_trust
from target.users import UserDirectory

MAIN_ESTATE = "main"

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
        trust = load_trust(target.trust.anchors, target.trust.certificates)
        connections = Connections(target.dsp.tls)
        self._cleanup.callback(connections.close)
        gateway = Gateway.of(target.dsp, connections, self.evidence, target.deadlines.synchronous, estate)
        self._counted = _Counted(GatewayCourier(gateway))
        schema = Schema.official(target.official_schema) if target.official_schema else Schema.bundled()
        link = EstateLink(
            estate=estate,
            target=target,
            gateway=gateway,
            # An estate of our own has devices that no target file lists, and nobody else's.
            courier=self._counted if target.isolated else ListedDevicesOnly(self._counted, target),
            counters=CounterSource(counters).for_gateway(gateway.name),
            inbox=inbox if inbox is not None else cast(InboxReader, _NoInbox()),
            answers=AnswerReader(schema, trust, target.assumptions),
            evidence=self.evidence,
        )
        self._cleanup.callback(link.counters.close)
        self.users: Sequence[ServiceUser] = UserDirectory(target, trust).bind(link)

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


class _NoInbox:
    """A mailbox nobody looks into."""

    def last_in(self, *_: object) -> int:
        return 0

    last_refused_in = last_in

    def messages(self, *_: object, **__: object) -> tuple[()]:
        return ()

    messages_about = messages_concerning = refused = messages
