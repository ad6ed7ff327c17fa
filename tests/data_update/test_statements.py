"""How the databases carry the statements of a batch out: from the batch, whatever the slots are."""

from __future__ import annotations

import pytest
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from data_update.audit import Action
from data_update.carrying_out import prepare
from data_update.database import Database
from data_update.layout import Layout
from data_update.statements import Statements


@pytest.mark.parametrize("name", ["drop_recorded", "record", "write"])
def test_no_statement_of_a_batch_goes_through_all_slots_or_the_whole_audit(
    name: str, sqlite_database: str
) -> None:
    with Database(sqlite_database) as database:
        tables = database.tables(Layout(), "main")
        prepare(database)
        statement: ClauseElement = getattr(Statements(tables, Action.APPLY), name)
        compiled = statement.compile(dialect=sqlite.dialect())
        assert isinstance(compiled, SQLCompiler)
        values = tuple(compiled.params[each] for each in compiled.positiontup or ())
        rows = database.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values).all()
    steps = [row[3] for row in rows]
    of_tables = [step for step in steps if "anchor_slots" in step or "data_update_audit" in step]
    assert of_tables
    assert all("SEARCH" in step and "device_id=?" in step for step in of_tables), steps
