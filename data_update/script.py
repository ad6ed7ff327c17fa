"""A plan as plain SQL, for who runs the update by a script of the database [FIA 3.3.2, 5.1.2].

It is what `apply` does, by the same statements and with the same audit: each may go on where the other
stopped. A script is text that runs from its beginning, so what `apply` asks beforehand is not asked: whether
Registration Data is still the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from data_update.applying import DEFAULT_BATCH
from data_update.audit import AUDIT, BATCHES, CERTIFICATES_ADDED, PLANS, Action
from data_update.audit import METADATA as AUDIT_TABLES
from data_update.beginning import batch_count, certificates_to_place, plan_row
from data_update.carrying_out import BEGINNING_AND_ENDING, batch_of_plan
from data_update.database import Database, sqlite_hint_of_few_rows
from data_update.errors import DataUpdateError
from data_update.layout import Tables
from data_update.plan_file import Plan
from data_update.script_dialect import POSTGRESQL, SQLITE, ScriptDialect
from data_update.statements import BATCH, Statements
from data_update.written_whole import written_whole

_WHO: Final = Table("data_update_script", MetaData(), Column("by", String))
_BY: Final[ColumnElement[Any]] = select(_WHO.c.by).scalar_subquery()
_AT: Final[ColumnElement[Any]] = select(func.max(BATCH.c.new_updated_at)).scalar_subquery()


def script_paths(folder: Path, plan: Path) -> tuple[Path, Path]:
    """Return where the scripts of a plan go, for SQLite and for PostgreSQL.

    Raises:
        DataUpdateError: there is no such folder, or a script is there already.
    """
    if not folder.is_dir():
        raise DataUpdateError(f"{folder}: there is no such folder; make it first, or give another one")
    paths = (folder / f"{plan.name}.{SQLITE.name}.sql", folder / f"{plan.name}.{POSTGRESQL.name}.sql")
    for path in paths:
        if path.exists():
            raise DataUpdateError(f"{path}: exists already; give another folder, or remove it")
    return paths


def write_scripts(
    plan: Plan, database: Database, folder: Path, batch_size: int = DEFAULT_BATCH
) -> tuple[Path, Path]:
    """Write a plan as a script for SQLite and one for PostgreSQL.

    Args:
        plan: the plan.
        database: the one it was made for, which knows the types of its columns.
        folder: where to.
        batch_size: devices in a transaction.

    Returns:
        Where they are.

    Raises:
        DataUpdateError: they cannot be written; then none of the one at work is kept.
    """
    paths = script_paths(folder, plan.path)
    layout, scope = plan.header.layout, plan.header.scope
    here = database.tables(layout, scope, registrations=False)
    for dialect, path in zip((SQLITE, POSTGRESQL), paths, strict=True):
        same = database.is_sqlite == (dialect is SQLITE)
        with written_whole(path) as file:
            tables = here if same else Tables(layout, scope)
            _Script(plan, tables, dialect, batch_size).write(file, path.name)
    return paths


class _Script:
    """One script."""

    def __init__(self, plan: Plan, tables: Tables, dialect: ScriptDialect, batch_size: int) -> None:
        self._plan = plan
        self._tables = tables
        self._dialect = dialect
        self._batch_size = batch_size
        self._statements = Statements(tables, Action.APPLY, at=_AT, by=_BY)

    def write(self, file: TextIO, name: str) -> None:
        """Write it, a batch at a time."""
        file.write(self._header(name))
        self._transaction(file, "The tables of the update", self._create())
        file.write(self._sql(CreateTable(BATCH, if_not_exists=True)))
        if not self._dialect.can_lock:
            file.writelines(f"{each};\n" for each in sqlite_hint_of_few_rows(BATCH.name))
        self._transaction(file, "The plan, and the certificates it places; only once", self._begin())
        count = batch_count(self._plan, self._batch_size)
        for number in range(count):
            self._transaction(file, f"Batch {number + 1} of {count}", self._batch(number))
        self._transaction(file, "The end: what became of the devices", self._end())

    def _header(self, name: str) -> str:
        plan, dialect = self._plan, self._dialect
        header = plan.header
        again = "Registration Data is not looked at again: run it soon, or use `data-update apply`."
        lines = [
            "Update of incorrect Network Operator certificates in virtual anchor slots [FIA 3.3.2, 4.2.2]",
            "",
            f"Plan          {plan.digest}",
            f"Made          {header.made_at} for database {header.database}, scope {header.scope}",
            f"Registered    from {header.registrations}",
            f"Certificates  from {header.certificate_list}",
            f"Devices       {plan.summary.devices}, in transactions of at most {self._batch_size}",
            "",
            f"Run it with   {dialect.how_to_run.format(name)}",
            "Once more     changes nothing that is done, and goes on after an interruption; so does",
            "              `smets1-conformance data-update apply`, but not at the same time",
            "Undo it with  `smets1-conformance data-update rollback`",
            "Attention     a slot that was changed since the plan was made is left as it is.",
            f"              {again}",
        ]
        comments = "".join(f"-- {' '.join(line.splitlines())}".rstrip() + "\n" for line in lines)
        settings = "".join(f"{each}\n" for each in dialect.settings)
        create = "CREATE TEMPORARY TABLE IF NOT EXISTS"
        who = f'{create} {_WHO.name} AS SELECT {dialect.default_by} AS "by";\n'
        return (
            f"{comments}\n{settings}\n-- Who runs it, for the audit: put another name here if need be.\n{who}"
        )

    def _transaction(self, file: TextIO, title: str, statements: Iterator[str]) -> None:
        file.write(f"\n-- {title}\n{self._dialect.begin};\n")
        file.writelines(statements)
        file.write("COMMIT;\n")

    def _create(self) -> Iterator[str]:
        yield from self._alone()
        for table in AUDIT_TABLES.sorted_tables:
            yield self._sql(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                yield self._sql(CreateIndex(index, if_not_exists=True))

    def _begin(self) -> Iterator[str]:
        yield from self._alone()
        is_new = ~exists().where(PLANS.c.plan == self._plan.plan_id)
        table = self._tables.certificates
        for sha256, der in certificates_to_place(self._plan).items():
            is_there = exists().where(table.c.sha256 == sha256)
            note = select(literal(self._plan.plan_id), literal(sha256)).where(is_new, ~is_there)
            yield self._sql(insert(CERTIFICATES_ADDED).from_select(["plan", "sha256"], note))
            values = select(literal(sha256), self._dialect.octets(der)).where(is_new)
            add = self._dialect.insert(table).from_select([table.c.sha256, table.c.der], values)
            yield self._sql(add.on_conflict_do_nothing())
        count = batch_count(self._plan, self._batch_size)
        if count:
            numbers = select(literal(0).label("number")).cte("numbers", recursive=True)
            following = (numbers.c.number + 1).label("number")
            numbers = numbers.union_all(select(following).where(numbers.c.number < count - 1))
            rows = select(literal(self._plan.plan_id), numbers.c.number, literal(0), null()).where(is_new)
            yield self._sql(insert(BATCHES).from_select(["plan", "number", "attempts", "done_at"], rows))
        row = plan_row(self._plan, by="", batch_size=self._batch_size, started_at="")
        row |= {"started_by": _BY, "started_at": self._dialect.clock}
        columns = [
            value if isinstance(value, ColumnElement) else null() if value is None else literal(value)
            for value in row.values()
        ]
        yield self._sql(insert(PLANS).from_select(list(row), select(*columns).where(is_new)))

    def _batch(self, number: int) -> Iterator[str]:
        statements, values = self._statements, {"plan": self._plan.plan_id, "batch": number}
        yield self._sql(statements.empty_batch)
        columns = ", ".join(column.name for column in BATCH.columns)
        yield f"INSERT INTO {BATCH.name} ({columns}) VALUES\n"
        start = number * self._batch_size
        stop = min(start + self._batch_size, self._plan.summary.devices)
        batch = batch_of_plan(self._plan, start, stop, at=None)
        for position, fields in enumerate(batch, start=start + 1):
            yield self._dialect.row(fields) + (";\n" if position == stop else ",\n")
        yield self._sql(update(BATCH).values(new_updated_at=self._dialect.clock))
        if self._dialect.can_lock:
            yield self._sql(statements.lock_waiting)
        yield self._sql(statements.drop_recorded, values)
        being_undone = exists().where(
            PLANS.c.plan == self._plan.plan_id, PLANS.c.rollback_started_at.is_not(None)
        )
        yield self._sql(delete(BATCH).where(being_undone))
        yield self._sql(statements.record, values)
        yield self._sql(statements.write)

    def _end(self) -> Iterator[str]:
        of_plan = (AUDIT.c.plan == self._plan.plan_id, AUDIT.c.action == Action.APPLY.value)
        recorded = select(func.count()).select_from(AUDIT).where(*of_plan).scalar_subquery()
        left = (literal(self._plan.summary.devices, Integer) - recorded).label("devices without audit row")
        finish = update(BATCHES).where(
            BATCHES.c.plan == self._plan.plan_id,
            BATCHES.c.done_at.is_(None),
            recorded == self._plan.summary.devices,
        )
        yield self._sql(finish.values(done_at=self._dialect.clock))
        yield self._sql(select(AUDIT.c.outcome, func.count()).where(*of_plan).group_by(AUDIT.c.outcome))
        yield self._sql(select(left))

    def _alone(self) -> Iterator[str]:
        if self._dialect.can_lock:
            yield self._sql(select(func.pg_advisory_xact_lock(BEGINNING_AND_ENDING).label("alone")))

    def _sql(self, statement: Any, values: dict[str, Any] | None = None) -> str:
        return self._dialect.sql(statement, values or {})
