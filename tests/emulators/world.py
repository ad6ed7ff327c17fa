"""A small world for the tests of the tables: a test PKI, one set of devices, its registrations and users."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from duis.countersigned import CountersignedServiceRequest
from duis.identifiers import EUI64, RequestID
from duis.request import ServiceRequest
from duis.requests import RequestHandoverOfDCCControlledDeviceBody, UpdateSecurityCredentialsKRPBody
from duis.requests.body import Body
from duis.roles import CertificateType, DeviceType, RemotePartyRole, UserRole
from duis.smki.testpki import TestPKI, mint
from duis.smki.trust import TrustStore
from emulators.dsp.checks import DSPContext, Service
from emulators.inventory import Device
from emulators.population import generate
from emulators.registration import Registration, RegistrationData
from emulators.request_context import RequestContext, User
from emulators.s1sp.checks import S1SPContext
from emulators.settings import Settings
from emulators.slots import AnchorSlot

NETWORK_OPERATOR, SUPPLIER = RemotePartyRole.NETWORK_OPERATOR, RemotePartyRole.SUPPLIER
ContextT = TypeVar("ContextT", bound=RequestContext)


@dataclass(frozen=True)
class World:
    """A test PKI, a population, and who is the correct and an incorrect party for its first set."""

    pki: TestPKI
    trust: TrustStore
    now: datetime
    devices: dict[DeviceType, Device]
    registrations: tuple[Registration, ...]
    users: dict[EUI64, User]

    def registered(self, role: str) -> str:
        """Name of the registered party."""
        user_id = next(row.user_id for row in self.registrations if row.role == role)
        return next(party.name for party in self.pki.parties if party.entity_identifier == user_id)

    def other(self, role: str) -> str:
        """Name of a party in that role that is not registered."""
        return next(
            party.name
            for party in self.pki.parties
            if role in party.user_roles and party.name != self.registered(role)
        )

    def replacement(
        self, party: str, slot: RemotePartyRole = NETWORK_OPERATOR, **changes: Any
    ) -> UpdateSecurityCredentialsKRPBody:
        """A 6.15.1 that places a party's certificates."""
        owner = self.pki.party(party)
        body = UpdateSecurityCredentialsKRPBody(
            slot,
            owner.digital_signing.der,
            owner.key_agreement.der,
            certification_path=self.pki.certification_path,
        )
        return replace(body, **changes)

    def handover(
        self, party: str, slot: RemotePartyRole = NETWORK_OPERATOR
    ) -> RequestHandoverOfDCCControlledDeviceBody:
        """A 6.21 that places a party's certificates."""
        body = self.replacement(party, slot)
        return RequestHandoverOfDCCControlledDeviceBody(
            slot, body.digital_signing, body.key_agreement, certification_path=body.certification_path
        )

    def dsp_context(
        self, sender: str, body: Body, device: DeviceType | None = DeviceType.ESME, **changes: Any
    ) -> DSPContext:
        """What the DSP knows when `sender` sends `body`, correctly signed, to the device."""
        context = DSPContext(
            service=Service.NON_DEVICE if device is None else Service.SEND_COMMAND,
            last_counter=999,
            **self._about(sender, body, device),
        )
        return replace(context, **changes)

    def s1sp_context(
        self,
        sender: str,
        body: Body,
        device: DeviceType = DeviceType.ESME,
        slots: dict[RemotePartyRole, str] | None = None,
        **changes: Any,
    ) -> S1SPContext:
        """What the S1SP knows when the DSP has countersigned that request; `slots` says whose they are."""
        about = self._about(sender, body, device)
        request: ServiceRequest = about["request"]
        dsp, s1sp = self.pki.party("dsp"), self.pki.party("s1sp1")
        role = next(iter(self.pki.party(sender).user_roles))
        device_id = self.devices[device].device_id
        context = S1SPContext(
            s1sp_id=s1sp.entity_identifier,
            dsp_id=dsp.entity_identifier,
            message=CountersignedServiceRequest(
                request.to_xml(),
                request.request_id,
                dsp.entity_identifier,
                s1sp.entity_identifier,
                role,
                request.srv,
                self.now,
            ),
            countersigner=dsp.xmlsign.certificate,
            slots={slot: self.slot(device_id, slot, party) for slot, party in (slots or {}).items()},
            **about,
        )
        return replace(context, **changes)

    def slot(self, device_id: EUI64, slot: RemotePartyRole, party: str) -> AnchorSlot:
        """A slot that holds a party's certificates."""
        owner = self.pki.party(party)
        certificates = {
            CertificateType.DIGITAL_SIGNING: owner.digital_signing,
            CertificateType.KEY_AGREEMENT: owner.key_agreement,
        }
        return AnchorSlot(device_id, slot, certificates)

    def _about(self, sender: str, body: Body, device: DeviceType | None) -> dict[str, Any]:
        party = self.pki.party(sender)
        target = None if device is None else self.devices[device]
        target_id = self.pki.party("dsp").entity_identifier if target is None else target.device_id
        return {
            "now": self.now,
            "mp107": True,
            "settings": Settings(),
            "trust": self.trust,
            "users": self.users,
            "request": ServiceRequest(
                RequestID(party.entity_identifier, target_id, 1000), 8 if target is None else 1, body
            ),
            "signer": party.xmlsign.certificate,
            "device": target,
            "devices_of_set": () if target is None else tuple(self.devices.values()),
            "registration_data": RegistrationData(self.registrations),
        }

    def repair(self, device: DeviceType = DeviceType.ESME, **changes: Any) -> DSPContext:
        """The request MP107 is about: an incorrect Network Operator places the correct one's certificates."""
        role = "ED" if device is DeviceType.ESME else "GT"
        return self.dsp_context(self.other(role), self.replacement(self.registered(role)), device, **changes)


