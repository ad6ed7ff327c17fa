"""A population somebody wrote down: devices, registrations and slots from a JSON file, checked in full.

The DSP and the S1SPs read the same file, and each S1SP takes its own devices.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, PlainValidator, ValidationError, model_validator

from duis.identifiers import EUI64
from duis.roles import DeviceStatus, DeviceType, RemotePartyRole, UserRole
from emulators.config import ConfigurationError, Strict
from emulators.inventory import SMETS1, Device
from emulators.population import Population
from emulators.registration import Registration
from emulators.slots import DCC_CONTROL, SlotAssignment


def _eui64(value: Any) -> EUI64:
    try:
        return EUI64(value)
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f'expected an EUI-64 such as "02-01-00-00-00-00-00-01", found {value!r}') from None


def _metering_point(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,10}|[0-9]{13}", value):
        raise ValueError(f"expected an MPAN (13 digits) or an MPRN (up to 10 digits), found {value!r}")
    return value


def _holder(value: Any) -> str:
    if value == DCC_CONTROL:
        return DCC_CONTROL
    try:
        return EUI64(value)
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f'expected an EUI-64 or "{DCC_CONTROL}", found {value!r}') from None


Identifier = Annotated[EUI64, PlainValidator(_eui64)]
MeteringPoint = Annotated[str, AfterValidator(_metering_point)]


class DeviceRow(Strict):
    """One device; what is left out is as the emulators have it."""

    device_id: Identifier
    device_type: DeviceType
    device_status: DeviceStatus = DeviceStatus.COMMISSIONED
    s1sp: str | None = None
    mpxn: MeteringPoint | None = None
    chf_id: Identifier | None = None
    set_id: str | None = None
    manufacturer: str = "Emulated Meters"
    model: str = "SMETS1"
    smets_version: str = SMETS1
    cohort: str | None = None

    @model_validator(mode="after")
    def _served(self) -> DeviceRow:
        if (self.smets_version == SMETS1) != (self.s1sp is not None):
            raise ValueError("s1sp is needed for a SMETS1 device, and for no other")
        return self

    def device(self) -> Device:
        """Return the device; its set is, unless named, that of its Communications Hub Function."""
        is_hub = self.device_type is DeviceType.CHF
        hub = self.chf_id or (self.device_id if is_hub else None)
        return Device(
            device_id=self.device_id,
            device_type=self.device_type,
            device_status=self.device_status,
            s1sp=self.s1sp,
            mpxn=self.mpxn,
            set_id=self.set_id or hub or self.device_id,
            chf_id=hub,
            manufacturer=self.manufacturer,
            model=self.model,
            smets_version=self.smets_version,
            cohort=self.cohort,
        )


class RegistrationRow(Strict):
    """One row of Registration Data, as the management plane has it."""

    mpxn: MeteringPoint
    role: UserRole
    user_id: Identifier
    effective_from: AwareDatetime
    effective_to: AwareDatetime | None = None

    @model_validator(mode="after")
    def _possible(self) -> RegistrationRow:
        self.registration()
        return self

    def registration(self) -> Registration:
        """Return the row.

        Raises:
            ValueError: nobody is registered in that role, or the row ends before it starts.
        """
        return Registration(self.mpxn, self.role, self.user_id, self.effective_from, self.effective_to)


class SlotRow(Strict):
    """Whose certificates a slot holds: those of a party, or the DCC's own."""

    device_id: Identifier
    remote_party_role: RemotePartyRole
    party: Annotated[str, PlainValidator(_holder)]


class PopulationFile(Strict):
    """The whole file."""

    devices: tuple[DeviceRow, ...]
    registrations: tuple[RegistrationRow, ...] = ()
    slots: tuple[SlotRow, ...] = ()

    def problems(self) -> Iterator[str]:
        """Say what does not fit together, each with its place."""
        yield from _repeated("devices", "device_id", (each.device_id for each in self.devices))
        slots = (f"{each.remote_party_role} slot of {each.device_id}" for each in self.slots)
        yield from _repeated("slots", "device_id", slots)
        points = {each.mpxn for each in self.devices}
        for index, row in enumerate(self.registrations):
            if row.mpxn not in points:
                yield f"registrations[{index}].mpxn: no device of this file has the mpxn {row.mpxn}"
        known = {each.device_id for each in self.devices}
        for index, slot in enumerate(self.slots):
            if slot.device_id not in known:
                yield f"slots[{index}].device_id: {slot.device_id} is no device of this file"

    def of(self, s1sp: str | None = None) -> Population:
        """Return the whole population, or the part of one S1SP."""
        devices = [each.device() for each in self.devices if s1sp is None or each.s1sp == s1sp]
        own = {each.device_id for each in devices}
        points = {each.mpxn for each in devices}
        return Population(
            tuple(devices),
            tuple(row.registration() for row in self.registrations if row.mpxn in points),
            tuple(
                SlotAssignment(slot.device_id, slot.remote_party_role, slot.party)
                for slot in self.slots
                if slot.device_id in own
            ),
        )


def load_population(
    path: Path,
    *,
    s1sps: Collection[str] | None = None,
    only: str | None = None,
    holders: Collection[EUI64] | None = None,
) -> Population:
    """Read and check a population file.

    Args:
        path: the file.
        s1sps: the S1SPs there are; any when not given.
        only: take the devices of this S1SP only, and what belongs to them.
        holders: the parties with certificates for a slot; any when not given.

    Raises:
        ConfigurationError: with a line for each mistake, naming the file and the field.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"estate.population: {path}: cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ConfigurationError(f"{path}: not valid JSON: {where}: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not valid JSON: {error}") from error
    try:
        population = PopulationFile.model_validate(document)
    except ValidationError as error:
        lines = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors(include_url=False)]
        raise _refused(path, lines) from error
    problems = [*population.problems(), *_unknown(population, s1sps, only, holders)]
    if problems:
        raise _refused(path, problems)
    return population.of(only)


def _unknown(
    population: PopulationFile,
    s1sps: Collection[str] | None,
    only: str | None,
    holders: Collection[EUI64] | None,
) -> Iterator[str]:
    """Name what this file takes for granted and this emulator does not have."""
    served_by = {each.device_id: each.s1sp for each in population.devices}
    for index, device in enumerate(population.devices):
        if s1sps is not None and device.s1sp is not None and device.s1sp not in s1sps:
            yield f"devices[{index}].s1sp: no S1SP {device.s1sp!r} in [s1sps]; there are: {', '.join(s1sps)}"
    for index, slot in enumerate(population.slots):
        is_ours = only is None or served_by.get(slot.device_id) == only
        if is_ours and holders is not None and slot.party != DCC_CONTROL and slot.party not in holders:
            yield f"slots[{index}].party: {slot.party} has no certificates for a slot in the PKI"


def _repeated(table: str, field: str, keys: Iterable[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for index, key in enumerate(keys):
        if seen[key]:
            yield f"{table}[{index}].{field}: {key} is listed twice"
        seen[key] += 1


def _place(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in location)
    return text.lstrip(".") or "(file)"


def _refused(path: Path, problems: Iterable[str]) -> ConfigurationError:
    return ConfigurationError("\n".join(f"{path}: {problem}" for problem in problems))
