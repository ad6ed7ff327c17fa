"""The baseline: what every row was when a plan was made, as hashes, so that `verify` can tell what changed.

The file lies beside the plan, which names its SHA-256. It is a line that says what it is; the records of each
table, sorted within each part; a description in JSON; and the length of that in eight octets.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedRandom
from pathlib import Path
from typing import Any, Final

from data_update.database import Database
from data_update.errors import DataUpdateError
from data_update.row_records import (
    PARTS,
    RECORD_OCTETS,
    RecordedTable,
    RecordParts,
    records,
    split_records,
)

_FIRST_LINE: Final = b"smets1-conformance data-update baseline 1\n"
_LENGTH_OCTETS: Final = 8


def baseline_path(plan: Path) -> Path:
    """Return where the baseline of a plan is, unless it was moved."""
    return plan.with_name(f"{plan.name}.baseline")


@contextmanager
def written_baseline(
    path: Path, database: Database, recorded: Sequence[RecordedTable], taken_at: datetime
) -> Iterator[str]:
    """Write a baseline inside a transaction; yields its SHA-256. Nothing stays when the body fails.

    Args:
        path: where to.
        database: in a transaction.
        recorded: what to record.
        taken_at: when the transaction began, in UTC: what is written later is not in it.

    Raises:
        DataUpdateError: there is a file at the path, or its folder cannot be written.
    """
    if path.exists():
        raise DataUpdateError(f"{path}: exists already; give the plan another name, or remove it")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise DataUpdateError(f"{path}: cannot be written: {error.strerror}; give another folder") from error
    temporary = Path(name)
    try:
        try:
            with os.fdopen(descriptor, "w+b") as file:
                digest = _write(file, database, recorded, taken_at)
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.rename(path)
        except OSError as error:
            raise DataUpdateError(
                f"{path}: cannot be written: {error.strerror}; make room, or leave it out with --no-baseline"
            ) from error
        try:
            yield digest
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    finally:
        temporary.unlink(missing_ok=True)


def _write(
    file: BufferedRandom, database: Database, recorded: Sequence[RecordedTable], taken_at: datetime
) -> str:
    described = {}
    file.write(_FIRST_LINE)
    for table in recorded:
        counts = []
        with RecordParts() as parts:
            for record, _ in records(database, table):
                parts.add(record)
            for number in range(PARTS):
                part = sorted(parts.part(number))
                file.writelines(part)
                counts.append(len(part))
        described[table.name] = {
            "table": table.full_name,
            "key": table.key,
            "others": table.others,
            "written": table.written,
            "parts": counts,
        }
    description = json.dumps({"taken_at": taken_at.isoformat(), "tables": described}).encode()
    file.write(description)
    file.write(len(description).to_bytes(_LENGTH_OCTETS, "big"))
    file.flush()
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class _Section:
    columns: tuple[str, ...]
    start: int
    parts: tuple[int, ...]


class Baseline:
    """A baseline that was read and found whole.

    Attributes:
        path: its file.
        taken_at: when the rows were read, in UTC.
    """

    def __init__(self, path: Path, digest: str) -> None:
        """Open a baseline.

        Args:
            path: its file.
            digest: the SHA-256 the plan names.

        Raises:
            DataUpdateError: it cannot be read, or is another one than the plan's.
        """
        self.path = path
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
                if found != digest:
                    raise DataUpdateError(
                        f"{path}: not the baseline of this plan, or it was changed: its SHA-256 is "
                        f"{found[:16]}…, and the plan says {digest[:16]}…; give the file that was "
                        "written with the plan"
                    )
                file.seek(-_LENGTH_OCTETS, os.SEEK_END)
                length = int.from_bytes(file.read(_LENGTH_OCTETS), "big")
                file.seek(-_LENGTH_OCTETS - length, os.SEEK_END)
                description: dict[str, Any] = json.loads(file.read(length))
        except OSError as error:
            raise DataUpdateError(
                f"{path}: cannot be read: {error.strerror}; give the file that was written with the plan, or "
                "leave the comparison out with --no-baseline"
            ) from error
        self.taken_at = datetime.fromisoformat(description["taken_at"])
        self._sections: dict[str, _Section] = {}
        start = len(_FIRST_LINE)
        for name, table in description["tables"].items():
            columns = (*table["key"], *table["others"], *table["written"])
            self._sections[name] = _Section(columns, start, tuple(table["parts"]))
            start += sum(table["parts"]) * RECORD_OCTETS

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the columns that were hashed of a table: slots, devices, registrations or certificates."""
        return self._sections[table].columns

    def count(self, table: str) -> int:
        """Return how many rows a table had."""
        return sum(self._sections[table].parts)

    def part(self, table: str, number: int) -> list[bytes]:
        """Return the records of one part of a table."""
        section = self._sections[table]
        with self.path.open("rb") as file:
            file.seek(section.start + sum(section.parts[:number]) * RECORD_OCTETS)
            return split_records(file.read(section.parts[number] * RECORD_OCTETS))
