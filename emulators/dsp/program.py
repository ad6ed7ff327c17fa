"""The DSP emulator: its parts put together, and what a message at its protocol port meets first."""

from __future__ import annotations

from aiohttp import web

from emulators.clock import Clock
from emulators.config import ConfigurationError, DSPConfig, EstateOptions
from emulators.deviations import dsp_rules
from emulators.dsp.checks import Service
from emulators.dsp.messages import Messages
from emulators.dsp.parts import DSPParts
from emulators.dsp.rules import DSPRules
from emulators.dsp.s1sp_port import S1SPPort
from emulators.dsp.store import DSPStore
from emulators.dsp.user_port import DSPEstate, Handled, UserPort
from emulators.emulator import EmulatorBase, user_ids_by_role
from emulators.estate_settings import EstateSettings
from emulators.management import ManagementPlane
from emulators.population import Population, generate
from emulators.population_file import load_population
from emulators.urls import SERVICE_REQUESTS, service_url
from emulators.web import Answer, refusal


class DSPEmulator(EmulatorBase[DSPRules]):
    """The emulator of the Data Service Provider."""

    def __init__(self, config: DSPConfig, clock: Clock | None = None) -> None:
        """Put the parts together; see `EmulatorBase` for the errors."""
        super().__init__(config, clock)
        self._s1sps = config.s1sps
        self._user_paths = {
            config.paths.send_command: Service.SEND_COMMAND,
            config.paths.transform: Service.TRANSFORM,
            config.paths.non_device: Service.NON_DEVICE,
        }
        self._s1sp_path = config.paths.s1sp_messages
        try:
            dsp = self.pki.party("dsp")
            identity = dsp.xmlsign
            s1sp_ids = {name: self.pki.party(name.lower()).entity_identifier for name in config.s1sps}
        except (KeyError, ValueError) as error:
            raise ConfigurationError(f"pki: no usable party {error}") from error
        parts = DSPParts(
            self.clock,
            self.schema,
            self.trust,
            self.users,
            identity,
            dsp.entity_identifier,
            s1sp_ids,
            Messages(identity),
            DSPStore(self.database),
            self.outbox,
        )
        self._user_port = UserPort(parts)
        self._s1sp_port = S1SPPort(parts, self.faults)
        self.create_main_estate(config.estate)

    def interpret(self, options: EstateOptions) -> tuple[EstateSettings, DSPRules]:
        """Make settings and rules of the options of an estate; see `EmulatorBase`."""
        for user_id in options.callbacks:
            if user_id not in self.users:
                raise ValueError(f"callbacks: {user_id} is not a Service User")
        return EstateSettings.parse(options.settings), dsp_rules(options.deviations)

    def create_estate(self, name: str, options: EstateOptions) -> DSPEstate:
        """Create or replace an estate; see `EmulatorBase`."""
        population = self._population(options)
        with self.database.transaction() as transaction:
            estate = self.estates.create(
                transaction, name, options, population.devices, population.registrations
            )
        self._forget_memory_of(name)
        return estate

    def url_of(self, estate: str, destination: str) -> str | None:
        """Return the callback of a user, or where an S1SP takes Countersigned Service Requests."""
        kind, _, name = destination.partition(":")
        if kind == "s1sp":
            return service_url(self._s1sps[name], SERVICE_REQUESTS, estate)
        loaded = self.estates.loaded(estate)
        if loaded is None:
            with self.database.transaction() as transaction:
                loaded = self.estates.find(transaction, estate)
        return None if loaded is None else loaded.options.callbacks.get(name)

    async def handle(self, estate: str, path: str, body: bytes, peer: str) -> Answer:
        """Handle one message of a user or of an S1SP, in one transaction."""
        service = self._user_paths.get(path)
        if service is None and path != self._s1sp_path:
            return refusal(404, f"nothing is served at {path}")
        with self.database.transaction() as transaction:
            found = self.estates.find(transaction, estate)
            if found is None:
                return refusal(404, f"no estate {estate}")
            handled: Handled
            if service is not None:
                handled = self._user_port.handle(transaction, found, service, body)
            else:
                handled = self._s1sp_port.handle(transaction, found, body)
        self.traffic.record(estate, "received", peer, handled.kind, handled.request_id, handled.outcome, body)
        return handled.answer

    def management_application(self) -> web.Application:
        """Return the application of the management port."""
        return ManagementPlane(self).application()

    def _population(self, options: EstateOptions) -> Population:
        if options.population is not None:
            return load_population(options.population, s1sps=self._s1sps)
        return generate(
            options.seed,
            options.sets_per_s1sp,
            tuple(self._s1sps),
            parties=user_ids_by_role(self.pki),
            under_dcc_control=options.sets_under_dcc_control,
        )
