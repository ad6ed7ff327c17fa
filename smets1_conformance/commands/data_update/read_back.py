"""``verify --read-back``: some of the updated slots as the protocol tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smets1_conformance.errors import UserError

if TYPE_CHECKING:
    from data_update.database import Database
    from data_update.plan_file import Plan
    from data_update.records import Replacement
    from data_update.verification import Check
    from target.reading_back import Observation, Placed

_SLOTS: Final = ("slots read back through the protocol (SRV 6.24.1) hold what was placed", "FIA 3.3.2, 4.2.2")
_ALERTS: Final = ("device alerts reach the registered Network Operator and nobody else", "FIA 1")


def read_back_checks(
    database: Database, plan: Plan, number: int, target_file: Path, progress: Callable[[str], None]
) -> list[Check]:
    """Look at up to `number` updated devices through the target; what it cannot do is not checked.

    Raises:
        UserError: the target file cannot be used.
        DataUpdateError: the audit cannot be read.
    """
    from data_update.sampling import sample
    from target.errors import HarnessError
    from target.file import TargetFileError, load_target
    from target.reading_back import reading_back

    try:
        target = load_target(target_file)
    except TargetFileError as error:
        raise UserError(str(error)) from None
    placed = [_placed(plan, row) for row in sample(database, plan, number)]
    if not placed:
        return [_unchecked(*each, "no device of the plan was updated") for each in (_SLOTS, _ALERTS)]
    try:
        with reading_back(target, plan.header.scope, progress) as looking:
            slots = [looking.slot(each) for each in placed]
            alerts = looking.alerts(placed)
    except TargetFileError as error:  # what only its use shows, such as a schema that cannot be read
        raise UserError(str(error)) from None
    except HarnessError as error:
        return [_unchecked(*each, " ".join(str(error).split())) for each in (_SLOTS, _ALERTS)]
    return [_check(*_SLOTS, slots), _check(*_ALERTS, alerts)]


def _placed(plan: Plan, row: Replacement) -> Placed:
    from duis.identifiers import EUI64
    from duis.smki.certificate import OrganisationCertificate
    from target.reading_back import Placed

    pair = plan.header.pairs[row.pair]
    return Placed(
        EUI64(row.device_id),
        row.s1sp,
        EUI64(pair.party),
        OrganisationCertificate.from_der(pair.digital_signing),
        OrganisationCertificate.from_der(pair.key_agreement),
    )


def _check(name: str, clause: str, observations: Sequence[Observation]) -> Check:
    from data_update.verification import Tally
    from target.reading_back import Seen

    tally = Tally()
    for each in observations:
        if each.seen is Seen.AS_PLACED:
            tally.count("as they should be")
        elif each.seen is Seen.DIFFERENT:
            tally.fail(each.text, str(each.device_id))
        else:
            tally.report(f"not checked: {each.text}", str(each.device_id))
    if all(each.seen is Seen.NOT_CHECKED for each in observations):
        return _unchecked(name, clause, "; ".join(sorted({each.text for each in observations})))
    return tally.check(name, clause)


def _unchecked(name: str, clause: str, why: str) -> Check:
    from data_update.verification import Check, CheckOutcome

    return Check(name, clause, CheckOutcome.NOT_CHECKED, why)
