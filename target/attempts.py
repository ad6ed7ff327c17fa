"""The attempts at scenarios of a pooled target: new ones, and those an interruption left open."""

from __future__ import annotations

from collections.abc import Collection

from duis.identifiers import EUI64
from target.courier import Courier
from target.evidence import Evidence
from target.inbox import InboxReader
from target.journal import LOOKING_AFTER, Attempt, Journal
from target.journal_courier import JournalCourier
from target.scope import Scope


class Attempts:
    """What one process knows of the attempts; it carries out one scenario at a time.

    Attributes:
        journal: The journal of the run.
        current: The attempt that is going on, or has ended last.
    """

    def __init__(self, journal: Journal, inbox: InboxReader, evidence: Evidence) -> None:
        self.journal = journal
        self.current: Attempt | None = None
        self._inbox = inbox
        self._evidence = evidence
        self._scenario = ""
        self._begun: set[tuple[str, int]] = set()

    def turn_to(self, scenario: str) -> None:
        """From now on this process carries out that scenario (a name that no other one has)."""
        self._scenario = scenario
        self.current = None

    def interrupted(self) -> Attempt | None:
        """The attempt at the scenario that is to be replayed: its devices must be leased once more.

        One that did something elsewhere than through the protocol is abandoned.
        """
        attempt = self.journal.interrupted(self._scenario)
        if attempt is None or (attempt.scenario, attempt.number) in self._begun:
            return None
        if attempt.side_effects:
            self.journal.abandon(attempt, f"it did what cannot be replayed: {attempt.side_effects[0]}")
            return None
        return attempt

    def begin(self, devices: Collection[EUI64]) -> Attempt:
        """Begin an attempt with these devices, or go on with the interrupted one that had the same."""
        attempt = self.interrupted()
        if attempt is not None and set(attempt.devices) != set(devices):
            self.journal.abandon(attempt, "its devices could not be leased again")
            attempt = None
        if attempt is None:
            self._abandon_open("the scenario began anew")
            attempt = self.journal.begin(
                self._scenario, devices, self._inbox.last_sequence(), self._inbox.last_refused()
            )
        self._begun.add((attempt.scenario, attempt.number))
        self.current = attempt
        return attempt

    def look_after(self) -> Attempt:
        """An attempt of no scenario, to prepare and restore devices with: it is never replayed."""
        return self.journal.begin(LOOKING_AFTER, (), self._inbox.last_sequence(), self._inbox.last_refused())

    def courier(self, inner: Courier, attempt: Attempt) -> Courier:
        """A courier that keeps the journal of an attempt and recalls what it has sent already."""
        return JournalCourier(inner, self.journal, attempt.scenario, attempt.number, self._evidence)

    def scope(self, attempt: Attempt) -> Scope:
        """What concerns an attempt, of what arrives."""
        return Scope.of(self.journal, attempt)

    def note_side_effect(self, what: str) -> None:
        """Write down, before it happens, what the attempt does elsewhere than through the protocol."""
        if self.current is not None:
            self.journal.note_side_effect(self.current, what)

    def abandon(self, reason: str) -> None:
        """Give the attempt up; the scenario begins another one."""
        if self.current is not None:
            self.journal.abandon(self.current, reason)
            self.current = None

    def conclude(self, record: object) -> None:
        """The attempt has reached its verdict: from now on a resumed run takes it over.

        Args:
            record: The record of the scenario, of plain JSON values.
        """
        if self.current is not None:
            self.journal.conclude(self.current, record)
            self.current = None

    def _abandon_open(self, reason: str) -> None:
        left = self.journal.interrupted(self._scenario)
        if left is not None:
            self.journal.abandon(left, reason)
