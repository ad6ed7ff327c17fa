"""Registration Data: which party is registered for an MPAN or MPRN, in which role, from when to when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duis.identifiers import EUI64
from duis.roles import UserRole

ELECTRICITY_ROLES = frozenset(
    {
        UserRole.IMPORT_SUPPLIER,
        UserRole.EXPORT_SUPPLIER,
        UserRole.ELECTRICITY_DISTRIBUTOR,
        UserRole.REGISTERED_SUPPLIER_AGENT,
    }
)
"""The roles a party can be registered in for an MPAN.

An Export Supplier is registered for an export MPAN; the emulators hold one MPAN for each ESME and keep both
rows there [ASSUMED].
"""

GAS_ROLES = frozenset({UserRole.GAS_SUPPLIER, UserRole.GAS_TRANSPORTER, UserRole.REGISTERED_SUPPLIER_AGENT})
"""The roles a party can be registered in for an MPRN."""

REGISTRABLE_ROLES = ELECTRICITY_ROLES | GAS_ROLES
"""An Other User is in no registration row: exception 6.2(c) stands for it."""


@dataclass(frozen=True, slots=True)
class Period:
    """All times from `start` to `end`, both included; one instant when they are equal.

    Raises:
        ValueError: a time has no zone, or the end is before the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs times with a zone")
        if self.end < self.start:
            raise ValueError(f"the period ends before it starts: {self.start} to {self.end}")

    @classmethod
    def instant(cls, at: datetime) -> Period:
        """One instant."""
        return cls(at, at)


@dataclass(frozen=True, slots=True)
class Registration:
    """One row: `user_id` is registered from `effective_from` until just before `effective_to`.

    Attributes:
        mpxn: an MPAN (13 digits) or MPRN (up to 10 digits).
        role: one of `REGISTRABLE_ROLES`.
        user_id: the User ID of the party.
        effective_from: included.
        effective_to: excluded, so that a successor's row starts where this one ends; None while it lasts.

    Raises:
        ValueError: a role that is never registered, a time without zone, or a row that ends before it starts.
    """

    mpxn: str
    role: UserRole
    user_id: EUI64
    effective_from: datetime
    effective_to: datetime | None = None

    def __post_init__(self) -> None:
        if self.role not in REGISTRABLE_ROLES:
            raise ValueError(f"nobody is registered as {self.role}")
        if self.effective_from.tzinfo is None or (
            self.effective_to is not None and self.effective_to.tzinfo is None
        ):
            raise ValueError("effective dates need a zone")
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise ValueError(f"the row for {self.mpxn} ends before it starts")

    def covers(self, at: datetime) -> bool:
        """Whether the row is in effect at that time."""
        return self.effective_from <= at and (self.effective_to is None or at < self.effective_to)

    def as_json(self) -> dict[str, str | None]:
        """The row as the management plane shows it; times in ISO 8601 with zone."""
        return {
            "mpxn": self.mpxn,
            "role": self.role.value,
            "user_id": str(self.user_id),
            "effective_from": self.effective_from.isoformat(),
            "effective_to": None if self.effective_to is None else self.effective_to.isoformat(),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Registration:
        """Read what `as_json` wrote.

        Raises:
            ValueError: a field is missing or malformed; the message names it.
        """
        try:
            effective_to = row.get("effective_to")
            return cls(
                mpxn=str(row["mpxn"]),
                role=UserRole(row["role"]),
                user_id=EUI64(row["user_id"]),
                effective_from=datetime.fromisoformat(row["effective_from"]),
                effective_to=None if effective_to is None else datetime.fromisoformat(effective_to),
            )
        except KeyError as error:
            raise ValueError(f"registration row without {error.args[0]}") from error
        except TypeError as error:
            raise ValueError(f"registration row with a field of the wrong type: {error}") from error


class RegistrationData:
    """The rows that matter to a question, with look-ups by point, role and time. Immutable."""

    __slots__ = ("_by_point_and_role", "_rows")

    def __init__(self, rows: Iterable[Registration] = ()) -> None:
        self._rows = tuple(rows)
        index: defaultdict[tuple[str, UserRole], list[Registration]] = defaultdict(list)
        for row in self._rows:
            index[row.mpxn, row.role].append(row)
        self._by_point_and_role: Mapping[tuple[str, UserRole], list[Registration]] = dict(index)

    def __iter__(self) -> Iterator[Registration]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def registered(self, mpxn: str, role: UserRole, at: datetime) -> EUI64 | None:
        """The party registered at that time; of several (agents, overlapping rows) the latest appointed."""
        rows = [row for row in self._by_point_and_role.get((mpxn, role), ()) if row.covers(at)]
        return max(rows, key=lambda row: row.effective_from).user_id if rows else None

    def is_registered(self, user_id: EUI64, mpxn: str, role: UserRole, period: Period) -> bool:
        """Whether the party's rows, taken together, are in effect at all times of the period."""
        rows = (row for row in self._by_point_and_role.get((mpxn, role), ()) if row.user_id == user_id)
        covered_until = period.start
        for row in sorted(rows, key=lambda row: row.effective_from):
            if row.covers(covered_until):
                if row.effective_to is None or period.end < row.effective_to:
                    return True
                covered_until = row.effective_to
        return False


NO_REGISTRATIONS = RegistrationData()
"""Nobody is registered for anything."""
