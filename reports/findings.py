"""Scenarios that tell the same are told together: one finding, however many rows it hits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.matrix import column_of
from reports.results import ScenarioResult

_CHANGING = re.compile(
    r"""https?://[^\s'"]+                           # an address, with its port
    | \b[0-9A-F]{2}(?:-[0-9A-F]{2}){7}\b           # a Device ID or the ID of a party
    | \b\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d|\ UTC)?   # a time
    | \b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{12,}\b       # a hash, a counter
    | (?<=[ ,])\d+(?:\.\d+)?(?=\ s\b)              # seconds
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Finding:
    """Scenarios of which the same is to be said, in the order of their ids and places.

    Attributes:
        results: the scenarios; the first one speaks for all.
        worded_alike: whether the others say it with the very words of the first; otherwise parties, devices,
            times and identifiers differ.
    """

    results: tuple[ScenarioResult, ...]
    worded_alike: bool

    @property
    def first(self) -> ScenarioResult:
        """The one that speaks for all."""
        return self.results[0]

    @property
    def clauses(self) -> list[str]:
        """The clauses of all of them, each once."""
        return sorted({clause for result in self.results for clause in result.clauses})


def findings(results: Iterable[ScenarioResult]) -> list[Finding]:
    """Put together what says the same; what hits most scenarios comes first."""
    grouped: dict[tuple[str, ...], list[ScenarioResult]] = {}
    for result in sorted(results, key=_order):
        grouped.setdefault(essence(result), []).append(result)
    found = [
        Finding(tuple(group), len({_said(result) for result in group}) == 1) for group in grouped.values()
    ]
    return sorted(found, key=lambda finding: -len(finding.results))


def essence(result: ScenarioResult) -> tuple[str, ...]:
    """What a scenario says about why it did not pass, without what differs from row to row.

    The scenario's own S1SP and device type, the parties, identifiers, addresses, times and seconds are
    replaced by numbers, in the order in which they are named: "expected A, observed B" never equals "expected
    A, observed A".
    """
    names = sorted({*_parties(result), result.s1sp, result.device_type} - {""}, key=len, reverse=True)
    alternatives = "|".join(re.escape(name) for name in names)
    own = re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])") if names else None
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"<{len(numbers) + 1}>")

    said = []
    for text in _said(result):
        general = _CHANGING.sub(number, text)
        said.append(own.sub(number, general) if own is not None else general)
    return (str(result.status), result.known_issue, *said)


def where(results: Iterable[ScenarioResult]) -> list[str]:
    """Where something holds, a line for each place: "MP107-T01, MP107-T02: S1SP1, S1SP2 (ESME, GPF)"."""
    device_types: dict[str, dict[str, list[str]]] = {}
    for result in sorted(results, key=_order):
        known = device_types.setdefault(result.scenario_id or result.title, {})
        known.setdefault(result.s1sp, []).append(result.device_type)
    by_places: dict[str, list[str]] = {}
    for scenario_id, by_s1sp in device_types.items():
        by_places.setdefault(_places(by_s1sp), []).append(scenario_id)
    return [
        f"{', '.join(scenario_ids)}: {places}" if places else ", ".join(scenario_ids)
        for places, scenario_ids in by_places.items()
    ]


def _places(by_s1sp: dict[str, list[str]]) -> str:
    by_types: dict[str, list[str]] = {}
    for s1sp, device_types in by_s1sp.items():
        types = ", ".join(dict.fromkeys(filter(None, device_types)))
        by_types.setdefault(types, []).append(s1sp)
    return "; ".join(
        " ".join(filter(None, (", ".join(filter(None, s1sps)), f"({types})" if types else "")))
        for types, s1sps in by_types.items()
    )


def _order(result: ScenarioResult) -> tuple[str, tuple[str, str], str]:
    return (result.scenario_id or "~", column_of(result), result.nodeid)


def _said(result: ScenarioResult) -> tuple[str, str, str]:
    reason = result.reason
    return (reason.requirement, reason.expected, reason.actual) if reason is not None else ("", "", "")


def _parties(result: ScenarioResult) -> Sequence[str]:
    """Whoever took part under a name of its own; what every scenario calls alike is left as it is."""
    return [
        name
        for message in result.messages
        for name in (message.sender, message.receiver)
        if name and name not in ("DSP", "S1SP1", "S1SP2", "S1SP3")
    ]
