"""A plan for people and for programs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from reports.matrix import ANY
from steps.plan import Outlook, Plan, PlannedScenario, restoration
from steps.schedule import cost_of

_PLAIN_WIDTH = 120
_CELLS = {
    Outlook.RUNS: "[green]runs[/]",
    Outlook.NOT_APPLICABLE: "[cyan]n/a[/]",
    Outlook.NOT_RUN: "[bold yellow]not run[/]",
}
_WORST_FIRST = [Outlook.NOT_RUN, Outlook.RUNS, Outlook.NOT_APPLICABLE]


def described(planned: Plan, answer_seconds: float | None, *, bundled: bool) -> dict[str, Any]:
    """A plan as plain JSON values."""
    arranged = planned.schedule
    return {
        "target": "bundled emulators" if bundled else planned.target.name,
        "population": "a scenario has one of its own" if planned.target.isolated else "shared devices",
        "counts": {str(outlook): len(planned.expected(outlook)) for outlook in Outlook},
        "scenarios": [_scenario(planned, each) for each in planned.scenarios],
        "consumables": [
            {
                "kind": each.need.describe(),
                "declared": each.declared,
                "there": each.there,
                "needed": each.needed,
                "further_runs": each.further_runs,
                "lacking": list(each.lacking),
            }
            for each in planned.consumables
        ],
        "out_of_use": {str(device): text for device, text in planned.out_of_use.items()},
        "service_requests": dict(planned.requests),
        "restoration_estimate": dict(planned.restoration),
        "usable_devices": planned.usable_devices,
        "chains": [
            {"scenarios": [each.job.name for each in chain], "waits": cost_of(chain)}
            for chain in arranged.chains
        ],
        "waits": {
            "total": arranged.total,
            "longest_chain": cost_of(arranged.longest),
            "end": arranged.length,
        },
        "answer_seconds": answer_seconds,
        "expected_seconds": arranged.length * answer_seconds if answer_seconds else None,
    }


def _scenario(planned: Plan, each: PlannedScenario) -> dict[str, Any]:
    row = each.written.row
    return {
        "nodeid": each.nodeid,
        "id": each.written.scenario.scenario_id,
        "title": each.written.title,
        "s1sp": row.get("s1sp", ""),
        "device_type": row.get("device_type", ""),
        "outlook": str(each.outlook),
        "reason": each.reason,
        "needs": [need.describe() for need in each.needs.devices],
        "devices": [str(device) for device in each.devices],
        "chain": each.chain,
        "service_requests": dict(each.needs.requests),
        "restoration_estimate": dict(restoration(each.needs, planned.target)),
    }


def print_plan(planned: Plan, answer_seconds: float | None, *, bundled: bool, every_scenario: bool) -> None:
    """Show a plan on the terminal."""
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    console = Console(highlight=False, emoji=False, width=width)
    name = "the bundled emulators" if bundled else f"{planned.target.name} ({planned.target.path})"
    counts = [f"{len(found)} {_WORDS[each]}" for each in Outlook if (found := planned.expected(each))]
    console.print(f"[bold]Plan[/] for {escape(name)}: {len(planned.scenarios)} scenarios selected")
    console.print(_matrix(planned.scenarios))
    if every_scenario:
        console.print(_scenarios(planned))
    _reasons(console, planned)
    _devices(console, planned)
    _requests(console, planned)
    _duration(console, planned, answer_seconds)
    console.print(f"[bold]Scenarios[/]   {', '.join(counts)}; nothing was sent")


_WORDS = {
    Outlook.RUNS: "will run",
    Outlook.NOT_APPLICABLE: "not applicable",
    Outlook.NOT_RUN: "not run for want of a device",
}


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")


def _matrix(scenarios: Iterable[PlannedScenario]) -> Table:
    rows: dict[str, dict[tuple[str, str], Outlook]] = {}
    titles: dict[str, str] = {}
    for each in scenarios:
        written = each.written
        column = (written.row.get("s1sp") or ANY, written.row.get("device_type") or ANY)
        identifier = written.scenario.scenario_id
        title = written.scenario.title.replace("<device_type>", "device").replace("<s1sp>", "S1SP")
        titles.setdefault(identifier, title)
        cells = rows.setdefault(identifier, {})
        known = cells.get(column, each.outlook)
        cells[column] = min(known, each.outlook, key=_WORST_FIRST.index)
    columns = sorted({column for cells in rows.values() for column in cells})
    table = _table()
    table.add_column("test case", no_wrap=True)
    table.add_column("", overflow="fold", ratio=1, min_width=24)
    for s1sp, device_type in columns:
        heading = s1sp if s1sp == device_type else f"{s1sp}\n{device_type}"
        table.add_column(heading, justify="center", no_wrap=True)
    for identifier, cells in sorted(rows.items()):
        shown = [_CELLS[cells[column]] if column in cells else "[dim]-[/]" for column in columns]
        table.add_row(identifier, escape(titles[identifier]), *shown)
    return table


def _scenarios(planned: Plan) -> Table:
    table = _table()
    for name in ("scenario", "chain", "device", "Service Requests"):
        table.add_column(name, overflow="fold")
    for each in sorted(planned.scenarios, key=lambda each: each.written.name):
        if each.outlook is not Outlook.RUNS:
            table.add_row(each.written.name, _CELLS[each.outlook], escape(each.reason), "")
            continue
        devices = each.devices or [need.describe() for need in each.needs.devices]
        where = ", ".join(str(device) for device in devices)
        table.add_row(each.written.name, str(each.chain), where, _counted(each.needs.requests))
    return table


def _reasons(console: Console, planned: Plan) -> None:
    for outlook, heading in (
        (Outlook.NOT_RUN, "[bold yellow]Will not run: no device is left[/]"),
        (Outlook.NOT_APPLICABLE, "[bold]Not applicable to this target[/]"),
    ):
        by_reason: dict[str, list[str]] = {}
        for each in planned.expected(outlook):
            by_reason.setdefault(each.reason, []).append(each.written.name)
        if by_reason:
            console.print(heading)
        for reason, names in sorted(by_reason.items()):
            console.print(f"  {escape(reason)}", soft_wrap=True)
            console.print(f"    [dim]{escape(_names(names))}[/]", soft_wrap=True)
        if by_reason:
            console.print()


def _names(names: list[str]) -> str:
    """Test cases with their places: "MP107-T20, MP107-T22 (S1SP1 ESME, S1SP1 GPF)"."""
    places: dict[str, list[str]] = {}
    for name in sorted(names):
        identifier, _, place = name.partition(" ")
        places.setdefault(identifier, []).append(place)
    alike: dict[tuple[str, ...], list[str]] = {}
    for identifier, found in places.items():
        alike.setdefault(tuple(place for place in found if place), []).append(identifier)
    return "; ".join(
        ", ".join(identifiers) + (f" ({', '.join(where)})" if where else "")
        for where, identifiers in alike.items()
    )


def _devices(console: Console, planned: Plan) -> None:
    if planned.target.isolated:
        return
    if planned.consumables:
        table = _table()
        for name in ("consumable devices", "declared", "there", "needed"):
            table.add_column(name)
        table.add_column("further runs after this one", justify="right")
        for each in planned.consumables:
            numbers = (each.declared, each.there, each.needed, each.further_runs)
            table.add_row(each.need.describe(), *map(str, numbers))
        console.print(table)
    if planned.out_of_use:
        console.print("[bold]Devices out of use[/]")
        for text in planned.out_of_use.values():
            console.print(f"  {escape(text)}", soft_wrap=True)
        console.print()


def _requests(console: Console, planned: Plan) -> None:
    sent, restoring = planned.requests, planned.restoration
    console.print(
        f"[bold]Requests[/]    {sent.total()} of scenarios, preparation of devices included: "
        f"{_counted(sent)}",
        soft_wrap=True,
    )
    if restoring:
        console.print(
            f"            about {restoring.total()} to restore devices, an estimate, as that depends on what "
            f"their slots then hold: {_counted(restoring)}",
            soft_wrap=True,
        )


def _duration(console: Console, planned: Plan, answer_seconds: float | None) -> None:
    arranged = planned.schedule
    if not arranged.chains:
        return
    console.print(
        f"[bold]Chains[/]      {len(arranged.chains)}, the longest of {len(arranged.longest)} scenario(s) "
        f"that wait for {cost_of(arranged.longest):g} answers one after another; all together wait for "
        f"{arranged.total:g}",
        soft_wrap=True,
    )
    if answer_seconds is None:
        console.print(
            "[bold]Duration[/]    not known, because no earlier run tells how long an answer takes; "
            "--answer SECONDS says it",
            soft_wrap=True,
        )
        return
    one, longest = answer_seconds * arranged.total, answer_seconds * arranged.length
    console.print(
        f"[bold]Duration[/]    about {_time(longest)} at {answer_seconds:.2g} s an answer, instead of "
        f"{_time(one)} one after another"
    )


def _counted(counts: Mapping[str, int]) -> str:
    ordered = Counter(counts).most_common()
    return ", ".join(f"{number} x {srv if srv != '?' else 'unreadable'}" for srv, number in ordered)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
