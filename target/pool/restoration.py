"""Putting the slots of a device back as they were, by protocol means only.

Whoever owns a slot may replace the certificates in it (validation 3, S1SR 4.2): so the party found in a slot
places those of the party that belongs there, as the Network Operators of a wrongly migrated device would.
Devices of an emulated S1SP are put right through its management plane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from duis.identifiers import EUI64
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, RemotePartyRole, UserRole
from target.arrangement import DCC
from target.credentials import update_credentials
from target.errors import DeadlinePassed, NotArrangeable, TargetNonconformity
from target.file import DSP_COMPONENT, TargetFile
from target.gateway import MAIN_ESTATE
from target.management import ManagementClient
from target.observations import Acknowledged, SlotReading, SMETS1Result
from target.pool.managed_slots import ManagedSlots
from target.pool.population import PoolDevice
from target.service_user import ServiceUser

Slots = Mapping[RemotePartyRole, SlotReading]

RESTORED_SLOTS = (RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR)
"""The slots that scenarios change."""


@dataclass(frozen=True)
class Restored:
    """Every slot is as it should be.

    Attributes:
        slots: What 6.24.1 says of them; empty where a management plane was used.
        done: What had to be done for it, a sentence each.
    """

    slots: Slots
    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class UsedUp:
    """A consumable is one no more, or nobody can tell.

    Attributes:
        what: What shows it.
    """

    what: str


@dataclass(frozen=True)
class NotRestorable:
    """A slot cannot be put back.

    Attributes:
        reason: Why.
        mend: What a person can do about it, a step each.
    """

    reason: str
    mend: tuple[str, ...]


class _Stuck(Exception):
    """A slot stays as it is."""


def _nothing() -> None:
    """MP107 stands as it should."""


class Caretaker:
    """Reads and restores the slots of devices of a pooled target.

    Args:
        target: The target file.
        users: The Users we can act as. What they send here is decided by what the slots hold, so it must not
            be replayed from a journal.
        management: The management planes of the emulated systems, by name.
        estate: Name of the estate there.
    """

    def __init__(
        self,
        target: TargetFile,
        users: Iterable[ServiceUser],
        management: Mapping[str, ManagementClient],
        estate: str = MAIN_ESTATE,
    ) -> None:
        self._target = target
        self._users = {user.user_id: user for user in users}
        self._managed = ManagedSlots(management, self._users, estate)

    def user(self, user_id: EUI64 | None) -> ServiceUser:
        """The User with that User ID.

        Raises:
            NotArrangeable: We cannot act as it.
        """
        if user_id is None or user_id not in self._users:
            raise NotArrangeable(f"the target file names no service user with User ID {user_id}")
        return self._users[user_id]

    def knows(self, party: EUI64 | str) -> bool:
        """Whether we can act as a party."""
        return party in self._users

    def name(self, party: EUI64 | str | None) -> str:
        """What a party is called."""
        user = self._users.get(EUI64(party)) if party not in (None, DCC) else None
        return user.name if user is not None else {DCC: "the DCC", None: "nobody"}.get(party, str(party))

    def read(self, device: PoolDevice) -> Slots:
        """Read the slots by SRV 6.24.1 of the registered Supplier, whom nobody keeps from reading.

        Raises:
            NotArrangeable: We cannot act as it.
            TargetNonconformity: The slots could not be read.
        """
        registered = device.entry.registered
        supplier = self.user(_registered(registered, SUPPLIERS))
        roles = [role for role in RESTORED_SLOTS if role in device.home]
        return {each.remote_party_role: each for each in supplier.read_slots(device.device_id, roles)}

    def at_home(self, device: PoolDevice, role: RemotePartyRole, slots: Slots, home: Slots | None) -> bool:
        """Whether a slot holds what it should.

        That is the party the target file declares, with the certificates first observed or with those of the
        target file, as far as hashes are told. What was not known before is taken as it is.
        """
        reading, declared = slots.get(role), device.home[role]
        if reading is None or reading.party is None:
            return False
        known = home.get(role) if home is not None else None
        if declared == DCC:
            # What the DCC's own certificate names is for the target to say: nobody we could act as.
            return reading.party not in self._users and (known is None or known.party == reading.party)
        if reading.party != declared:
            return False
        if known is None or not reading.hashes or reading.hashes == known.hashes:
            return True
        try:
            configured = self.user(reading.party).credentials.hashes(
                self._target.assumptions.certificate_hash
            )
        except NotArrangeable:
            return True
        return all(configured.get(use) == digest for use, digest in reading.hashes.items())

    def restore(
        self,
        device: PoolDevice,
        home: Slots | None,
        *,
        handover_pending: bool = False,
        switch_on: Callable[[], None] = _nothing,
    ) -> Restored | UsedUp | NotRestorable:
        """Put the slots of a device back, and see.

        Args:
            device: Which one.
            home: Its slots as first observed, where somebody has looked.
            handover_pending: Whether a 6.21 was sent to it whose outcome nobody knows.
            switch_on: Called before a request that only MP107 lets through.

        Raises:
            HarnessError: It could not be tried: an endpoint cannot be reached.
        """
        if device.managed and self._managed.covers(device):
            return Restored({}, self._managed.restore(device))
        try:
            slots = self.read(device)
            if device.consumable and not self.at_home(device, RemotePartyRole.NETWORK_OPERATOR, slots, home):
                reading = slots.get(RemotePartyRole.NETWORK_OPERATOR)
                sent = "after SRV 6.21 " if handover_pending else ""
                return UsedUp(f"{sent}the NetworkOperator slot holds {self._holder(reading)}")
            if device.consumable and handover_pending:
                return UsedUp("SRV 6.21 was sent, and what became of it is not known")
            done: list[str] = []
            for role in (each for each in RESTORED_SLOTS if each in device.home):
                if not self.at_home(device, role, slots, home):
                    done.append(self._place_home(device, role, slots.get(role), switch_on))
                    slots = self.read(device)
                    if not self.at_home(device, role, slots, home):
                        raise _Stuck(f"{done[-1]}; it holds {self._holder(slots.get(role))}")
            return Restored(slots, tuple(done))
        except TargetNonconformity as failure:
            reason = f"{failure.requirement}: expected {failure.expected}, found {failure.actual}"
            return NotRestorable(reason, self._mend(device, None, None))
        except NotArrangeable as missing:
            return NotRestorable(missing.reason, self._mend(device, None, None))
        except _Stuck as stuck:
            return NotRestorable(str(stuck), self._mend(device, role, slots.get(role)))

    def _holder(self, reading: SlotReading | None) -> str:
        return self.name(reading.party) if reading is not None else "nothing that 6.24.1 tells"

    def _place_home(
        self,
        device: PoolDevice,
        role: RemotePartyRole,
        reading: SlotReading | None,
        switch_on: Callable[[], None],
    ) -> str:
        """Have the party in a slot place the certificates of the one that belongs there."""
        belongs = device.home[role]
        try:
            owner = self.user(reading.party if reading is not None else None)
            credentials = self.user(EUI64(belongs)).credentials
        except NotArrangeable as missing:
            raise _Stuck(f"the {role} slot holds {self._holder(reading)}: {missing.reason}") from None
        if self.needs_mp107(device, owner):
            switch_on()
        what = f"SRV 6.15.1 of {owner.name} placing {self.name(belongs)}'s certificates in the {role} slot"
        try:
            exchange = owner.send(update_credentials(credentials, role), device.device_id)
            if not isinstance(exchange.answer, Acknowledged):
                raise _Stuck(f"{what} met {exchange.answer.describe()}")
            result = exchange.result()
        except DeadlinePassed as late:
            return f"{what} was not answered within {late.seconds:g} s"
        success = isinstance(result, SMETS1Result) and result.success is not False
        return what if success else f"{what} met {result.describe()}"

    def needs_mp107(self, device: PoolDevice, sender: ServiceUser) -> bool:
        """Whether a 6.15.1 of a Network Operator passes only by the exemption of MP107."""
        return NETWORK_OPERATORS.intersection(sender.roles) != frozenset() and sender.user_id != _registered(
            device.entry.registered, NETWORK_OPERATORS
        )

    def _mend(
        self, device: PoolDevice, role: RemotePartyRole | None, reading: SlotReading | None
    ) -> tuple[str, ...]:
        """What a person can do, most convenient first."""
        arguments = f"--target {self._target.path} {device.device_id}"
        steps = [f"smets1-conformance pool restore {arguments}"]
        if role is not None and reading is not None:
            once = self._once_released(device, reading.party)
            steps.append(
                f"SRV 6.15.1 of {self._holder(reading)} placing {self.name(device.home[role])}'s "
                f"certificates in the {role} slot of {device.device_id}{once}"
            )
        steps.append(f"smets1-conformance pool free {arguments}, after mending it in another way")
        return tuple(steps)

    def _once_released(self, device: PoolDevice, sender: EUI64 | None) -> str:
        user = self._users.get(sender) if sender is not None else None
        if user is None or not self.needs_mp107(device, user):
            return ""
        s1sp = device.entry.s1sp
        released = {DSP_COMPONENT: self._target.dsp.mp107, s1sp: self._target.s1sp[s1sp].mp107}
        lagging = [name for name, on in released.items() if not on] or [s1sp]
        return f", once MP107 is released at {' and '.join(lagging)}"


def _registered(registered: Mapping[UserRole, EUI64], roles: frozenset[UserRole]) -> EUI64 | None:
    return next((user_id for role, user_id in registered.items() if role in roles), None)
