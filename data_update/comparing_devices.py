"""Each device of a plan beside its rows of the audit and its slot: the first checks of a verification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Column, Integer, MetaData, Select, String, Table, and_, exists, null, select

from data_update.audit import AUDIT, PLANS, Action, Outcome, updated_by
from data_update.database import Database
from data_update.layout import Tables, as_text
from data_update.plan_file import Plan
from data_update.records import PlannedPair, Replacement
from data_update.row_records import HALF_OCTETS, KEY_OCTETS, WRITTEN, RecordParts, key_of, written_hash
from data_update.verification import MOST_EXAMPLES, Check, Tally

VERIFIED: Final = Table(
    "data_update_verified",
    MetaData(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("device_id", String, unique=True),
    prefixes=["TEMPORARY"],
)
"""The devices of the plan, of one session only."""

REPLACED, SKIPPED, UNKNOWN = b"R", b"S", bytes(HALF_OCTETS)
"""What a record of the handled slots says: replaced, or left as somebody else had made it; and no hash."""

HANDLED_OCTETS: Final = KEY_OCTETS + 1 + HALF_OCTETS
"""A record of the handled slots: its key, REPLACED or SKIPPED, and what the audit says was in it before."""

_ACCOUNTED: Final = ("every device of the plan is accounted for", "FIA 4.2.2")
_AGREES: Final = ("the audit agrees with the plan", "FIA 4.2.2")
_HOLDS: Final = ("replaced slots hold the registered Network Operator's certificates", "FIA 3.3.2, 4.2.2")
_AT_ONCE: Final = 5000

_Contents = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database says of one device of the plan; contents are party, ds and ka, where it has them."""

    applied: str | None
    rolled_back: str | None
    before: _Contents
    after: _Contents
    before_written: tuple[str | None, ...]
    there: bool
    holds: _Contents
    holds_by: str | None


class DeviceComparison:
    """Compares the devices of a plan; inside one transaction.

    Args:
        database: open.
        plan: the plan.
        tables: the tables of its layout.
    """

    def __init__(self, database: Database, plan: Plan, tables: Tables) -> None:
        self._database = database
        self._plan = plan
        self._tables = tables
        self._has_party = "remote_party_id" in tables.slots.c
        self._written = tuple(name for name in WRITTEN if name in tables.slots.c)
        # The audit keeps text: what the slot held can be hashed again only where its columns are text too.
        self._can_hash = all(isinstance(tables.slots.c[name].type, String) for name in self._written)
        self._accounted, self._agrees, self._holds = Tally(), Tally(), Tally()

    def checks(self, handled: RecordParts) -> tuple[Check, Check, Check]:
        """Compare; `handled` gets a record for each slot that was replaced or skipped."""
        self._plan_is_known()
        self._fill()
        rows = self._database.stream(_devices(self._plan, self._tables))
        for planned, row in zip(self._plan.rows(), rows, strict=True):
            self._device(planned, self._found(row), handled)
        self._not_of_the_plan()
        return (
            self._accounted.check(*_ACCOUNTED),
            self._agrees.check(*_AGREES),
            self._holds.check(*_HOLDS),
        )

    def _plan_is_known(self) -> None:
        columns = (PLANS.c.digest, PLANS.c.scope, PLANS.c.devices, PLANS.c.rolled_back_at)
        statement = select(*columns).where(PLANS.c.plan == self._plan.plan_id)
        noted = self._database.connection.execute(statement).first()
        plan = self._plan
        if noted is None:
            self._accounted.fail("was never applied to this database", f"plan {plan.plan_id}")
        elif tuple(noted[:3]) != (plan.digest, plan.header.scope, plan.summary.devices):
            self._accounted.fail("is noted in the database with other figures", f"plan {plan.plan_id}")
        elif noted.rolled_back_at is not None:
            self._accounted.report(f"was rolled back at {noted.rolled_back_at}", f"plan {plan.plan_id}")

    def _fill(self) -> None:
        numbered = enumerate(row.device_id for row in self._plan.rows())
        while part := list(islice(numbered, _AT_ONCE)):
            self._database.fill(VERIFIED, part)

    def _found(self, row: Any) -> _Found:
        before, after, slot = row[3:8], row[8:11], row[11:16]
        before_written = tuple(
            value for name, value in zip(WRITTEN, before, strict=True) if name in self._written
        )
        start = 0 if self._has_party else 1
        return _Found(
            row[1],
            row[2],
            tuple(before[start:3]),
            tuple(after[start:3]),
            before_written,
            slot[0] is not None,
            tuple(slot[1 + start : 4]),
            slot[4],
        )

    def _device(self, planned: Replacement, found: _Found, handled: RecordParts) -> None:
        device = planned.device_id
        if found.applied is None:
            self._accounted.fail("no row of the audit", device)
            return
        try:
            outcome = Outcome(found.applied)
        except ValueError:
            self._agrees.fail(f"unknown outcome {found.applied}", device)
            return
        self._accounted.count(outcome.value)
        self._audit(planned, found, outcome)
        restored = found.rolled_back == Outcome.RESTORED
        if outcome is Outcome.REPLACED:
            self._slot(planned, found, restored=restored)
        if not restored:
            key = key_of(device, self._tables.layout.words.network_operator)
            what = REPLACED if outcome is Outcome.REPLACED else SKIPPED
            is_known = outcome is Outcome.REPLACED and self._can_hash
            handled.add(key + what + (written_hash(found.before_written) if is_known else UNKNOWN))

    def _audit(self, planned: Replacement, found: _Found, outcome: Outcome) -> None:
        before = self._before(planned)
        if outcome is Outcome.REPLACED:
            if found.before != before:
                self._agrees.fail(
                    "what the audit says was there before is not what the plan says", planned[0]
                )
            elif found.after != self._contents(self._pair(planned)):
                self._agrees.fail("what the audit says was placed is not what the plan says", planned[0])
            else:
                self._agrees.count("agree")
        else:
            is_changed = found.before != before and found.after == found.before
            is_gone = not any((*found.before, *found.after))
            if is_changed if outcome is Outcome.CHANGED else outcome is Outcome.GONE and is_gone:
                self._agrees.report(outcome.value, planned[0])
            else:
                self._agrees.fail(f"the audit says {outcome}, and its columns say otherwise", planned[0])

    def _slot(self, planned: Replacement, found: _Found, *, restored: bool) -> None:
        device, pair = planned.device_id, self._pair(planned)
        expected = self._before(planned) if restored else self._contents(pair)
        if found.there and found.holds == expected:
            self._holds.count("hold what was there before: rolled back" if restored else "hold them")
        elif not found.there:
            self._holds.fail("the slot is no longer there", device)
        elif found.holds_by is not None and found.holds_by not in self._not_a_service_user(found):
            self._holds.report(f"changed afterwards by {found.holds_by}", device)
        elif found.holds == self._before(planned):
            self._holds.fail("holds what it held before the update", device)
        else:
            self._holds.fail("holds neither what the plan placed nor what was there before", device)

    def _not_a_service_user(self, found: _Found) -> tuple[str | None, ...]:
        return updated_by(self._plan.plan_id), found.before_written[-1]

    def _pair(self, planned: Replacement) -> PlannedPair:
        return self._plan.header.pairs[planned.pair]

    def _contents(self, pair: PlannedPair) -> _Contents:
        contents = (pair.party, pair.digital_signing_sha256, pair.key_agreement_sha256)
        return contents if self._has_party else contents[1:]

    def _before(self, planned: Replacement) -> _Contents:
        contents = (planned.before_party, planned.before_digital_signing, planned.before_key_agreement)
        return contents if self._has_party else contents[1:]

    def _not_of_the_plan(self) -> None:
        planned = exists().where(VERIFIED.c.device_id == AUDIT.c.device_id)
        extra = select(AUDIT.c.device_id).where(
            AUDIT.c.plan == self._plan.plan_id, AUDIT.c.action == Action.APPLY.value, ~planned
        )
        connection = self._database.connection
        for (device,) in connection.execute(extra.limit(MOST_EXAMPLES)):
            self._accounted.fail("a row of the audit, and not in the plan", device)


