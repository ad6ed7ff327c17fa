"""Registration Data from a CSV file: who is registered as Network Operator, for which point, since when.

Which Network Operator is the right one comes from Registration Data [FIA 4.2.2]; this file is for an S1SP
whose database does not hold it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from data_update.csv_columns import NOT_UTF_8, fields_problem, header_problems, not_csv
from data_update.errors import DataUpdateError
from data_update.party_names import canonical_party
from duis.metering_points import is_mpan, is_mprn
from duis.roles import UserRole

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

COLUMNS = ("mpxn", "role", "party", "effective_from")
OPTIONAL_COLUMNS = ("effective_to",)
PARTY_SYNONYM = "user_id"
"""Another name of the column of the party, as the emulators' table has it."""
MOST_PROBLEMS: Final = 20
"""So many problems of a file are told of; it is not read further when there are more."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_READ_OCTETS = 1 << 20
_MPAN_DIGITS, _MPRN_DIGITS = 13, 10
_ELECTRICITY = UserRole.ELECTRICITY_DISTRIBUTOR.value
_NETWORK_OPERATORS = frozenset({_ELECTRICITY, UserRole.GAS_TRANSPORTER.value})
_OTHERS = frozenset(role.value for role in UserRole) - _NETWORK_OPERATORS


@dataclass(frozen=True, slots=True)
class RegistrationRow:
    """One row: `party` is registered from `effective_from` until just before `effective_to`.

    Attributes:
        mpxn: the MPAN or MPRN.
        role: ED for an MPAN, GT for an MPRN.
        party: an Entity Identifier or a market participant id, in upper case.
        effective_from: ISO 8601, UTC.
        effective_to: likewise; None while the registration lasts.
    """

    mpxn: str
    role: str
    party: str
    effective_from: str
    effective_to: str | None


class RegistrationFile:
    """A file of any size, of which one row at a time is in memory."""

    def __init__(self, path: Path, *, mprn_check_digits: bool = True) -> None:
        """Name a file; nothing is read yet.

        Args:
            path: the file.
            mprn_check_digits: whether an MPRN must have ten digits of which the last two are right [WEB]; if
                not, one of up to ten digits is taken as it is.
        """
        self.path = path
        self.mprn_check_digits = mprn_check_digits
        self._digest: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the file's octets, in hexadecimal.

        Raises:
            RuntimeError: `rows` has not been read to its end.
        """
        if self._digest is None:
            raise RuntimeError("the digest is known once every row has been read")
        return self._digest

    def rows(self) -> Iterator[RegistrationRow]:
        """Read the rows of Network Operators (ED, GT); an extract may hold those of suppliers too.

        A problem is raised only after the rows before it were handed out, so they have to be stored in one
        transaction. That a row is there twice is for the table they are stored in to notice.

        Raises:
            DataUpdateError: with a line for each of up to `MOST_PROBLEMS` problems, naming file and line.
        """
        problems: list[str] = []
        found = False
        try:
            with _HashingFile(self.path) as file:
                for row in self._read(file, problems):
                    found = True
                    if not problems:
                        yield row
                digest = file.sha256.hexdigest()
        except OSError as error:
            raise DataUpdateError(
                f"{self.path}: cannot be read: {error.strerror}; give a CSV file of Registration Data"
            ) from error
        if not found and not problems:
            problems.append(
                f"{self.path}: no row of a Network Operator; expected rows with the role "
                f"{' or '.join(sorted(_NETWORK_OPERATORS))}"
            )
        if problems:
            raise DataUpdateError("\n".join(problems))
        self._digest = digest

    def _read(self, file: _HashingFile, problems: list[str]) -> Iterator[RegistrationRow]:
        """Yield the good rows, and note what is wrong with the others."""
        reader = csv.reader(_lines(file), strict=True)
        try:
            names = [name.strip() for name in next(reader, [])]
            header = ["party" if name == PARTY_SYNONYM else name for name in names]
            problems += (
                f"{self.path}:1: {problem}" for problem in header_problems(header, COLUMNS, OPTIONAL_COLUMNS)
            )
            if problems:
                return
            columns = [header.index(name) for name in COLUMNS]
            end = header.index("effective_to") if "effective_to" in header else None
            for values in reader:
                if not any(values):
                    continue
                try:
                    if len(values) != len(header):
                        raise ValueError(fields_problem(values, header))
                    mpxn, role, party, start = (values[column].strip() for column in columns)
                    if role in _OTHERS:
                        continue
                    stop = "" if end is None else values[end].strip()
                    row = self._row(mpxn, role, party, start, stop)
                except ValueError as error:
                    problems.append(f"{self.path}:{reader.line_num}: {error}")
                    if len(problems) > MOST_PROBLEMS:
                        problems[MOST_PROBLEMS:] = [f"{self.path}: and more; mend these first"]
                        return
                else:
                    yield row
        except UnicodeDecodeError:
            problems.append(f"{self.path}:{reader.line_num + 1}: {NOT_UTF_8}")
        except csv.Error as error:
            problems.append(f"{self.path}:{reader.line_num}: {not_csv(error)}")

    def _row(self, mpxn: str, role: str, party: str, start: str, stop: str) -> RegistrationRow:
        """One row of a Network Operator; a ValueError says which column is wrong, and the mend."""
        if role not in _NETWORK_OPERATORS:
            known = ", ".join(sorted(_NETWORK_OPERATORS | _OTHERS))
            raise ValueError(f"role: expected one of {known}, found {role!r}; correct the role")
        if not (is_mpan(mpxn) if role == _ELECTRICITY else self._is_mprn(mpxn)):
            raise ValueError(f"mpxn: {self._point_problem(mpxn, role)}")
        try:
            registered = _canonical_party(party)
        except ValueError as error:
            raise ValueError(f"party: {error}") from None
        effective_from = _utc("effective_from", start)
        effective_to = _utc("effective_to", stop) if stop else None
        if effective_to is not None and effective_to <= effective_from:
            raise ValueError(
                f"effective_to: {stop} is not after effective_from, {start}; correct one of them, or leave "
                "effective_to empty while the registration lasts"
            )
        return RegistrationRow(mpxn, role, registered, effective_from, effective_to)

    def _is_mprn(self, text: str) -> bool:
        if self.mprn_check_digits:
            return is_mprn(text)
        return 0 < len(text) <= _MPRN_DIGITS and _is_digits(text)

    def _point_problem(self, mpxn: str, role: str) -> str:
        digits = len(mpxn) if _is_digits(mpxn) else 0
        is_electricity = role == _ELECTRICITY
        if digits == (_MPRN_DIGITS if is_electricity else _MPAN_DIGITS):
            return (
                f"the role {role} goes with an {'MPAN' if is_electricity else 'MPRN'}, but {mpxn} is an "
                f"{'MPRN' if is_electricity else 'MPAN'}; correct the role or the point"
            )
        if digits == _MPAN_DIGITS:
            return f"wrong check digit in the MPAN {mpxn}; correct it where the extract comes from"
        if digits == _MPRN_DIGITS:
            return (
                f"wrong check digits in the MPRN {mpxn}; correct it where the extract comes from, or give "
                "--without-mprn-check-digits"
            )
        return (
            f"expected an MPAN of {_MPAN_DIGITS} or an MPRN of {_MPRN_DIGITS} digits, found {mpxn!r}; export "
            "the column as text, as spreadsheets change long numbers"
        )


class _HashingFile(io.FileIO):
    """A file whose octets are hashed as they are read, so that what was hashed is what was used."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.sha256 = hashlib.sha256()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        count = super().readinto(buffer)
        self.sha256.update(memoryview(buffer)[:count])
        return count


def _lines(file: io.FileIO) -> Iterator[str]:
    """The lines of a UTF-8 file; one that is not raises UnicodeDecodeError."""
    buffered = io.BufferedReader(file, _READ_OCTETS)
    if buffered.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
        buffered.read(len(_BYTE_ORDER_MARK))
    return map(bytes.decode, buffered)


_canonical_party = lru_cache(maxsize=4096)(canonical_party)


@lru_cache(maxsize=4096)
def _utc(column: str, text: str) -> str:
    """A date (midnight UTC) or a date-time with zone, as ISO 8601 in UTC; else a ValueError with the mend."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            date.fromisoformat(text)  # refuses a time, which needs a zone
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{column}: expected a date such as 2021-06-30 (midnight UTC) or a date-time with zone such as "
            f"2021-06-30T00:00:00+01:00, found {text!r}"
        ) from None


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
