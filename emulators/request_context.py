"""What the checks of the DSP and of an S1SP are both asked about: a request, its sender and the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from duis.identifiers import EUI64
from duis.request import ServiceRequest
from duis.roles import CertificateType, UserRole
from duis.service_references import SERVICE_REFERENCE_VARIANTS
from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate
from duis.smki.trust import TrustStore
from emulators.inventory import Device
from emulators.registration import NO_REGISTRATIONS, Period, RegistrationData
from emulators.registration_check import (
    EXCEPTIONS,
    RegistrationException,
    RegistrationQuestion,
    passes_registration_check,
)
from emulators.request_facts import RequestFacts, facts_of
from emulators.settings import Settings


@dataclass(frozen=True, slots=True)
class User:
    """A Service User.

    Attributes:
        user_id: its User ID, which is the Entity Identifier of its certificates.
        roles: the roles it is accredited in.
    """

    user_id: EUI64
    roles: frozenset[UserRole]


@dataclass(frozen=True, kw_only=True)
class RequestContext:
    """Everything the shared rules may look at. It is built anew for each request and never changes.

    Attributes:
        now: the time at which the rules are asked.
        mp107: the feature switch of whoever asks [FIA 4.1].
        settings: the settings of the estate.
        trust: trust anchors for replacement certificates.
        users: every known Service User, by User ID.
        request: the Service Request; None when it could not be read.
        signer: who signed the Service Request; None when its signature does not verify.
        signature_error: why it does not verify.
        device: the device the request is for; None when it is unknown or the request is for none.
        devices_of_set: the devices of its set, itself included.
        registration_data: at least the rows of the set's MPAN and MPRN.
        registration_exceptions: the exceptions of SRPD 6.2; a deviation changes them.
    """

    now: datetime
    mp107: bool
    settings: Settings
    trust: TrustStore
    users: Mapping[EUI64, User]
    request: ServiceRequest | None = None
    signer: OrganisationCertificate | None = None
    signature_error: str | None = None
    device: Device | None = None
    devices_of_set: tuple[Device, ...] = ()
    registration_data: RegistrationData = NO_REGISTRATIONS
    registration_exceptions: tuple[RegistrationException, ...] = EXCEPTIONS

    @property
    def readable_request(self) -> ServiceRequest:
        """The request, for rules that are asked after those that need it to be readable.

        Raises:
            ValueError: there is none: the table lacks the rule that would have stopped.
        """
        if self.request is None:
            raise ValueError("the table of checks went on without a readable request")
        return self.request

    @property
    def known_device(self) -> Device:
        """The device, for rules that are asked after those that need it to be known.

        Raises:
            ValueError: there is none: the table lacks the rule that would have stopped.
        """
        if self.device is None:
            raise ValueError("the table of checks went on without a known device")
        return self.device

    @property
    def originator(self) -> EUI64:
        """The Business Originator ID."""
        return self.readable_request.request_id.originator

    @property
    def srv(self) -> str:
        """The Service Reference Variant of the header."""
        return self.readable_request.srv

    @property
    def user(self) -> User | None:
        """The Service User whose User ID is the Business Originator ID."""
        return self.users.get(self.originator)

    @cached_property
    def facts(self) -> RequestFacts:
        """What the body says.

        Raises:
            MessageError: see `facts_of`.
        """
        return facts_of(self.readable_request)

    @property
    def period(self) -> Period:
        """The times at which the sender must be eligible (SRPD 6.1(f))."""
        return self.facts.period(self.now)

    @property
    def is_non_device(self) -> bool:
        """Whether the request is for the DSP itself, such as 8.2."""
        variant = SERVICE_REFERENCE_VARIANTS.get(self.srv)
        return variant is not None and variant.non_device

    @property
    def is_critical(self) -> bool:
        """Whether the SRV is Critical."""
        variant = SERVICE_REFERENCE_VARIANTS.get(self.srv)
        return variant is not None and variant.critical

    @property
    def eligible_roles(self) -> frozenset[UserRole]:
        """The sender's roles that may send this SRV.

        No message carries a role: it follows from the User ID, and a User ID may have several. The SRV leaves
        those that may send it; a role that does not suit the type of device falls at the Registration Data
        check.
        """
        variant = SERVICE_REFERENCE_VARIANTS.get(self.srv)
        if self.user is None or variant is None:
            return frozenset()
        return self.user.roles & frozenset(variant.eligible_user_roles)

    @cached_property
    def admitted_roles(self) -> frozenset[UserRole]:
        """The eligible roles that the Registration Data check lets through: those the sender acts in.

        A request that is for no device is not subject to the check.
        """
        if self.is_non_device:
            return self.eligible_roles
        return frozenset(
            role
            for role in self.eligible_roles
            if passes_registration_check(self.registration_question(role), self.registration_exceptions)
        )

    @property
    def acting_role(self) -> UserRole | None:
        """For messages that name one role: the first of `admitted_roles` in the order of UserRole."""
        return next((role for role in UserRole if role in self.admitted_roles), None)

    def registration_question(self, role: UserRole) -> RegistrationQuestion:
        """The question the Registration Data check answers, for one role of the sender."""
        return RegistrationQuestion(
            user_id=self.originator,
            role=role,
            srv=self.srv,
            remote_party_role=self.facts.remote_party_role,
            other_device_id=self.facts.other_device_id,
            device=self.known_device,
            devices_of_set=self.devices_of_set,
            period=self.period,
            registration_data=self.registration_data,
            mp107=self.mp107,
            exemption_reading=self.settings.exemption_reading,
        )

    @cached_property
    def replacement_certificates(self) -> Mapping[CertificateType, OrganisationCertificate] | None:
        """The certificates to place, by their use in the slot; None when one cannot be read."""
        try:
            return {
                use: OrganisationCertificate.from_der(der) for use, der in self.facts.replacements.items()
            }
        except CertificateUnreadable:
            return None
