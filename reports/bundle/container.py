"""The container: a ZIP file of which every octet follows from its manifest.

ZIP leaves much open: times, flags, comments, extra fields, gaps, the order of files. Here all of it is
fixed, so that `regions` says of every octet what it must be. Writing is putting the regions one after
another; checking is comparing them. Nothing is left in which something could be changed or hidden.

The layout is that of PKWARE's APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory) and
4.3.16 (its end), without ZIP64.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reports.bundle.errors import BundleError

STORED = 0
DEFLATED = 8
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
MOST_ENTRIES = 0xFFFE
MOST_OCTETS = 0xFFFF_FFFE
"""The next number up says in a ZIP file: look into its ZIP64 fields."""

_CENTRAL_HEADER = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20  # 2.0: deflate
_MADE_BY = 3 << 8 | _VERSION  # Unix, so that the mode below counts
_MODE = 0o100644 << 16
_UTF8_NAMES = 0x0800
_TIME, _DATE = 0, 1 << 5 | 1  # 1980-01-01 00:00:00, the first moment that ZIP knows


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the container.

    Attributes:
        name: its path, with slashes.
        method: `STORED` or `DEFLATED`.
        crc32: of its content.
        size: of its content, in octets.
        packed_size: of what stands in the container, in octets.
    """

    name: str
    method: int
    crc32: int
    size: int
    packed_size: int

    @property
    def local_header(self) -> bytes:
        """What stands before its data."""
        name = self.name.encode()
        return LOCAL_HEADER.pack(LOCAL_SIGNATURE, _VERSION, *self._common, len(name), 0) + name

    def central_header(self, offset: int) -> bytes:
        """What stands for it in the central directory, when its local header is at `offset`."""
        name = self.name.encode()
        fields = (*self._common, len(name), 0, 0, 0, 0, _MODE, offset)
        return _CENTRAL_HEADER.pack(b"PK\x01\x02", _MADE_BY, _VERSION, *fields) + name

    @property
    def _common(self) -> tuple[int, ...]:
        return (_UTF8_NAMES, self.method, _TIME, _DATE, self.crc32, self.packed_size, self.size)


class Part(StrEnum):
    """What a region is."""

    LOCAL = "local header"
    DATA = "data"
    CENTRAL = "central directory entry"
    END = "end of the central directory"


@dataclass(frozen=True, slots=True)
class Region:
    """Consecutive octets of the container.

    Attributes:
        part: what they are.
        entry: the file they belong to; its number in the order of the container; -1 for none.
        name: of that file; empty for none.
        start: offset of the first one.
        length: how many.
        octets: what they must be; `None` for the data of a file.
    """

    part: Part
    entry: int
    name: str
    start: int
    length: int
    octets: bytes | None

    @property
    def end(self) -> int:
        """Offset of the first octet after it."""
        return self.start + self.length

    def __str__(self) -> str:
        return f"{self.part} of {self.name}" if self.name else str(self.part)


def regions(entries: Sequence[Entry]) -> Iterator[Region]:
    """Everything that stands in a container with these files, in order and without a gap.

    Raises:
        BundleError: it would be larger than ZIP allows without ZIP64; raised before the first region.
    """
    _check_limits(entries)
    position = 0
    offsets = []
    for number, entry in enumerate(entries):
        offsets.append(position)
        header = entry.local_header
        yield Region(Part.LOCAL, number, entry.name, position, len(header), header)
        position += len(header)
        yield Region(Part.DATA, number, entry.name, position, entry.packed_size, None)
        position += entry.packed_size
    directory = position
    for number, (entry, offset) in enumerate(zip(entries, offsets, strict=True)):
        header = entry.central_header(offset)
        yield Region(Part.CENTRAL, number, entry.name, position, len(header), header)
        position += len(header)
    count = len(entries)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, position - directory, directory, 0)
    yield Region(Part.END, -1, "", position, len(end), end)


def _check_limits(entries: Sequence[Entry]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise BundleError(
            f"a bundle holds at most {MOST_ENTRIES:,} files, these would be {len(entries):,}; bundle runs "
            "with fewer scenarios, each by itself"
        )
    headers = len(entries) * (LOCAL_HEADER.size + _CENTRAL_HEADER.size) + _END.size
    size = headers + sum(entry.packed_size + 2 * len(entry.name.encode()) for entry in entries)
    largest = max([size, *(entry.size for entry in entries)])
    if largest > MOST_OCTETS:
        raise BundleError(
            f"a bundle and each of its files have at most {MOST_OCTETS:,} octets, this would have "
            f"{largest:,}; bundle runs with fewer scenarios, each by itself"
        )
