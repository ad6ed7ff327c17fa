"""The parts of the DSP emulator that its two ports share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duis.identifiers import EUI64
from duis.schema import Schema
from duis.signature import SigningIdentity
from duis.smki.trust import TrustStore
from emulators.clock import Clock
from emulators.dsp.messages import Messages
from emulators.dsp.store import DSPStore
from emulators.outbox import Outbox
from emulators.request_context import User


@dataclass(frozen=True, slots=True)
class DSPParts:
    """What the ports work with.

    Attributes:
        identity: signs countersigned requests and Responses (role 89).
        dsp_id: the DSP's own Entity Identifier.
        s1sp_ids: Entity Identifier of each S1SP, by its name in the inventory.
    """

    clock: Clock
    schema: Schema
    trust: TrustStore
    users: Mapping[EUI64, User]
    identity: SigningIdentity
    dsp_id: EUI64
    s1sp_ids: Mapping[str, EUI64]
    messages: Messages
    store: DSPStore
    outbox: Outbox
