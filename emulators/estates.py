"""Estates: isolated populations on one running emulator, kept in the database and, for reading, in memory.

The process is the only writer of its database, so an estate in memory is never behind its rows: it changes
after the commit that changed them, and only then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import bindparam, delete, insert, select, update

from duis.identifiers import EUI64
from duis.roles import DeviceStatus, DeviceType
from emulators.config import EstateOptions
from emulators.database import Database, Transaction
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
_DEVICES = select(DEVICES.c.document).where(DEVICES.c.estate == bindparam("in_estate"))
_REGISTRATIONS = select(REGISTRATIONS.c.document).where(REGISTRATIONS.c.estate == bindparam("in_estate"))
_INSERT_DEVICES = insert(DEVICES)
_DELETE_ESTATE = delete(ESTATES).where(ESTATES.c.name == bindparam("in_estate"))
_DELETE_ROWS = [delete(table).where(table.c.estate == bindparam("in_estate")) for table in ESTATE_TABLES]


_DEVICE_ATTRIBUTES = tuple(each.name for each in fields(Device))


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
        self._replace_registrations = database.upsert(REGISTRATIONS)

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
            rows = [_device_row(name, device) for device in estate.devices.values()]
            transaction.execute_many(_INSERT_DEVICES, rows)
        self._write_registrations(transaction, estate)
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
        transaction.execute(self._replace_device, _device_row(estate.name, device))

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
        changed = replace(estate, registration_data=RegistrationData(registrations))
        self._write_registrations(transaction, changed)

        def apply() -> None:
            estate.registration_data = changed.registration_data

        transaction.after_commit(apply)

    def _write_registrations(self, transaction: Transaction, estate: Estate[SettingsT, RulesT]) -> None:
        document = json.dumps([row.as_json() for row in estate.registration_data])
        row = {"estate": estate.name, "document": document}
        transaction.execute(self._replace_registrations, row)

    def _load(self, transaction: Transaction, name: str) -> Estate[SettingsT, RulesT] | None:
        parameters = {"in_estate": name}
        document = transaction.scalar(_ESTATE, parameters)
        if document is None:
            return None
        options = EstateOptions.model_validate_json(document)
        settings, rules = self._interpret(options)
        devices = [
            device_from_json(json.loads(row["document"])) for row in transaction.rows(_DEVICES, parameters)
        ]
        rows = json.loads(transaction.scalar(_REGISTRATIONS, parameters))
        estate = Estate(
            name,
            options,
            settings,
            rules,
            {device.device_id: device for device in devices},
            RegistrationData(map(Registration.from_json, rows)),
        )
        self._loaded[name] = estate
        return estate


def _device_row(estate: str, device: Device) -> dict[str, str]:
    document = json.dumps(device_as_json(device))
    return {"estate": estate, "device_id": device.device_id, "document": document}


def device_as_json(device: Device) -> dict[str, Any]:
    """Return the attributes of a device as JSON has them."""
    return {name: getattr(device, name) for name in _DEVICE_ATTRIBUTES}  # asdict copies, and is slow


def device_from_json(document: Mapping[str, Any]) -> Device:
    """Read what `device_as_json` wrote.

    Raises:
        ValueError: an attribute is unknown, missing or malformed.
    """
    try:
        device = Device(**document)
        return replace(
            device,
            device_id=EUI64(device.device_id),
            device_type=DeviceType(device.device_type),
            device_status=DeviceStatus(device.device_status),
            chf_id=None if device.chf_id is None else EUI64(device.chf_id),
        )
    except TypeError as error:
        raise ValueError(f"not the attributes of a device: {error}") from None
