"""The report of a data update: one HTML file for who assures it, and never saw the terminal.

It needs no network, no script and no other file. What it says comes from the plan file, the audit in the
database and, when given, the result of the verification; it holds no opinion of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import jinja2

from data_update.audit import Outcome
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.mends import MENDS
from data_update.plan_file import Plan
from data_update.report_curve import HEIGHT, WIDTH, curve_of
from data_update.report_figures import (
    MOST_LISTED,
    MOST_OF_A_REASON,
    NOT_STATED,
    OTHERS,
    Figures,
    read_figures,
)
from data_update.report_history import History, read_history
from data_update.verification import Verification
from data_update.written_whole import written_whole

KNOWN_INCORRECT: Final[Mapping[tuple[str, str], int]] = {
    ("IOC", "ESME"): 9_024,
    ("IOC", "GPF"): 18_905,
    ("MOC", "ESME"): 125,
    ("MOC", "GPF"): 1_226,
}
"""The incorrect slots known when the impact was assessed [FIA 4.2.2], by cohort and device type."""


class State(StrEnum):
    """How far a plan has come in a database."""

    PLANNED = "planned, not yet applied"
    APPLYING = "partly applied"
    APPLIED = "applied"
    ROLLING_BACK = "partly rolled back"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says, in short.

    Attributes:
        path: the HTML file.
        state: how far the plan has come.
        figures: everything that was counted.
    """

    path: Path
    state: State
    figures: Figures


def write_report(
    database: Database, plan: Plan, path: Path, *, made_at: datetime, verification: Verification | None = None
) -> Report:
    """Write the report of a plan.

    Args:
        database: where the plan was, or may be, applied.
        plan: the plan.
        path: the HTML file; one that is there already is replaced.
        made_at: the time of the report, UTC.
        verification: what verifying the update found; None when that was not given.

    Raises:
        DataUpdateError: the file cannot be written, the verification is that of another plan, or the
            database failed; nothing is left behind.
    """
    if verification is not None and verification.digest != plan.digest:
        raise DataUpdateError(
            f"{plan.path}: the verification is that of another plan ({verification.plan}, SHA-256 "
            f"{verification.digest[:16]}…, not {plan.digest[:16]}…); verify this plan with verify --json"
        )
    history = read_history(database, plan)
    figures = read_figures(database, plan)
    state = _state(figures, history)
    applied = None if history is None else history.applied
    template = _environment(plan).get_template("report.html.j2")
    parts = template.generate(
        plan=plan,
        database=database.name,
        kind="SQLite" if database.is_sqlite else "PostgreSQL",
        made_at=made_at,
        state=state,
        history=history,
        figures=figures,
        curve=None if applied is None else curve_of(applied, plan.summary.devices),
        width=WIDTH,
        height=HEIGHT,
        mends=MENDS,
        verification=verification,
        outdated=_is_outdated(verification, history),
        compared=_compared(figures),
        replacements=_replacements(plan),
        most_listed=MOST_LISTED,
        most_of_a_reason=MOST_OF_A_REASON,
        not_stated=NOT_STATED,
        Outcome=Outcome,
        State=State,
    )
    with written_whole(path) as file:
        file.writelines(parts)
    return Report(path, state, figures)


def _state(figures: Figures, history: History | None) -> State:
    if history is None:
        return State.PLANNED
    if history.rolled_back_at is not None:
        return State.ROLLED_BACK
    if history.rollback_started_at is not None or figures.rollback_outcomes:
        return State.ROLLING_BACK
    return State.APPLYING if figures.total.waiting else State.APPLIED


def _is_outdated(verification: Verification | None, history: History | None) -> bool:
    """Whether slots were written after they were verified."""
    if verification is None or history is None:
        return False
    works = [work for work in (history.applied, history.rolled_back) if work is not None]
    return any(work.last > datetime.fromisoformat(verification.at) for work in works)


def _compared(figures: Figures) -> list[tuple[str, str, int, int]]:
    """Cohort, device type, what the FIA knows to be incorrect, and what the plan found to replace."""
    found: dict[tuple[str, str], int] = {}
    for place, counts in figures.places:
        key = (place.cohort, place.device_type)
        found[key] = found.get(key, 0) + counts.to_replace
    if not any(key in found for key in KNOWN_INCORRECT):
        return []
    return [(*key, known, found.get(key, 0)) for key, known in KNOWN_INCORRECT.items()]


def _replacements(plan: Plan) -> list[tuple[Any, int]]:
    """The pairs of certificates that are placed, each with the number of its devices."""
    devices: dict[str, int] = {}
    for group in plan.summary.groups:
        devices[group.new] = devices.get(group.new, 0) + group.devices
    return [(pair, devices[pair.party]) for pair in plan.header.pairs if pair.party in devices]


def _environment(plan: Plan) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("data_update"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda number: f"{number:,}"
    environment.filters["instant"] = _instant
    environment.filters["duration"] = _duration
    environment.filters["party"] = _party_names(plan)
    return environment


def _party_names(plan: Plan) -> Callable[[str | None], str]:
    names = {pair.party: pair.name for pair in plan.header.pairs if pair.name != pair.party}
    names[OTHERS] = OTHERS

    def name(parties: str | None) -> str:
        """Name a party, or both parties of a slot that holds two; one without a name is its identifier."""
        if parties is None:
            return "nobody"
        return " + ".join(names.get(party, party) for party in parties.split(" + "))

    return name


def _instant(moment: datetime | str | None) -> str:
    if moment is None:
        return "at an unknown time"
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return str(moment)  # whatever the S1SP's own column holds
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} seconds"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
