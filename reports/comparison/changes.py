"""What became of each scenario from one run to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from reports.comparison.exchanges import changed, exchanges, users
from reports.comparison.runs import S1SP_PARAMETER
from reports.comparison.texts import stable
from reports.results import ScenarioResult, Status

SLOWER_FACTOR = 3.0
SLOWER_SECONDS = 5.0
"""A scenario is slower when it took so many times as long, and so many seconds more."""

_CARRIED_OUT = (Status.PASSED, Status.FAILED)
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
    same = _same_reason(before, after)
    kind = Kind.UNCHANGED if same else Kind.OTHER_REASON
    return Change(kind, before, after, tuple(_details(before, after)))


def _verdict_kind(before: Status, after: Status) -> Kind:
    if before is Status.PASSED:
        return Kind.BROKEN
    return Kind.FIXED if after is Status.PASSED and before in _DID_NOT_PASS else Kind.OTHER_VERDICT


def _same_reason(before: ScenarioResult, after: ScenarioResult) -> bool:
    if before.status is Status.PASSED:
        return True
    texts = []
    for result in (before, after):
        reason = result.reason
        parts = () if reason is None else (reason.requirement, reason.expected, reason.actual)
        texts.append([_stable(part, before, after) for part in parts])
    return texts[0] == texts[1]


def _details(before: ScenarioResult, after: ScenarioResult) -> Iterator[Detail]:
    for name in sorted(before.observations.keys() | after.observations.keys()):
        one, other = before.observations.get(name, []), after.observations.get(name, [])
        if _each(one, before, after) != _each(other, before, after):
            yield Detail(name, "; ".join(one) or "not observed", "; ".join(other) or "not observed")
    one_side, other_side = exchanges(before), exchanges(after)
    if one_side and other_side:  # a run of an earlier version has no facts of its messages
        yield from (Detail(f"answers to {what}", *codes) for what, *codes in changed(one_side, other_side))


def _each(values: Iterable[str], before: ScenarioResult, after: ScenarioResult) -> list[str]:
    return sorted(_stable(value, before, after) for value in values)


def _stable(text: str, before: ScenarioResult, after: ScenarioResult) -> str:
    """A text as it is compared; where two S1SPs are compared, their devices and Users are others."""
    names = {name for result in (before, after) for name in _devices(result)}
    same_s1sp = before.s1sp == after.s1sp
    if not same_s1sp:
        names |= {before.s1sp, after.s1sp} | users(before) | users(after)
    return stable(text, names, parties=same_s1sp)


def _devices(result: ScenarioResult) -> tuple[str, ...]:
    return (*result.labels.get("device", ()), result.reason.device if result.reason else "")


def other_parameters(result: ScenarioResult) -> tuple[str, ...]:
    """The parameters of a scenario beside S1SP and device type."""
    known = (S1SP_PARAMETER, "device_type")
    return tuple(value for name, value in result.parameters.items() if name not in known)
