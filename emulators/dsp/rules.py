"""The rules and other named parts of the DSP; a deviation replaces or wraps one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from duis.identifiers import EUI64
from duis.request import ServiceRequest
from duis.smets1 import S1SPAlert
from duis.xml import Element
from emulators.checks import Check
from emulators.dsp.checks import DSP_CHECKS, DSPContext
from emulators.inventory import Device
from emulators.registration_check import EXCEPTIONS, RegistrationException


def one_switch_for_all_s1sps(switch: bool, device: Device | None) -> bool:  # noqa: ARG001
    """The DSP has one MP107 switch, whichever S1SP serves the device [FIA 4.1]."""
    return switch


def party_the_s1sp_names(named: EUI64, registered: EUI64 | None) -> tuple[EUI64, ...]:  # noqa: ARG001
    """A SMETS1 device alert goes to the party in the slot, whom the S1SP names as its target [FIA 1].

    Args:
        named: the Business Target ID of the alert.
        registered: the Network Operator that is registered for the device.
    """
    return (named,)


def every_s1sp_alert(alert: S1SPAlert) -> bool:  # noqa: ARG001
    """Every S1SP Alert is passed on to the sender of the request it rejects [FIA 4.2.1]."""
    return True


@dataclass(frozen=True, slots=True)
class DSPRules:
    """What decides the behaviour of the DSP.

    Attributes:
        checks: the table of checks, in order.
        registration_exceptions: the exceptions of SRPD 6.2.
        mp107: from the switch and the device to whether MP107 is on.
        alert_recipients: who gets a device alert.
        passes_on: whether an S1SP Alert reaches the user.
        read_request: from a document's tree to the request; MessageError when it is none.
    """

    checks: tuple[Check[DSPContext], ...] = DSP_CHECKS
    registration_exceptions: tuple[RegistrationException, ...] = EXCEPTIONS
    mp107: Callable[[bool, Device | None], bool] = one_switch_for_all_s1sps
    alert_recipients: Callable[[EUI64, EUI64 | None], tuple[EUI64, ...]] = party_the_s1sp_names
    passes_on: Callable[[S1SPAlert], bool] = every_s1sp_alert
    read_request: Callable[[Element], ServiceRequest] = ServiceRequest.parse
