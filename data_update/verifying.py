"""Verifying an update: that it did what its plan says, and nothing else [FIA 4.2.2, 5.1.2]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import text

from data_update.audit import AUDIT, PLANS, Outcome
from data_update.baseline import Baseline
from data_update.certificate_list import CertificateList
from data_update.comparing_devices import HANDLED_OCTETS, VERIFIED, DeviceComparison, outcomes_of
from data_update.comparing_rows import compare_certificates, compare_slots, compare_table
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Tables
from data_update.plan_file import Plan
from data_update.planning import PlanRequest, make_plan
from data_update.records import Replacement
from data_update.registration_file import RegistrationFile
from data_update.row_records import RecordedTable, RecordParts, recorded_tables
from data_update.verification import Check, CheckOutcome, Tally, Verification

_NO_INCORRECT: Final = "no incorrect slot remains, but for those left alone or changed since"
_APPLIED: Final = "every device of the plan is accounted for"
_BASELINE: Final = "nothing else changed"
_REQUIREMENT: Final = "FIA 4.2.2"
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What to verify with.

    Attributes:
        certificate_list: what is correct is judged with it; best the one of the plan.
        registrations: the file of Registration Data the plan was made with; None for the database's own.
        baseline: the baseline of the plan; None to leave the comparison out.
        live: whether others work on the database, so that other devices, registrations and certificates are
            told and are no failure.
    """

    certificate_list: CertificateList
    registrations: RegistrationFile | None = None
    baseline: Path | None = None
    live: bool = False


def _no_progress(_step: str) -> None:
    return


