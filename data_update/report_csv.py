"""Every device of a plan as a row of a CSV file: before, planned, and what became of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from data_update.database import Database
from data_update.plan_file import Plan
from data_update.reasons import Verdict
from data_update.recorded import DeviceRecord, Recorded, device_records
from data_update.records import LeftAlone
from data_update.written_whole import written_whole

COLUMNS: Final = (
    "device_id",
    "s1sp",
    "cohort",
    "device_type",
    "mpxn",
    "verdict",
    "reason",
    "detail",
    "planned_from_party",
    "planned_from_digital_signing",
    "planned_from_key_agreement",
    "planned_to_party",
    "planned_to_name",
    "planned_to_digital_signing",
    "planned_to_key_agreement",
    "outcome",
    "found_party",
    "found_digital_signing",
    "found_key_agreement",
    "found_updated_at",
    "found_updated_by",
    "after_party",
    "after_digital_signing",
    "after_key_agreement",
    "at",
    "by",
    "rollback_outcome",
    "rollback_at",
    "rollback_by",
)
NOT_YET: Final = "not yet carried out"


def write_csv(database: Database, plan: Plan, path: Path) -> int:
    """Write a row for each device of the plan and each slot left alone; memory stays small.

    Returns:
        How many rows there are.

    Raises:
        DataUpdateError: the file cannot be written, or the database failed; nothing is left behind.
    """
    count = 0
    with written_whole(path) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in _rows(database, plan):
            writer.writerow(row)
            count += 1
    return count


def _rows(database: Database, plan: Plan) -> Iterator[tuple[str | None, ...]]:
    for device in device_records(database, plan):
        yield _row(device, plan)
    for slot in plan.left_alone():
        yield _left_alone(slot)


def _row(device: DeviceRecord, plan: Plan) -> tuple[str | None, ...]:
    planned = device.planned
    pair = plan.header.pairs[planned.pair]
    undone = device.rolled_back
    return (
        *planned[:5],
        Verdict.REPLACE.value,
        "",
        "",
        planned.before_party,
        planned.before_digital_signing,
        planned.before_key_agreement,
        pair.party,
        pair.name,
        pair.digital_signing_sha256,
        pair.key_agreement_sha256,
        *_outcome(device.applied),
        *(("", "", "") if undone is None else (undone.outcome.value, undone.at, undone.by)),
    )


def _outcome(recorded: Recorded | None) -> tuple[str | None, ...]:
    if recorded is None:
        return (NOT_YET, *[""] * (len(Recorded._fields) - 1))
    return (recorded.outcome.value, *recorded[1:])


def _left_alone(slot: LeftAlone) -> tuple[str, ...]:
    known = (*slot[:5], Verdict.LEFT_ALONE.value, slot.reason, slot.detail)
    return (*known, *[""] * (len(COLUMNS) - len(known)))
