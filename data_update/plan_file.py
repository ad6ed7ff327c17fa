"""The plan as a file: JSON lines that a person can read and a program can work on piece by piece.

The first line says what the plan was made from; then each slot to change, in the order of their devices; each
slot left alone, with the reason; a summary; and, last, the SHA-256 of every octet before it. A plan that was
cut off or edited is refused as a whole.
"""

from __future__ import annotations

import binascii
import hashlib
import itertools
import json
import os
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from data_update.audit import PLAN_ID_LENGTH
from data_update.errors import DataUpdateError
from data_update.plan_contents import Group, PlanHeader, PlanSummary
from data_update.records import LeftAlone, Replacement

__all__ = ["Group", "Plan", "PlanHeader", "PlanSummary", "PlanWriter"]

_PAGE: Final = 100
"""How many rows lie between two remembered offsets."""

_PARSED_AT_ONCE: Final = 500
"""How many rows are given to the JSON parser together; one by one takes more than twice as long."""


class PlanWriter:
    """Writes a plan; nothing is at its path before the plan is whole.

    Use as a context manager, and call `finish` last: without it nothing is kept. Where there is no room for
    it, its end raises DataUpdateError.
    """

    def __init__(self, path: Path, header: PlanHeader) -> None:
        """Begin a plan.

        Raises:
            DataUpdateError: there is a file at the path, or its folder cannot be written.
        """
        if path.exists():
            raise DataUpdateError(f"{path}: exists already; give another name, or remove it")
        self._path = path
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        except OSError as error:
            raise DataUpdateError(
                f"{path}: cannot be written: {error.strerror}; give another folder"
            ) from error
        self._temporary: Path | None = Path(name)
        self._file = os.fdopen(descriptor, "wb")
        self._left_alone = tempfile.TemporaryFile()  # noqa: SIM115 (closed in __exit__)
        self._digest = hashlib.sha256()
        self._header = header

    def __enter__(self) -> PlanWriter:
        try:
            self._line(self._header.as_json())
        except OSError as error:
            self.__exit__(type(error), error, None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._left_alone.close()
            self._file.close()
        except OSError as at_closing:  # what was buffered finds no room either
            error = error or at_closing
        finally:
            if self._temporary is not None:
                self._temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise DataUpdateError(
                f"{self._path}: cannot be written: {error.strerror}; make room, or give another folder"
            ) from error

    def replace(self, replacement: Replacement) -> None:
        """Write a slot to change; they come in the order of their devices."""
        line = _dumps(replacement)
        self._digest.update(line)
        self._file.write(line)

    def leave_alone(self, slot: LeftAlone) -> None:
        """Write a slot that is left alone."""
        self._left_alone.write(_dumps({"left_alone": slot}))

    def finish(self, summary: PlanSummary) -> str:
        """Complete the plan.

        Returns:
            Its digest.
        """
        self._left_alone.seek(0)
        for line in self._left_alone:
            self._digest.update(line)
            self._file.write(line)
        self._line({"summary": summary.as_json()})
        digest = self._digest.hexdigest()
        self._file.write(_dumps({"sha256": digest}))
        self._file.flush()
        os.fsync(self._file.fileno())
        assert self._temporary is not None
        self._temporary.chmod(0o644)
        self._temporary.rename(self._path)
        self._temporary = None
        return digest

    def _line(self, content: Mapping[str, Any]) -> None:
        line = _dumps(content)
        self._digest.update(line)
        self._file.write(line)


class Plan:
    """A plan that was read in full and found whole.

    Attributes:
        path: its file.
        digest: SHA-256, in hexadecimal.
        header: what it was made from.
        summary: what was counted.
    """

    def __init__(self, path: Path) -> None:
        """Read a plan.

        Raises:
            DataUpdateError: it cannot be read, is cut off or was edited.
        """
        self.path = path
        self._offsets = array("Q")
        try:
            self._read()
        except OSError as error:
            raise DataUpdateError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, IndexError, binascii.Error) as error:
            raise DataUpdateError(
                f"{path}: not a plan of the data update, or not a whole one: {error}"
            ) from error

    @property
    def plan_id(self) -> str:
        """The beginning of the digest, by which the database knows the plan."""
        return self.digest[:PLAN_ID_LENGTH]

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Replacement]:
        """Read the slots to change from row `start` (the first is 0) until before row `stop`."""
        stop = self.summary.devices if stop is None else min(stop, self.summary.devices)
        if start >= stop:
            return
        with self.path.open("rb") as file:
            file.seek(self._offsets[start // _PAGE])
            for _ in range(start % _PAGE):
                file.readline()
            for begin in range(start, stop, _PARSED_AT_ONCE):
                lines = itertools.islice(file, min(_PARSED_AT_ONCE, stop - begin))
                for row in json.loads(b"[%b]" % b",".join(lines)):
                    yield Replacement(*row)

    def left_alone(self) -> Iterator[LeftAlone]:
        """Read the slots left alone."""
        with self.path.open("rb") as file:
            file.seek(self._end_of_rows)
            for line in file:
                content = json.loads(line)
                if "left_alone" not in content:
                    return
                yield LeftAlone(*content["left_alone"])

    def _read(self) -> None:
        digest = hashlib.sha256()
        offset = rows = 0
        self._end_of_rows = 0
        summary: PlanSummary | None = None
        with self.path.open("rb") as file:
            first = file.readline()
            self.header = PlanHeader.from_json(json.loads(first))
            digest.update(first)
            offset = len(first)
            for line in file:
                if line[:1] == b"[":
                    if rows % _PAGE == 0:
                        self._offsets.append(offset)
                    rows += 1
                    digest.update(line)
                    offset += len(line)
                    continue
                self._end_of_rows = self._end_of_rows or offset
                if line[:11] == b'{"summary":':
                    summary = PlanSummary.from_json(json.loads(line)["summary"])
                elif line[:10] == b'{"sha256":':
                    self._check(json.loads(line)["sha256"], digest.hexdigest())
                    if file.readline():
                        raise ValueError("lines follow its last one")
                    break
                digest.update(line)
                offset += len(line)
            else:
                raise ValueError("its last line is missing; copy the file again, or make the plan anew")
        if summary is None or summary.devices != rows:
            raise ValueError("its summary and its rows disagree")
        self.summary = summary

    def _check(self, written: str, found: str) -> None:
        if written != found:
            raise ValueError(
                f"its digest is {found[:16]}…, but its last line says {str(written)[:16]}…: it was edited; "
                "make the plan anew"
            )
        self.digest = found


def _dumps(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
