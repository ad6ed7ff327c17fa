"""What the public sources leave open: settings of a target, each with the value assumed by default.

A report says which of these a verdict rests on. `source` is a tag of `docs/sources.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _assumed(default: Any, source: str, description: str) -> Any:
    return Field(default=default, description=description, json_schema_extra={"source": source})


class ResponseCodes(_Settings):
    """Which response code stands for which refusal [WEB]."""

    success: str = _assumed("I0", "WEB", "ResponseCode of a success")
    acknowledgement: str = _assumed("I99", "WEB", "ResponseCode of an acknowledgement")
    role_may_not_send: str = _assumed("E2", "WEB", "the User Role may not send the request")
    not_eligible: str = _assumed(
        "E4", "WEB", "SRPD 6.1(f): the sender is not the registered party for the device at the required time"
    )
    device_type: str = _assumed("E11", "WEB", "the request does not apply to the device type")
    command_variant: str = _assumed("E12", "WEB", "the Command Variant does not suit the request")
    wrong_service: str = _assumed("E13", "WEB", "the request was posted to the wrong URL")
    unknown_device: str = _assumed("E19", "WEB", "the device is not known")


class S1SPAlertCodes(_Settings):
    """Which S1SP Alert code stands for which of the validations at the S1SP [FIA 4.2.1]."""

    registration: str = _assumed("S1VE4", "FIA 4.2.1", "validation 2: Registration Data check at the S1SP")
    slot_owner: str = _assumed(
        "S1VE64", "FIA 4.2.1", "validation 3: Business Originator ID and Entity Identifier in the slot differ"
    )


class Assumptions(_Settings):
    """Everything the sources leave open, as settings."""

    response_codes: ResponseCodes = ResponseCodes()
    s1sp_alert_codes: S1SPAlertCodes = S1SPAlertCodes()

    smets1_command_variant: int = _assumed(
        1, "ASSUMED", "Command Variant of requests to SMETS1 devices, Critical ones included: no Transform"
    )
    non_device_command_variant: int = _assumed(
        8, "RTDS", "Command Variant of a Non-Device request, as in the reference sample of 8.2"
    )
    s1sp_alert_dcc_code: str = _assumed("N55", "ASSUMED", "DCCAlertCode that carries an S1SP Alert")
    dsp_signer_role: str = _assumed("89", "CERT", "role code of the certificate the DSP signs with")
    s1sp_signer_role: str = _assumed("7F", "ASSUMED", "role code of the certificate an S1SP signs with")
    callback_messages_are_signed: bool = _assumed(
        True, "ASSUMED", "the DSP signs every message it posts to a callback; an unsigned one is refused"
    )
    network_operator_exception_reading: Literal["recorded", "any slot", "network operator slot"] = _assumed(
        "recorded",
        "ASSUMED",
        "SRPD 6.2(d) frees any 6.15.1 of ED and GT ('any slot') or only one that targets the NO certificate "
        "('network operator slot'); 'recorded' makes neither a verdict",
    )
    supplier_on_network_operator_slot_codes: tuple[str, ...] = _assumed(
        (), "ASSUMED", "codes that refuse a Supplier's 6.15.1 for the NO slot; none listed: any"
    )
    n42_is_verdict: bool = _assumed(
        False, "WG63", "whether a missing N42 fails a scenario; N42 is known to be unreliable"
    )
    certificate_hash: Literal["SHA-1", "SHA-256"] = _assumed(
        "SHA-1", "XSD", "hash over the DER certificate in N42, results and answers to 6.24.1"
    )

    def described(self) -> tuple[Assumption, ...]:
        """Every assumption with its value, for the report."""
        return tuple(_described(self, prefix=""))


@dataclass(frozen=True)
class Assumption:
    """One assumption as a report shows it.

    Attributes:
        name: Key in `[assumptions]`.
        value: Value for this target.
        default: The value assumed when the target file is silent.
        source: Source tag.
        description: What is assumed.
    """

    name: str
    value: object
    default: object
    source: str
    description: str


def _described(settings: _Settings, prefix: str) -> list[Assumption]:
    found: list[Assumption] = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, _Settings):
            found.extend(_described(value, prefix=f"{prefix}{name}."))
            continue
        extra = field.json_schema_extra
        source = str(extra["source"]) if isinstance(extra, dict) else "ASSUMED"
        found.append(Assumption(f"{prefix}{name}", value, field.default, source, field.description or ""))
    return found
