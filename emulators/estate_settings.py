"""The settings of an estate that are about messages rather than rules (`emulators.settings` has those)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from emulators.settings import Settings, SettingsError


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
    sign_acknowledgements: bool = False
    response_id_in_acknowledgements: bool = True
    request_id_in_alerts: bool = True
    result_code: Annotated[str, Field(pattern="[IEW][0-9]{1,6}")] = "I0"
    unknown_inventory: Literal["refused", "empty"] = "refused"
    inventory_lookup_code: Annotated[str, Field(pattern="E[0-9]{1,6}")] = "E19"
    unserved_request_code: Annotated[str, Field(pattern="E[0-9]{1,6}")] = "E13"


def parse_settings(fields: Mapping[str, Any]) -> EstateSettings:
    """Check and read settings as the management plane or a configuration file gives them.

    Raises:
        SettingsError: a field is unknown or has a value it cannot have.
    """
    try:
        return EstateSettings.model_validate(fields)
    except ValidationError as error:
        lines = (
            f"settings.{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_url=False)
        )
        raise SettingsError("\n".join(lines)) from error
