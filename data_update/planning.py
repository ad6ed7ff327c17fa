"""Making a plan: every Network Operator slot is looked at once, and nothing is written to the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, MetaData, Select, String, Table, and_, exists, literal, null, or_, select

from data_update.baseline import written_baseline
from data_update.certificate_list import CertificateList, Pair
from data_update.classification import Classifier, Held, Known, SlotRow
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Layout, Tables, Words, as_text
from data_update.plan_file import Group, PlanHeader, PlanSummary, PlanWriter
from data_update.reasons import Reason, Verdict
from data_update.records import LeftAlone, PlannedPair, Replacement
from data_update.registered import in_effect, network_operator_role
from data_update.registration_file import RegistrationFile
from data_update.row_records import recorded_tables
from duis.identifiers import EUI64
from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate

REGISTRATIONS_OF_FILE: Final = Table(
    "data_update_registrations",
    MetaData(),
    Column("mpxn", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("party", String, primary_key=True),
    Column("effective_from", String, primary_key=True),
    Column("effective_to", String),
    prefixes=["TEMPORARY"],
)
"""Registration Data from a file, of one session only."""

_AT_ONCE: Final = 5000


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
        registrations_digest = _load(database, request.registrations)
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
            known = Known(request.layout.words, _certificates(database, tables), request.certificate_list)
            classifier = Classifier(known)
            statement = _slots(tables, source, request)
            for number, row in enumerate(_rows(database, statement, request.at), 1):
                count.add(row, classifier)
                if number % _AT_ONCE == 0:
                    progress(number)
            for orphan in database.stream(_orphans(tables)):
                count.leave(LeftAlone(orphan[0], "", "", "", "", Reason.UNKNOWN_DEVICE, ""))
            if request.baseline is not None:
                writing = written_baseline(request.baseline, database, recorded, begun)
                baseline = kept_with_plan.enter_context(writing)
        summary = replace(count.summary(), baseline=baseline)
        progress(summary.examined)
        writer.finish(summary)
    return summary


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


def _slots(tables: Tables, registrations: Table, request: PlanRequest) -> Select[Any]:
    """Each device that has a Network Operator slot, or should have one, with each registered party."""
    devices, slots = tables.devices, tables.slots
    words = tables.layout.words
    role_words = words if registrations is tables.registrations else Words()  # a file has ED and GT
    same_device = and_(*tables.network_operator_slots(slots), slots.c.device_id == devices.c.device_id)
    of_point = and_(
        registrations.c.mpxn == devices.c.mpxn,
        registrations.c.role == network_operator_role(role_words, devices.c.device_type),
        *in_effect(tables, registrations),
    )
    optional = {
        name: devices.c[name] if name in devices.c else literal("", String) for name in ("s1sp", "cohort")
    }
    party = as_text(slots.c.remote_party_id) if "remote_party_id" in slots.c else null()
    statement = (
        select(
            devices.c.device_id,
            devices.c.device_type,
            devices.c.device_status,
            optional["s1sp"],
            optional["cohort"],
            devices.c.mpxn,
            slots.c.device_id.is_not(None),
            party,
            slots.c.digital_signing,
            slots.c.key_agreement,
            registrations.c.party,
        )
        .select_from(devices.outerjoin(slots, same_device).outerjoin(registrations, of_point))
        .where(
            *tables.in_scope(devices),
            or_(slots.c.device_id.is_not(None), devices.c.device_type.in_(words.device_types_with_slot)),
        )
        .order_by(devices.c.device_id)
    )
    if request.device_types:
        statement = statement.where(devices.c.device_type.in_(request.device_types))
    return statement


def _rows(database: Database, statement: Select[Any], at: datetime) -> Iterator[SlotRow]:
    """Bring the rows of one device together: one for each registered party."""
    rows = database.stream(statement.params(now=at.isoformat()), _AT_ONCE)
    for _, group in groupby(rows, key=itemgetter(0)):
        same = list(group)
        first = same[0]
        registered = dict.fromkeys(row[10] for row in same)
        registered.pop(None, None)
        yield SlotRow(
            first[0],
            first[1],
            first[2],
            first[3] or "",
            first[4] or "",
            first[5],
            bool(first[6]),
            first[7],
            first[8],
            first[9],
            tuple(registered),
        )


def _orphans(tables: Tables) -> Select[Any]:
    slots, devices = tables.slots, tables.devices
    known = exists().where(*tables.in_scope(devices), devices.c.device_id == slots.c.device_id)
    return select(slots.c.device_id).where(*tables.network_operator_slots(slots), ~known)


def _certificates(database: Database, tables: Tables) -> dict[str, Held]:
    """Read every certificate of the database once; there are few, whatever the number of devices."""
    held = {}
    for sha256, der in database.stream(select(tables.certificates.c.sha256, tables.certificates.c.der)):
        try:
            certificate = OrganisationCertificate.from_der(bytes(der))
        except CertificateUnreadable:
            held[sha256] = Held(None, "")
            continue
        identifier = certificate.entity_identifier
        held[sha256] = Held(None if identifier is None else str(identifier), certificate.role)
    return held


def _load(database: Database, registrations: RegistrationFile) -> str:
    """Load Registration Data from a file into a table of this session."""
    database.create_temporary(REGISTRATIONS_OF_FILE, is_large=True)
    part: list[tuple[Any, ...]] = []
    try:
        with database.explained(f"loading {registrations.path}"), database.transaction():
            for row in registrations.rows():
                part.append((row.mpxn, row.role, row.party, row.effective_from, row.effective_to))
                if len(part) == _AT_ONCE:
                    database.fill(REGISTRATIONS_OF_FILE, part)
                    part.clear()
            database.fill(REGISTRATIONS_OF_FILE, part)
    except DataUpdateError as error:
        if "unique" in str(error).lower() or "duplicate" in str(error).lower():
            raise DataUpdateError(
                f"{registrations.path}: the same registration is listed twice ({error}); remove one"
            ) from error
        raise
    return registrations.digest
