"""Every row of the tables beside the baseline: whether anything changed that the update was not to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select

from data_update.audit import updated_by
from data_update.baseline import Baseline
from data_update.comparing_devices import REPLACED, SKIPPED, UNKNOWN
from data_update.database import Database
from data_update.layout import Tables
from data_update.plan_file import Plan
from data_update.row_records import (
    HALF_OCTETS,
    KEY_OCTETS,
    PARTS,
    RecordedTable,
    RecordParts,
    key_of,
    records,
)
from data_update.verification import Check, Tally

_REST_END: Final = KEY_OCTETS + HALF_OCTETS
_CLOCKS: Final = timedelta(minutes=1)
"""How far the clocks of the S1SP and of this machine may differ."""

_SLOTS: Final = ("nothing else changed in the slots", "FIA 4.2.2, 5.1.2")
_AUDIT: Final = ("the audit says what each replaced slot held when the plan was made", "FIA 4.2.2")
_TABLES: Final[Mapping[str, str]] = {
    "devices": "devices are as they were",
    "registrations": "Registration Data is as it was",
    "certificates": "certificates are as they were, but for added ones",
}
_CLAUSE: Final = "FIA 4.2.2, 5.1.2"
_BY_OTHERS: Final = "by somebody else after the plan was made"
_NO_LONGER_THERE: Final = "a row that is no longer there"

_ByKey = dict[bytes, bytes]


def compare_slots(
    database: Database,
    plan: Plan,
    tables: Tables,
    baseline: Baseline,
    recorded: RecordedTable,
    handled: RecordParts,
) -> tuple[Check, Check]:
    """Compare the slots, inside a transaction.

    Args:
        database: open.
        plan: the plan.
        tables: the tables of its layout.
        baseline: of the plan.
        recorded: the slots, with the columns of the baseline.
        handled: the slots that were replaced or skipped, as `DeviceComparison` leaves them.
    """
    is_by_others = _attribution(recorded, tables, plan, baseline)
    slots, audit = Tally(), Tally()
    with RecordParts() as now, RecordParts(KEY_OCTETS) as others:
        for record, row in records(database, recorded):
            now.add(record)
            if is_by_others(row):
                others.add(record[:KEY_OCTETS])
        for number, before, after in _differences(baseline, recorded, now):
            by_plan = {each[:KEY_OCTETS]: each[KEY_OCTETS:] for each in handled.part(number)}
            by_others = set(others.part(number))
            for key in sorted(before.keys() | after.keys()):
                what = by_plan.get(key, b"")
                is_replaced = what[:1] == REPLACED and key in before
                if is_replaced and what[1:] not in (UNKNOWN, before[key][_REST_END:]):
                    audit.fail("the audit says something else than the baseline", key.hex())
                elif is_replaced:
                    audit.count("agree")
                if key in by_others or what[:1] == SKIPPED:
                    slots.report(f"{_kind(key, before, after)} {_BY_OTHERS}", key.hex())
                elif not is_replaced or key not in after:
                    slots.fail(_kind(key, before, after), key.hex())
                elif before[key][KEY_OCTETS:_REST_END] == after[key][KEY_OCTETS:_REST_END]:
                    slots.count("changed by the plan")
                else:
                    slots.fail("changed in columns the update does not write", key.hex())
        _compare_counts(slots, baseline, recorded, now)
    names = _names(database, recorded, (slots, audit), lambda: _possible_slots(database, tables))
    return slots.check(*_SLOTS, names=names), audit.check(*_AUDIT, names=names)


def compare_table(database: Database, baseline: Baseline, recorded: RecordedTable, *, live: bool) -> Check:
    """Compare the devices or the Registration Data, inside a transaction.

    Args:
        database: open.
        baseline: of the plan.
        recorded: the table, with the columns of the baseline.
        live: whether others work on the database, so that differences are told and are no failure.
    """
    tally = Tally()
    note = tally.report if live else tally.fail
    with RecordParts() as now:
        for record, _ in records(database, recorded):
            now.add(record)
        for _, before, after in _differences(baseline, recorded, now):
            for key in sorted(before.keys() | after.keys()):
                note(_kind(key, before, after), key.hex())
        _compare_counts(tally, baseline, recorded, now)
    names = _names(database, recorded, (tally,))
    return tally.check(_TABLES[recorded.name], _CLAUSE, names=names)


def compare_certificates(
    database: Database, plan: Plan, baseline: Baseline, recorded: RecordedTable, tables: Tables, *, live: bool
) -> Check:
    """Compare the certificates, inside a transaction: each is called by its own SHA-256, so more do no harm.

    Args:
        database: open.
        plan: the plan, whose certificates may have been added.
        baseline: of the plan.
        recorded: the certificates, with the columns of the baseline.
        tables: the tables of the layout.
        live: whether others work on the database, and may remove certificates.
    """
    of_plan = {
        each
        for pair in plan.header.pairs
        for each in (pair.digital_signing_sha256, pair.key_agreement_sha256)
    }
    der = recorded.columns.index(tables.certificates.c.der.name)
    before = {
        each[:KEY_OCTETS]: each for number in range(PARTS) for each in baseline.part(recorded.name, number)
    }
    tally = Tally()
    for record, row in records(database, recorded):
        was = before.pop(record[:KEY_OCTETS], None)
        if was == record:
            tally.count("as they were")
        elif was is not None:
            tally.fail("changed", row[0])
        elif sha256(row[der]).hexdigest() != row[0]:
            tally.fail("added, and this is not its SHA-256", row[0])
        else:
            tally.count("added by the plan" if row[0] in of_plan else f"added {_BY_OTHERS}")
    for _ in before:
        (tally.report if live else tally.fail)("removed", _NO_LONGER_THERE)
    return tally.check(_TABLES[recorded.name], "FIA 3.3.2, 4.2.2")


def _compare_counts(tally: Tally, baseline: Baseline, recorded: RecordedTable, now: RecordParts) -> None:
    tally.count("rows in the baseline", baseline.count(recorded.name))
    tally.count("rows now", now.count)


def _differences(
    baseline: Baseline, recorded: RecordedTable, now: RecordParts
) -> Iterator[tuple[int, _ByKey, _ByKey]]:
    """Return, part by part, the records that only the baseline has and those that only the table has now."""
    for number in range(PARTS):
        before, after = set(baseline.part(recorded.name, number)), set(now.part(number))
        if before != after:
            yield number, _by_key(before - after), _by_key(after - before)


def _by_key(records_: set[bytes]) -> _ByKey:
    return {each[:KEY_OCTETS]: each for each in records_}


def _kind(key: bytes, before: _ByKey, after: _ByKey) -> str:
    if key in before:
        return "changed" if key in after else "removed"
    return "added"


def _attribution(
    recorded: RecordedTable, tables: Tables, plan: Plan, baseline: Baseline
) -> Callable[[Any], bool]:
    """Return what says of a slot whether somebody else wrote it after the plan was made."""
    columns = tables.slots.c
    if "updated_at" not in columns or "updated_by" not in columns:
        return lambda _row: False
    at, by = (recorded.columns.index(columns[name].name) for name in ("updated_at", "updated_by"))
    ours, since = updated_by(plan.plan_id), baseline.taken_at - _CLOCKS

    @lru_cache(maxsize=4096)
    def is_later(value: object) -> bool:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            return False
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= since

    return lambda row: row[by] != ours and is_later(row[at])


def _names(
    database: Database,
    recorded: RecordedTable,
    tallies: tuple[Tally, ...],
    removed: Callable[[], Iterator[tuple[str, ...]]] = lambda: iter(()),
) -> dict[str, str]:
    """Find what the rows are called of which a check shows hashes."""
    names = {example: _NO_LONGER_THERE for tally in tallies for example, _ in tally.examples}
    unknown = {bytes.fromhex(example) for example in names}
    if unknown:
        for record, row in records(database, recorded):
            key = record[:KEY_OCTETS]
            if key in unknown:
                names[key.hex()] = _called(recorded, row)
    unknown = {bytes.fromhex(example) for example, name in names.items() if name == _NO_LONGER_THERE}
    if unknown:
        for values in removed():
            key = key_of(*values)
            if key in unknown:
                names[key.hex()] = " ".join(values)
    return names


def _called(recorded: RecordedTable, row: Any) -> str:
    name = " ".join(str(value) for value in row[: len(recorded.key)])
    return f"{name} (last written by {row[-1]} at {row[-2]})" if len(recorded.written) == 5 else name


def _possible_slots(database: Database, tables: Tables) -> Iterator[tuple[str, str]]:
    """Return every device with every role there is: the names that slots no longer there may have had."""
    slots, devices = tables.slots, tables.devices
    statement = select(slots.c.remote_party_role).where(*tables.in_scope(slots)).distinct()
    roles = database.connection.execute(statement).scalars().all()
    for (device,) in database.stream(select(devices.c.device_id).where(*tables.in_scope(devices))):
        for role in roles:
            yield device, role
