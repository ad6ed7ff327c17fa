"""Holding every octet of a bundle against its manifest, and telling exactly what is wrong."""

from __future__ import annotations

import hashlib
import mmap
import zlib
from collections.abc import Container, Iterable, Iterator
from itertools import compress
from pathlib import Path
from typing import Final

from reports.bundle.container import Part, Region, regions
from reports.bundle.finding import Finding, Kind
from reports.bundle.listing import Listing
from reports.bundle.manifest import FileRecord, Manifest
from reports.bundle.sealed import Sealed

_CHUNK: Final = 1 << 20
_MOST_REGIONS: Final = 20
"""How many regions are told one by one; a ZIP file that was written anew differs in most of them."""


def findings_in(
    path: Path, octets: mmap.mmap, sealed: Sealed, manifest: Manifest, known: Iterable[str]
) -> list[Finding]:
    """Say what is wrong with a bundle, its signature left aside.

    Args:
        path: the file.
        octets: what it holds.
        sealed: the manifest and its signature, as they stand in it.
        manifest: the manifest read.
        known: names of files that are known to be altered; their headers tell another CRC-32.

    Raises:
        BundleError: the manifest asks for a container that cannot be.
    """
    check = _Check(octets, sealed, manifest)
    found = check.content_findings()
    if check.as_written:
        return found
    with Listing(path, octets) as listing:
        found += listing.added({region.name for region in check.regions if region.name})
        for region, file in check.damaged_files():
            found += listing.judge(file, region if not check.shift else None)
    named = {*known, *(finding.name for finding in found if finding.kind is not Kind.ADDED)}
    return found + list(check.container_findings(named))


class _Check:
    """Compares each region at its place and, when octets were added or removed, where that has moved it."""

    def __init__(self, octets: mmap.mmap, sealed: Sealed, manifest: Manifest) -> None:
        self._octets = octets
        self._sealed = sealed
        self._files = manifest.files
        self._contents: dict[str, str] = {}
        own = sealed.entries
        self.regions = list(regions([*own, *(file.entry for file in manifest.files)]))
        self.shift = len(octets) - self.regions[-1].end
        self._at_place = [self._matches(region, 0) for region in self.regions]
        self._moved = (
            [self._matches(region, self.shift) for region in self.regions] if self.shift else self._at_place
        )
        self._is_wrong = [
            not (here or there) for here, there in zip(self._at_place, self._moved, strict=True)
        ]

    @property
    def as_written(self) -> bool:
        """Whether every octet of the container is as it was written."""
        return not self.shift and all(self._at_place)

    def content_findings(self) -> list[Finding]:
        """Files that are packed as the manifest says, and hold something else than it says."""
        return [Finding(Kind.ALTERED, name, text) for name, text in self._contents.items()]

    def damaged_files(self) -> Iterator[tuple[Region, FileRecord]]:
        """The files whose data was not found where it could be."""
        for region in compress(self.regions, self._is_wrong):
            file = self._file(region)
            if region.part is Part.DATA and file is not None:
                yield region, file

    def container_findings(self, named: Container[str]) -> Iterator[Finding]:
        """What is wrong with the container.

        Args:
            named: files that were told of already.
        """
        if self.shift:
            yield Finding(Kind.CONTAINER, "", self._shift_text())
        wrong = [
            region
            for region in compress(self.regions, self._is_wrong)
            if region.name not in named and not (self._is_cut_short and region.end > len(self._octets))
        ]
        told = wrong if len(wrong) <= _MOST_REGIONS else wrong[:1]
        yield from (Finding(Kind.CONTAINER, "", self._difference(region)) for region in told)
        if len(told) < len(wrong):
            others = f"{len(wrong) - 1:,} more regions are not as written"
            yield Finding(Kind.CONTAINER, "", f"{others}: this is not the container that was made")

    def _file(self, region: Region) -> FileRecord | None:
        number = region.entry - len(self._sealed.entries)
        return self._files[number] if region.entry >= 0 <= number else None

    def _matches(self, region: Region, shift: int) -> bool:
        start, end = region.start + shift, region.end + shift
        if start < 0 or end > len(self._octets):
            return False
        if region.octets is not None:
            return self._octets[start:end] == region.octets
        file = self._file(region)
        if file is None:
            return self._octets[start:end] == (self._sealed.manifest, self._sealed.signature)[region.entry]
        with memoryview(self._octets) as view, view[start:end] as data:
            if hashlib.sha256(data).hexdigest() != file.packed_sha256:
                return False
            text = _content_problem(data, file)
        if text:
            self._contents[file.name] = text
        return True

    @property
    def _is_cut_short(self) -> bool:
        """Whether all that lacks is the end of the file."""
        if self.shift >= 0:
            return False
        first = self.regions[self._at_place.index(False)]
        known = first.octets or b""
        rest = self._octets[first.start : first.end]
        return first.end > len(self._octets) and (first.octets is None or known.startswith(rest))

    def _shift_text(self) -> str:
        number = abs(self.shift)
        what = f"{number:,} {'octet' if number == 1 else 'octets'} {'added' if self.shift > 0 else 'removed'}"
        if self.shift > 0 and all(self._at_place):
            return f"{what} after the end, from octet {self.regions[-1].end:,} on"
        if all(self._moved):
            return f"{what} before the beginning"
        first = self._at_place.index(False)
        if self._is_cut_short:
            return f"{what} from the end: cut short at octet {len(self._octets):,}, {self.regions[first]}"
        last = len(self._moved) - 1 - self._moved[::-1].index(False)
        begin, end = self.regions[first], self.regions[last]
        if first > last:
            return f"{what} at octet {begin.start:,}, between {end} and {begin}"
        if first == last:
            return f"{what} within octets {begin.start:,} to {begin.end:,}, {begin}"
        return f"{what} between octet {begin.start:,}, {begin}, and octet {end.end:,}, {end}"

    def _difference(self, region: Region) -> str:
        """Where a region that cannot be found begins to differ; compared where it was written."""
        found = self._octets[region.start : region.end]
        wanted = region.octets
        if wanted is None or len(found) < len(wanted):
            return f"octets {region.start:,} to {region.end:,}, {region}: not as written"
        offset = next((i for i, octet in enumerate(wanted) if found[i] != octet), 0)
        values = f"{found[offset]:02x} instead of {wanted[offset]:02x}"
        return f"octet {region.start + offset:,}, {region}: {values}"


def _content_problem(data: memoryview, file: FileRecord) -> str:
    """Say why deflated data is not the content that the manifest tells; empty when it is."""
    inflate = zlib.decompressobj(-15)
    digest, size, crc32, rest = hashlib.sha256(), 0, 0, bytes(data)
    try:
        while not inflate.eof and size <= file.size:
            content = inflate.decompress(rest, _CHUNK)
            rest = inflate.unconsumed_tail
            if not content and not rest:
                break  # it ends too early, or it holds nothing
            digest.update(content)
            crc32 = zlib.crc32(content, crc32)
            size += len(content)
    except zlib.error as error:
        return f"it cannot be inflated ({error}), although it is packed as the manifest says"
    if not inflate.eof or inflate.unused_data or rest:
        return "it does not end where the manifest says"
    if (size, digest.hexdigest(), f"{crc32:08x}") != (file.size, file.sha256, file.crc32):
        return "its content is not the one that the manifest tells, although it is packed as it says"
    return ""
