"""What a damaged bundle holds by its own account: the directory and the local headers of its container."""

from __future__ import annotations

import hashlib
import mmap
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from reports.bundle.container import LOCAL_HEADER, LOCAL_SIGNATURE, Region
from reports.bundle.finding import Finding, Kind
from reports.bundle.manifest import FileRecord
from reports.bundle.sealed import UNREADABLE

_LENGTHS = slice(-2, None)


class Listing:
    """Reads a container as other programs do, and believes nothing of what it says.

    Args:
        path: the file.
        octets: what it holds.
    """

    def __init__(self, path: Path, octets: mmap.mmap) -> None:
        self._octets = octets
        self._local: dict[str, list[int]] = {}
        for found in re.finditer(re.escape(LOCAL_SIGNATURE), octets):
            self._note_local_header(found.start())
        try:
            self._container: zipfile.ZipFile | None = zipfile.ZipFile(path)
        except UNREADABLE:
            self._container = None
        infos = self._container.infolist() if self._container is not None else []
        self._count = Counter(info.orig_filename for info in infos)
        self._infos = {info.orig_filename: info for info in infos}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._container is not None:
            self._container.close()

    def _note_local_header(self, start: int) -> None:
        header = self._octets[start : start + LOCAL_HEADER.size]
        if len(header) == LOCAL_HEADER.size:
            name_length, extra_length = LOCAL_HEADER.unpack(header)[_LENGTHS]
            name = self._octets[start + len(header) : start + len(header) + name_length]
            data = start + len(header) + name_length + extra_length
            self._local.setdefault(name.decode(errors="replace"), []).append(data)

    def added(self, names: set[str]) -> Iterator[Finding]:
        """The files in its directory that should not be there, or not so often.

        Args:
            names: those that should.
        """
        for name, count in self._count.items():
            shown = name if name.isprintable() else ascii(name)
            if name not in names:
                yield Finding(Kind.ADDED, shown, "the manifest does not name it")
            elif count > 1:
                yield Finding(Kind.ADDED, shown, f"it is {count} times in the directory of the container")

    def judge(self, file: FileRecord, place: Region | None) -> Iterator[Finding]:
        """Say what became of a file whose data is not where it must be; nothing when it has only moved.

        Args:
            file: as it was signed.
            place: where its data must be, if that place can be told.
        """
        if self._has_moved(file):
            return
        try:
            digest = self._digest(file)
        except UNREADABLE as error:
            digest = f"cannot be read: {error}"
        if digest == file.sha256:
            return
        if digest is None and file.name not in self._local:
            yield Finding(Kind.MISSING, file.name, "the manifest names it, the container does not hold it")
        else:
            where = f" (its data: octets {place.start:,} to {place.end:,})" if place is not None else ""
            yield Finding(Kind.ALTERED, file.name, f"it is not what was signed{where}")

    def _has_moved(self, file: FileRecord) -> bool:
        for start in self._local.get(file.name, ()):
            packed = self._octets[start : start + file.packed_size]
            if hashlib.sha256(packed).hexdigest() == file.packed_sha256:
                return True
        return False

    def _digest(self, file: FileRecord) -> str | None:
        """SHA-256 of what other programs read; `None` where they find no such file."""
        info = self._infos.get(file.name)
        if info is None or self._container is None:
            return None
        with self._container.open(info) as content:
            return hashlib.sha256(content.read(file.size + 1)).hexdigest()