def _devices(plan: Plan, tables: Tables) -> Select[Any]:
    """Each device of the plan in its order, with its rows of the audit and its slot."""
    slots = tables.slots
    applied, rolled_back = AUDIT.alias("applied"), AUDIT.alias("rolled_back")

    def of_action(audit: Any, action: Action) -> Any:
        return and_(
            audit.c.plan == plan.plan_id,
            audit.c.device_id == VERIFIED.c.device_id,
            audit.c.action == action.value,
        )

    def text_of(name: str) -> Any:
        return as_text(slots.c[name]) if name in slots.c else null()

    same_device = and_(*tables.network_operator_slots(slots), slots.c.device_id == VERIFIED.c.device_id)
    return (
        select(
            VERIFIED.c.number,
            applied.c.outcome,
            rolled_back.c.outcome,
            *(applied.c[f"before_{name}"] for name in WRITTEN),
            *(applied.c[f"after_{name}"] for name in WRITTEN[:3]),
            slots.c.device_id,
            text_of("remote_party_id"),
            slots.c.digital_signing,
            slots.c.key_agreement,
            text_of("updated_by"),
        )
        .select_from(
            VERIFIED.outerjoin(applied, of_action(applied, Action.APPLY))
            .outerjoin(rolled_back, of_action(rolled_back, Action.ROLLBACK))
            .outerjoin(slots, same_device)
        )
        .order_by(VERIFIED.c.number)
    )


def outcomes_of(database: Database, plan: Plan, devices: list[str]) -> Iterator[tuple[str, Outcome, bool]]:
    """Return of some devices what the audit says: the device, its outcome, and whether it was rolled back."""
    columns = (AUDIT.c.device_id, AUDIT.c.action, AUDIT.c.outcome)
    statement = select(*columns).where(AUDIT.c.plan == plan.plan_id, AUDIT.c.device_id.in_(devices))
    rows = database.connection.execute(statement).all()
    rolled_back = {row[0] for row in rows if row[1] == Action.ROLLBACK and row[2] == Outcome.RESTORED}
    for device, action, outcome in rows:
        if action == Action.APPLY and outcome in set(Outcome):
            yield device, Outcome(outcome), device in rolled_back
