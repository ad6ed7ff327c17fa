"""Verifying a bundle, offline and without unpacking it: what was altered, is missing or was added."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reports.bundle.damage import findings_in
from reports.bundle.errors import BundleError, NotABundle
from reports.bundle.finding import Finding, Kind
from reports.bundle.manifest import BadManifest, Manifest, decode
from reports.bundle.names import CERTIFICATE, MANIFEST, PUBLIC_KEY, SIGNATURE
from reports.bundle.sealed import Sealed, find_sealed, is_ours
from reports.bundle.signing import UnusableKey, VerificationKey

__all__ = ["Finding", "Kind", "Verification", "verify_bundle"]

_ORDER = list(Kind)


@dataclass(frozen=True)
class Verification:
    """What verifying a bundle has found.

    Attributes:
        manifest: what the bundle says of itself; `None` when that cannot be read.
        key: what the signature was verified with; `None` when there was nothing to verify it with.
        is_known: whether that key was given, rather than taken from the bundle.
        findings: what is wrong; nothing for a bundle that is whole.
    """

    manifest: Manifest | None
    key: VerificationKey | None
    is_known: bool
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether every octet is as it was signed."""
        return not self.findings

    @property
    def manifest_holds(self) -> bool:
        """Whether the manifest is as it was signed, whatever became of the files."""
        return self.manifest is not None and not any(
            finding.kind is Kind.SIGNATURE or finding.name in (MANIFEST, SIGNATURE)
            for finding in self.findings
        )


def verify_bundle(path: Path, key: VerificationKey | None = None) -> Verification:
    """Verify a bundle.

    Args:
        path: the file.
        key: of whoever must have signed; without it, the key inside is taken, and who signed is not known.

    Raises:
        NotABundle: it is no bundle, or one of a later version.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise NotABundle(f"{path}: the file is empty; expected an evidence bundle")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            if not is_ours(octets):
                raise NotABundle(
                    f"{path}: this is no evidence bundle; expected a file made by `evidence bundle`"
                )
            try:
                verification = _verify(path, octets, key)
            except NotABundle as error:
                raise NotABundle(f"{path}: {error}") from None
    verification.findings.sort(key=lambda finding: _ORDER.index(finding.kind))
    return verification


def _verify(path: Path, octets: mmap.mmap, key: VerificationKey | None) -> Verification:
    sealed = find_sealed(path, octets)
    if sealed is None:
        text = "it cannot be found or read, so nothing can be told of the other files"
        return Verification(None, key, key is not None, [Finding(Kind.ALTERED, MANIFEST, text)])
    try:
        manifest = decode(sealed.manifest)
    except BadManifest as error:
        text = f"{error}; nothing can be told of the other files"
        return Verification(None, key, key is not None, [Finding(Kind.ALTERED, MANIFEST, text)])
    inside = _key_inside(manifest)
    used = key or inside
    findings = list(_signature_findings(sealed, manifest, used, inside))
    try:
        altered = [finding.name for finding in findings if finding.kind is Kind.ALTERED]
        findings += findings_in(path, octets, sealed, manifest, altered)
    except BundleError as error:
        findings.append(Finding(Kind.ALTERED, MANIFEST, str(error)))
    return Verification(manifest, used, key is not None, findings)


def _key_inside(manifest: Manifest) -> VerificationKey | None:
    try:
        key = VerificationKey.load(manifest.signature.public_key.encode())
    except UnusableKey:
        return None
    return key if key.fingerprint == manifest.signature.public_key_sha256 else None


def _signature_findings(
    sealed: Sealed, manifest: Manifest, used: VerificationKey | None, inside: VerificationKey | None
) -> Iterator[Finding]:
    if used is None:
        yield Finding(
            Kind.SIGNATURE, MANIFEST, "it holds no usable public key; name the key of whoever signed"
        )
        return
    if inside is not None and inside.fingerprint != used.fingerprint:
        yield Finding(
            Kind.SIGNATURE,
            SIGNATURE,
            f"made with another key, {inside.fingerprint}; expected the key given, {used.fingerprint}",
        )
    elif not used.has_signed(sealed.manifest, sealed.signature):
        if sealed.altered:
            for name in sealed.altered:
                yield Finding(Kind.ALTERED, name, "the signature over the manifest does not verify")
        else:
            yield Finding(
                Kind.SIGNATURE,
                SIGNATURE,
                "does not verify: the manifest, its signature or the key in it was replaced",
            )
    yield from _consistent_key_file(manifest)


def _consistent_key_file(manifest: Manifest) -> Iterator[Finding]:
    """See that the file with the public key holds the key that the manifest names."""
    digest = hashlib.sha256(manifest.signature.public_key.encode()).hexdigest()
    listed = {file.name: file.sha256 for file in manifest.files}
    if listed.get(PUBLIC_KEY) != digest:
        yield Finding(Kind.SIGNATURE, PUBLIC_KEY, "it is not the key that the manifest names")
    if bool(manifest.signature.subject) != (CERTIFICATE in listed):
        yield Finding(Kind.SIGNATURE, CERTIFICATE, "the manifest and the files do not agree on it")
