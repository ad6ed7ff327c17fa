"""Deviations of an S1SP that does not look into its database for what another program changed there.

The data update [FIA 4.2.2] is such a program. Each remembers slots as the S1SP has first read or last written
them itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from duis.identifiers import EUI64
from duis.roles import RemotePartyRole
from emulators.checks import with_wrapped
from emulators.deviation_parts import Deviation
from emulators.s1sp.checks import S1SPContext
from emulators.s1sp.rules import Replacements, S1SPRules
from emulators.slots import AnchorSlot

_Memory: TypeAlias = dict[tuple[EUI64, RemotePartyRole], AnchorSlot]


def _remembered(memory: _Memory, slot: AnchorSlot) -> AnchorSlot:
    return memory.setdefault((slot.device_id, slot.remote_party_role), slot)


def _writing_into(memory: _Memory, rules: S1SPRules) -> S1SPRules:
    """What the S1SP writes itself it remembers."""

    def slot_after(slot: AnchorSlot, replacements: Replacements, rejected: bool) -> AnchorSlot:
        after = rules.slot_after(slot, replacements, rejected)
        if after is not slot:
            memory[after.device_id, after.remote_party_role] = after
        return after

    return replace(rules, slot_after=slot_after)


def _keeps_slots_in_memory(rules: S1SPRules) -> S1SPRules:
    memory: _Memory = {}
    return replace(_writing_into(memory, rules), slot_read=lambda slot, _mp107: _remembered(memory, slot))


def _reads_anew_only_with_mp107(rules: S1SPRules) -> S1SPRules:
    memory: _Memory = {}

    def slot_read(slot: AnchorSlot, mp107: bool) -> AnchorSlot:
        if mp107:
            memory[slot.device_id, slot.remote_party_role] = slot
        return _remembered(memory, slot)

    return replace(_writing_into(memory, rules), slot_read=slot_read)


def _routes_alerts_from_memory(rules: S1SPRules) -> S1SPRules:
    memory: _Memory = {}
    return replace(
        _writing_into(memory, rules), slot_of_alerts=lambda slot, _mp107: _remembered(memory, slot)
    )


def _lets_a_displaced_owner_back_in(rules: S1SPRules) -> S1SPRules:
    memory: _Memory = {}

    def slot_read(slot: AnchorSlot, _mp107: bool) -> AnchorSlot:
        _remembered(memory, slot)
        return slot

    def wrap(passes: Callable[[S1SPContext], bool]) -> Callable[[S1SPContext], bool]:
        def passes_too(context: S1SPContext) -> bool:
            role = context.facts.remote_party_role
            slot = None if role is None else memory.get((context.known_device.device_id, role))
            replacements = (context.replacement_certificates or {}).values()
            places_its_own = {each.entity_identifier for each in replacements} == {context.originator}
            was_owner = slot is not None and slot.owner() == context.originator
            return (places_its_own and was_owner) or passes(context)

        return passes_too

    checks = with_wrapped(rules.execution_checks, "S1SP slot owner", wrap)
    return replace(_writing_into(memory, rules), slot_read=slot_read, execution_checks=checks)


SLOT_MEMORY_DEVIATIONS: Final = (
    Deviation(
        "s1sp-keeps-slots-in-memory",
        "the S1SP does not see what another program changes in its database before it starts again",
        ("R2-01", "R2-03", "R2-10", "R2-11", "R2-12", "R2-13", "R2-20", "R2-21"),
        s1sp=_keeps_slots_in_memory,
    ),
    Deviation(
        "s1sp-reads-slots-anew-only-with-mp107",
        "with its switch off, the S1SP does not see what another program changes in its database",
        ("R2-03",),
        s1sp=_reads_anew_only_with_mp107,
    ),
    Deviation(
        "s1sp-routes-alerts-from-memory",
        "device alerts go to whose certificate the S1SP has seen or placed in the slot itself",
        ("R2-02",),
        s1sp=_routes_alerts_from_memory,
    ),
    Deviation(
        "s1sp-lets-a-displaced-owner-back-in",
        "an owner whose certificate another program took out of the slot may place it there again",
        ("R2-01",),
        s1sp=_lets_a_displaced_owner_back_in,
    ),
)
