"""Where an S1SP's database keeps what the data update needs: tables, columns and words.

The default is the layout of the bundled S1SP emulator. No public text describes the databases of the three
S1SPs, so another layout is a TOML file (docs/data-update.md), or views of these names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlalchemy import Column, ColumnElement, LargeBinary, MetaData, String, Table, cast
from sqlalchemy.types import TypeEngine

from data_update.errors import DataUpdateError

_NAME = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$")]
_OPTIONAL_NAME = Annotated[_NAME | None, BeforeValidator(lambda name: None if name == "" else name)]
"""TOML has no null: an empty text says that there is no such column."""
_TABLE_NAME = Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_$]*\.)?[A-Za-z_][A-Za-z0-9_$]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DevicesTable(_Strict):
    """The devices an S1SP serves."""

    table: _TABLE_NAME = "devices"
    device_id: _NAME = "device_id"
    device_type: _NAME = "device_type"
    device_status: _NAME = "device_status"
    s1sp: _OPTIONAL_NAME = "s1sp"
    cohort: _OPTIONAL_NAME = "cohort"
    mpxn: _NAME = "mpxn"


class SlotsTable(_Strict):
    """The virtual anchor slots [FIA 3.3.2]; certificates stand in them by their SHA-256."""

    table: _TABLE_NAME = "anchor_slots"
    device_id: _NAME = "device_id"
    remote_party_role: _NAME = "remote_party_role"
    remote_party_id: _OPTIONAL_NAME = "remote_party_id"
    digital_signing: _NAME = "digital_signing"
    key_agreement: _NAME = "key_agreement"
    updated_at: _OPTIONAL_NAME = "updated_at"
    updated_by: _OPTIONAL_NAME = "updated_by"


class RegistrationsTable(_Strict):
    """Registration Data; times are ISO 8601 text in UTC or timestamps."""

    table: _TABLE_NAME = "registrations"
    mpxn: _NAME = "mpxn"
    role: _NAME = "role"
    party: _NAME = "user_id"
    effective_from: _NAME = "effective_from"
    effective_to: _OPTIONAL_NAME = "effective_to"


class CertificatesTable(_Strict):
    """Certificates as DER, by the lower-case hexadecimal SHA-256 of the octets."""

    table: _TABLE_NAME = "certificates"
    sha256: _NAME = "sha256"
    der: _NAME = "der"


class Words(_Strict):
    """What stands in the columns."""

    network_operator: str = "NetworkOperator"
    electricity_distributor: str = "ED"
    gas_transporter: str = "GT"
    electricity_device_types: tuple[str, ...] = ("ESME",)
    device_types_with_slot: tuple[str, ...] = ("ESME", "GPF", "GSME")
    enrolled: tuple[str, ...] = (
        "Commissioned",
        "InstalledNotCommissioned",
        "Recovery",
        "Recovered",
        "Suspended",
    )
    access_control_broker_role: str = "04"


class Layout(_Strict):
    """Tables, columns and words of a database.

    Attributes:
        scope: the column that tells apart isolated populations in the tables of devices, slots and
            registrations; None where there is only one.
    """

    scope: _OPTIONAL_NAME = "estate"
    devices: DevicesTable = DevicesTable()
    slots: SlotsTable = SlotsTable()
    registrations: RegistrationsTable = RegistrationsTable()
    certificates: CertificatesTable = CertificatesTable()
    words: Words = Words()


def load_layout(path: Path) -> Layout:
    """Read a layout file.

    Raises:
        DataUpdateError: with a line for each mistake, naming the file and the field.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataUpdateError(
            f"{path}: cannot be read: {error.strerror}; give the path of a TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataUpdateError(f"{path}: not TOML: {error}") from error
    try:
        return Layout.model_validate(document)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_url=False)
        ]
        raise DataUpdateError("\n".join(lines)) from error


@dataclass(frozen=True)
class Tables:
    """The tables of a layout; `table.c.device_id` is the column, whatever its name is in the database.

    Attributes:
        layout: the layout.
        scope: which population; without meaning where the layout has no column for it.
        types: the types of columns that are no text, by table and column as the database names them.
    """

    layout: Layout
    scope: str = "main"
    types: Mapping[tuple[str, str], TypeEngine[Any]] = field(default_factory=dict)

    @cached_property
    def devices(self) -> Table:
        """The devices."""
        return self._table(self.layout.devices, scoped=True)

    @cached_property
    def slots(self) -> Table:
        """The anchor slots."""
        return self._table(self.layout.slots, scoped=True)

    @cached_property
    def registrations(self) -> Table:
        """Registration Data."""
        return self._table(self.layout.registrations, scoped=True)

    @cached_property
    def certificates(self) -> Table:
        """The certificates."""
        names = self.layout.certificates
        schema, name = _split(names.table)
        return Table(
            name,
            MetaData(schema=schema),
            Column(names.sha256, String, key="sha256", primary_key=True),
            Column(names.der, LargeBinary, key="der"),
        )

    def in_scope(self, table: Any) -> list[ColumnElement[bool]]:
        """Return the condition that a row (of a table or its alias) belongs to the population."""
        return [table.c.scope == self.scope] if "scope" in table.c else []

    def network_operator_slots(self, slots: Any) -> list[ColumnElement[bool]]:
        """Return the conditions that a row of the slots is a Network Operator's, in the population."""
        return [*self.in_scope(slots), slots.c.remote_party_role == self.layout.words.network_operator]

    def _table(self, names: BaseModel, *, scoped: bool) -> Table:
        columns = {
            key: name for key, name in names.model_dump().items() if key != "table" and name is not None
        }
        if scoped and self.layout.scope is not None:
            columns["scope"] = self.layout.scope
        full_name = names.model_dump()["table"]
        schema, name = _split(full_name)
        listed = [
            Column(physical, self.types.get((full_name, physical), String()), key=key)
            for key, physical in columns.items()
        ]
        return Table(name, MetaData(schema=schema), *listed)


def as_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column as text, whatever its type in the database is."""
    return column if isinstance(column.type, String) else cast(column, String)


def as_column(value: ColumnElement[Any], column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a text as the type of a column."""
    return value if isinstance(column.type, String) else cast(value, column.type)


def _split(name: str) -> tuple[str | None, str]:
    schema, _, table = name.rpartition(".")
    return schema or None, table
