"""Rehearsing a scenario: its sentences are carried out, and nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from duis.roles import NETWORK_OPERATORS
from steps.context import Scenario
from steps.needs import Needs
from steps.sentences import find
from steps.slots import Slots
from target.arrangement import DCC
from target.courier import Parcel
from target.errors import NotArrangeable, Rehearsed
from target.estate import DeviceUnderTest
from target.file import DSP_COMPONENT, TargetFile
from target.pool import DeviceNeed, LeaseRequest
from target.rehearsal import Rehearsal

Step = tuple[str, str]
"""Type (`given`, `when`, `then`) and text of a sentence."""


class Rehearser:
    """Rehearses scenarios for one target.

    Args:
        target: The target file.
        sent: Called with each document that a run would send.
        signs: Whether these are signed.
    """

    def __init__(
        self, target: TargetFile, sent: Callable[[Parcel], None] = lambda _: None, *, signs: bool = False
    ) -> None:
        self._parcels: list[Parcel] = []
        self._sent = sent
        self._target = Rehearsal(target, self._carry, signs=signs)

    def rehearse(self, steps: Sequence[Step]) -> Needs:
        """What a scenario needs.

        Args:
            steps: Its sentences.

        Raises:
            UnknownSentence: No step definition carries a sentence out.
        """
        self._target.begin()
        self._parcels = []
        scenario = _RehearsedScenario(self._target)
        against = ""
        try:
            for type_, text in steps:
                with suppress(Rehearsed):
                    find(type_, text).carry_out(text, scenario)
        except pytest.skip.Exception as skipped:
            against = skipped.msg or "not applicable"
        except NotArrangeable as missing:
            against = missing.reason
        finally:
            scenario.close()
        switched = self._target.switched
        components = (DSP_COMPONENT, *dict.fromkeys(need.s1sp for need in scenario.needs))
        return Needs(
            devices=tuple(scenario.needs),
            switches={component: _position(switched.get(component, [])) for component in components},
            alerts=bool(self._target.alerts),
            requests=Counter(_srv(parcel) for parcel in self._parcels),
            left_elsewhere=sum(map(self._left_elsewhere, scenario.devices.values())),
            not_applicable=against,
            whatever_devices=bool(against and scenario.devices),
        )

    def _left_elsewhere(self, device: DeviceUnderTest) -> bool:
        home = next((user for role, user in device.registered.items() if role in NETWORK_OPERATORS), None)
        return self._target.holders.get(device.device_id, home) not in (home, DCC)

    def _carry(self, parcel: Parcel) -> None:
        self._parcels.append(parcel)
        self._sent(parcel)


def _position(asked_for: Sequence[bool]) -> bool | None:
    """MP107 is on where a scenario does not speak of it; one that asks for both positions switches it."""
    positions = set(asked_for or [True])
    return positions.pop() if len(positions) == 1 else None


def _srv(parcel: Parcel) -> str:
    return parcel.request.srv if parcel.request is not None else "?"


class _Silent:
    def observe(self, name: str, value: object) -> None:
        """A rehearsal sees nothing."""

    def label(self, name: str, value: str) -> None:
        """A rehearsal is no result."""


class _RehearsedScenario(Scenario):
    """A scenario that writes down what it takes, and knows nothing of slots."""

    def __init__(self, target: Rehearsal) -> None:
        super().__init__(target, _Silent(), "rehearsal", (), lambda: LeaseRequest((), {}, "rehearsal"))
        self.needs: list[DeviceNeed] = []
        self._rehearsal = target

    def _needed(self, *devices: DeviceNeed) -> None:
        self.needs.extend(devices)
        self._rehearsal.needed = devices

    def read_slots(self, device: DeviceUnderTest) -> Slots:
        with suppress(Rehearsed):
            super().read_slots(device)
        return {}

    def know_slots(self, device: DeviceUnderTest, *_: object, **__: object) -> None:
        self._known[device.device_id] = self.read_slots(device)

    def placed(self, *_: object) -> None:
        return

    def corrected(self, *_: object) -> None:
        return
