"""The manifest of a bundle: what run it is of, who signed it, and every file with its digests."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from reports.bundle.container import DEFLATED, MOST_OCTETS, Entry
from reports.bundle.errors import NotABundle
from reports.bundle.names import names_problem

FORMAT: Final = "smets1-conformance evidence bundle, version 1"
BEGINNING: Final = b'{\n "format": "smets1-conformance evidence bundle, version '
"""What every manifest begins with, of any version."""
ENDING: Final = b"\n ]\n}\n"
"""What a manifest ends with, and no other place in it looks like."""

_SHA256 = Field(pattern="^[0-9a-f]{64}$")
_SIZE = Field(ge=0, le=MOST_OCTETS)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file.

    Attributes:
        name: its path in the bundle.
        size: of its content, in octets.
        sha256: of its content, in hexadecimal digits.
        crc32: of its content, eight hexadecimal digits.
        packed_size: of the deflated octets in the container.
        packed_sha256: of the deflated octets.
    """

    name: str
    size: Annotated[int, _SIZE]
    sha256: Annotated[str, _SHA256]
    crc32: Annotated[str, Field(pattern="^[0-9a-f]{8}$")]
    packed_size: Annotated[int, _SIZE]
    packed_sha256: Annotated[str, _SHA256]

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def entry(self) -> Entry:
        """The file as the container has it."""
        return Entry(self.name, DEFLATED, int(self.crc32, 16), self.size, self.packed_size)


@dataclass(frozen=True)
class RunSummary:
    """What the bundle is evidence of. Times are UTC in ISO 8601; `state` is "complete" or says what lacks."""

    target: str
    started: str
    finished: str
    state: str
    verdict: str
    exit_code: int
    scenarios: dict[str, int]

    @property
    def complete(self) -> bool:
        """Whether every selected scenario has a verdict and the run came to its end."""
        return self.state == COMPLETE


COMPLETE: Final = "complete"


@dataclass(frozen=True)
class SignatureNote:
    """Who signed.

    Attributes:
        algorithm: of the signature.
        throw_away: whether the key was made for this bundle, and thrown away.
        public_key_sha256: SHA-256 of the public key (SubjectPublicKeyInfo in DER), in hexadecimal digits.
        public_key: in PEM.
        subject: of the certificate, where there is one.
    """

    algorithm: str
    throw_away: bool
    public_key_sha256: Annotated[str, _SHA256]
    public_key: str
    subject: str = ""


@dataclass(frozen=True)
class Manifest:
    """The manifest.

    Attributes:
        run: the run.
        made_with: the software that made the bundle.
        signature: who signed.
        files: all files but the manifest and its signature, in the order of the container.
        removed: what was left out as secret, a sentence each.
        missing: evidence that the results name and that was not there.
        remarks: what a reader must know besides, a sentence each.
        format: of the bundle.
    """

    run: RunSummary
    made_with: dict[str, str]
    signature: SignatureNote
    files: tuple[FileRecord, ...]
    removed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    format: str = field(default=FORMAT)

    def encode(self) -> bytes:
        """As JSON, always the same way: a line for each file, so that it can be searched and compared."""
        values = {name: value for name, value in asdict(replace(self, files=())).items() if name != "files"}
        head = json.dumps({"format": values.pop("format"), **values}, indent=1, ensure_ascii=False)
        lines = ",\n".join("  " + json.dumps(file.as_json(), ensure_ascii=False) for file in self.files)
        return f'{head[:-2]},\n "files": [\n{lines}'.encode() + ENDING


_MANIFEST = TypeAdapter(Manifest)


class BadManifest(ValueError):
    """A manifest that cannot be one we wrote; the text says why."""


def decode(octets: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        NotABundle: it is of a later version.
        BadManifest: it is none, or was not written by `Manifest.encode`.
    """
    if octets.startswith(BEGINNING):
        version = octets[len(BEGINNING) :].partition(b'"')[0]
        if version.isdigit() and version != b"1":
            raise NotABundle(f"the bundle is of version {version.decode()}; verify it with a later release")
    try:
        manifest = _MANIFEST.validate_json(octets, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadManifest(f"{place}: {first['msg']}" if place else str(first["msg"])) from None
    problem = names_problem(file.name for file in manifest.files)
    if problem:
        raise BadManifest(problem)
    if not manifest.files or manifest.format != FORMAT or manifest.encode() != octets:
        raise BadManifest("it is not written as a manifest is")
    return manifest
