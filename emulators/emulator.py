"""What the DSP and an S1SP emulator have in common: their parts, and their life from start to stop."""

from __future__ import annotations

from typing import Generic, TypeVar

import aiohttp
from aiohttp import web

from duis.identifiers import EUI64
from duis.roles import UserRole
from duis.schema import Schema
from duis.smki.testpki import TestPKI, TestPKIError
from emulators.clock import Clock
from emulators.config import ConfigurationError, EmulatorConfig, EstateOptions
from emulators.database import Database
from emulators.estate_settings import EstateSettings
from emulators.estates import Estate, Estates
from emulators.faults import FaultScript
from emulators.outbox import Entry, Outbox
from emulators.request_context import User
from emulators.traffic import Traffic
from emulators.urls import MAIN_ESTATE
from emulators.web import Answer, protocol_server

RulesT = TypeVar("RulesT")


class EmulatorBase(Generic[RulesT]):
    """An emulator: what it knows, its estates, and the messages it owes.

    Attributes:
        schema: what arriving Service Requests have to be valid under.
        trust: every certificate of the test PKI, for signers and for replacement certificates.
        users: the Service Users, by User ID.
    """

    def __init__(self, config: EmulatorConfig, clock: Clock | None = None) -> None:
        """Open the PKI and the database.

        Raises:
            ConfigurationError: the PKI cannot be used.
            DatabaseError: the database cannot be opened.
        """
        self.name = config.name
        self.limits = config.limits
        # How late a system answers does not depend on the population: every estate takes it over.
        self.common_settings = {
            name: value for name, value in config.estate.settings.items() if name == "answer_after_seconds"
        }
        self.clock = clock or Clock()
        try:
            self.pki = TestPKI.load(config.pki)
            self.trust = self.pki.trust_store()
        except (TestPKIError, OSError, ValueError) as error:
            raise ConfigurationError(f"pki: {error}") from error
        self.schema = Schema.bundled()
        self.users = {
            party.entity_identifier: User(party.entity_identifier, frozenset(party.user_roles))
            for party in self.pki.parties
            if party.kind == "user"
        }
        self.database = Database(config.database)
        self.estates: Estates[EstateSettings, RulesT] = Estates(self.database, self.interpret)
        self.traffic = Traffic(self.clock, config.limits.recorded_messages)
        self.faults = FaultScript()
        self.outbox = Outbox(self.database, self.clock, config.limits, self.url_of, self._delivered)

    def create_main_estate(self, options: EstateOptions) -> None:
        """Create the main estate, unless a former process created it with the same population.

        Of an estate that is there, devices, registrations and slots stay; switches, callbacks, deviations
        and settings follow the options where these differ from those of the former start.

        Raises:
            ConfigurationError: its options, or the file they name, cannot be used.
        """
        try:
            with self.database.transaction() as transaction:
                former = self.estates.created_from(transaction, MAIN_ESTATE)
                if former is not None and former.has_population_of(options):
                    if former != options:
                        self.estates.start_with(transaction, MAIN_ESTATE, options)
                    return
            self.create_estate(MAIN_ESTATE, options)
        except ValueError as error:
            raise ConfigurationError(f"estate: {error}") from error

    def interpret(self, options: EstateOptions) -> tuple[EstateSettings, RulesT]:
        """Make settings and rules of the options of an estate.

        Raises:
            ValueError: a setting or a deviation is wrong.
        """
        raise NotImplementedError

    def create_estate(self, name: str, options: EstateOptions) -> Estate[EstateSettings, RulesT]:
        """Create or replace an estate.

        Raises:
            ValueError: a setting or a deviation is wrong.
        """
        raise NotImplementedError

    def url_of(self, estate: str, destination: str) -> str | None:
        """Return where a message goes; None while there is no place for it."""
        raise NotImplementedError

    async def handle(self, estate: str, path: str, body: bytes, peer: str) -> Answer:
        """Handle one message at the protocol port."""
        raise NotImplementedError

    def management_application(self) -> web.Application:
        """Return the application of the management port."""
        raise NotImplementedError

    def protocol_server(self) -> web.Server:
        """Return the server of the protocol port."""
        return protocol_server(self.handle, self.limits)

    def start(self, session: aiohttp.ClientSession) -> None:
        """Start delivering what is due."""
        self.outbox.start(session)

    async def stop(self) -> None:
        """Stop delivering and close the database."""
        await self.outbox.stop()
        self.database.close()

    def forget_estate(self, name: str) -> None:
        """Delete an estate and everything that belongs to it."""
        with self.database.transaction() as transaction:
            self.estates.forget(transaction, name)
        self._forget_memory_of(name)

    def clock_changed(self) -> None:
        """Look anew at whatever waits for a time."""
        self.outbox.wake()

    def _forget_memory_of(self, name: str) -> None:
        self.outbox.forget(name)
        self.traffic.forget(name)
        self.faults.clear(name)

    def _delivered(self, entry: Entry, outcome: str) -> None:
        self.traffic.record(
            entry.estate, "sent", entry.destination, entry.kind, entry.request_id, outcome, entry.document
        )


def user_ids_by_role(pki: TestPKI) -> dict[UserRole, list[EUI64]]:
    """Return the User IDs of a test PKI by role, in the order of its manifest: populations depend on it."""
    users: dict[UserRole, list[EUI64]] = {}
    for party in pki.parties:
        for role in party.user_roles:
            users.setdefault(role, []).append(party.entity_identifier)
    return users
