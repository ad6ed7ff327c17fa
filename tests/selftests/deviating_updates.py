"""Data updates that are wrong in one named way, to show that the test cases of Requirement 2 can fail.

A plugin for a run of the features: `-p tests.selftests.deviating_updates --deviating-update NAME`. The
emulators cannot be asked for these: the data update is the product's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import pytest
from sqlalchemy import ColumnElement, Connection, String, bindparam, select, update

from data_update import applying, classification, planning, reading_slots, rolling_back, still_matching
from data_update.applying import Applied, Options, Progress, apply
from data_update.carrying_out import carry_out
from data_update.certificate_list import Pair
from data_update.classification import Classifier, Judged, SlotRow
from data_update.database import Database
from data_update.layout import Tables
from data_update.plan_file import Plan
from data_update.reasons import Reason, Verdict
from data_update.statements import BATCH
from target import own_data_update

Replace: TypeAlias = Callable[[object, str, object], None]
"""Puts something in the place of an attribute of a module."""


@dataclass(frozen=True)
class DeviatingUpdate:
    """One named way to be wrong.

    Attributes:
        description: what an observer would call the defect.
        test_cases: the test cases that are to catch it.
        install: puts it in the place of the right one.
    """

    description: str
    test_cases: tuple[str, ...]
    install: Callable[[Replace], None]


def _after_filling(change: Callable[[Connection, Tables], None]) -> Callable[..., Any]:
    """A `carry_out` whose batch is changed before it is carried out."""

    def changed(
        database: Database, connection: Connection, statements: Any, fill: Callable[[], int], **others: Any
    ) -> Any:
        def fill_and_change() -> int:
            devices = fill()
            change(connection, statements.tables)
            return devices

        return carry_out(database, connection, statements, fill_and_change, **others)

    return changed


def _leaves_key_agreement(connection: Connection, _tables: Tables) -> None:
    connection.execute(update(BATCH).values(new_key_agreement=BATCH.c.expected_key_agreement))


_Held: TypeAlias = tuple[Any, ...]
_HELD: Final = ("remote_party_id", "digital_signing", "key_agreement")


def _slots(connection: Connection, tables: Tables) -> dict[str, _Held]:
    slots = tables.slots.c
    found = connection.execute(
        select(slots.device_id, *(slots[name] for name in _HELD)).where(
            *tables.network_operator_slots(tables.slots)
        )
    )
    return {row[0]: tuple(row[1:]) for row in found}


def _expect(connection: Connection, slots: Mapping[str, _Held]) -> None:
    """Have the batch take these slots for what was planned."""
    for device_id, held in slots.items():
        values = {f"expected_{name}": value for name, value in zip(_HELD, held, strict=True)}
        connection.execute(update(BATCH).where(BATCH.c.device_id == device_id).values(**values))


def _noting(
    memory: dict[str, _Held],
    choose: Callable[[Mapping[str, _Held], Mapping[str, _Held]], Mapping[str, _Held]],
) -> Callable[..., Applied]:
    """An `apply` that notes slots when it begins, chosen from those there are and those the plan expects."""

    def noting(database: Database, plan: Plan, options: Options, **others: Any) -> Applied:
        tables = database.tables(plan.header.layout, plan.header.scope)
        with database.transaction() as connection:
            found = _slots(connection, tables)
        planned = {
            row.device_id: (row.before_party, row.before_digital_signing, row.before_key_agreement)
            for row in plan.rows()
        }
        memory.clear()  # the devices of every scenario have the same identifiers
        memory.update(choose(found, planned))
        return apply(database, plan, options, **others)

    return noting


def _takes_slots_as_it_finds_them(replace: Replace) -> None:
    beginning: dict[str, _Held] = {}
    replace(own_data_update, "apply", _noting(beginning, lambda found, _planned: found))
    replace(applying, "carry_out", _after_filling(lambda connection, _: _expect(connection, beginning)))


def _looks_only_when_it_begins(replace: Replace) -> None:
    unchanged: dict[str, _Held] = {}

    def expect_whatever_is_there(connection: Connection, tables: Tables) -> None:
        now = _slots(connection, tables)
        _expect(connection, {device_id: now[device_id] for device_id in unchanged})

    both = _noting(unchanged, lambda found, planned: dict(found.items() & planned.items()))
    replace(own_data_update, "apply", both)
    replace(applying, "carry_out", _after_filling(expect_whatever_is_there))


class _HeldDatabase(Database):
    """A database whose transaction does not end while it is held."""

    held = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        if self.held:
            yield self.connection
            return
        with super().transaction() as connection:
            yield connection

    def _end(self, how: str) -> None:
        if how != "COMMIT" or not self.held:
            super()._end(how)


def _in_one_transaction(replace: Replace) -> None:
    def applied_at_once(
        database: _HeldDatabase,
        plan: Plan,
        options: Options,
        progress: Callable[[Progress], None],
        now: Callable[[], datetime],
    ) -> Applied:
        begun = False

        def after_batch(done: Progress) -> None:
            nonlocal begun
            begun = True
            progress(done)

        def time_of_batch() -> datetime:
            database.held = begun
            return now()

        applied = apply(database, plan, options, progress=after_batch, now=time_of_batch)
        database.held = False
        with database.explained("ending the one transaction"):
            database._end("COMMIT")
        return applied

    replace(own_data_update, "Database", _HeldDatabase)
    replace(own_data_update, "apply", applied_at_once)


class _ComparesCertificates(Classifier):
    """Takes a slot for incorrect that holds other certificates of the registered party than it shared."""

    def judge(self, row: SlotRow) -> Judged:
        judged = super().judge(row)
        if judged.verdict is not Verdict.CORRECT:
            return judged
        shared = self._known.shared.replacement(row.registered[0])
        assert isinstance(shared, Pair)
        pair = (shared.digital_signing.sha256.hex(), shared.key_agreement.sha256.hex())
        if pair == (row.digital_signing, row.key_agreement):
            return judged
        return Judged(Verdict.REPLACE, pair=shared, former=judged.former)


def _takes_slots_out_of_dcc_control(replace: Replace) -> None:
    rules = tuple(rule for rule in classification.RULES if rule[0] is not Reason.UNDER_DCC_CONTROL)
    replace(classification, "RULES", rules)


def _goes_by_ended_registrations(replace: Replace) -> None:
    def has_begun(tables: Tables, registrations: Any) -> list[ColumnElement[bool]]:
        return [
            *tables.in_scope(registrations),
            registrations.c.effective_from <= bindparam("now", type_=String),
        ]

    replace(reading_slots, "in_effect", has_begun)
    replace(still_matching, "in_effect", has_begun)


DEVIATING_UPDATES: Final[Mapping[str, DeviatingUpdate]] = {
    "update-leaves-key-agreement-certificates": DeviatingUpdate(
        "of a pair of certificates only the digital signing one is replaced",
        ("R2-01", "R2-02", "R2-03", "R2-10", "R2-11", "R2-12", "R2-13", "R2-20", "R2-21"),
        lambda replace: replace(applying, "carry_out", _after_filling(_leaves_key_agreement)),
    ),
    "update-replaces-renewed-certificates": DeviatingUpdate(
        "a slot of the registered operator is replaced when it holds another certificate than was shared",
        ("R2-10",),
        lambda replace: replace(planning, "Classifier", _ComparesCertificates),
    ),
    "update-takes-slots-out-of-dcc-control": DeviatingUpdate(
        "the DCC's own certificate is taken for an incorrect one",
        ("R2-11",),
        _takes_slots_out_of_dcc_control,
    ),
    "update-goes-by-ended-registrations": DeviatingUpdate(
        "the end of a registration is not looked at", ("R2-12",), _goes_by_ended_registrations
    ),
    "update-takes-slots-as-it-finds-them": DeviatingUpdate(
        "the update replaces what the slots of its plan hold when it begins",
        ("R2-13",),
        _takes_slots_as_it_finds_them,
    ),
    "update-looks-only-when-it-begins": DeviatingUpdate(
        "whether a slot has changed is looked at when the update begins, and not when its turn comes",
        ("R2-21",),
        _looks_only_when_it_begins,
    ),
    "update-in-one-transaction": DeviatingUpdate(
        "the S1SP cannot use its database until the last slot is replaced",
        ("R2-20",),
        _in_one_transaction,
    ),
    "rollback-leaves-key-agreement-certificates": DeviatingUpdate(
        "of a pair of certificates only the digital signing one is put back",
        ("R2-04",),
        lambda replace: replace(rolling_back, "carry_out", _after_filling(_leaves_key_agreement)),
    ),
}
"""Every deviating update by its name."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--deviating-update NAME``."""
    parser.addoption("--deviating-update", choices=sorted(DEVIATING_UPDATES), required=True)


def pytest_configure(config: pytest.Config) -> None:
    """For this run, put the wrong update in the place of the right one."""
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    DEVIATING_UPDATES[config.getoption("--deviating-update")].install(patch.setattr)
