"""Putting certificates into the slots of leased devices before a scenario begins."""

from __future__ import annotations

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from target.arrangement import DCC
from target.credentials import update_credentials
from target.errors import NotArrangeable, TargetNonconformity
from target.file import DSP_COMPONENT, TargetFile
from target.observations import Acknowledged, SMETS1Result
from target.pool.ledger import Ledger
from target.pool.managed_slots import ManagedSlots
from target.pool.population import PoolDevice
from target.pool.records import Lease
from target.pool.restoration import Caretaker
from target.service_user import ServiceUser


class Preparation:
    """Prepares slots, once each, over any interruption.

    The n-th preparation of a lease is written down when it is done, so that a scenario that is resumed and
    asks for it again leaves the slot alone, whatever it has done to it since. One that was interrupted on the
    way is finished by what the slot holds: a request may have arrived of which nobody has heard.

    Args:
        target: The target file.
        ledger: The device pool, as this run sees it.
        caretaker: Reads slots.
        managed: The slots of emulated S1SPs.
    """

    def __init__(
        self, target: TargetFile, ledger: Ledger, caretaker: Caretaker, managed: ManagedSlots
    ) -> None:
        self._target = target
        self._ledger = ledger
        self._caretaker = caretaker
        self._managed = managed
        self._count = 0

    def forget(self, lease: Lease) -> None:
        """Start anew."""
        self._ledger.forget_notes(lease)
        self._count = 0

    def put_slot(
        self, lease: Lease, device: PoolDevice, role: RemotePartyRole, party: EUI64 | str, *, at_home: bool
    ) -> None:
        """Put the certificates of a party, or of the DCC, into a slot.

        Args:
            lease: Whose device it is.
            device: Which device.
            role: Which slot.
            party: Whose certificates.
            at_home: Whether it is known that nobody has changed the slots since they were as declared; they
                are read otherwise.

        Raises:
            NotArrangeable: Nobody we could act as can do it, or the DCC's own certificate is asked for.
            TargetNonconformity: The target refused what every validation accepts.
        """
        self._count += 1
        done = f"preparation {self._count} done"
        if not self._ledger.noted(lease, done):
            if device.managed and self._managed.covers(device):
                self._managed.put(device, role, party)
            else:
                holder = self._holder(device, role, at_home=at_home)
                self._by_protocol(lease, device, role, holder, party)
            self._ledger.note(lease, done)

    def _holder(self, device: PoolDevice, role: RemotePartyRole, *, at_home: bool) -> EUI64 | str | None:
        declared = device.home.get(role)
        if at_home and declared is not None:
            return declared
        reading = self._caretaker.read(device).get(role)
        holder = reading.party if reading is not None else None
        under_control = declared == DCC and holder is not None and not self._caretaker.knows(holder)
        return DCC if under_control else holder

    def _by_protocol(
        self,
        lease: Lease,
        device: PoolDevice,
        role: RemotePartyRole,
        holder: EUI64 | str | None,
        party: EUI64 | str,
    ) -> None:
        if holder == party:
            return
        if party == DCC or holder == DCC:
            raise NotArrangeable(
                f"the {role} slot of {device.device_id} holds {self._caretaker.name(holder)}; by protocol no "
                f"way leads to {self._caretaker.name(party)}"
            )
        owner = self._caretaker.user(EUI64(holder) if holder is not None else None)
        self._place(lease, device, role, owner, EUI64(party))

    def _place(
        self, lease: Lease, device: PoolDevice, role: RemotePartyRole, owner: ServiceUser, party: EUI64
    ) -> None:
        credentials = self._caretaker.user(party).credentials
        exchange = owner.send(update_credentials(credentials, role), device.device_id)
        met = exchange.answer.describe()
        if isinstance(exchange.answer, Acknowledged):
            result = exchange.result()
            if isinstance(result, SMETS1Result) and result.success is not False:
                return
            met = result.describe()
        what = f"{exchange.title} placing {self._caretaker.name(party)}'s certificates"
        if not self._must_pass(lease, device, owner):
            raise NotArrangeable(f"{what} met {met}, as it does where the sender is not the registered party")
        raise TargetNonconformity(
            f"{what} in the {role} slot of {device.device_id} passes every validation, because {owner.name} "
            "holds the slot [FIA 3.2, DP107]",
            "a signed success",
            met,
        )

    def _must_pass(self, lease: Lease, device: PoolDevice, owner: ServiceUser) -> bool:
        """Whether the registration check lets the owner of the slot through [FIA 3.2, 4.1]."""
        if owner.user_id in device.entry.registered.values():
            return True
        declared = self._ledger.population.declared
        return self._caretaker.needs_mp107(device, owner) and all(
            lease.switches.get(component, declared.get(component)) is True
            for component in (DSP_COMPONENT, device.entry.s1sp)
        )
