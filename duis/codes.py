"""Response codes, S1SP Alert codes and DCC alert codes.

Every code the schema permits is listed [XSD]. A meaning is given only where one is public, which for the
codes from E40 on is nowhere: their meaning is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Code:
    """One code.

    Attributes:
        code: as on the wire.
        meaning: in words, or None where none is public.
        source: source tag of the meaning, or of the code where there is no meaning.
    """

    code: str
    meaning: str | None
    source: str


SUCCESS: Final = "I0"
ACKNOWLEDGEMENT: Final = "I99"

_GENERAL: Final = """
    I0 I99 E1 E2 E3 E4 E5 E11 E12 E13 E17 E19 E20 E21 E30 E31 E40 E41 E42 E43 E44 E45 E46 E47 E48 E49
    E50 E51 E52 E53 E54 E55 E56 E57 E58 E59 E60 E61 E62 E63 E64 E65 E66 E67 E68 E69 E70 E71 E100 E1000
    E1001 E1003 E1004 E1006 E1007 E1008 E1010 E1011
"""
_OF_ONE_SERVICE_REQUEST: Final = """
    E010101 E010102 E010201 E030301 E030302 E040101 E041701 E050101 E050102 E050103 E050105 E050107
    E050108 E050109 E050110 E050111 E050112 E050201 E050202 W050201 E050301 E050302 W050301 E060501
    E060502 E060701 E060801 E060802 E060803 E061301 E061304 E061305 E061501 E061504 E061505 E061506
    E061507 E061508 E061509 E061801 E061802 E061803 E062101 E062102 E062103 E062105 E062201 E062202
    E062203 E062301 E062302 E062303 E062304 E062305 E062306 E062401 E062402 E062403 E062801 E062802
    E062803 E080201 E080202 E080301 E080302 E080405 E080406 E080407 E080408 E080409 E080410 E080411
    E080412 E080413 E080414 E080415 E080501 E080502 E080503 E080601 E080602 E080604 E080606 E080607
    E080702 E080721 E080722 E080723 E080801 E080821 E080822 E080901 E080902 E080903 E081101 E081102
    E081104 E081105 E081106 E081107 E081108 E081109 E081110 E081111 E081202 E081204 E081205 E081221
    E081222 E081223 E081301 E081302 E081303 E081401 E081402 E081405 E081406 W081401 E110101 E110102
    E110103 E110105 E110106 W110101 E110401 E110402 E110403 E110405 W110401 E120101 E120102 E120103
    E120201 E120203 E120204 E120207
"""

_RESPONSE_MEANINGS: Final = {
    "I0": "success",
    "I99": "acknowledgement: the result follows",
    "E1": "the user or user role is not valid",
    "E2": "the user role may not send this Service Reference Variant",
    "E3": "the status of the user is not valid",
    "E4": "the user is not eligible for the device at the required date and time",
    "E5": "the status of the device does not allow it",
    "E11": "the Service Reference Variant does not apply to this type of device",
    "E12": "the Command Variant does not apply",
    "E13": "sent to the wrong URL",
    "E19": "the device is not known",
    "E20": "the device cannot be reached",
    "E21": "no answer from the device",
    "E30": "timed out",
}
_S1SP_MEANINGS: Final = {
    "S1VE4": "the registration data check, SRPD 16.1: the user is not the registered party",
    "S1VE64": "the Business Originator ID is not the Entity Identifier of the slot's certificate, S1SR 4.2",
}


def _table(
    codes: Iterable[str], meanings: Mapping[str, str], source: str, otherwise: str
) -> Mapping[str, Code]:
    return MappingProxyType(
        {code: Code(code, meanings.get(code), source if code in meanings else otherwise) for code in codes}
    )


RESPONSE_CODES: Mapping[str, Code] = _table(
    (_GENERAL + _OF_ONE_SERVICE_REQUEST).split(), _RESPONSE_MEANINGS, "WEB", "XSD"
)
"""Every response code the schema permits."""

S1SP_ALERT_CODES: Mapping[str, Code] = _table(_S1SP_MEANINGS, _S1SP_MEANINGS, "FIA 4.2.1", "FIA 4.2.1")
"""The S1SP Alert codes that are documented; the schema permits any text."""

DCC_ALERT_CODES: Mapping[str, Code] = MappingProxyType(
    {code: Code(code, None, "XSD") for code in ["AD1", *(f"N{n}" for n in range(1, 66) if n != 32), "N999"]}
    | {
        "N42": Code("N42", "security credentials of a device updated", "XSD, WG63"),
        "N55": Code("N55", "carries an S1SP Alert", "ASSUMED"),
    }
)
"""Every DCC alert code the schema permits: there is no N32."""

DEVICE_ALERT_CODES: Mapping[str, Code] = MappingProxyType(
    {
        "8F66": Code("8F66", "a future-dated request was carried out", "XSD"),
        "8F67": Code("8F67", "a future-dated request failed", "XSD"),
    }
)
"""The device alert codes the harness gives a meaning; the schema permits any octets."""
