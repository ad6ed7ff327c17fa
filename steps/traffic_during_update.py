"""Service Requests that are sent while a data update runs, and what must come of each [FIA 3.3.2]."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from duis.requests import Body, ReadInventoryBody, RetrieveDeviceSecurityCredentialsKRPBody
from duis.roles import CertificateType, RemotePartyRole
from duis.smets1 import RetrieveDeviceSecurityCredentialsKRPRsp
from steps.verdict import expect_acknowledged, expect_alert, expect_replacement, expect_success
from target.credentials import Credentials, update_credentials
from target.data_update import Moment
from target.errors import Rehearsed, TargetNonconformity
from target.estate import DeviceUnderTest
from target.exchange import Exchange
from target.observations import Acknowledged, InventoryAnswer, S1SPRejection, slot_readings
from target.service_user import ServiceUser

if TYPE_CHECKING:
    from steps.context import Scenario

_NETWORK_OPERATOR = RemotePartyRole.NETWORK_OPERATOR
_SUPPLIER = RemotePartyRole.SUPPLIER


@dataclass(frozen=True)
class _Sent:
    """A request and the state of the slot it may find.

    Attributes:
        corrected: Whether the slot must be corrected when it is answered; `None` where either may be.
    """

    exchange: Exchange
    device: DeviceUnderTest
    corrected: bool | None


class TrafficDuringUpdate:
    """What the Users of a scenario send at each moment of a data update.

    Some requests are answered before the update goes on: it holds nobody up between two batches. Others are
    on their way when it goes on: which of the two comes first at the S1SP is open.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._devices = [scenario.device, *filter(None, [scenario.other_device])]
        self._requests = [request for device in self._devices for request in self._for(device)]
        self._sent: list[_Sent] = []

    def at(self, moment: Moment) -> None:
        """Send what is to be sent at a moment of the update."""
        if moment is Moment.WITHIN:
            return
        states = {Moment.BEFORE: False, Moment.AFTER: True}
        answered = list(self._send(states.get(moment)))
        for each in answered:
            with suppress(Rehearsed):
                if isinstance(each.exchange.answer, Acknowledged):
                    each.exchange.result()
        self._sent += answered
        if moment is not Moment.AFTER:
            self._sent += self._send(None)

    def check(self) -> None:
        """Every request was answered in time, with what is right before the update or after it.

        Raises:
            TargetNonconformity: One was not, or one was answered as before it when an earlier one was
                answered as after it.
        """
        corrected = dict.fromkeys((device.device_id for device in self._devices), False)
        for sent in self._sent:
            found = self._state_told(sent)
            if found is None:
                continue
            device_id = sent.device.device_id
            expected = sent.corrected
            if expected is None and corrected[device_id]:
                expected = True
            if expected is not None and found is not expected:
                raise TargetNonconformity(
                    f"{sent.exchange.title} is answered as the slot is [FIA 3.3.2]",
                    f"the answer of {'after' if expected else 'before'} the data update",
                    f"the answer of {'after' if found else 'before'} the data update",
                )
            corrected[device_id] = found

    def _for(self, device: DeviceUnderTest) -> Iterator[tuple[DeviceUnderTest, ServiceUser, Body]]:
        operator = self._scenario.party("the correct Network Operator", device)
        supplier = self._scenario.party("the Supplier", device)
        yield device, operator, RetrieveDeviceSecurityCredentialsKRPBody((_NETWORK_OPERATOR,))
        yield device, operator, update_credentials(operator.credentials, _NETWORK_OPERATOR)
        yield device, supplier, update_credentials(supplier.renewed_credentials, _SUPPLIER)
        yield device, supplier, ReadInventoryBody(device_id=device.device_id)

    def _send(self, corrected: bool | None) -> Iterator[_Sent]:
        for device, sender, body in self._requests:
            yield _Sent(sender.send(body, device.device_id), device, corrected)

    def _state_told(self, sent: _Sent) -> bool | None:
        """Whether an answer tells of a corrected slot; `None` for one that tells nothing of it."""
        exchange, device = sent.exchange, sent.device
        if exchange.srv == "8.2":
            _expect_inventory(exchange, device)
            return None
        expect_acknowledged(exchange)
        if exchange.srv == "6.24.1":
            return self._pair_read(exchange, device)
        if exchange.remote_party_role is _SUPPLIER:
            expect_replacement(exchange, _SUPPLIER, exchange.sender)
            return None
        if isinstance(exchange.result(), S1SPRejection):
            assumptions = self._scenario.session.target.assumptions
            expect_alert(exchange, device, assumptions.s1sp_alert_codes.slot_owner, assumptions)
            return False
        expect_replacement(exchange, _NETWORK_OPERATOR, exchange.sender)
        return True

    def _pair_read(self, exchange: Exchange, device: DeviceUnderTest) -> bool:
        payload = expect_success(exchange).payload
        requirement = f"{exchange.title} shows one party's pair of certificates as a whole [FIA 4.2.2]"
        former = self._scenario.party("the incorrect Network Operator", device)
        correct = self._scenario.party("the correct Network Operator", device)
        if not isinstance(payload, RetrieveDeviceSecurityCredentialsKRPRsp):
            raise TargetNonconformity(requirement, "the result of SRV 6.24.1", exchange.result().describe())
        try:
            (reading,) = slot_readings(payload.remote_party_details)
        except ValueError as error:
            raise TargetNonconformity(requirement, "one slot of one party", str(error)) from None
        algorithm = self._scenario.session.target.assumptions.certificate_hash
        for party in (former, correct):
            if reading.party == party.user_id and _agree(reading.hashes, party.credentials, algorithm):
                return party is correct
        raise TargetNonconformity(
            requirement, f"the pair of {former.name} or that of {correct.name}", reading.describe()
        )


def _agree(told: Mapping[CertificateType, bytes], credentials: Credentials, algorithm: str) -> bool:
    pair = credentials.hashes(algorithm)
    return all(pair.get(use) == value for use, value in told.items())


def _expect_inventory(exchange: Exchange, device: DeviceUnderTest) -> None:
    answer = exchange.answer
    if not isinstance(answer, InventoryAnswer) or device.device_id not in {
        each.device_id for each in answer.devices
    }:
        raise TargetNonconformity(
            f"{exchange.title} is answered from the inventory [XSD]",
            f"an inventory with {device.device_id}",
            answer.describe(),
        )
