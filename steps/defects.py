"""What can be wrong with a repair, each in exactly one respect.

A row is the wording of the sentence and how the request is made. To add a defect, add a row and use its
wording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from duis.identifiers import EUI64
from duis.request import ServiceRequest
from duis.requests import Body
from duis.roles import RemotePartyRole
from steps.context import Scenario
from target.credentials import Credentials, update_credentials
from target.errors import NotArrangeable
from target.exchange import Exchange
from target.file import TargetFile
from target.gateway import Service
from target.service_user import ServiceUser

UNKNOWN_DEVICE = EUI64("02-53-31-FF-FF-FF-FF-FE")
"""A device of nobody: the emulators give no device this EUI-64, and the prefix is locally administered."""

_SENDER = "the incorrect Network Operator"
_CORRECT = "the correct Network Operator"


def _sender(scenario: Scenario) -> ServiceUser:
    return scenario.party(_SENDER)


def _repair(scenario: Scenario) -> Body:
    return update_credentials(scenario.party(_CORRECT).credentials, RemotePartyRole.NETWORK_OPERATOR)


def _made_by(scenario: Scenario, document: Callable[[ServiceRequest], bytes]) -> Exchange:
    """The repair, sent in the octets that `document` makes of it."""
    return _sender(scenario).send(_repair(scenario), scenario.device.device_id, document=document)


def _unsigned(scenario: Scenario) -> Exchange:
    return _made_by(scenario, lambda request: request.to_xml())


def _altered(scenario: Scenario) -> Exchange:
    """One signed value differs, the flag for time-based checks, which leaves the document valid."""
    sender = _sender(scenario)
    return _made_by(scenario, lambda request: _swap(sender.sign(request), rb">true</", rb">false</"))


def _signed_by_another(scenario: Scenario) -> Exchange:
    other = scenario.party(_CORRECT)
    return _sender(scenario).send(_repair(scenario), scenario.device.device_id, identity=other.identity)


def _signed_with_expired(scenario: Scenario) -> Exchange:
    sender = _sender(scenario)
    expired = scenario.session.expired_identity(sender)
    return sender.send(_repair(scenario), scenario.device.device_id, identity=expired)


def _unknown_device(scenario: Scenario) -> Exchange:
    return _sender(scenario).send(_repair(scenario), _device_of_nobody(scenario.session.target))


def _device_of_nobody(target: TargetFile) -> EUI64:
    """A device nobody has that may be addressed: at a system that is not ours, only one the file names."""
    if target.safety.unknown_device is not None:
        return target.safety.unknown_device
    if target.isolated:
        return UNKNOWN_DEVICE
    raise NotArrangeable(
        "the target file names no safety.unknown_device, a device of nobody that may be addressed"
    )


def _placing(scenario: Scenario, credentials: Credentials) -> Exchange:
    body = update_credentials(credentials, RemotePartyRole.NETWORK_OPERATOR)
    return _sender(scenario).send(body, scenario.device.device_id)


def _wrong_role(scenario: Scenario) -> Exchange:
    return _placing(scenario, scenario.party("the Supplier").credentials)


def _untrusted(scenario: Scenario) -> Exchange:
    return _placing(scenario, scenario.session.faulty_credentials(scenario.party(_CORRECT), "untrusted"))


def _expired(scenario: Scenario) -> Exchange:
    return _placing(scenario, scenario.session.faulty_credentials(scenario.party(_CORRECT), "expired"))


def _mixed_pair(scenario: Scenario) -> Exchange:
    correct, sender = scenario.party(_CORRECT).credentials, _sender(scenario).credentials
    return _placing(scenario, correct.mixed_with(sender))


def _wrong_order(scenario: Scenario) -> Exchange:
    """Schema-invalid, and signed as such: only its form is wrong."""
    sender = _sender(scenario)
    slot_and_certificates = (
        rb"(<sr:RemotePartyRole>.*?)(<sr:ReplacementCertificates>.*</sr:ReplacementCertificates>)"
    )
    return _made_by(
        scenario,
        lambda request: sender.sign_document(_swap(request.to_xml(), slot_and_certificates, rb"\2\1")),
    )


def _wrong_command_variant(scenario: Scenario) -> Exchange:
    right = scenario.session.target.assumptions.smets1_command_variant
    wrong = next(variant for variant in (2, 3) if variant != right)
    return _sender(scenario).send(_repair(scenario), scenario.device.device_id, command_variant=wrong)


def _wrong_service(scenario: Scenario) -> Exchange:
    return _sender(scenario).send(_repair(scenario), scenario.device.device_id, service=Service.NON_DEVICE)


def _swap(document: bytes, pattern: bytes, replacement: bytes) -> bytes:
    changed, count = re.subn(pattern, replacement, document, count=1, flags=re.DOTALL)
    if count != 1:
        raise LookupError(f"the document has nothing that matches {pattern!r}")
    return changed


DEFECTS: Mapping[str, Callable[[Scenario], Exchange]] = {
    "without a signature": _unsigned,
    "altered after signing": _altered,
    "signed by the correct Network Operator": _signed_by_another,
    "signed with an expired certificate": _signed_with_expired,
    "to a device that is not in the Smart Metering Inventory": _unknown_device,
    "placing a Supplier's certificate": _wrong_role,
    "placing a certificate that does not chain to the root": _untrusted,
    "placing an expired certificate": _expired,
    "placing a pair of certificates of two different parties": _mixed_pair,
    "with its elements in the wrong order": _wrong_order,
    "with a Command Variant that does not fit": _wrong_command_variant,
    "to the Non-Device service": _wrong_service,
}
