"""Rules as data: an ordered table of named checks, each with its clause and what its failure means.

A table is a tuple of `Check`; `first_failure` asks them in order. The HTTP handlers know nothing of the rules
and the rules nothing of HTTP. A deviation is a new table with one named check replaced, removed or wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class Rejection:
    """The sender gets a Response with an error code [XSD ResponseCode]."""

    response_code: str


@dataclass(frozen=True, slots=True)
class HTTPRefusal:
    """The sender gets an HTTP status from 400 to 499 and no Response."""

    status: int


@dataclass(frozen=True, slots=True)
class Alert:
    """The sender gets an S1SP Alert [FIA 4.2.1]."""

    s1sp_alert_code: str


@dataclass(frozen=True, slots=True)
class UnsuccessfulResponse:
    """The sender gets a signed response with MessageSuccess=false and this status [XSD StatusASN1]."""

    asn1_status: str


Outcome: TypeAlias = Rejection | HTTPRefusal | Alert | UnsuccessfulResponse

_OUTCOME_FORMS: tuple[tuple[re.Pattern[str], Callable[[str], Outcome]], ...] = (
    (re.compile(r"(E[0-9]{1,6})"), Rejection),
    (re.compile(r"HTTP (4[0-9]{2})"), lambda text: HTTPRefusal(int(text))),
    (re.compile(r"(S1VE[0-9]{1,4})"), Alert),
    (re.compile(r"status ([A-Za-z]+)"), UnsuccessfulResponse),
)


def parse_outcome(text: str) -> Outcome:
    """The outcome a setting names: `E4`, `HTTP 400`, `S1VE64` or `status badCertificate`.

    Raises:
        ValueError: when the text has none of these forms.
    """
    for form, outcome in _OUTCOME_FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return outcome(match[1])
    raise ValueError(f"not an outcome: {text!r}; expected E4, HTTP 400, S1VE64 or status badCertificate")


class HasOutcomes(Protocol):
    """Settings that may replace the outcome of a check, by the check's name."""

    @property
    def outcomes(self) -> Mapping[str, str]:
        """Check name to outcome text, see `parse_outcome`."""


class CheckContext(Protocol):
    """What a table of checks is asked about."""

    @property
    def settings(self) -> HasOutcomes:
        """The settings of the estate."""


ContextT = TypeVar("ContextT", bound=CheckContext)


@dataclass(frozen=True)
class Check(Generic[ContextT]):
    """One rule.

    Attributes:
        name: unique in its table; settings and deviations refer to it.
        clause: the clause of the legal text, or the source tag of `docs/sources.md`.
        passes: whether the rule holds. Asked only when all checks before it passed.
        outcome: what the sender sees when it does not hold.
        detail: the failure in words, for logs and recorded traffic; it never reaches the wire as a code.
    """

    name: str
    clause: str
    passes: Callable[[ContextT], bool]
    outcome: Outcome | Callable[[ContextT], Outcome]
    detail: Callable[[ContextT], str] | None = None


@dataclass(frozen=True)
class Failure(Generic[ContextT]):
    """The first rule that does not hold, and what follows."""

    check: Check[ContextT]
    outcome: Outcome
    detail: str


def first_failure(checks: Iterable[Check[ContextT]], context: ContextT) -> Failure[ContextT] | None:
    """Ask the checks in order; None when all hold."""
    for check in checks:
        if not check.passes(context):
            detail = check.detail(context) if check.detail is not None else f"{check.name} ({check.clause})"
            return Failure(check, _outcome_of(check, context), detail)
    return None


def _outcome_of(check: Check[ContextT], context: ContextT) -> Outcome:
    setting = context.settings.outcomes.get(check.name)
    if setting is not None:
        return parse_outcome(setting)
    return check.outcome(context) if callable(check.outcome) else check.outcome


class Named(Protocol):
    """A row of a table of rules."""

    @property
    def name(self) -> str:
        """Unique in its table."""


RowT = TypeVar("RowT", bound=Named)
Table: TypeAlias = tuple[RowT, ...]


def named(table: Table[RowT], name: str) -> RowT:
    """The row of that name.

    Raises:
        KeyError: when the table has none; the message lists the names there are.
    """
    for row in table:
        if row.name == name:
            return row
    raise KeyError(f"no rule named {name!r}; there are: {', '.join(row.name for row in table)}")


def with_replaced(table: Table[RowT], name: str, row: RowT) -> Table[RowT]:
    """A new table in which `row` stands in the place of the row called `name`.

    Raises:
        KeyError: when the table has no such row.
    """
    old = named(table, name)
    return tuple(row if each is old else each for each in table)


def with_removed(table: Table[RowT], *names: str) -> Table[RowT]:
    """A new table without the rows of these names.

    Raises:
        KeyError: when the table lacks one of them.
    """
    removed = [named(table, name) for name in names]
    return tuple(row for row in table if not any(row is each for each in removed))


def with_wrapped(
    table: Table[Check[ContextT]],
    name: str,
    wrap: Callable[[Callable[[ContextT], bool]], Callable[[ContextT], bool]],
) -> Table[Check[ContextT]]:
    """A new table in which the condition of one check is `wrap(condition)`.

    Raises:
        KeyError: when the table has no such check.
    """
    old = named(table, name)
    return with_replaced(table, name, replace(old, passes=wrap(old.passes)))


def with_outcome(
    table: Table[Check[ContextT]], name: str, outcome: Outcome | Callable[[ContextT], Outcome]
) -> Table[Check[ContextT]]:
    """A new table in which one check has another outcome.

    Raises:
        KeyError: when the table has no such check.
    """
    return with_replaced(table, name, replace(named(table, name), outcome=outcome))
