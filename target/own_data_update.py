"""The data update of an S1SP's database by the product's own `data_update` [FIA 4.2.2].

It is called in this process, while the S1SP serves in another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from data_update.applying import Options, Progress, apply
from data_update.audit import AUDIT
from data_update.certificate_list import load_certificate_list
from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.layout import Layout
from data_update.outcomes import Action, Outcome
from data_update.plan_file import Plan
from data_update.planning import PlanRequest, make_plan
from data_update.rolling_back import Options as RollbackOptions
from data_update.rolling_back import rollback
from duis.identifiers import EUI64
from target.arrangement import SlotDatabase
from target.certificate_list import write_certificate_list
from target.credentials import Credentials
from target.data_update import Meanwhile, Moment, nothing
from target.errors import TargetNonconformity

BY = "a scenario"
"""Who applies and rolls back, for the audit."""


class OwnDataUpdate:
    """One update: planned once, then applied, and perhaps rolled back.

    Args:
        database: What to update.
        shared: The certificates that the Network Operators shared for enrolment, by name of the operator.
        anchors: Files or folders of the roots to check them against.
        folder: An empty folder for the certificate list and the plan.
    """

    def __init__(
        self,
        database: SlotDatabase,
        shared: Mapping[str, Credentials],
        anchors: Iterable[Path],
        folder: Path,
    ) -> None:
        self._database = database
        self._folder = folder
        self._plan: Plan | None = None
        self._list, self._roots = write_certificate_list(folder, shared, anchors)

    def plan(self) -> None:
        """Plan the update of every incorrect slot of the population.

        Raises:
            TargetNonconformity: It could not be planned.
        """
        path, at = self._folder / "plan.jsonl", datetime.now(UTC)
        with _carried_out("planned"), Database(self._database.url, read_only=True) as database:
            certificates = load_certificate_list(self._list, at=at, trust=self._roots)
            make_plan(database, PlanRequest(path, Layout(), self._database.scope, certificates, at))
            self._plan = Plan(path)

    def apply(self, batch_size: int = 500, meanwhile: Meanwhile = nothing) -> None:
        """Apply the plan; make it first where that has not been done.

        Args:
            batch_size: Slots in one transaction.
            meanwhile: Called at each moment of the update.

        Raises:
            TargetNonconformity: It could not be applied to the end.
        """
        if self._plan is None:
            self.plan()
        plan, moments = self._made(), _Moments(meanwhile)
        with _carried_out("applied"), Database(self._database.url) as database:
            applied = apply(
                database, plan, Options(BY, batch_size), progress=moments.after_batch, now=moments.now
            )
        _expect_none_left("applied", applied.left)

    def roll_back(self) -> None:
        """Roll back what was applied.

        Raises:
            TargetNonconformity: It could not be rolled back.
        """
        plan = self._made()
        with _carried_out("rolled back"), Database(self._database.url) as database:
            rolled_back = rollback(database, plan.plan_id, RollbackOptions(BY))
        _expect_none_left("rolled back", rolled_back.left)

    def outcome(self, device_id: EUI64, action: Action = Action.APPLY) -> Outcome | None:
        """What the audit says became of a device; `None` when it does not name it."""
        key = (AUDIT.c.plan == self._made().plan_id, AUDIT.c.device_id == device_id, AUDIT.c.action == action)
        with Database(self._database.url, read_only=True) as database, database.transaction() as connection:
            word = connection.execute(select(AUDIT.c.outcome).where(*key)).scalar_one_or_none()
        return None if word is None else Outcome(word)

    def _made(self) -> Plan:
        if self._plan is None:
            raise LookupError("the data update has not been planned")
        return self._plan


@contextmanager
def _carried_out(how: str) -> Iterator[None]:
    """What the data update cannot do is a defect of it, or of an S1SP that keeps it from its work."""
    try:
        yield
    except DataUpdateError as error:
        raise TargetNonconformity(
            f"the data update can be {how} while the S1SP serves [FIA 3.3.2, 4.2.2]",
            f"it is {how}",
            str(error),
        ) from error


def _expect_none_left(how: str, left: int) -> None:
    if left:
        raise TargetNonconformity(
            f"the data update is {how} to the end [FIA 4.2.2]", "no device left", f"{left} left"
        )


class _Moments:
    """Tells the moments of an update from what it asks and tells."""

    def __init__(self, meanwhile: Meanwhile) -> None:
        self._meanwhile = meanwhile
        self._batches: int | None = None
        self._in_batch = False

    def after_batch(self, progress: Progress) -> None:
        """Told of progress: once before the first batch, and after each."""
        self._in_batch = False
        if self._batches is None:
            self._batches = 0
            self._meanwhile(Moment.BEFORE)
        else:
            self._batches += 1
            self._meanwhile(Moment.BETWEEN if progress.done < progress.total else Moment.AFTER)

    def now(self) -> datetime:
        """Asked for the time: after the beginning, by each batch, inside its transaction."""
        if self._batches is not None and not self._in_batch:
            self._in_batch = True
            self._meanwhile(Moment.WITHIN)
        return datetime.now(UTC)
