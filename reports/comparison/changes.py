"""What became of each scenario from one run to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from reports.comparison.exchanges import changed, exchanges, users
from reports.comparison.runs import S1SP_PARAMETER
from reports.comparison.texts import stable
from reports.results import ScenarioResult, Status

SLOWER_FACTOR = 3.0
SLOWER_SECONDS = 5.0
"""A scenario is slower when it took so many times as long, and so many seconds more."""

_CARRIED_OUT = (Status.PASSED, Status.FAILED)
_NOT_OBSERVED = "not observed"
_DID_NOT_PASS = (Status.FAILED, Status.ERROR)


class Kind(StrEnum):
    """What became of a scenario."""

    BROKEN = "broken"
    """It passed, and does not any more: a regression."""
    FIXED = "fixed"
    """It failed or ended in error, and passes now."""
    OTHER_VERDICT = "other verdict"
    """Another verdict than before, and neither broken nor fixed, such as not applicable and then failed."""
    OTHER_REASON = "other reason"
    """The same verdict, which is not a pass, for another reason."""
    NEW = "new"
    """Only the second run has it."""
    GONE = "gone"
    """Only the first run has it."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Detail:
    """One thing that was observed otherwise: the codes that came back for a request, or an observation."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One scenario in both runs, or in one of them.

    Attributes:
        kind: what became of it.
        before: its record in the first run.
        after: its record in the second run.
        details: what was observed otherwise although the verdict stayed.
    """

    kind: Kind
    before: ScenarioResult | None
    after: ScenarioResult | None
    details: tuple[Detail, ...] = ()

    @property
    def result(self) -> ScenarioResult:
        """The later record that there is."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def is_slower(self) -> bool:
        """Whether it took much longer than before, and was carried out both times."""
        if self.before is None or self.after is None:
            return False
        before, after = self.before.duration, self.after.duration
        carried_out = self.before.status in _CARRIED_OUT and self.after.status in _CARRIED_OUT
        return carried_out and after >= SLOWER_FACTOR * before and after - before >= SLOWER_SECONDS


def change_of(before: ScenarioResult | None, after: ScenarioResult | None) -> Change:
    """What became of one scenario."""
    if before is None or after is None:
        return Change(Kind.NEW if before is None else Kind.GONE, before, after)
    if before.status is not after.status:
        return Change(_verdict_kind(before.status, after.status), before, after)
    pair = _Pair(before, after)
    return Change(
        Kind.UNCHANGED if pair.same_reason else Kind.OTHER_REASON, before, after, tuple(pair.details)
    )


def _verdict_kind(before: Status, after: Status) -> Kind:
    if before is Status.PASSED:
        return Kind.BROKEN
    return Kind.FIXED if after is Status.PASSED and before in _DID_NOT_PASS else Kind.OTHER_VERDICT


@dataclass(frozen=True)
class _Pair:
    """Two records of one scenario with the same verdict."""

    before: ScenarioResult
    after: ScenarioResult

    @property
    def same_reason(self) -> bool:
        """Whether they are told in the same words; a pass needs none."""
        return self.before.status is Status.PASSED or self._reason(self.before) == self._reason(self.after)

    @property
    def details(self) -> Iterator[Detail]:
        """What was observed otherwise."""
        one, other = self._observations(self.before), self._observations(self.after)
        for key in sorted(one.keys() | other.keys()):
            (name, values), (other_name, other_values) = one.get(key, ("", [])), other.get(key, ("", []))
            if sorted(map(self._stable, values)) != sorted(map(self._stable, other_values)):
                yield Detail(
                    name or other_name, *("; ".join(each) or _NOT_OBSERVED for each in (values, other_values))
                )
        sent, sent_after = exchanges(self.before), exchanges(self.after)
        if sent and sent_after:  # a run of an earlier version has no facts of its messages
            for request, *codes in changed(sent, sent_after):
                yield Detail(f"answers to {request}", *codes)

    def _reason(self, result: ScenarioResult) -> list[str]:
        reason = result.reason
        parts = () if reason is None else (reason.requirement, reason.expected, reason.actual)
        return [self._stable(part) for part in parts]

    def _observations(self, result: ScenarioResult) -> dict[str, tuple[str, list[str]]]:
        """Name and values, by the name as it is compared, for that may hold the name of a User."""
        found: dict[str, tuple[str, list[str]]] = {}
        for name, values in result.observations.items():
            found.setdefault(self._stable(name), (name, []))[1].extend(values)
        return found

    def _stable(self, text: str) -> str:
        return stable(text, self._names, parties=self.before.s1sp == self.after.s1sp)

    @cached_property
    def _names(self) -> frozenset[str]:
        """What does not matter: the devices; where two S1SPs are compared, these and their Users too."""
        both = (self.before, self.after)
        names = {name for each in both for name in _devices(each)}
        if self.before.s1sp != self.after.s1sp:
            names |= {each.s1sp for each in both} | users(self.before) | users(self.after)
        return frozenset(names)


def _devices(result: ScenarioResult) -> tuple[str, ...]:
    return (*result.labels.get("device", ()), result.reason.device if result.reason else "")


def other_parameters(result: ScenarioResult) -> tuple[str, ...]:
    """The parameters of a scenario beside S1SP and device type."""
    known = (S1SP_PARAMETER, "device_type")
    return tuple(value for name, value in result.parameters.items() if name not in known)
