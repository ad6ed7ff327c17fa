"""What was done with a device of a plan, and what became of it: the words of the audit."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What was done with a device of a plan."""

    APPLY = "apply"
    ROLLBACK = "rollback"


class Outcome(StrEnum):
    """What became of it."""

    REPLACED = "replaced"
    RESTORED = "restored"
    CHANGED = "skipped: changed since"
    GONE = "skipped: no longer there"
