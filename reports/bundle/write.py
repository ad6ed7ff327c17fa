"""Writing a bundle: pack every file once, then put the container together behind its signed manifest."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reports.bundle import names
from reports.bundle.container import STORED, Entry, regions
from reports.bundle.contents import Contents, Source
from reports.bundle.errors import BundleError
from reports.bundle.manifest import FileRecord, Manifest, SignatureNote
from reports.bundle.readme import readme
from reports.bundle.signing import SigningKey

_DEFLATE_LEVEL = 6
_RAW_DEFLATE = -15
_CHUNK = 1 << 20


def write_bundle(path: Path, contents: Contents, key: SigningKey, made_with: Mapping[str, str]) -> Manifest:
    """Write a bundle in one step; what was there before is replaced.

    The same contents, key and software give the same octets, but for ECDSA, which signs with a random number.

    Args:
        path: the file.
        contents: what goes in.
        key: what signs; its private half is not written anywhere.
        made_with: the software that makes the bundle, by name.

    Returns:
        The manifest.

    Raises:
        BundleError: evidence is missing or holds a secret, a file has an impossible name, or there is too
            much.
        ResultsError: there are no readable results.
        OSError: a file cannot be read or written.
    """
    snapshot = contents.snapshot()
    remarks = contents.all_remarks(snapshot)
    signature = SignatureNote(
        key.public.algorithm,
        key.is_throw_away,
        key.public.fingerprint,
        key.public.pem,
        key.certificate.subject if key.certificate else "",
    )
    with tempfile.TemporaryFile(dir=path.parent) as spool:
        packer = _Packer(spool)
        packer.add(names.PUBLIC_KEY, [key.public.pem.encode()])
        if key.certificate is not None:
            packer.add(names.CERTIFICATE, [key.certificate.pem])
        packer.add_all(contents.sources(snapshot))
        removed = tuple(contents.redaction.removed)
        text = readme(
            snapshot.summary,
            signature,
            packer.files,
            removed=removed,
            missing=snapshot.missing,
            remarks=remarks,
        )
        packer.add(names.README, [text], first=True)
        packer.add(names.CHECKSUMS, packer.checksums())
        manifest = Manifest(
            run=snapshot.summary,
            made_with=dict(made_with),
            signature=signature,
            files=tuple(packer.files.values()),
            removed=removed,
            missing=snapshot.missing,
            remarks=remarks,
        )
        problem = names.names_problem(packer.files)
        if problem:
            raise BundleError(f"{contents.directory}: {problem}; rename or remove the file")
        with _replacing(path) as file:
            packer.assemble(file, manifest.encode(), key)
    return manifest


class _Packer:
    """Deflates files into a spool, and puts the container together from there."""

    def __init__(self, spool: BinaryIO) -> None:
        self._spool = spool
        self.files: dict[str, FileRecord] = {}
        self._offsets: dict[str, int] = {}

    def add_all(self, sources: Iterable[Source]) -> None:
        for source in sources:
            self.add(source.name, source.chunks())

    def add(self, name: str, chunks: Iterable[bytes], *, first: bool = False) -> None:
        if name in self.files:
            raise BundleError(f"{name} would be in the bundle twice; remove one")
        content, packed = hashlib.sha256(), hashlib.sha256()
        crc32 = size = packed_size = 0
        deflate = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
        offset = self._spool.tell()
        for chunk in chunks:
            content.update(chunk)
            crc32 = zlib.crc32(chunk, crc32)
            size += len(chunk)
            octets = deflate.compress(chunk)
            packed.update(octets)
            packed_size += self._spool.write(octets)
        octets = deflate.flush()
        packed.update(octets)
        packed_size += self._spool.write(octets)
        record = FileRecord(name, size, content.hexdigest(), f"{crc32:08x}", packed_size, packed.hexdigest())
        self._offsets[name] = offset
        if first:
            self.files = {name: record, **self.files}
        else:
            self.files[name] = record

    def checksums(self) -> Iterator[bytes]:
        """The digests in the format of ``sha256sum``."""
        return (f"{file.sha256}  {file.name}\n".encode() for file in self.files.values())

    def assemble(self, file: BinaryIO, manifest: bytes, key: SigningKey) -> None:
        """Write the container."""
        ends = (manifest, key.sign(manifest))
        own = [
            Entry(name, STORED, zlib.crc32(octets), len(octets), len(octets))
            for name, octets in zip((names.MANIFEST, names.SIGNATURE), ends, strict=True)
        ]
        for region in regions([*own, *(record.entry for record in self.files.values())]):
            if region.octets is not None:
                file.write(region.octets)
            elif region.entry < len(own):
                file.write(ends[region.entry])
            else:
                self._copy(region.name, region.length, file)

    def _copy(self, name: str, length: int, file: BinaryIO) -> None:
        self._spool.seek(self._offsets[name])
        while length:
            octets = self._spool.read(min(length, _CHUNK))
            file.write(octets)
            length -= len(octets)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to be written that takes the place of `path` when it is whole, and not before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
