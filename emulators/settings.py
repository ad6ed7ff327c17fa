"""The settings of an estate: where the public sources are silent or secondary, and what we assume by default.

Every default here is tagged in `docs/sources.md` terms; nothing of it is a constant of the rules. DSP and
S1SPs read the same settings and each uses those that concern it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from duis.roles import DeviceStatus, DeviceType
from duis.service_references import NON_DEVICE_COMMAND_VARIANT, SMETS1_COMMAND_VARIANT
from emulators.registration_check import ExemptionReading
from emulators.slots import SlotOwnerRule

_METERS = frozenset({DeviceType.ESME, DeviceType.GSME, DeviceType.GPF})

DEVICE_TYPES: Mapping[str, frozenset[DeviceType]] = {
    "4.1.1": _METERS,
    "4.10": _METERS,
    "6.15.1": _METERS,
    "6.21": _METERS,
    "6.24.1": _METERS | {DeviceType.CHF},
    "8.7.1": _METERS,
    "8.7.2": _METERS | {DeviceType.CHF, DeviceType.PPMID},
    "8.12.2": frozenset({DeviceType.GPF}),
}
"""The types of device an SRV may be sent to [ASSUMED]; an SRV without an entry is not restricted."""


class CounterRule(StrEnum):
    """What makes an Originator Counter acceptable; the sources leave it open, a repeated one is refused."""

    INCREASING = "increasing"
    UNIQUE = "unique"


class SettingsError(ValueError):
    """Settings cannot be used; the text names each field that is wrong."""


class Settings(BaseModel):
    """The settings of an estate.

    Attributes:
        exemption_reading: whether exception 6.2(d) looks at the sender only [FIA 4.3] or also at the slot
            [FIA 4.2.1].
        counter_rule: "increasing" or only "unique" Originator Counters [ASSUMED].
        rejected_request_uses_counter: whether the counter of a rejected request is used up [ASSUMED].
        accepted_device_statuses: at which statuses requests are accepted; Commissioned works, the rest is
            [ASSUMED].
        command_variant: for a request to a SMETS1 device, Critical included [ASSUMED].
        non_device_command_variant: for a Non-Device request such as 8.2 [RTDS].
        device_types: types of device by SRV, replacing the default entry of each SRV it names [ASSUMED].
        owner_check_applies_to_reads: whether validation 3 applies to requests that are not Critical
            [ASSUMED].
        slot_owner_rule: which certificates decide who owns a slot that holds two parties [ASSUMED].
        partial_replacement_accepted: whether a 6.15.1 may leave certificates of the slot out [ASSUMED].
        secmp0063: the checks of the withdrawn modification 0063, off by default [WG63].
        outcomes: another outcome by the name of a check, such as `{"signature": "HTTP 400"}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exemption_reading: ExemptionReading = ExemptionReading.SLOT
    counter_rule: CounterRule = CounterRule.INCREASING
    rejected_request_uses_counter: bool = False
    accepted_device_statuses: frozenset[DeviceStatus] = frozenset({DeviceStatus.COMMISSIONED})
    command_variant: Annotated[int, Field(ge=1, le=9)] = SMETS1_COMMAND_VARIANT
    non_device_command_variant: Annotated[int, Field(ge=1, le=9)] = NON_DEVICE_COMMAND_VARIANT
    device_types: Mapping[str, frozenset[DeviceType]] = DEVICE_TYPES
    owner_check_applies_to_reads: bool = False
    slot_owner_rule: SlotOwnerRule = SlotOwnerRule.DIGITAL_SIGNING
    partial_replacement_accepted: bool = True
    secmp0063: bool = False
    outcomes: Mapping[str, str] = {}

    @field_validator("device_types")
    @classmethod
    def _keep_other_defaults(
        cls, value: Mapping[str, frozenset[DeviceType]]
    ) -> Mapping[str, frozenset[DeviceType]]:
        return {**DEVICE_TYPES, **value}

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Check and read settings as the management plane or a configuration file gives them.

        Raises:
            SettingsError: a field is unknown or has a value it cannot have.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            lines = (
                f"settings.{'.'.join(map(str, each['loc']))}: {each['msg']}"
                for each in error.errors(include_url=False)
            )
            raise SettingsError("\n".join(lines)) from error
