"""What ``data-update plan`` prints: counts for a database administrator and a test analyst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

    from data_update.plan_file import Plan

PLAIN_WIDTH: Final = 100
_MOST_CHANGES: Final = 40
_Place = tuple[str, str, str]


def new_console() -> Console:
    """Return where tables are printed; no wider than `PLAIN_WIDTH` where there is no terminal."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def print_summary(console: Console, plan: Plan, names: Mapping[str, str]) -> None:
    """Print what a plan was made from, and what it found.

    Args:
        console: where.
        plan: the plan.
        names: names of parties by Entity Identifier, as far as they are known.
    """
    header, summary = plan.header, plan.summary
    facts = [
        ("plan", str(plan.path)),
        ("database", f"{header.database}, estate {header.scope}"),
        ("judged at", header.made_at),
        ("registrations", _with_digest(header.registrations, header.registrations_digest)),
        ("certificates", _with_digest(header.certificate_list, header.certificate_list_digest)),
        ("trust", header.anchors),
        ("device types", ", ".join(header.device_types) or "all"),
    ]
    for name, value in facts:
        console.print(f"{name:<14} {value}", soft_wrap=True)
    console.print()
    console.print(
        f"{summary.examined:,} Network Operator slots examined: {summary.correct:,} correct, "
        f"{summary.devices:,} to replace, {summary.left_alone_count:,} left alone"
    )
    _print_places(console, plan)
    _print_changes(console, plan, names)
    _print_reasons(console, plan)
    console.print(f"digest         {plan.digest}", soft_wrap=True)


def _with_digest(source: str, digest: str | None) -> str:
    return source if digest is None else f"{source} (SHA-256 {digest[:16]}…)"


def _print_places(console: Console, plan: Plan) -> None:
    correct: Counter[_Place] = Counter()
    replace: Counter[_Place] = Counter()
    left: Counter[_Place] = Counter()
    for s1sp, cohort, device_type, count in plan.summary.correct_slots:
        correct[s1sp, cohort, device_type] += count
    for group in plan.summary.groups:
        replace[group.s1sp, group.cohort, group.device_type] += group.devices
    for s1sp, cohort, device_type, _, count in plan.summary.left_alone:
        left[s1sp, cohort, device_type] += count
    places = sorted({*correct, *replace, *left})
    rows = [(*place, *(f"{counts[place]:,}" for counts in (correct, replace, left))) for place in places]
    _print_table(console, ("S1SP", "cohort", "device type"), ("correct", "to replace", "left alone"), rows)


def _print_changes(console: Console, plan: Plan, names: Mapping[str, str]) -> None:
    changes: Counter[tuple[str, str]] = Counter()
    for group in plan.summary.groups:
        changes[group.former, group.new] += group.devices
    ordered = sorted(changes.items(), key=lambda change: (-change[1], change[0]))
    rows = [
        (_named(former, names), _named(new, names), f"{count:,}")
        for (former, new), count in ordered[:_MOST_CHANGES]
    ]
    if len(ordered) > _MOST_CHANGES:
        rest = sum(count for _, count in ordered[_MOST_CHANGES:])
        rows.append((f"and {len(ordered) - _MOST_CHANGES} more, see data-update report", "", f"{rest:,}"))
    _print_table(console, ("slot holds", "registered"), ("devices",), rows)


def _print_reasons(console: Console, plan: Plan) -> None:
    reasons: Counter[str] = Counter()
    for *_, reason, count in plan.summary.left_alone:
        reasons[reason] += count
    rows = [(reason, f"{count:,}") for reason, count in reasons.most_common()]
    _print_table(console, ("left alone because",), ("devices",), rows)


def _print_table(
    console: Console, texts: Sequence[str], numbers: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in texts:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console.print(table)


def _named(parties: str, names: Mapping[str, str]) -> str:
    """Return a party as its name and Entity Identifier; both parties of a slot that holds two."""
    known = [(party, names.get(party)) for party in parties.split(" + ")]
    return " + ".join(party if name in (None, party) else f"{name} ({party})" for party, name in known)
