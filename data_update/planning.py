"""Making a plan: every Network Operator slot is looked at once, and nothing is written to the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from data_update.baseline import written_baseline
from data_update.certificate_list import CertificateList, Pair
from data_update.classification import Classifier, Known, SlotRow
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Layout
from data_update.loaded_registrations import REGISTRATIONS_OF_FILE, load_registrations
from data_update.plan_file import Group, PlanHeader, PlanSummary, PlanWriter
from data_update.reading_slots import (
    ROWS_AT_ONCE,
    held_certificates,
    slot_rows,
    slots_of_unknown_devices,
    slots_with_registered,
)
from data_update.reasons import Reason, Verdict
from data_update.records import LeftAlone, PlannedPair, Replacement
from data_update.registration_file import RegistrationFile
from data_update.row_records import recorded_tables
from duis.identifiers import EUI64


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What to plan.

    Attributes:
        path: where the plan is written.
        layout: the tables of the database.
        scope: which population.
        certificate_list: what replaces incorrect certificates.
        at: the time at which registrations and certificates are judged, in UTC.
        registrations: a file of Registration Data; None for the database's own.
        device_types: only these; all when empty.
        baseline: where the baseline is written that `verify` compares with; None for no baseline.
    """

    path: Path
    layout: Layout
    scope: str
    certificate_list: CertificateList
    at: datetime
    registrations: RegistrationFile | None = None
    device_types: tuple[str, ...] = ()
    baseline: Path | None = None


def _no_progress(_examined: int) -> None:
    return


def make_plan(
    database: Database, request: PlanRequest, progress: Callable[[int], None] = _no_progress
) -> PlanSummary:
    """Make a plan and write it.

    Args:
        database: open, best read-only.
        request: what to plan.
        progress: told how many slots were examined, now and then.

    Raises:
        DataUpdateError: a table, the list or the file of registrations cannot be used, or there is a file at
            the path already.
    """
    tables = database.tables(request.layout, request.scope, registrations=request.registrations is None)
    source, of_file, registrations_digest, check_digits = tables.registrations, None, None, None
    if request.registrations is not None:
        registrations_digest = load_registrations(database, request.registrations)
        source, of_file = REGISTRATIONS_OF_FILE, str(request.registrations.path)
        check_digits = request.registrations.mprn_check_digits
    pairs = tuple(request.certificate_list.usable())
    header = PlanHeader(
        made_at=request.at.isoformat(),
        database=database.name,
        scope=request.scope,
        layout=request.layout,
        registrations=of_file or "the database",
        registrations_digest=registrations_digest,
        mprn_check_digits=check_digits,
        certificate_list=str(request.certificate_list.source),
        certificate_list_digest=request.certificate_list.digest,
        anchors=request.certificate_list.anchors,
        device_types=request.device_types,
        pairs=tuple(_planned(pair, request.certificate_list) for pair in pairs),
    )
    numbers = {pair.party: number for number, pair in enumerate(pairs)}
    recorded = recorded_tables(database, tables, registrations=request.registrations is None)
    baseline: str | None = None
    with PlanWriter(request.path, header) as writer, ExitStack() as kept_with_plan:
        count = _Count(writer, numbers)
        begun = datetime.now(UTC)
        with database.explained("reading the slots"), database.transaction():
            known = Known(request.layout.words, held_certificates(database, tables), request.certificate_list)
            classifier = Classifier(known)
            statement = slots_with_registered(tables, source, request.device_types)
            for number, row in enumerate(slot_rows(database, statement, request.at), 1):
                count.add(row, classifier)
                if number % ROWS_AT_ONCE == 0:
                    progress(number)
            for orphan in database.stream(slots_of_unknown_devices(tables)):
                count.leave(LeftAlone(orphan[0], "", "", "", "", Reason.UNKNOWN_DEVICE, ""))
            if request.baseline is not None:
                writing = written_baseline(request.baseline, database, recorded, begun)
                baseline = kept_with_plan.enter_context(writing)
        summary = replace(count.summary(), baseline=baseline)
        if not summary.examined:
            raise DataUpdateError(_nothing_there(database, request, tables.devices.fullname))
        progress(summary.examined)
        writer.finish(summary)
    return summary


def _nothing_there(database: Database, request: PlanRequest, table: str) -> str:
    which = f" of the type {' or '.join(request.device_types)}" if request.device_types else ""
    where = f" in the estate {request.scope}" if request.layout.scope is not None else ""
    return (
        f"database {database.name}: table {table} has no device{which}{where} that could have a Network "
        "Operator slot; correct --estate or --device-type, or the words of the layout"
    )


class _Count:
    """Writes what was judged, and counts it."""

    def __init__(self, writer: PlanWriter, numbers: dict[EUI64, int]) -> None:
        self._writer = writer
        self._numbers = numbers
        self._examined = 0
        self._correct: Counter[tuple[str, str, str]] = Counter()
        self._left_alone: Counter[tuple[str, str, str, str]] = Counter()
        self._groups: Counter[tuple[str, str, str, str, str]] = Counter()

    def add(self, row: SlotRow, classifier: Classifier) -> None:
        judged = classifier.judge(row)
        if judged.verdict is Verdict.CORRECT:
            self._examined += 1
            self._correct[row.s1sp, row.cohort, row.device_type] += 1
        elif judged.pair is None:
            assert judged.reason is not None
            self.leave(
                LeftAlone(
                    row.device_id,
                    row.s1sp,
                    row.cohort,
                    row.device_type,
                    row.mpxn or "",
                    judged.reason,
                    judged.detail,
                )
            )
        else:
            self._examined += 1
            party = judged.pair.party
            former = " + ".join(judged.former)
            self._groups[row.s1sp, row.cohort, row.device_type, former, str(party)] += 1
            self._writer.replace(
                Replacement(
                    row.device_id,
                    row.s1sp,
                    row.cohort,
                    row.device_type,
                    row.mpxn or "",
                    row.party,
                    row.digital_signing,
                    row.key_agreement,
                    self._numbers[party],
                )
            )

    def leave(self, slot: LeftAlone) -> None:
        self._examined += 1
        self._left_alone[slot.s1sp, slot.cohort, slot.device_type, slot.reason] += 1
        self._writer.leave_alone(slot)

    def summary(self) -> PlanSummary:
        return PlanSummary(
            devices=sum(self._groups.values()),
            examined=self._examined,
            correct_slots=tuple((*key, count) for key, count in sorted(self._correct.items())),
            left_alone=tuple((*key, count) for key, count in sorted(self._left_alone.items())),
            groups=tuple(Group(*key, count) for key, count in sorted(self._groups.items())),
        )


def _planned(pair: Pair, shared: CertificateList) -> PlannedPair:
    party = shared.parties[pair.party]
    ends = min(pair.digital_signing.not_after, pair.key_agreement.not_after)
    return PlannedPair(
        party=str(pair.party),
        market_participant_id=party.market_participant_id,
        name=party.name,
        digital_signing=pair.digital_signing.der,
        key_agreement=pair.key_agreement.der,
        digital_signing_sha256=pair.digital_signing.sha256.hex(),
        key_agreement_sha256=pair.key_agreement.sha256.hex(),
        not_after=ends.isoformat(),
    )
