"""The certificates that Network Operators shared for enrolment, as files (the list of M31) [FIA 4.2.2]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from duis.smki.certificate import OrganisationCertificate
from target.credentials import Credentials
from target.trust import load_trust


def write_certificate_list(
    folder: Path, shared: Mapping[str, Credentials], anchors: Iterable[Path]
) -> tuple[Path, Path]:
    """Write the list and the roots to check it against.

    Args:
        folder: Where to.
        shared: Certificates for anchor slots, by name of the Network Operator.
        anchors: Files or folders of root certificates.

    Returns:
        The folder with the list, and the one with the roots.
    """
    certificates, roots = folder / "certificates", folder / "roots"
    certificates.mkdir()
    roots.mkdir()
    for name, credentials in shared.items():
        _write(certificates / f"{name}-digital-signing.der", credentials.digital_signing)
        _write(certificates / f"{name}-key-agreement.der", credentials.key_agreement)
        for number, authority in enumerate(credentials.path):
            (certificates / f"{name}-authority-{number}.der").write_bytes(authority)
    for number, anchor in enumerate(load_trust(anchors, ()).anchors):
        _write(roots / f"{number}.der", anchor)
    return certificates, roots


def _write(file: Path, certificate: OrganisationCertificate | None) -> None:
    if certificate is not None:
        file.write_bytes(certificate.der)