def make_world(directory: Path) -> World:
    """Mint a test PKI and take the first set of a population; nothing in the world changes."""
    now = datetime.now(UTC).replace(microsecond=0)
    pki = mint(directory / "pki", now)
    parties = {
        role: [party.entity_identifier for party in pki.parties if role in party.user_roles]
        for role in UserRole
    }
    population = generate(1, 1, parties=parties, only="S1SP1")
    users = {
        party.entity_identifier: User(party.entity_identifier, frozenset(party.user_roles))
        for party in pki.parties
        if party.kind == "user"
    }
    devices = {device.device_type: device for device in population.devices}
    return World(pki, pki.trust_store(), now, devices, population.registrations, users)


def with_request(context: ContextT, **changes: Any) -> ContextT:
    """The same with a changed request."""
    return replace(context, request=replace(context.readable_request, **changes))


def with_body(context: ContextT, **changes: Any) -> ContextT:
    """The same with a changed body."""
    body: Any = context.readable_request.body
    return with_request(context, body=replace(body, **changes))


def with_settings(context: ContextT, **fields: Any) -> ContextT:
    """The same with other settings."""
    return replace(context, settings=Settings.parse(fields))


def faulty(world: World, party: str, fault: str) -> dict[str, bytes]:
    """A party's deliberately faulty certificates, by the element they stand in."""
    return {
        "digital_signing": world.pki.faulty(f"{party}-ds-{fault}").certificate.der,
        "key_agreement": world.pki.faulty(f"{party}-ka-{fault}").certificate.der,
    }


def certificates_of(world: World, party: str) -> dict[str, bytes]:
    """A party's certificates, by the element they stand in."""
    owner = world.pki.party(party)
    return {"digital_signing": owner.digital_signing.der, "key_agreement": owner.key_agreement.der}


def with_device(context: ContextT, **changes: Any) -> ContextT:
    """The same with a changed device."""
    return replace(context, device=replace(context.known_device, **changes))


def in_role(context: RequestContext, role: UserRole) -> dict[EUI64, User]:
    """The sender as the only user, in one role."""
    return {context.originator: User(context.originator, frozenset({role}))}
