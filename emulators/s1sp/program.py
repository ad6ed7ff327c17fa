"""The S1SP emulator: its parts put together, and what a message at its protocol port meets first."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
from aiohttp import web

from duis.identifiers import EUI64
from duis.roles import CertificateType
from duis.smki.certificate import OrganisationCertificate
from emulators.clock import Clock
from emulators.config import ConfigurationError, EstateOptions, S1SPConfig
from emulators.deviations import s1sp_rules
from emulators.emulator import EmulatorBase, user_ids_by_role
from emulators.estate_settings import EstateSettings
from emulators.population import Population, generate
from emulators.population_file import load_population
from emulators.s1sp.answers import Answers
from emulators.s1sp.device_alerts import DeviceAlerts
from emulators.s1sp.future_dated import FutureDatedRequests
from emulators.s1sp.management import S1SPManagementPlane
from emulators.s1sp.parts import S1SPEstate, S1SPParts
from emulators.s1sp.request_port import RequestPort
from emulators.s1sp.rules import S1SPRules
from emulators.s1sp.slot_store import SlotStore
from emulators.s1sp.store import S1SPStore
from emulators.slots import DCC_CONTROL, AnchorSlot
from emulators.urls import S1SP_MESSAGES, service_url
from emulators.web import Answer, refusal


class S1SPEmulator(EmulatorBase[S1SPRules]):
    """The emulator of a SMETS1 Service Provider.

    Attributes:
        slots: the virtual anchor slots.
        alerts: sends device alerts.
    """

    def __init__(self, config: S1SPConfig, clock: Clock | None = None) -> None:
        """Put the parts together; see `EmulatorBase` for the errors."""
        super().__init__(config, clock)
        self._dsp = config.dsp
        self._path = config.paths.service_requests
        self.slots = SlotStore(self.database)
        try:
            party = self.pki.party(config.party)
            answers = Answers(party.xmlsign)
            dsp_id = self.pki.party("dsp").entity_identifier
        except (KeyError, ValueError) as error:
            raise ConfigurationError(f"party: no usable party {error} in the PKI") from error
        parts = S1SPParts(
            self.clock,
            self.schema,
            self.trust,
            self.users,
            party.entity_identifier,
            dsp_id,
            answers,
            S1SPStore(),
            self.slots,
            self.outbox,
            self.faults,
        )
        self._port = RequestPort(parts)
        self.alerts = DeviceAlerts(parts)
        self._future_dated = FutureDatedRequests(
            self.database, parts, self._port, self.alerts, self.estates.find
        )
        self.create_main_estate(config.estate)

    def interpret(self, options: EstateOptions) -> tuple[EstateSettings, S1SPRules]:
        """Make settings and rules of the options of an estate; see `EmulatorBase`."""
        return EstateSettings.parse(options.settings), s1sp_rules(options.deviations)

    def create_estate(self, name: str, options: EstateOptions) -> S1SPEstate:
        """Create or replace an estate; see `EmulatorBase`."""
        population = self._population(options)
        with self.database.transaction() as transaction:
            estate = self.estates.create(
                transaction, name, options, population.devices, population.registrations
            )
            self.slots.create(transaction, name, self._slots_of(population), self.clock.now())
        self._forget_memory_of(name)
        return estate

    def certificates_of(self, party: str) -> dict[CertificateType, OrganisationCertificate]:
        """Return the certificates a party has in its slots.

        Args:
            party: a User ID, or `ACB` for the DCC's own.

        Raises:
            ValueError: there is no such party.
        """
        found = self.pki.party("dsp") if party == DCC_CONTROL else self.pki.party_of(EUI64(party))
        if found is None:
            raise ValueError(f"{party} is not a party with certificates for a slot")
        return {
            CertificateType.DIGITAL_SIGNING: found.digital_signing,
            CertificateType.KEY_AGREEMENT: found.key_agreement,
        }

    def url_of(self, estate: str, destination: str) -> str | None:
        """Return where the DSP takes messages of S1SPs: there is no other destination."""
        return service_url(self._dsp, S1SP_MESSAGES, estate) if destination == "dsp" else None

    async def handle(self, estate: str, path: str, body: bytes, peer: str) -> Answer:
        """Handle one message of the DSP, in one transaction."""
        if path != self._path:
            return refusal(404, f"nothing is served at {path}")
        with self.database.transaction() as transaction:
            found = self.estates.find(transaction, estate)
            if found is None:
                return refusal(404, f"no estate {estate}")
            handled = self._port.handle(transaction, found, body)
        if handled.due_later:
            self._future_dated.wake()
        kind = "CountersignedServiceRequest"
        self.traffic.record(estate, "received", peer, kind, handled.request_id, handled.outcome, body)
        return handled.answer

    def management_application(self) -> web.Application:
        """Return the application of the management port."""
        return S1SPManagementPlane(self).application()

    def start(self, session: aiohttp.ClientSession) -> None:
        """Start delivering what is due, and watching the clock."""
        super().start(session)
        self._future_dated.start()

    async def stop(self) -> None:
        """Stop, and close the database."""
        await self._future_dated.stop()
        await super().stop()

    def clock_changed(self) -> None:
        """Look anew at whatever waits for a time."""
        super().clock_changed()
        self._future_dated.wake()

    def _population(self, options: EstateOptions) -> Population:
        if options.population is not None:
            holders = {each.entity_identifier for each in self.pki.parties if each.holds_slots}
            return load_population(options.population, only=self.name, holders=holders)
        return generate(
            options.seed,
            options.sets_per_s1sp,
            parties=user_ids_by_role(self.pki),
            only=self.name,
            under_dcc_control=options.sets_under_dcc_control,
        )

    def _slots_of(self, population: Population) -> Iterator[AnchorSlot]:
        for slot in population.slots:
            yield AnchorSlot(slot.device_id, slot.remote_party_role, self.certificates_of(slot.party))
