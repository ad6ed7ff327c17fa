"""Estates: isolated populations on one running emulator, kept in the database and, for reading, in memory.

Nothing but this process writes the rows of its estates (the data update writes slots and certificates only),
so an estate in memory is never behind them: it changes after the commit that changed them, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy import bindparam, delete, insert, select, update

from duis.identifiers import EUI64
from emulators.config import EstateOptions
from emulators.database import Database, Transaction
from emulators.estate_rows import device_of_row, device_row, registration_rows
from emulators.inventory import Device
from emulators.registration import Registration, RegistrationData
from emulators.tables import DEVICES, ESTATE_TABLES, ESTATES, REGISTRATIONS

SettingsT = TypeVar("SettingsT")
RulesT = TypeVar("RulesT")

_ESTATE = select(ESTATES.c.document).where(ESTATES.c.name == bindparam("in_estate"))
_CREATED_FROM = select(ESTATES.c.created_from).where(ESTATES.c.name == bindparam("in_estate"))
_INSERT_ESTATE = insert(ESTATES)
_UPDATE_ESTATE = (
    update(ESTATES).where(ESTATES.c.name == bindparam("in_estate")).values(document=bindparam("new_document"))
)
_START_WITH = (
    update(ESTATES)
    .where(ESTATES.c.name == bindparam("in_estate"))
    .values(document=bindparam("new_document"), created_from=bindparam("new_document"))
)
_DEVICES = select(DEVICES).where(DEVICES.c.estate == bindparam("in_estate"))
_INSERT_DEVICES = insert(DEVICES)
_REGISTRATIONS = (
    select(REGISTRATIONS)
    .where(REGISTRATIONS.c.estate == bindparam("in_estate"))
    .order_by(REGISTRATIONS.c.position)
)
_INSERT_REGISTRATIONS = insert(REGISTRATIONS)
_DELETE_REGISTRATIONS = delete(REGISTRATIONS).where(REGISTRATIONS.c.estate == bindparam("in_estate"))
_DELETE_ESTATE = delete(ESTATES).where(ESTATES.c.name == bindparam("in_estate"))
_DELETE_ROWS = [delete(table).where(table.c.estate == bindparam("in_estate")) for table in ESTATE_TABLES]


class UnknownEstate(LookupError):
    """There is no estate of that name."""


class UnknownDevice(LookupError):
    """The estate has no such device."""


@dataclass(slots=True)
class Estate(Generic[SettingsT, RulesT]):
    """One estate in memory.

    Attributes:
        settings: what `options.settings` says, checked.
        rules: the tables and parts that `options.deviations` leave or change.
        counters: highest Originator Counter by originator (DSP).
    """

    name: str
    options: EstateOptions
    settings: SettingsT
    rules: RulesT
    devices: dict[EUI64, Device]
    registration_data: RegistrationData
    sets: dict[str, tuple[Device, ...]] = field(default_factory=dict)
    counters: dict[EUI64, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index()

    def index(self) -> None:
        """Find the sets anew after a device has changed."""
        sets: dict[str, list[Device]] = {}
        for device in self.devices.values():
            sets.setdefault(device.set_id, []).append(device)
        self.sets = {name: tuple(devices) for name, devices in sets.items()}

    def device(self, device_id: EUI64) -> Device:
        """Return a device.

        Raises:
            UnknownDevice: there is none of that identifier.
        """
        try:
            return self.devices[device_id]
        except KeyError:
            raise UnknownDevice(f"no device {device_id} in estate {self.name}") from None


Interpreter = Callable[[EstateOptions], tuple[SettingsT, RulesT]]
"""Makes settings and rules of the options of an estate; ValueError when they are wrong."""


class Estates(Generic[SettingsT, RulesT]):
    """Every estate of an emulator."""

    def __init__(self, database: Database, interpret: Interpreter[SettingsT, RulesT]) -> None:
        self._interpret = interpret
        self._loaded: dict[str, Estate[SettingsT, RulesT]] = {}
        self._replace_device = database.upsert(DEVICES)

    def find(self, transaction: Transaction, name: str) -> Estate[SettingsT, RulesT] | None:
        """Return an estate, from memory or, after a restart, from the database; None when there is none."""
        return self._loaded.get(name) or self._load(transaction, name)

    def loaded(self, name: str) -> Estate[SettingsT, RulesT] | None:
        """Return an estate that is in memory already."""
        return self._loaded.get(name)

    def get(self, transaction: Transaction, name: str) -> Estate[SettingsT, RulesT]:
        """Return an estate.

        Raises:
            UnknownEstate: there is none of that name.
        """
        estate = self.find(transaction, name)
        if estate is None:
            raise UnknownEstate(f"no estate {name!r}")
        return estate

    def created_from(self, transaction: Transaction, name: str) -> EstateOptions | None:
        """Return the options an estate was created or last started with; None when there is no estate."""
        created_from = transaction.scalar(_CREATED_FROM, {"in_estate": name})
        return None if created_from is None else EstateOptions.model_validate_json(created_from)

    def start_with(self, transaction: Transaction, name: str, options: EstateOptions) -> None:
        """Give an estate the other options of a new start; its devices, registrations and slots stay.

        Raises:
            ValueError: a setting or a deviation is wrong.
        """
        self._interpret(options)
        document = options.model_dump_json()
        transaction.execute(_START_WITH, {"in_estate": name, "new_document": document})
        self._loaded.pop(name, None)

    def create(
        self,
        transaction: Transaction,
        name: str,
        options: EstateOptions,
        devices: Iterable[Device],
        registrations: Iterable[Registration],
    ) -> Estate[SettingsT, RulesT]:
        """Create an estate, or replace the one of that name.

        Raises:
            ValueError: a setting or a deviation is wrong; nothing has been done then.
        """
        settings, rules = self._interpret(options)
        estate = Estate(
            name,
            options,
            settings,
            rules,
            {device.device_id: device for device in devices},
            RegistrationData(registrations),
        )
        self.forget(transaction, name)
        document = options.model_dump_json()
        row = {"name": name, "document": document, "created_from": document}
        transaction.execute(_INSERT_ESTATE, row)
        if estate.devices:
            rows = [device_row(name, device) for device in estate.devices.values()]
            transaction.execute_many(_INSERT_DEVICES, rows)
        _insert_registrations(transaction, name, estate.registration_data)
        transaction.after_commit(lambda: self._loaded.update({name: estate}))
        return estate

    def forget(self, transaction: Transaction, name: str) -> None:
        """Delete every row of an estate."""
        for statement in (_DELETE_ESTATE, *_DELETE_ROWS):
            transaction.execute(statement, {"in_estate": name})

        def apply() -> None:
            self._loaded.pop(name, None)

        transaction.after_commit(apply)

    def change_options(
        self, transaction: Transaction, estate: Estate[SettingsT, RulesT], options: EstateOptions
    ) -> None:
        """Give an estate other options; its devices and its registrations stay.

        Raises:
            ValueError: a setting or a deviation is wrong.
        """
        settings, rules = self._interpret(options)
        if options.deviations == estate.options.deviations:
            rules = estate.rules  # a deviation may remember what happened in its estate
        parameters = {"in_estate": estate.name, "new_document": options.model_dump_json()}
        transaction.execute(_UPDATE_ESTATE, parameters)

        def apply() -> None:
            estate.options, estate.settings, estate.rules = options, settings, rules

        transaction.after_commit(apply)

    def change_device(
        self, transaction: Transaction, estate: Estate[SettingsT, RulesT], device: Device
    ) -> None:
        """Replace a device by one of the same identifier."""
        transaction.execute(self._replace_device, device_row(estate.name, device))

        def apply() -> None:
            estate.devices[device.device_id] = device
            estate.index()

        transaction.after_commit(apply)

    def change_registrations(
        self,
        transaction: Transaction,
        estate: Estate[SettingsT, RulesT],
        registrations: Iterable[Registration],
    ) -> None:
        """Replace the Registration Data of an estate."""
        changed = RegistrationData(registrations)
        transaction.execute(_DELETE_REGISTRATIONS, {"in_estate": estate.name})
        _insert_registrations(transaction, estate.name, changed)

        def apply() -> None:
            estate.registration_data = changed

        transaction.after_commit(apply)

    def _load(self, transaction: Transaction, name: str) -> Estate[SettingsT, RulesT] | None:
        parameters = {"in_estate": name}
        document = transaction.scalar(_ESTATE, parameters)
        if document is None:
            return None
        options = EstateOptions.model_validate_json(document)
        settings, rules = self._interpret(options)
        devices = [device_of_row(row) for row in transaction.rows(_DEVICES, parameters)]
        registrations = transaction.rows(_REGISTRATIONS, parameters)
        estate = Estate(
            name,
            options,
            settings,
            rules,
            {device.device_id: device for device in devices},
            RegistrationData(map(Registration.from_json, registrations)),
        )
        self._loaded[name] = estate
        return estate


def _insert_registrations(transaction: Transaction, estate: str, registrations: RegistrationData) -> None:
    rows = registration_rows(estate, registrations)
    if rows:
        transaction.execute_many(_INSERT_REGISTRATIONS, rows)
