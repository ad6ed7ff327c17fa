"""The settings of an estate: those of the rules (`emulators.settings`) and those about messages.

Here the rules themselves are known, so that an outcome set for a check that does not exist is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from emulators.checks import Alert, HTTPRefusal, Outcome, Rejection, UnsuccessfulResponse, parse_outcome
from emulators.dsp.checks import DSP_CHECKS
from emulators.s1sp.checks import EXECUTION_CHECKS, RECEIPT_CHECKS
from emulators.settings import Settings

LONGEST_ANSWER_SECONDS = 30 * 24 * 3600
"""The longest an emulated S1SP can be told to hold an answer back."""

_KINDS_BY_CHECK: Mapping[str, tuple[type[Outcome], ...]] = {
    **{check.name: (Rejection, HTTPRefusal) for check in DSP_CHECKS},
    **{check.name: (HTTPRefusal,) for check in RECEIPT_CHECKS},
    **{check.name: (Alert, UnsuccessfulResponse, HTTPRefusal) for check in EXECUTION_CHECKS},
}


class EstateSettings(Settings):
    """Every setting of an estate.

    Attributes:
        s1sp_alert_code: the DCC alert that carries an S1SP Alert [ASSUMED].
        credentials_alert: whether N42 is sent after a 6.15.1 or 6.21 that changed a slot [WG63].
        credentials_alert_code: the DCC alert that carries SecurityCredentialsUpdated [XSD, WG63].
        credentials_alert_recipients: the party whose certificates left the slot ("old"), the one whose
            certificates came ("new"), the registered Supplier ("supplier") [ASSUMED].
        sign_acknowledgements: whether acknowledgements and rejections are signed; DCC's sample is not [RTDS].
        response_id_in_acknowledgements: whether they carry a ResponseID [ASSUMED].
        request_id_in_alerts: whether the header around an S1SP Alert carries its RequestID too [ASSUMED].
        answer_after_seconds: how long after a request was carried out its answer goes out (S1SP), as in an
            environment where results take seconds to hours; device alerts do not wait.
        result_code: ResponseCode around a result or an alert [WEB].
        unknown_inventory: whether 8.2 for something unknown is refused or answered without devices [ASSUMED].
        inventory_lookup_code: response code for look-ups other than by DeviceID and MPxN [ASSUMED].
        unserved_request_code: response code for Non-Device requests other than 8.2 [ASSUMED].
    """

    s1sp_alert_code: Annotated[str, Field(pattern="(N|AD)[0-9]{1,3}")] = "N55"
    credentials_alert: bool = True
    credentials_alert_code: Annotated[str, Field(pattern="(N|AD)[0-9]{1,3}")] = "N42"
    credentials_alert_recipients: frozenset[Literal["old", "new", "supplier"]] = frozenset(
        {"old", "new", "supplier"}
    )
    answer_after_seconds: Annotated[float, Field(ge=0, le=LONGEST_ANSWER_SECONDS, allow_inf_nan=False)] = 0.0
    sign_acknowledgements: bool = False
    response_id_in_acknowledgements: bool = True
    request_id_in_alerts: bool = True
    result_code: Annotated[str, Field(pattern="[IEW][0-9]{1,6}")] = "I0"
    unknown_inventory: Literal["refused", "empty"] = "refused"
    inventory_lookup_code: Annotated[str, Field(pattern="E[0-9]{1,6}")] = "E19"
    unserved_request_code: Annotated[str, Field(pattern="E[0-9]{1,6}")] = "E13"

    @field_validator("outcomes")
    @classmethod
    def _name_known_checks(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in value.items():
            if name not in _KINDS_BY_CHECK:
                raise ValueError(f"no check named {name!r}; there are: {', '.join(_KINDS_BY_CHECK)}")
            if not isinstance(parse_outcome(text), _KINDS_BY_CHECK[name]):
                kinds = " or ".join(kind.__name__ for kind in _KINDS_BY_CHECK[name])
                # pydantic reports a ValueError as a fault of the field, a TypeError as one of ours
                raise ValueError(f"{name!r} cannot end in {text!r}; it takes a {kinds}")  # noqa: TRY004
        return value