def verify(
    database: Database,
    plan: Plan,
    request: VerifyRequest,
    *,
    progress: Callable[[str], None] = _no_progress,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Verification:
    """Verify an update; only reads.

    Registrations and certificates are judged as at the time of the plan: what has begun since is a matter of
    another plan.

    Args:
        database: open, best read-only: then the comparisons see one moment of it.
        plan: the plan.
        request: what to verify with.
        progress: told what is looked at next.
        now: the time.

    Raises:
        DataUpdateError: the database, the baseline or the registrations cannot be used, or are others than
            the plan's.
    """
    if (request.registrations is None) != (plan.header.registrations_digest is None):
        which = "the database" if plan.header.registrations_digest is None else plan.header.registrations
        raise DataUpdateError(f"{plan.path}: was made with registrations of {which}; verify it with the same")
    baseline = None
    if request.baseline is not None and plan.summary.baseline is not None:
        baseline = Baseline(request.baseline, plan.summary.baseline)
    has_registrations = plan.header.registrations_digest is None
    tables = database.tables(plan.header.layout, plan.header.scope, registrations=has_registrations)
    recorded = recorded_tables(database, tables, registrations=has_registrations)
    with database.explained("looking for the tables of the data update"):
        begun = database.has(AUDIT, PLANS)
        database.connection.rollback()
    progress("examining every Network Operator slot again")
    with TemporaryDirectory(prefix="data-update-") as folder:
        remaining = _plan_again(database, plan, request, Path(folder) / "plan")
        if begun:
            database.create_temporary(VERIFIED)
        checks: list[Check] = []
        with (
            database.explained("verifying"),
            database.transaction() as connection,
            RecordParts(HANDLED_OCTETS) as handled,
        ):
            if not database.is_sqlite:
                # A fresh audit has no statistics: taken for a few rows, it would be read for each device.
                connection.execute(text("SET LOCAL enable_nestloop = off"))
            progress("comparing the plan, the audit and the slots")
            if begun:
                checks += DeviceComparison(database, plan, tables).checks(handled)
            else:
                why = "the database has no tables of the data update: no plan was ever applied to it"
                checks.append(Check(_APPLIED, _REQUIREMENT, CheckOutcome.FAILED, why))
            checks.append(_no_incorrect_slot(database, plan, remaining, request, begun=begun))
            progress("comparing every row with the baseline")
            if baseline is None:
                checks.append(_without_baseline(plan))
            else:
                checks += _against(baseline, database, plan, tables, recorded, handled, live=request.live)
    return Verification(
        str(plan.path), plan.digest, database.name, plan.header.scope, now().isoformat(), tuple(checks)
    )


def _plan_again(database: Database, plan: Plan, request: VerifyRequest, path: Path) -> Plan:
    """Judge every slot as the plan did: what it would replace now is incorrect now."""
    header = plan.header
    again = PlanRequest(
        path,
        header.layout,
        header.scope,
        request.certificate_list,
        datetime.fromisoformat(header.made_at),
        request.registrations,
        header.device_types,
    )
    make_plan(database, again)
    found = Plan(path)
    if found.header.registrations_digest != header.registrations_digest:
        raise DataUpdateError(
            f"{found.header.registrations}: not the Registration Data the plan was made with "
            f"({header.registrations}); give that file with --registrations"
        )
    return found


def _no_incorrect_slot(
    database: Database, plan: Plan, remaining: Plan, request: VerifyRequest, *, begun: bool
) -> Check:
    tally = Tally()
    tally.count("examined", remaining.summary.examined)
    tally.count("correct", remaining.summary.correct)
    for *_, reason, count in remaining.summary.left_alone:
        tally.count(f"left alone: {reason}", count)
    for part in _parts(remaining.rows()):
        said = {}
        if begun:
            devices = [row.device_id for row in part]
            said = {device: rest for device, *rest in outcomes_of(database, plan, devices)}
        for row in part:
            outcome, rolled_back = said.get(row.device_id, (None, False))
            holds = f"holds certificates of {row.before_party or 'another party'}"
            registered = f"{remaining.header.pairs[row.pair].party} is registered"
            example = f"{row.device_id} {holds}, {registered}"
            if outcome is Outcome.CHANGED:
                tally.report("incorrect, and changed before its turn came", example)
            elif rolled_back:
                tally.fail("incorrect, rolled back", example)
            elif outcome is Outcome.REPLACED:
                tally.fail("incorrect again, although it was replaced", example)
            else:
                tally.fail("incorrect, and the plan has not dealt with it", example)
    same = request.certificate_list.digest == plan.header.certificate_list_digest
    note = "" if same else f"judged with {request.certificate_list.source}, not the list of the plan"
    return tally.check(_NO_INCORRECT, _REQUIREMENT, note)


def _parts(rows: Iterator[Replacement]) -> Iterator[list[Replacement]]:
    while part := list(islice(rows, _AT_ONCE)):
        yield part


def _without_baseline(plan: Plan) -> Check:
    why = "no baseline was given" if plan.summary.baseline else "the plan was made without a baseline"
    return Check(_BASELINE, "FIA 4.2.2, 5.1.2", CheckOutcome.NOT_CHECKED, why)


def _against(
    baseline: Baseline,
    database: Database,
    plan: Plan,
    tables: Tables,
    recorded: Sequence[RecordedTable],
    handled: RecordParts,
    *,
    live: bool,
) -> Iterator[Check]:
    """Compare each table that has the columns it had."""
    for each in recorded:
        columns = baseline.columns(each.name)
        if each.columns != columns:
            tally = Tally()
            for column in sorted({*columns} - {*each.columns}):
                tally.fail("a column that is no longer there", f"{each.full_name}.{column}")
            for column in sorted({*each.columns} - {*columns}):
                tally.fail("a column that was not there", f"{each.full_name}.{column}")
            yield tally.check(f"the columns of {each.full_name} are as they were", "FIA 4.2.2, 5.1.2")
        elif each.name == "slots":
            yield from compare_slots(database, plan, tables, baseline, each, handled)
        elif each.name == "certificates":
            yield compare_certificates(database, plan, baseline, each, tables, live=live)
        else:
            yield compare_table(database, baseline, each, live=live)
