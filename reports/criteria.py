"""Entry and exit criteria of a run: what the results can tell is measured, the rest is for people to judge.

The limits are those of the target file (`[assurance.limits]`); one that is not given has its default here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reports.results import ScenarioResult, Status
from reports.run_information import RunInformation

HARNESS: Final = "smets1-conformance"
_BLOCKER, _CRITICAL = "blocker", "critical"
_Counter = Callable[[RunInformation, Sequence[ScenarioResult]], list[str]]
_PLACES_NAMED = 5


@dataclass(frozen=True)
class Criterion:
    """One entry or exit criterion.

    Attributes:
        text: what is asked for.
        met: whether that is so; `None` where people judge it.
        observed: what the results say of it; empty where people judge it.
    """

    text: str
    met: bool | None
    observed: str


@dataclass(frozen=True)
class Criteria:
    """All criteria of a run: the measured ones first, then those that people judge."""

    entry: tuple[Criterion, ...]
    exit: tuple[Criterion, ...]

    @property
    def not_met(self) -> tuple[Criterion, ...]:
        """Those that were measured and are not met."""
        return tuple(each for each in (*self.entry, *self.exit) if each.met is False)


@dataclass(frozen=True)
class Limit:
    """How many of something may be there at the end.

    Attributes:
        of: what is counted, in the plural, such as "scenarios that ended in an error".
        default: the limit where the target file sets none.
        counted: a name for each of them; empty for one that has none.
    """

    of: str
    default: int
    counted: _Counter


def evaluate(run: RunInformation, results: Sequence[ScenarioResult]) -> Criteria:
    """Hold a run, which may be at work still, against its criteria.

    Args:
        run: what holds for the whole run.
        results: of the scenarios that have ended.
    """
    agreed = run.assurance
    return Criteria(
        entry=(
            _sanity(run, "first", "The target answered SRV 8.2 before the first scenario"),
            _target_identified(run),
            _software_identified(run),
            _all_collected(run),
            *_for_people(agreed.entry_criteria),
        ),
        exit=(
            _ended(run),
            _verified_something(results),
            _reasons(run, results),
            *(
                _within(limit, agreed.limits.get(name, limit.default), limit.counted(run, results))
                for name, limit in LIMITS.items()
            ),
            _sanity(run, "last", "The target answered SRV 8.2 after the last scenario"),
            _no_problems(run),
            *_for_people(agreed.exit_criteria),
        ),
    )


def _for_people(sentences: Sequence[str]) -> tuple[Criterion, ...]:
    return tuple(Criterion(sentence, None, "") for sentence in sentences)


def _sanity(run: RunInformation, when: str, text: str) -> Criterion:
    checks = [check for check in run.sanity if check.when == when]
    if not checks:
        return Criterion(text, False, "no such check is on record")
    latest = checks[-1]  # a run that was resumed has asked again
    return Criterion(text, latest.passed, f"{latest.at}: {latest.text}")


def _target_identified(run: RunInformation) -> Criterion:
    told = [f"{name}: {value}" for name, value in run.environment.items() if value]
    observed = "; ".join(told) or "nothing is on record about the target"
    return Criterion("The target is identified", bool(run.environment.get("target")), observed)


def _software_identified(run: RunInformation) -> Criterion:
    text = "The harness and the software it rests on are identified by version"
    version = run.software.get(HARNESS, "")
    if not version:
        return Criterion(text, False, "no version of the harness is on record")
    python = run.software.get("Python", "an unknown Python")
    return Criterion(text, True, f"{HARNESS} {version} on {python}; {len(run.software)} versions on record")


def _all_collected(run: RunInformation) -> Criterion:
    text = "Every written scenario was there to be selected"
    if not run.collected and not run.ended:
        return Criterion(text, False, "not known before the run has ended")
    met = 0 < run.written == run.collected
    return Criterion(text, met, f"{run.collected} of {run.written} written scenarios were collected")


def _ended(run: RunInformation) -> Criterion:
    text = "The run came to its end"
    if not run.ended:
        return Criterion(text, False, "the run is at work, or was killed")
    if run.ended_early:
        return Criterion(text, False, f"ended early: {run.ended_early}")
    return Criterion(text, True, f"ended {run.finished}")


def _verified_something(results: Sequence[ScenarioResult]) -> Criterion:
    verdicts = sum(result.status in (Status.PASSED, Status.FAILED) for result in results)
    return Criterion(
        "At least one scenario reached a verdict on the target",
        verdicts > 0,
        f"{verdicts} of {len(results)} scenarios passed or failed",
    )


def _reasons(run: RunInformation, results: Sequence[ScenarioResult]) -> Criterion:
    left_out = [each for each in results if each.status in (Status.NOT_APPLICABLE, Status.NOT_RUN)]
    silent = [
        each.place
        for each in left_out
        if each.reason is None and not (each.status is Status.NOT_RUN and run.ended_early)
    ]
    missing = _without_record(run, results)
    observed = f"{len(left_out)} not carried out, {len(left_out) - len(silent)} of them with a reason"
    if missing:
        observed += f", and {missing} without a record"
    return Criterion(
        "Every selected scenario was carried out, or the reason why not is on record",
        not silent and not missing,
        observed + (f"; without one{_named(silent)}" if silent else ""),
    )


def _no_problems(run: RunInformation) -> Criterion:
    return Criterion(
        "The harness met no problem", not run.problems, "; ".join(run.problems) or "none is on record"
    )


def _within(limit: Limit, most: int, found: Sequence[str]) -> Criterion:
    text = f"{limit.of[0].upper()}{limit.of[1:]}: {f'at most {most}' if most else 'none'}"
    return Criterion(text, len(found) <= most, f"{len(found) or 'none'}{_named(found)}")


def _named(places: Sequence[str]) -> str:
    named = sorted(place for place in places if place)
    if not named:
        return ""
    shown, more = ", ".join(named[:_PLACES_NAMED]), len(places) - _PLACES_NAMED
    return f": {shown}" + (f" and {more} more" if more > 0 else "")


def _without_record(run: RunInformation, results: Sequence[ScenarioResult]) -> int:
    """How many scenarios were selected and left nothing behind: the run was killed, or is at work."""
    return max(0, run.selected - len(results))


def _failed(severities: Callable[[str], bool]) -> _Counter:
    """Failures of these severities; what is a known issue is counted as such, not here."""
    return lambda _run, results: [
        each.place
        for each in results
        if each.status is Status.FAILED and not each.known_issue and severities(each.severity)
    ]


def _errors(_run: RunInformation, results: Sequence[ScenarioResult]) -> list[str]:
    return [each.place for each in results if each.status is Status.ERROR]


def _not_run(run: RunInformation, results: Sequence[ScenarioResult]) -> list[str]:
    told = [each.place for each in results if each.status is Status.NOT_RUN]
    return [*told, *[""] * _without_record(run, results)]


def _not_selected(run: RunInformation, _results: Sequence[ScenarioResult]) -> list[str]:
    return [""] * max(0, run.written - run.selected)


def _known_issues(_run: RunInformation, results: Sequence[ScenarioResult]) -> list[str]:
    return [f"{each.place} ({each.known_issue})" for each in results if each.known_issue]


def _past_review(run: RunInformation, _results: Sequence[ScenarioResult]) -> list[str]:
    """Entries of the ledger whose review was due before the day of the run; dates are ISO 8601."""
    day = (run.finished or run.started)[:10]
    return [f"{each.defect} ({each.review_by})" for each in run.known_issues if each.review_by < day]


LIMITS: Final[dict[str, Limit]] = {
    "failed_blocker": Limit(
        "failed scenarios of severity blocker", 0, _failed(lambda each: each == _BLOCKER)
    ),
    "failed_critical": Limit(
        "failed scenarios of severity critical", 0, _failed(lambda each: each == _CRITICAL)
    ),
    "failed_normal": Limit(
        "failed scenarios of severity normal or lower",
        0,
        _failed(lambda each: each not in (_BLOCKER, _CRITICAL)),
    ),
    "errors": Limit("scenarios that ended in an error of the harness or the environment", 0, _errors),
    "not_run": Limit("selected scenarios that did not run", 0, _not_run),
    "not_selected": Limit("written scenarios that were not selected", 0, _not_selected),
    "known_issues": Limit("scenarios that failed as a known issue", 0, _known_issues),
    "known_issues_past_review": Limit("known issues whose review is overdue", 0, _past_review),
}
"""What `[assurance.limits]` can limit, by its key there."""
