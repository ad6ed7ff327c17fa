"""How preconditions come about: the seam between emulators, which can be arranged, and real systems.

Only what a `Given` needs goes through here; verdicts rest on the protocol alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from duis.identifiers import EUI64
from duis.roles import DeviceType, RemotePartyRole, UserRole

DCC = "ACB"
"""Stands for the DCC's own (access control broker) certificate in a slot."""


@dataclass(frozen=True)
class DeviceUnderTest:
    """A device and who is registered for it.

    Attributes:
        device_id: Its EUI-64.
        device_type: ESME, GPF, ...
        s1sp: The S1SP that serves it.
        mpxn: Its MPAN or MPRN.
        registered: User ID of the registered party by User Role.
        chf_id: The Communications Hub Function it belongs to, where that is known.
    """

    device_id: EUI64
    device_type: DeviceType
    s1sp: str
    mpxn: str | None
    registered: Mapping[UserRole, EUI64]
    chf_id: EUI64 | None = None

    @property
    def is_gas(self) -> bool:
        """Whether it belongs to an MPRN: Gas Supplier and Gas Transporter are its parties."""
        return self.device_type in (DeviceType.GSME, DeviceType.GPF)


@dataclass(frozen=True)
class TrafficRecord:
    """A message an emulator recorded.

    Attributes:
        sequence: Its number at the emulator.
        at: When, as the emulator tells it.
        direction: `in` or `out`, as the emulator tells it.
        peer: The other side.
        kind: What it is.
        request_id: Its RequestID, where it has one.
        outcome: What became of it.
        document: The document as text.
    """

    sequence: int
    at: str
    direction: str
    peer: str
    kind: str
    request_id: str | None
    outcome: str | None
    document: str


@dataclass(frozen=True)
class SlotDatabase:
    """Where an S1SP keeps the virtual anchor slots of a population [FIA 3.3.2].

    Attributes:
        url: Its database.
        scope: The name of the population there.
    """

    url: str
    scope: str


class Arrangement(Protocol):
    """Arranges preconditions in one estate; what it cannot do it says with `NotArrangeable`."""

    @property
    def devices(self) -> tuple[DeviceUnderTest, ...]:
        """The devices of the estate."""

    def put_slot(self, device: DeviceUnderTest, role: RemotePartyRole, party: EUI64 | str) -> None:
        """Put the certificates of a party, or of the DCC, into a slot."""

    def set_mp107(self, component: str, on: bool) -> None:
        """Switch MP107 at the DSP or an S1SP."""

    def raise_device_alert(self, device: DeviceUnderTest, alert_code: str, description: str) -> None:
        """Have a device raise an alert."""

    def register(
        self,
        device: DeviceUnderTest,
        role: UserRole,
        user_id: EUI64 | None,
        effective_from: datetime | None,
        effective_to: datetime | None,
    ) -> None:
        """Make a party, or nobody, the registered one in a role."""

    def set_device_status(self, device: DeviceUnderTest, status: str) -> None:
        """Change the device status."""

    def change_settings(self, component: str, settings: Mapping[str, object]) -> None:
        """Change settings of the estate at the DSP or an S1SP."""

    def traffic(self, component: str) -> tuple[TrafficRecord, ...]:
        """The messages the DSP or an S1SP recorded."""

    def add_fault(self, component: str, srv: str, action: str, delay_seconds: float, times: int) -> None:
        """Script a fault."""

    def slot_database(self, s1sp: str) -> SlotDatabase:
        """Where an S1SP keeps the slots of the estate, for who updates them there [FIA 4.2.2]."""

    def close(self) -> None:
        """Give back what was made."""
