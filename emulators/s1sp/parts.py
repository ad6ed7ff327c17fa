"""The parts of an S1SP emulator that its modules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from duis.identifiers import EUI64
from duis.schema import Schema
from duis.smki.trust import TrustStore
from emulators.clock import Clock
from emulators.estate_settings import EstateSettings
from emulators.estates import Estate
from emulators.faults import FaultScript
from emulators.outbox import Outbox
from emulators.request_context import User
from emulators.s1sp.answers import Answers
from emulators.s1sp.rules import S1SPRules
from emulators.s1sp.slot_store import SlotStore
from emulators.s1sp.store import S1SPStore

S1SPEstate: TypeAlias = Estate[EstateSettings, S1SPRules]


@dataclass(frozen=True, slots=True)
class S1SPParts:
    """What the modules work with.

    Attributes:
        s1sp_id: this S1SP's own Entity Identifier.
        dsp_id: the Entity Identifier of the DSP.
    """

    clock: Clock
    schema: Schema
    trust: TrustStore
    users: Mapping[EUI64, User]
    s1sp_id: EUI64
    dsp_id: EUI64
    answers: Answers
    store: S1SPStore
    slots: SlotStore
    outbox: Outbox
    faults: FaultScript
