"""How SQLite and PostgreSQL want the statements of a script: quoting, the clock, transactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ClauseElement, ColumnElement, Dialect, String, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import visitors

from data_update.errors import DataUpdateError

_NO_VALUES: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True)
class ScriptDialect:
    """One of the two.

    Attributes:
        name: as in the name of the file.
        how_to_run: a command, with the file's name for `{}`.
        settings: lines the script begins with.
        begin: what begins a transaction.
        clock: the time as ISO 8601 text in UTC.
        default_by: who runs the script, as an expression.
        insert: makes an INSERT with ON CONFLICT.
        can_lock: whether rows are locked.
        dialect: SQLAlchemy's.
    """

    name: str
    how_to_run: str
    settings: tuple[str, ...]
    begin: str
    clock: ColumnElement[Any]
    default_by: str
    insert: Any
    can_lock: bool
    dialect: Dialect

    def sql(self, statement: ClauseElement, values: Mapping[str, Any] = _NO_VALUES) -> str:
        """Return a statement as text, with its values in it, and with a semicolon."""

        def give(parameter: Any) -> None:
            if parameter.key in values:
                parameter.value, parameter.required = values[parameter.key], False

        given = visitors.cloned_traverse(statement, {}, {"bindparam": give})
        compiled = given.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True})
        return f"{str(compiled).strip()};\n"

    def row(self, values: tuple[str | None, ...]) -> str:
        """Return a row of VALUES.

        Raises:
            DataUpdateError: a value holds a character that no script can.
        """
        quote = String().literal_processor(self.dialect)  # type: ignore[no-untyped-call]
        assert quote is not None
        if any(value is not None and "\0" in value for value in values):
            raise DataUpdateError(
                f"a script cannot hold {values!r}: it has a character NUL; use apply instead"
            )
        return "(" + ", ".join("NULL" if value is None else quote(value) for value in values) + ")"

    def octets(self, value: bytes) -> ColumnElement[Any]:
        """Return octets as a literal."""
        form = "decode('{}', 'hex')" if self.can_lock else "X'{}'"
        return literal_column(form.format(value.hex()))


SQLITE: Final = ScriptDialect(
    name="sqlite",
    how_to_run="sqlite3 -bail DATABASE < {}",
    settings=("PRAGMA busy_timeout = 30000;",),
    begin="BEGIN IMMEDIATE",
    clock=literal_column("strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'"),
    default_by="'database administrator'",
    insert=sqlite.insert,
    can_lock=False,
    dialect=sqlite.dialect(paramstyle="named"),
)

POSTGRESQL: Final = ScriptDialect(
    name="postgresql",
    how_to_run="psql --file {} DATABASE",
    settings=(
        "\\set ON_ERROR_STOP on",
        "SET standard_conforming_strings = on;",
        "SET client_encoding = 'UTF8';",
        "SET client_min_messages = warning;",
        "SET lock_timeout = '10s';",
    ),
    begin="BEGIN",
    clock=literal_column("""to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""),
    default_by="CAST(current_user AS varchar)",
    insert=postgresql.insert,
    can_lock=True,
    dialect=PGDialect(paramstyle="named"),  # type: ignore[no-untyped-call] # of no driver: these double each %
)
