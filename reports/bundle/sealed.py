"""Finding the manifest and its signature in a file, however damaged the container round them is."""

from __future__ import annotations

import mmap
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from reports.bundle.container import LOCAL_HEADER, LOCAL_SIGNATURE, STORED, Entry
from reports.bundle.manifest import BEGINNING, ENDING
from reports.bundle.names import MANIFEST, SIGNATURE

_BEFORE_MANIFEST: Final = LOCAL_HEADER.size + len(MANIFEST)
_BEFORE_SIGNATURE: Final = LOCAL_HEADER.size + len(SIGNATURE)
_CRC32: Final = slice(14, 18)
_PACKED_SIZE: Final = slice(18, 22)
_LARGEST_SIGNATURE: Final = 4096


@dataclass(frozen=True)
class Sealed:
    """The manifest and its signature as they stand in a file.

    Attributes:
        manifest: octets of the manifest.
        signature: octets of the signature.
        altered: names of those that do not have the CRC-32 their local header tells.
    """

    manifest: bytes
    signature: bytes
    altered: tuple[str, ...] = ()

    @cached_property
    def entries(self) -> tuple[Entry, Entry]:
        """Both as the container must have them."""
        manifest, signature = (
            Entry(name, STORED, zlib.crc32(octets), len(octets), len(octets))
            for name, octets in ((MANIFEST, self.manifest), (SIGNATURE, self.signature))
        )
        return manifest, signature


def is_ours(octets: mmap.mmap) -> bool:
    """Whether a file is an evidence bundle, or was one."""
    return octets.find(BEGINNING) >= 0 or octets.rfind(SIGNATURE.encode()) >= 0


def find_sealed(path: Path, octets: mmap.mmap) -> Sealed | None:
    """Find the manifest and its signature: by what a manifest begins with, else as other programs do."""
    start = octets.find(BEGINNING)
    if start < 0:
        read = _through_directory(path)
        if read is not None or octets[LOCAL_HEADER.size : _BEFORE_MANIFEST] != MANIFEST.encode():
            return read
        start = _BEFORE_MANIFEST
    end = _end_of_manifest(octets, start)
    if end < 0:
        return None
    manifest = octets[start:end]
    signature = _signature(octets, end)
    altered = []
    headers = {MANIFEST: start - _BEFORE_MANIFEST, SIGNATURE: end}
    for (name, header), content in zip(headers.items(), (manifest, signature), strict=True):
        told = int.from_bytes(octets[max(header, 0) : end + _BEFORE_SIGNATURE][_CRC32], "little")
        if told != zlib.crc32(content):
            altered.append(name)
    return Sealed(manifest, signature, tuple(altered))


def _end_of_manifest(octets: mmap.mmap, start: int) -> int:
    end = octets.find(ENDING + LOCAL_SIGNATURE, start)
    if end >= 0:
        return end + len(ENDING)
    # The end of the manifest, or the header that follows, is altered. JSON holds no octet 03.
    end = octets.find(ENDING, start)
    return end + len(ENDING) if end >= 0 else octets.find(LOCAL_SIGNATURE, start)


def _signature(octets: mmap.mmap, header: int) -> bytes:
    """The signature: as long as its local header says or, when that is altered, up to the next one."""
    start = header + _BEFORE_SIGNATURE
    own = octets[header:start]
    told = octets[start : start + min(int.from_bytes(own[_PACKED_SIZE], "little"), _LARGEST_SIGNATURE)]
    end = octets.find(LOCAL_SIGNATURE, start, start + _LARGEST_SIGNATURE)
    found = octets[start:end] if end >= 0 else told
    return told if zlib.crc32(told) == int.from_bytes(own[_CRC32], "little") else found


def _through_directory(path: Path) -> Sealed | None:
    try:
        with zipfile.ZipFile(path) as container:
            return Sealed(container.read(MANIFEST), container.read(SIGNATURE))
    except (KeyError, *UNREADABLE):
        return None


UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)
"""What reading a damaged ZIP file raises."""
