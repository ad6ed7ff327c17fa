"""What two runs do not have in common beside their results: target, selection, assumptions, software."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reports.comparison.texts import stable
from reports.run_information import RunInformation

NOTHING = "none"
NOT_THERE = "not there"


@dataclass(frozen=True)
class Difference:
    """One setting: of what, its name, and its value in each run."""

    area: str
    name: str
    before: str
    after: str


def differences(before: RunInformation, after: RunInformation) -> tuple[Difference, ...]:
    """Everything of two runs that differs and is on record; nothing for one and the same run."""
    sides = [
        ("target", before.environment, after.environment),
        ("selection", _selection(before), _selection(after)),
        ("assumption", _assumptions(before), _assumptions(after)),
        ("test assurance", _assurance(before), _assurance(after)),
        ("known issue", _known_issues(before), _known_issues(after)),
        ("software", *_software(before, after)),
    ]
    return tuple(each for area, one, other in sides for each in _between(area, one, other))


def _between(area: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, NOT_THERE), after.get(name, NOT_THERE)
        if stable(one) != stable(other):  # ports of this machine are others in every run
            yield Difference(area, name, one, other)


def _software(before: RunInformation, after: RunInformation) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The versions of each; where only one run has any on record, that is all there is to tell."""
    if bool(before.software) == bool(after.software):
        return before.software, after.software
    told = [f"{len(run.software)} on record" for run in (before, after)]
    return {"versions": told[0]}, {"versions": told[1]}


def _selection(run: RunInformation) -> dict[str, str]:
    return {"scenarios written": str(run.written), "scenarios selected": str(run.selected)}


def _assumptions(run: RunInformation) -> dict[str, str]:
    """By name; a sentence reads "name = value: what it is about"."""
    found = {}
    for sentence in run.assumptions:
        name, is_setting, rest = sentence.partition(" = ")
        found[name if is_setting else sentence] = rest.partition(": ")[0] if is_setting else "assumed"
    return found


def _assurance(run: RunInformation) -> dict[str, str]:
    found = {}
    for name, value in dataclasses.asdict(run.assurance).items():
        if isinstance(value, dict):
            found.update({f"{name}.{key}": str(number) for key, number in value.items()})
        else:
            found[name] = value if isinstance(value, str) else "; ".join(value)
    return {name: value or NOTHING for name, value in found.items()}


def _known_issues(run: RunInformation) -> dict[str, str]:
    return {
        " ".join(filter(None, (each.scenario_id, each.s1sp, each.device_type, each.defect))): (
            f"{each.observed}; review by {each.review_by}"
        )
        for each in run.known_issues
    }
